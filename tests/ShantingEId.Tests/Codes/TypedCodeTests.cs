using ShantingEId.Codes;
using ShantingEId.Licenses;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Codes;

/// <summary>校验短码: what a clerk types, and every way to mistype it.</summary>
public sealed class TypedCodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    [Fact]
    public void Generated_codes_go_round_and_differ()
    {
        var codes = Enumerable.Range(0, 200).Select(_ => TypedCode.Generate()).ToList();
        Assert.Equal(200, codes.Select(c => c.Value).Distinct().Count());
        foreach (var code in codes)
        {
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{12}$", code.Value);
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", code.ToString());
            Assert.True(TypedCode.TryParse(code.Value, out var stored));
            Assert.True(TypedCode.TryParse(code.ToString(), out var printed));
            Assert.Equal(code, stored);
            Assert.Equal(code, printed);
            Assert.True(TypedCode.LooksLikeOne(code.ToString()));
        }
    }

    // All 32 characters occur in every place, or a guess would be easier than 55 bits say.
    [Fact]
    public void Generated_codes_use_the_whole_alphabet_in_every_place()
    {
        var codes = Enumerable.Range(0, 2000).Select(_ => TypedCode.Generate().Value).ToList();
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(32, codes.Select(c => c[i]).Distinct().Count());
        }
    }

    // ISO/IEC 7064 hybrid systems promise this for any even size of alphabet; here it is tried out, 50 × 12 × 31.
    [Fact]
    public void Every_single_wrong_character_of_50_codes_is_found()
    {
        var tried = 0;
        foreach (var code in Fixed(50))
        {
            for (var i = 0; i < 12; i++)
            {
                foreach (var c in Alphabet.Where(c => c != code[i]))
                {
                    Assert.False(TypedCode.TryParse(code[..i] + c + code[(i + 1)..], out _), $"{code} at {i}: {c}");
                    tried++;
                }
            }
        }

        Assert.Equal(50 * 12 * 31, tried);
    }

    // Not all exchanged neighbours are found: the promise is "almost". Measured over 2,000 codes, 25 of 21,319 slip.
    [Fact]
    public void Almost_every_exchange_of_neighbours_is_found()
    {
        int tried = 0, missed = 0;
        foreach (var code in Fixed(2000))
        {
            for (var i = 0; i < 11; i++)
            {
                if (code[i] != code[i + 1])
                {
                    tried++;
                    missed += TypedCode.TryParse(code[..i] + code[i + 1] + code[i] + code[(i + 2)..], out _) ? 1 : 0;
                }
            }
        }

        Assert.Equal((ExchangesTried, ExchangesMissed), (tried, missed));
    }

    // Forgiving about exactly three things.
    [Fact]
    public void Lower_case_spaces_and_hyphens_are_forgiven()
    {
        var code = Fixed(1).Single();
        foreach (var typed in new[]
        {
            code.ToLowerInvariant(), $"{code[..4]} {code[4..8]} {code[8..]}", $"{code[..4]}-{code[4..8]}-{code[8..]}", $" {code} ", $"-{code}-", $"{code[..6]}--{code[6..]}",
            string.Join(' ', code.ToCharArray()),
        })
        {
            Assert.True(TypedCode.TryParse(typed, out var parsed), typed);
            Assert.Equal(code, parsed.Value);
        }
    }

    [Fact]
    public void Nothing_else_is_forgiven()
    {
        var code = Fixed(1).Single();
        foreach (var typed in new[]
        {
            null, "", "-", code[..11], code + code[^1], code[1..], code + "0", "0" + code, code.Replace(code[0], (char)(code[0] + 0xFEE0)), code + "\n", "\t" + code,
            code + "\u00A0", code + "\u200B", code + ".", code + "_", code[..4] + "—" + code[4..], code[..4] + "－" + code[4..], code[..4] + "\u3000" + code[4..],
            new string(' ', 13) + code, code + new string('-', 5000),
        })
        {
            Assert.False(TypedCode.TryParse(typed, out _), typed);
        }
    }

    // I, L, O and U are no characters of a code and are not taken for 1, 1, 0, V, in either case.
    [Fact]
    public void Look_alike_letters_are_refused()
    {
        foreach (var code in Fixed(50))
        {
            for (var i = 0; i < 12; i++)
            {
                foreach (var c in "ILOUilou")
                {
                    Assert.False(TypedCode.TryParse(code[..i] + c + code[(i + 1)..], out _));
                }
            }
        }
    }

    [Theory]
    [InlineData("HTTPS://EID.SHANTING.GOV.CN/1ABC", false)]
    [InlineData("ABCD-EFGH-JKM", false)]
    [InlineData("ABCD-EFGH-JKMN", true)]
    [InlineData("OOOO-IIII-LLLL", true)] // the shape is right, so the message can be about the characters
    [InlineData("山亭区山亭区山亭区山亭区", false)]
    [InlineData("ABCD-EFGH-JKMN-ABCD-EFGH-", false)] // more than 24 characters
    public void LooksLikeOne_goes_by_shape(string text, bool expected) => Assert.Equal(expected, TypedCode.LooksLikeOne(text));

    private const int ExchangesTried = 21_319;
    private const int ExchangesMissed = 25;

    private static IEnumerable<string> Fixed(int count)
    {
        var random = new TestRandom("typed codes");
        for (var n = 0; n < count; n++)
        {
            var body = string.Concat(Enumerable.Range(0, 11).Select(_ => Alphabet[random.Below(32)]));
            var code = body + Iso7064.HybridCheck(Alphabet, body);
            Assert.True(TypedCode.TryParse(code, out _));
            yield return code;
        }
    }
}
