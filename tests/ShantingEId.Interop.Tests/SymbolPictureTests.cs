using System.Text.Json;
using ShantingEId.Documents;
using ShantingEId.Tool.Bench.Symbols;

namespace ShantingEId.Interop.Tests;

/// <summary>The poor pictures of <c>eid bench symbols</c>: the same in every run, read by two decoders while they are mild, and not when nothing is left to read.</summary>
public sealed class SymbolPictureTests
{
    private const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";
    private static readonly string Code = File.ReadAllText(Path.Combine(Foreign.Root, "tests", "vectors", "code-good.txt"));
    private static readonly Degradation[] Mildest = [.. Degradation.Series.DistinctBy(how => how.Group)];
    private static readonly Degradation Hopeless = new("blur") { Blur = 12 };

    [Fact]
    public void Mild_pictures_are_read_by_zbar_at_every_setting_and_hopeless_ones_are_not()
    {
        foreach (var setting in SymbolSetting.All)
        {
            var (text, symbol) = setting.Encode(Code, Prefix);
            // One may fail: the smallest blot lies where some versions have a pattern that zbar relies on.
            Assert.InRange(Mildest.Count(how => CodeReader.Read(DegradedPicture.Take(symbol, how)).SequenceEqual([text])), Mildest.Length - 1, Mildest.Length);
            Assert.Empty(CodeReader.Read(DegradedPicture.Take(symbol, Hopeless)));
            Assert.Equal(DegradedPicture.Take(symbol, Mildest[^1]), DegradedPicture.Take(symbol, Mildest[^1]));
        }

        // More of what corrects errors, or other characters, makes larger symbols of the same bytes.
        var versions = SymbolSetting.All.ToDictionary(setting => setting.Name, setting => setting.Encode(Code, Prefix).Symbol.Version);
        Assert.True(versions["level_l"] < versions["ours"] && versions["ours"] < versions["byte_mode"] && versions["byte_mode"] <= versions["level_q"], string.Join(", ", versions));
    }

    [Fact]
    public void The_scan_page_s_decoder_reads_them_over_the_command_line()
    {
        NodeTests.NeedModule("zxing-wasm");
        var folder = Directory.CreateTempSubdirectory("eid-symbols-").FullName;
        var (text, symbol) = SymbolSetting.All[0].Encode(Code, Prefix);
        var paths = Mildest.Append(Hopeless).Select((how, i) =>
        {
            var path = Path.Combine(folder, $"{i}.png");
            File.WriteAllBytes(path, DegradedPicture.Take(symbol, how));
            return path;
        }).ToList();

        var (exit, output) = Foreign.Run("node", ["read-symbols.mjs"], string.Join('\n', paths) + "\n", Path.Combine(Foreign.Root, "tests", "interop"));

        Assert.True(exit == 0, output);
        Assert.Equal([.. Enumerable.Repeat(text, Mildest.Length), null], output.Trim().Split('\n').Select(line => JsonSerializer.Deserialize<string?>(line)));
        Directory.Delete(folder, recursive: true);
    }
}
