using ShantingEId.Seals;

namespace ShantingEId.Tests.Licenses;

/// <summary>印章编码: six digits of the division and eight of a sequence.</summary>
public sealed class SealCodeTests
{
    // esID values of real electronic seals.
    [Theory]
    [InlineData("37030000001721")]
    [InlineData("33010600000001")]
    [InlineData("50011200000323")]
    [InlineData("53011200000556")]
    [InlineData("32010600000001")]
    public void TryParse_accepts_codes_of_real_seals(string text)
    {
        Assert.True(SealCode.TryParse(text, out var code));
        Assert.Equal(text, code.ToString());
        Assert.Equal(code, SealCode.Create(text[..6], long.Parse(text[6..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("3703000000172")] // 13 digits are engraved codes, not these
    [InlineData("370300000017210")]
    [InlineData("3703000000172A")]
    [InlineData("37030000001 21")]
    [InlineData("-7030000001721")]
    [InlineData("３7030000001721")]
    [InlineData("3703000000172\n")]
    [InlineData("37030000000000")] // sequences start at 1
    public void TryParse_refuses_an_invalid_code(string? text)
    {
        Assert.False(SealCode.TryParse(text, out _));
        Assert.Equal(ErrorReason.SealCodeInvalid, Assert.Throws<EidException>(() => SealCode.Parse(text)).Reason);
    }

    [Theory]
    [InlineData("370406", 1L, "37040600000001")]
    [InlineData("370406", 99_999_999L, "37040699999999")]
    public void Create_fills_up_with_zeros(string division, long sequence, string code) => Assert.Equal(code, SealCode.Create(division, sequence).Value);

    [Theory]
    [InlineData("370406", 0L)]
    [InlineData("370406", -1L)]
    [InlineData("370406", 100_000_000L)]
    [InlineData("37040", 1L)]
    [InlineData("3704066", 1L)]
    [InlineData("37040A", 1L)]
    [InlineData("37040６", 1L)]
    public void Create_refuses_parts_out_of_range(string division, long sequence) =>
        Assert.Equal(ErrorReason.SealCodeInvalid, Assert.Throws<EidException>(() => SealCode.Create(division, sequence)).Reason);
}
