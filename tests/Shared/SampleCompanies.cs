using System.Security.Cryptography;
using Google.Type;
using ShantingEId.V1;

namespace ShantingEId.TestSupport;

/// <summary>Invented companies and valid requests about them; shared by the test projects. Change one thing to make it wrong.</summary>
public static class SampleCompanies
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    private static int last = 100_000;

    /// <summary>A number no other company of this run has.</summary>
    public static int Next() => Interlocked.Increment(ref last);

    public static string NewRequestId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    /// <summary>A valid request to issue; 0 takes a fresh company.</summary>
    public static IssueSetRequest IssueRequest(int company = 0) => new()
    {
        RequestId = NewRequestId(),
        Enterprise = new Enterprise
        {
            CreditCode = CreditCode(company == 0 ? Next() : company), Name = "枣庄市山亭区样例食品有限公司", Kind = Enterprise.Types.Kind.Company,
            Type = "有限责任公司", Representative = "样例人", Capital = "50(万元人民币)", EstablishDate = new Date { Year = 1998, Month = 3, Day = 9 },
            Address = "枣庄市山亭区样例路1号", BusinessScope = "食品销售（样例）",
        },
    };

    /// <summary>
    /// The well-formed credit code of a numbered company in a division, here unless another is named. Both check characters are worked out here a
    /// second time on purpose (GB 11714, GB 32100): tests must not ask the code under test what is right.
    /// </summary>
    public static string CreditCode(int company, string division = "370406") => Code("91", company, division);

    /// <summary>The same of an individual business.</summary>
    public static string IndividualCode(int company) => Code("92", company, "370406");

    private static string Code(string category, int company, string division)
    {
        var body = category + division + $"MA{company:D6}";
        int[] weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = body[8..].Select((c, i) => (char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10) * weights[i]).Sum();
        body += (11 - sum % 11) switch { 10 => 'X', 11 => '0', var c => (char)('0' + c) };
        int[] w = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        var total = body.Select((c, i) => Alphabet.IndexOf(c) * w[i]).Sum();
        return body + Alphabet[(31 - total % 31) % 31];
    }
}
