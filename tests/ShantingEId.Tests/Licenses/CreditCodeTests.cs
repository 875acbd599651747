using ShantingEId.Licenses;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Licenses;

/// <summary>GB 32100-2015 codes, public and made up.</summary>
public sealed class CreditCodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    // Codes of well-known units as published, and made-up ones of 山亭区 that pass both checks.
    [Theory]
    [InlineData("914403001922038216")]
    [InlineData("91440300708461136T")]
    [InlineData("91330100799655058B")]
    [InlineData("91110108551385082Q")]
    [InlineData("91110000802100433B")]
    [InlineData("91100000100003962T")]
    [InlineData("9144030010001686XA")]
    [InlineData("91440300192317458F")]
    [InlineData("91440606722473344C")]
    [InlineData("91440400192548256N")]
    [InlineData("91310000132260250X")]
    [InlineData("91350100M000100Y43")]
    [InlineData("91370406L24894136J")]
    [InlineData("11100000MB0143028R")]
    [InlineData("12100000000018032A")]
    [InlineData("92330781MA2EDMFU50")]
    [InlineData("91370406MA3ABC127Q")]
    [InlineData("91370406MA3TUW982M")]
    [InlineData("92370406MA3DEF343B")]
    [InlineData("93370406MA3GHJ5627")]
    [InlineData("11370406MB9TE5T085")]
    public void TryParse_accepts_a_valid_code(string text)
    {
        Assert.True(CreditCode.TryParse(text, out var code, out var problem));
        Assert.Equal("", problem);
        Assert.Equal(text, code.Value);
        Assert.Equal(text, code.ToString());
        Assert.Equal((text[0], text[1], text[2..8]), (code.Department, code.Category, code.Division));
        Assert.True(code.OrganisationCodeMatches);
    }

    // In use although characters 9 to 17 fail GB 11714: a warning, never a refusal.
    [Fact]
    public void A_wrong_organisation_code_is_a_warning_only()
    {
        Assert.True(CreditCode.TryParse("91310000631295002H", out var code, out _));
        Assert.False(code.OrganisationCodeMatches);
    }

    [Theory]
    [InlineData("914403001922038217")]
    [InlineData("91440300192203821Y")]
    [InlineData("91520900MA6DYE9L4N")]
    [InlineData("91310000631295002A")]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("91370406MA3ABC127")] // 17 characters
    [InlineData("91370406MA3ABC127QQ")]
    [InlineData(" 91370406MA3ABC127Q")]
    [InlineData("91370406MA3ABC127Q ")]
    [InlineData("91370406MA3ABC127\n")]
    [InlineData("91370406ma3abc127q")] // lower case
    [InlineData("91370406MA3ABC127q")]
    [InlineData("９1370406MA3ABC127Q")] // full-width digit
    [InlineData("9137040６MA3ABC127Q")]
    [InlineData("91370406MA3ABC12ΑQ")] // Greek Alpha
    [InlineData("٩1370406MA3ABC127Q")] // Arabic digit
    public void TryParse_refuses_an_invalid_code(string? text)
    {
        Assert.False(CreditCode.TryParse(text, out var code, out var problem));
        Assert.Null(code);
        Assert.NotEmpty(problem);
        Assert.Equal(ErrorReason.UsccInvalid, Assert.Throws<EidException>(() => CreditCode.Parse(text)).Reason);
    }

    // The check character is right in each, so only the rule in question refuses.
    [Theory]
    [InlineData("01370406MA3ABC127")] // departments that do not exist
    [InlineData("B1370406MA3ABC127")]
    [InlineData("X1370406MA3ABC127")]
    [InlineData("94370406MA3ABC127")] // categories the department does not have
    [InlineData("22370406MA3ABC127")]
    [InlineData("Y9370406MA3ABC127")]
    [InlineData("90370406MA3ABC127")]
    [InlineData("913704A6MA3ABC127")] // letter in the division
    public void TryParse_refuses_wrong_content_under_a_right_check_character(string body)
    {
        Assert.True(CreditCode.TryParse("91370406MA3ABC127" + Check("91370406MA3ABC127"), out _, out _));
        Assert.False(CreditCode.TryParse(body + Check(body), out _, out _));
    }

    // The weights are powers of 3 modulo the prime 31, none of them 0: no single substitution can slip, and none does.
    [Fact]
    public void Every_single_substitution_of_200_codes_is_refused()
    {
        var tried = 0;
        foreach (var code in MadeUp(200))
        {
            for (var i = 0; i < 18; i++)
            {
                foreach (var c in Alphabet + "IOSVZabcxyz")
                {
                    if (c != code[i])
                    {
                        Assert.False(CreditCode.TryParse(code[..i] + c + code[(i + 1)..], out _, out _), $"{code} at {i}: {c}");
                        tried++;
                    }
                }
            }
        }

        Assert.Equal(200 * 18 * (Alphabet.Length - 1 + 11), tried);
    }

    // Neighbouring weights differ, so exchanged neighbours are found as well.
    [Fact]
    public void Every_exchange_of_neighbours_is_refused()
    {
        var tried = 0;
        foreach (var code in MadeUp(200))
        {
            for (var i = 0; i < 17; i++)
            {
                if (code[i] != code[i + 1])
                {
                    Assert.False(CreditCode.TryParse(code[..i] + code[i + 1] + code[i] + code[(i + 2)..], out _, out _));
                    tried++;
                }
            }
        }

        Assert.True(tried > 2500);
    }

    private static IEnumerable<string> MadeUp(int count)
    {
        var random = new TestRandom("credit codes");
        for (var n = 0; n < count; n++)
        {
            var body = "9" + "123"[random.Below(3)] + "370406" + string.Concat(Enumerable.Range(0, 9).Select(_ => Alphabet[random.Below(31)]));
            var code = body + Check(body);
            Assert.True(CreditCode.TryParse(code, out _, out var problem), problem);
            yield return code;
        }
    }

    // GB 32100 once more, by the power and not by the table of weights.
    private static char Check(string body)
    {
        int sum = 0, weight = 1;
        foreach (var c in body)
        {
            sum += Alphabet.IndexOf(c) * weight;
            weight = weight * 3 % 31;
        }

        return Alphabet[(31 - (sum % 31)) % 31];
    }
}
