using ShantingEId.Codes;

namespace ShantingEId.Tests.Codes;

/// <summary>进度查询码: what an applicant types, and what it must not be taken for.</summary>
public sealed class ProgressCodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    [Fact]
    public void Generated_codes_go_round_and_differ()
    {
        var codes = Enumerable.Range(0, 200).Select(_ => ProgressCode.Generate()).ToList();
        Assert.Equal(200, codes.Distinct().Count());
        foreach (var code in codes)
        {
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$", code.ToString());
            Assert.Equal(code, ProgressCode.Parse(code.ToString()));
            Assert.Equal(code, ProgressCode.Parse(" " + code.Value.ToLowerInvariant() + " "));
        }
    }

    [Fact]
    public void Every_single_wrong_character_is_found()
    {
        var code = ProgressCode.Generate().Value;
        for (var i = 0; i < code.Length; i++)
        {
            foreach (var c in Alphabet.Where(c => c != code[i]))
            {
                Assert.False(ProgressCode.TryParse(code[..i] + c + code[(i + 1)..], out _), $"{code} {i} {c}");
            }
        }
    }

    [Fact]
    public void It_is_no_typed_code_and_a_typed_code_is_none()
    {
        Assert.False(TypedCode.LooksLikeOne(ProgressCode.Generate().ToString()));
        Refused(TypedCode.Generate().ToString(), "校验短码");
    }

    [Theory]
    [InlineData("", "10 位")]
    [InlineData(null, "10 位")]
    [InlineData("12345", "10 位")]
    [InlineData("12345-6789é", "10 位")]
    [InlineData("UUUUU-UUUUU", "校验位")]
    public void What_is_none_is_refused_with_what_is_wrong(string? text, string says) => Refused(text, says);

    private static void Refused(string? text, string says)
    {
        var error = Assert.Throws<EidException>(() => ProgressCode.Parse(text));
        Assert.Equal((ErrorReason.ProgressCodeInvalid, "code"), (error.Reason, Assert.Single(error.Violations).Field));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }
}
