using System.Security.Cryptography;
using ShantingEId.Issuing;
using ShantingEId.Server.Hot;
using ShantingEId.Trades;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>I26: what stands in Redis is used only if this deployment wrote it under this key.</summary>
public sealed class CachedReadingTests
{
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);
    private readonly RegisterEntry entry = new MemoryRegister().Add(1) with
    {
        PermitEvents =
        [
            new PermitEvent("JY1", PermitState.Suspended, DateTimeOffset.UnixEpoch.AddDays(1), DateTimeOffset.UnixEpoch.AddDays(1), "样例理由", "样例机关"),
            new PermitEvent("JY1", PermitState.Active, DateTimeOffset.UnixEpoch.AddDays(9), DateTimeOffset.UnixEpoch.AddDays(1), "暂停期满", "样例机关"),
        ],
    };

    private CachedReading Codec => new(secret, "样例环境");

    [Fact]
    public void What_was_written_is_read_back_whole()
    {
        var found = Codec.Read("k", Codec.Write("k", entry, 42))!.Value;

        Assert.Equal(42, found.Position);
        Assert.Equal((entry.LicenseId, entry.ManifestDigest, entry.LicenseCode, entry.TypedCode, entry.State),
            (found.Entry.LicenseId, found.Entry.ManifestDigest, found.Entry.LicenseCode, found.Entry.TypedCode, found.Entry.State));
        Assert.Equal(entry.Manifest, found.Entry.Manifest);
        Assert.Equal(entry.PermitEvents, found.Entry.PermitEvents);
    }

    [Fact]
    public void Any_changed_byte_is_refused()
    {
        var value = Codec.Write("k", entry, 42);
        for (var i = 0; i < value.Length; i++)
        {
            for (var bit = 1; bit < 256; bit <<= 1)
            {
                value[i] ^= (byte)bit;
                Assert.Null(Codec.Read("k", value));
                value[i] ^= (byte)bit;
            }
        }

        Assert.NotNull(Codec.Read("k", value));
    }

    [Fact]
    public void Another_key_deployment_or_secret_and_any_other_length_are_refused()
    {
        var value = Codec.Write("k", entry, 42);

        Assert.Null(Codec.Read("k2", value));
        Assert.Null(Codec.Read("", value));
        Assert.Null(new CachedReading(secret, "样例环境2").Read("k", value));
        Assert.Null(new CachedReading(RandomNumberGenerator.GetBytes(32), "样例环境").Read("k", value));
        // Environment and key must not run into each other.
        Assert.Null(new CachedReading(secret, "样例").Read("环境\nk", value));
        for (var length = 0; length < value.Length; length++)
        {
            Assert.Null(Codec.Read("k", value[..length]));
        }

        Assert.Null(Codec.Read("k", [.. value, 0]));
        Assert.Null(Codec.Read("k", new byte[10_000_000]));
    }
}
