using ShantingEId.Codes;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Codes;

/// <summary>Base32 with one spelling per byte string.</summary>
public sealed class Base32Tests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    // RFC 4648 §10, without the padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Encode_and_decode_give_the_values_of_RFC_4648(string text, string encoded)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        Assert.Equal(encoded, Base32.Encode(bytes));
        Assert.Equal(bytes, Base32.Decode(encoded));
    }

    [Fact]
    public void Every_length_goes_round()
    {
        var random = new TestRandom("base32");
        for (var length = 0; length < 200; length++)
        {
            var bytes = random.Bytes(length);
            var text = Base32.Encode(bytes);
            Assert.Equal(((length * 8) + 4) / 5, text.Length);
            Assert.All(text, c => Assert.Contains(c, Alphabet));
            Assert.Equal(bytes, Base32.Decode(text));
        }
    }

    // All texts of up to three characters: what decodes must be the one spelling of its bytes.
    [Fact]
    public void No_two_texts_stand_for_the_same_bytes()
    {
        var texts = new List<string> { "" };
        for (var length = 1; length <= 3; length++)
        {
            texts.AddRange(texts.Where(t => t.Length == length - 1).SelectMany(t => Alphabet.Select(c => t + c)).ToList());
        }

        var decoded = 0;
        foreach (var text in texts)
        {
            if (Base32.Decode(text) is { } bytes)
            {
                Assert.Equal(text, Base32.Encode(bytes));
                decoded++;
            }
        }

        Assert.Equal(1 + 256, decoded); // the empty string and every single byte; three characters hold no whole number
    }

    // The last character of 1, 2, 3 and 4 bytes carries 2, 4, 1 and 3 spare bits.
    [Theory]
    [InlineData("MY", 2)]
    [InlineData("MZXQ", 4)]
    [InlineData("MZXW6", 1)]
    [InlineData("MZXW6YQ", 3)]
    public void Decode_refuses_spare_bits_that_are_not_zero(string good, int spareBits)
    {
        Assert.NotNull(Base32.Decode(good));
        var last = Alphabet.IndexOf(good[^1]);
        for (var bits = 1; bits < 1 << spareBits; bits++)
        {
            Assert.Null(Base32.Decode(good[..^1] + Alphabet[last | bits]));
        }
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AAA")]
    [InlineData("AAAAAA")]
    [InlineData("AAAAAAAAA")]
    [InlineData("AAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAA")]
    public void Decode_refuses_impossible_lengths(string text) => Assert.Null(Base32.Decode(text));

    [Theory]
    [InlineData("my")] // lower case
    [InlineData("mY")]
    [InlineData("MY======")] // padding
    [InlineData("M0")] // 0, 1, 8, 9 are not of the alphabet
    [InlineData("M1")]
    [InlineData("M8")]
    [InlineData("M9")]
    [InlineData("M ")]
    [InlineData("M\n")]
    [InlineData("M-")]
    [InlineData("Ｍ4")] // full width
    [InlineData("MŸ")]
    public void Decode_refuses_other_characters(string text) => Assert.Null(Base32.Decode(text));

    [Fact]
    public void Decode_refuses_every_character_outside_the_alphabet()
    {
        for (var c = 0; c < 0x10000; c++)
        {
            Assert.Equal(Alphabet.Contains((char)c, StringComparison.Ordinal), Base32.Decode([(char)c, 'A']) is not null);
        }
    }
}
