using System.Globalization;
using System.Text.Json;
using ShantingEId.Documents;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Bench.Symbols;

/// <summary>How large the symbols are, and how often they are read from poor pictures, beside the same bytes at the settings of peers.</summary>
internal static class BenchSymbols
{
    // requirements: median of 574 test certificates of the EU, V18-Q, 89 modules.
    private const int EuVersion = 18;
    private const int EuModules = 89;

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int codes, string? folder, string[] reader)
    {
        // 1. Sizes over all rows, by the same signed text at each setting.
        using var world = new BenchWorld();
        var (issuer, _, _) = world.NewRegister(new Stages());
        var texts = new List<(int Name, string Text)>();
        foreach (var (index, row) in rows.Index())
        {
            texts.Add((row.Name.EnumerateRunes().Count(), (await BenchWorld.IssueAsync(issuer, row, index)).LicenseCode));
        }

        var prefix = world.Authority.CodePrefix;
        Console.WriteLine("setting     median  largest  median modules");
        foreach (var setting in SymbolSetting.All)
        {
            var versions = texts.Select(one => setting.Encode(one.Text, prefix).Symbol.Version).ToList();
            var median = Figure.Median(versions.Select(version => (double)version));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{setting.Name,-10}  V{median,-5}  V{versions.Max(),-6}  {17 + (4 * median)}  {setting.Description}"));
            if (setting == SymbolSetting.All[0])
            {
                Figure.AtMost("symbol_version_median", median, "version", EuVersion);
                Figure.AtMost("symbol_modules_vs_eu_certificate", (17 + (4 * median)) / EuModules, "ratio", 1);
            }
        }

        // 2. Pictures of some of them, from the shortest name to the longest.
        var byLength = texts.OrderBy(one => one.Name).Select(one => one.Text).ToList();
        var chosen = Enumerable.Range(0, codes).Select(i => byLength[codes == 1 ? byLength.Count / 2 : (int)((long)i * (byLength.Count - 1) / (codes - 1))]).ToList();
        await ReadAsync("zbar", chosen, prefix, folder, picture => ValueTask.FromResult<IReadOnlyList<string>>(CodeReader.Read(picture)));
        if (reader.Length > 0)
        {
            using var program = new LineProgram(reader);
            var file = Path.Combine(world.NewFolder(), "picture.png");
            await ReadAsync("browser", chosen, prefix, null, async picture =>
            {
                await File.WriteAllBytesAsync(file, picture);
                return await program.AskAsync(file, CancellationToken.None) is { } line && JsonSerializer.Deserialize<string?>(line) is { } text ? [text] : [];
            });
        }
    }

    private static async Task ReadAsync(string name, IReadOnlyList<string> codes, string prefix, string? folder, Func<byte[], ValueTask<IReadOnlyList<string>>> read)
    {
        var tally = new Dictionary<(string Setting, string Group), (int Read, int Taken)>();
        foreach (var setting in SymbolSetting.All)
        {
            foreach (var (number, code) in codes.Index())
            {
                var (text, symbol) = setting.Encode(code, prefix);
                foreach (var (index, how) in Degradation.Series.Index())
                {
                    var picture = DegradedPicture.Take(symbol, how);
                    if (folder is not null)
                    {
                        Directory.CreateDirectory(folder);
                        await File.WriteAllBytesAsync(Path.Combine(folder, $"{setting.Name}-{number}-{index:D2}-{how.Group}.png"), picture);
                    }

                    var (seen, taken) = tally.GetValueOrDefault((setting.Name, how.Group));
                    tally[(setting.Name, how.Group)] = (seen + ((await read(picture)).Contains(text) ? 1 : 0), taken + 1);
                }
            }
        }

        Report(name, tally);
    }

    private static void Report(string name, Dictionary<(string Setting, string Group), (int Read, int Taken)> tally)
    {
        var groups = Degradation.Series.Select(how => how.Group).Distinct().ToList();
        Console.WriteLine($"read by {name}  " + string.Join("  ", groups.Select(group => $"{group,-11}")));
        foreach (var setting in SymbolSetting.All)
        {
            Console.WriteLine($"{setting.Name,-12}  " + string.Join("  ", groups.Select(group => $"{tally[(setting.Name, group)].Read,4}/{tally[(setting.Name, group)].Taken,-6}")));
        }

        var shares = SymbolSetting.All.Select(setting => groups.Sum(group => tally[(setting.Name, group)].Read) / (double)groups.Sum(group => tally[(setting.Name, group)].Taken)).ToList();
        Figure.Show($"symbol_read_{name}", shares[0], "share");
        foreach (var (setting, share) in SymbolSetting.All.Zip(shares).Skip(1))
        {
            Figure.AtLeast($"symbol_read_{name}_vs_{setting.Name}", shares[0] / share, "ratio", 1);
        }
    }
}
