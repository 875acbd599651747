using System.Globalization;
using ShantingEId.Licenses;
using ShantingEId.Server.Rpc;
using ShantingEId.Tool.Importing;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench;

/// <summary>Rows to measure with: a file of enterprises, or invented ones with names and scopes of usual length.</summary>
internal static class BenchRows
{
    private const int Invented = 1000;

    /// <summary>Rows of the file that are well formed; without a file, invented rows.</summary>
    public static IReadOnlyList<Enterprise> Load(string? file)
    {
        if (file is null)
        {
            return [.. Enumerable.Range(1, Invented).Select(Sample)];
        }

        var rows = ImportFile.Open(file).Rows("bench").ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"file {Path.GetFileName(file)}: rows {rows.Length}, malformed {rows.Count(row => row.Request is null)}"));
        return [.. rows.Where(row => row.Request is not null).Select(row => row.Request!.Enterprise)];
    }

    /// <summary>The same as the library takes them.</summary>
    public static IReadOnlyList<EnterpriseInput> Inputs(IReadOnlyList<Enterprise> rows) => [.. rows.Select(Wire.ToInput)];

    private static Enterprise Sample(int number) => new()
    {
        CreditCode = Code(number), Name = $"枣庄市山亭区样例第{number:D4}食品有限公司", Kind = Enterprise.Types.Kind.Company, Type = "有限责任公司",
        Representative = "张样例", Capital = "50(万元人民币)", EstablishDate = new Google.Type.Date { Year = 1998, Month = 3, Day = 9 },
        Address = $"枣庄市山亭区样例路{number}号", BusinessScope = string.Concat(Enumerable.Repeat("预包装食品、散装食品批发零售（样例）。", 4)),
    };

    // One of the 31 check characters fits; trying them needs no second copy of the formula.
    private static string Code(int number)
    {
        var body = string.Create(CultureInfo.InvariantCulture, $"91370406MA{number:D6}0");
        return CreditCode.Alphabet.Select(check => body + check).First(code => CreditCode.TryParse(code, out _, out _));
    }
}
