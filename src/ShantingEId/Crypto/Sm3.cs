using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace ShantingEId.Crypto;

/// <summary>SM3 (GB/T 32905-2016) and HMAC with it.</summary>
public static class Sm3
{
    /// <summary>Digest length in bytes.</summary>
    public const int Size = 32;

    /// <summary>SM3 of the data, 32 bytes.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        var digest = new SM3Digest();
        digest.BlockUpdate(data);
        var result = new byte[Size];
        digest.DoFinal(result);
        return result;
    }

    /// <summary>HMAC-SM3 (GB/T 15852.2), 32 bytes.</summary>
    public static byte[] Hmac(byte[] key, ReadOnlySpan<byte> data)
    {
        var mac = new HMac(new SM3Digest());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data);
        var result = new byte[Size];
        mac.DoFinal(result);
        return result;
    }
}
