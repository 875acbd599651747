using System.Security.Cryptography;
using Google.Type;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Invented companies.</summary>
public static class Samples
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    private static int next = 100_000;

    /// <summary>A number no other company of this run has.</summary>
    public static int NextCompany() => Interlocked.Increment(ref next);

    public static string NewRequestId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    public static IssueSetRequest Issue(int company) => new()
    {
        RequestId = NewRequestId(),
        Enterprise = new Enterprise
        {
            CreditCode = CreditCode(company), Name = "枣庄市山亭区样例食品有限公司", Kind = Enterprise.Types.Kind.Company, Type = "有限责任公司",
            Representative = "样例人", Capital = "50(万元人民币)", EstablishDate = new Date { Year = 1998, Month = 3, Day = 9 },
            Address = "枣庄市山亭区样例路1号", BusinessScope = "食品销售（样例）",
        },
    };

    public static RevokeSetRequest Revoke(string name) => new() { RequestId = NewRequestId(), Name = name, Reason = "样例：违法经营", Authority = "样例机关" };

    /// <summary>The n-th well-formed credit code of division 370406 (GB 11714 and GB 32100 check characters).</summary>
    public static string CreditCode(int n)
    {
        var body = "91370406" + $"MA{n:D6}";
        int[] weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = body[8..].Select((c, i) => (char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10) * weights[i]).Sum();
        body += (11 - sum % 11) switch { 10 => 'X', 11 => '0', var c => (char)('0' + c) };
        int[] w = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        var total = body.Select((c, i) => Alphabet.IndexOf(c) * w[i]).Sum();
        return body + Alphabet[(31 - total % 31) % 31];
    }
}

/// <summary>A seeded generator, so that a run can be repeated; for test timing only.</summary>
public sealed class Dice(ulong seed)
{
    private ulong state = seed;

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return (int)((state >> 33) % (ulong)below);
    }
}
