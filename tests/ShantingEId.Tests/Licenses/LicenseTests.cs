using System.Formats.Cbor;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>The signed form of a licence: written one way, read that way only.</summary>
public sealed class LicenseTests
{
    private static readonly License Good = new(
        LicenseId.ForBusinessLicense(CreditCode.Parse("11370406MB9TE5T085"), CreditCode.Parse("91370406MA3ABC127Q"), 1),
        EnterpriseFacts.Parse(
            new EnterpriseInput
            {
                CreditCode = "91370406MA3ABC127Q", Name = "枣庄市山亭区测试有限公司", Kind = EnterpriseKind.Company, Representative = "张三", Capital = "50万人民币",
                EstablishDate = "2025-01-02", Address = "枣庄市山亭区", BusinessScope = "供水",
            },
            new DateOnly(2026, 1, 1)),
        "枣庄市山亭区市场监督管理局", CreditCode.Parse("11370406MB9TE5T085"), DateTimeOffset.FromUnixTimeSeconds(1_770_000_000));

    [Fact]
    public void A_licence_goes_round_unchanged()
    {
        var read = Read(Write(Good));
        Assert.Equal(Good, read);
        Assert.Equal(Write(Good), Write(read));
    }

    // Facts are checked again although they were signed: each of these is a well-formed map with one wrong value.
    [Theory]
    [InlineData(1, "1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.L")]
    [InlineData(2, "91370406MA3ABC127R")]
    [InlineData(3, "枣庄\u202E公司")]
    [InlineData(4, 0L)]
    [InlineData(4, 8L)]
    [InlineData(4, 6L)] // a kind the code does not fit
    [InlineData(4, -1L)]
    [InlineData(4, 4294967297L)] // 2^32 + 1, which is 1 when cut to 32 bits
    [InlineData(4, "1")]
    [InlineData(5, "\u0000")]
    [InlineData(6, "")]
    [InlineData(7, "-1")]
    [InlineData(8, "2025-02-30")]
    [InlineData(9, "")]
    [InlineData(10, "")]
    [InlineData(12, "")]
    [InlineData(13, -1L)]
    [InlineData(13, long.MaxValue)]
    [InlineData(13, "now")]
    public void Read_refuses_one_wrong_value(int key, object value)
    {
        var error = Assert.ThrowsAny<Exception>(() => Read(Replaced(key, value)));
        Assert.True(error is EidException or CborContentException or InvalidOperationException, error.ToString());
    }

    [Fact]
    public void Read_refuses_other_keys_and_counts()
    {
        var good = Write(Good);
        Assert.Equal(0xAD, good[0]);
        Assert.ThrowsAny<CborContentException>(() => Read([0xAC, .. good[1..]]));
        Assert.ThrowsAny<CborContentException>(() => Read([0xAE, .. good[1..], 14, 0]));
        Assert.ThrowsAny<CborContentException>(() => Read([0xAD, 0, .. good[2..]])); // key 0 for key 1
        Assert.ThrowsAny<CborContentException>(() => Read(good[..^1]));
    }

    private static byte[] Write(License license)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        license.Write(writer);
        return writer.Encode();
    }

    private static License Read(byte[] bytes) => License.Read(new CborReader(bytes, CborConformanceMode.Canonical));

    private static byte[] Replaced(int wanted, object value)
    {
        var reader = new CborReader(Write(Good), CborConformanceMode.Canonical);
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(reader.ReadStartMap());
        for (var i = 0; i < 13; i++)
        {
            var key = reader.ReadInt32();
            writer.WriteInt32(key);
            var old = reader.ReadEncodedValue();
            if (key != wanted)
            {
                writer.WriteEncodedValue(old.Span);
            }
            else if (value is string text)
            {
                writer.WriteTextString(text);
            }
            else
            {
                writer.WriteInt64((long)value);
            }
        }

        writer.WriteEndMap();
        return writer.Encode();
    }
}
