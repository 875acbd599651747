using System.Globalization;
using ShantingEId.Documents;
using ShantingEId.Licenses;

namespace ShantingEId.Tool.Bench;

/// <summary>Size of the QR symbol over all rows, as issued: version by length of name.</summary>
internal static class BenchCodes
{
    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows)
    {
        using var world = new BenchWorld();
        var (issuer, _, _) = world.NewRegister(new Stages());
        var found = new List<(int Name, int Text, int Version, int Modules)>();
        foreach (var (index, row) in rows.Index())
        {
            var set = await BenchWorld.IssueAsync(issuer, row, index);
            var symbol = CodeSymbol.Create(set.LicenseCode);
            found.Add((row.Name.EnumerateRunes().Count(), set.LicenseCode.Length, symbol.Version, symbol.ModuleCount));
        }

        Console.WriteLine("name length  rows  characters   symbol (level M)");
        foreach (var group in found.GroupBy(item => item.Name).OrderBy(group => group.Key))
        {
            var symbols = string.Join(", ", group.GroupBy(item => item.Version).OrderBy(v => v.Key).Select(v => $"V{v.Key}-M ({v.First().Modules}×{v.First().Modules}) × {v.Count()}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Key,11}  {group.Count(),4}  {group.Min(i => i.Text)}–{group.Max(i => i.Text),-8} {symbols}"));
        }

        var fourteen = found.Where(item => item.Name <= 14).Select(item => (double)item.Version).DefaultIfEmpty(double.NaN).Max();
        Figure.AtMost("qr_version_name_14", fourteen, "version", 12);
        Figure.AtMost("qr_version_median", Figure.Median(found.Select(item => (double)item.Version)), "version", 12);
    }
}
