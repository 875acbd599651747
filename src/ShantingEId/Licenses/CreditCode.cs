using System.Diagnostics.CodeAnalysis;

namespace ShantingEId.Licenses;

/// <summary>
/// 统一社会信用代码, GB 32100-2015: 18 characters with a check character. A value of this type is well formed and its
/// check character is right; it says nothing about whether the code was ever given out.
/// </summary>
public sealed record CreditCode
{
    /// <summary>GB 32100 clause 4: digits and letters without I, O, S, V, Z; the value of a character is its index.</summary>
    internal const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    private static readonly int[] Weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    // GB 32100 table: 登记管理部门 with the 机构类别 each may carry.
    private static readonly Dictionary<char, string> Categories = new()
    {
        ['1'] = "1239", ['2'] = "19", ['3'] = "123459", ['4'] = "19", ['5'] = "1239", ['6'] = "129", ['7'] = "129",
        ['8'] = "19", ['9'] = "1239", ['A'] = "19", ['N'] = "1239", ['Y'] = "1",
    };

    private CreditCode(string value) => Value = value;

    /// <summary>The 18 characters.</summary>
    public string Value { get; }

    /// <summary>登记管理部门代码, e.g. <c>9</c> for market regulation.</summary>
    public char Department => Value[0];

    /// <summary>机构类别代码: under department 9, <c>1</c> enterprise, <c>2</c> 个体工商户, <c>3</c> cooperative.</summary>
    public char Category => Value[1];

    /// <summary>登记管理机关行政区划码, GB/T 2260, six digits.</summary>
    public string Division => Value[2..8];

    /// <summary>
    /// Whether characters 9 to 17 pass the organisation-code check of GB 11714. A mismatch is a warning only: not every
    /// code in use is confirmed to satisfy it.
    /// </summary>
    public bool OrganisationCodeMatches => OrganisationCheck(Value.AsSpan(8, 8)) == Value[16];

    /// <summary>Parses strictly: no trimming, no lower case, no full-width digits.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out CreditCode? code, out string problem)
    {
        code = null;
        problem = Check(text);
        if (problem.Length > 0)
        {
            return false;
        }

        code = new CreditCode(text!);
        return true;
    }

    /// <summary>Parses or throws <see cref="ErrorReason.UsccInvalid"/>.</summary>
    public static CreditCode Parse(string? text) =>
        TryParse(text, out var code, out var problem) ? code : throw new EidException(ErrorReason.UsccInvalid, problem);

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static string Check(string? text)
    {
        if (text is null || text.Length != 18)
        {
            return "统一社会信用代码应为 18 位";
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (!Alphabet.Contains(text[i], StringComparison.Ordinal))
            {
                return $"统一社会信用代码第 {i + 1} 位不是允许的字符（数字和除 I、O、S、V、Z 外的大写字母）";
            }

            if (i is >= 2 and < 8 && !char.IsAsciiDigit(text[i]))
            {
                return $"统一社会信用代码第 {i + 1} 位属于行政区划码，应为数字";
            }
        }

        if (!Categories.TryGetValue(text[0], out var categories) || !categories.Contains(text[1], StringComparison.Ordinal))
        {
            return "统一社会信用代码的登记管理部门或机构类别代码不存在";
        }

        var sum = 0;
        for (var i = 0; i < Weights.Length; i++)
        {
            sum += Alphabet.IndexOf(text[i]) * Weights[i];
        }

        return Alphabet[(31 - sum % 31) % 31] == text[17] ? "" : "统一社会信用代码的校验位不符，请核对是否录入有误";
    }

    // GB 11714: weights 3,7,9,10,5,8,4,2; result 10 is X, 11 is 0.
    private static char OrganisationCheck(ReadOnlySpan<char> body)
    {
        ReadOnlySpan<int> weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < 8; i++)
        {
            sum += (char.IsAsciiDigit(body[i]) ? body[i] - '0' : body[i] - 'A' + 10) * weights[i];
        }

        return (11 - sum % 11) switch { 10 => 'X', 11 => '0', var c => (char)('0' + c) };
    }
}
