using System.Buffers.Binary;
using ShantingEId.Crypto;
using ShantingEId.Receipts;

namespace ShantingEId.Tests.Receipts;

/// <summary>One form of bytes for one look-up; what a hot path patches is what would have been encoded.</summary>
public sealed class LookupRecordTests
{
    private static readonly LookupRecord Good = ReceiptCases.Record;

    [Fact]
    public void What_is_written_is_read()
    {
        Assert.True(LookupRecord.TryRead(Good.Encode(), out var read));

        // Records compare byte arrays by reference.
        Assert.Equal(Good, read with { RequestDigest = Good.RequestDigest, FactsDigest = Good.FactsDigest });
        Assert.Equal(Good.RequestDigest, read.RequestDigest);
        Assert.Equal(Good.FactsDigest, read.FactsDigest);
    }

    [Fact]
    public void The_bytes_are_those_that_the_format_says()
    {
        var bytes = Good.Encode();

        Assert.Equal("8C011B", Convert.ToHexString(bytes, 0, 3));
        Assert.Equal(Good.Time.ToUnixTimeMilliseconds(), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(3)));
        Assert.Equal(0x1B, bytes[11]);
        Assert.Equal(Good.StatusAsOf.ToUnixTimeMilliseconds(), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(12)));
        Assert.Equal(Sm3.Hash("VerifyCode\n7K3M9QWX2B4T"u8), Good.RequestDigest);
    }

    [Fact]
    public void Patched_times_and_an_added_reference_give_the_bytes_of_a_fresh_record()
    {
        var prepared = (Good with { Reference = "" }).Encode();
        var later = Good with { Time = Good.Time.AddDays(400), StatusAsOf = Good.StatusAsOf.AddMilliseconds(1) };
        foreach (var reference in (string[])["", "A", "鲁枣税〔2026〕第 77 号", new string('9', 23), new string('9', 24), new string('税', 64), new string('9', 256)])
        {
            var bytes = LookupRecord.WithReference(prepared, reference);
            LookupRecord.Patch(bytes, later.Time, later.StatusAsOf);

            Assert.Equal((later with { Reference = reference }).Encode(), bytes);
        }
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LookupRecord.WithReference(Good.Encode(), "second"));
        Assert.Throws<ArgumentException>(() => LookupRecord.WithReference((Good with { Reference = "" }).Encode(), new string('9', 257)));
        Assert.Throws<ArgumentException>(() => LookupRecord.Patch(new byte[200], Good.Time, Good.Time));
        Assert.Throws<ArgumentException>(() => (Good with { Purpose = new string('9', 257) }).Encode());
        Assert.Throws<ArgumentException>(() => (Good with { FactsDigest = [1] }).Encode());
        Assert.ThrowsAny<ArgumentException>(() => (Good with { Time = DateTimeOffset.UnixEpoch }).Encode());
        Assert.True((Good with { Method = Most, Caller = Most, Purpose = Most, Holder = Most, Reason = Most, Reference = Most, Verdict = 255 }).Encode().Length <= LookupRecord.MaxSize);
    }

    [Fact]
    public void Cut_lengthened_or_otherwise_spelt_bytes_are_no_record()
    {
        var bytes = Good.Encode();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(LookupRecord.TryRead(bytes.AsMemory(0, length), out _));
        }

        Assert.False(LookupRecord.TryRead((byte[])[.. bytes, 0], out _));
        // The form as a longer integer, and the array without its length: same meaning, other bytes.
        Assert.False(LookupRecord.TryRead((byte[])[0x8C, 0x18, 0x01, .. bytes[2..]], out _));
        Assert.False(LookupRecord.TryRead((byte[])[0x9F, .. bytes[1..], 0xFF], out _));
        for (var at = 0; at < bytes.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var changed = bytes.ToArray();
                changed[at] ^= (byte)(1 << bit);
                // A changed letter is another record; it never reads as the same one.
                Assert.True(!LookupRecord.TryRead(changed, out var other) || other.Encode().AsSpan().SequenceEqual(changed));
            }
        }
    }

    [Theory]
    [InlineData("TAX_REGISTRATION", "TAX_REGISTRATION")]
    [InlineData("", "")]
    [InlineData("a\r\nb\0", "a\uFFFD\uFFFDb\uFFFD")]
    public void A_stranger_s_text_is_made_to_fit(string text, string fits) => Assert.Equal(fits, LookupRecord.Clip(text));

    [Fact]
    public void A_long_text_is_cut_between_characters()
    {
        Assert.Equal("x\uFFFDy", LookupRecord.Clip("x\uD800y"));
        Assert.Equal(new string('x', 64), LookupRecord.Clip(new string('x', 64)));
        Assert.Equal(new string('x', 63) + "…", LookupRecord.Clip(new string('x', 65)));
        var pairs = LookupRecord.Clip(string.Concat(Enumerable.Repeat("\U00020BB7", 70)));
        Assert.Equal(string.Concat(Enumerable.Repeat("\U00020BB7", 31)) + "…", pairs);
        Assert.NotEmpty((Good with { Purpose = pairs, Reference = LookupRecord.Clip(new string('税', 500)) }).Encode());
    }

    private static string Most => new('9', LookupRecord.MaxTextBytes);
}
