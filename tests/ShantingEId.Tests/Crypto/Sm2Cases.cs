using System.Numerics;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>One good signature, to break one thing at a time.</summary>
internal sealed record SignedCase(string Name, Sm2PrivateKey Key, byte[] Message, Sm2Signature Signature)
{
    public BigInteger R => ReferenceSm2.Number(Signature.Raw[..32]);

    public BigInteger S => ReferenceSm2.Number(Signature.Raw[32..]);

    public BigInteger D => ReferenceSm2.Number(Key.ExportScalar());

    public (BigInteger X, BigInteger Y) Point => ReferenceSm2.PointOf(Key.PublicKey.Spki);

    public BigInteger E => ReferenceSm2.E(Point, ReferenceSm2.DefaultId, Message);
}

/// <summary>Keys and good signatures that are the same in every run.</summary>
internal static class Sm2Cases
{
    /// <summary>Good signatures of all integer shapes: with and without a sign byte, and shorter than 32 bytes.</summary>
    public static IReadOnlyList<SignedCase> All { get; } =
    [
        Find("r and s need a sign byte", (r, s) => r[0] > 0x7F && s[0] > 0x7F),
        Find("only r needs a sign byte", (r, s) => r[0] > 0x7F && s[0] is > 0 and < 0x80),
        Find("only s needs a sign byte", (r, s) => r[0] is > 0 and < 0x80 && s[0] > 0x7F),
        Find("neither needs a sign byte", (r, s) => r[0] is > 0 and < 0x80 && s[0] is > 0 and < 0x80),
        Find("short r", (r, _) => r[0] == 0),
        Find("short s", (_, s) => s[0] == 0),
    ];

    public static Sm2PrivateKey Key(string seed) => Sm2PrivateKey.FromScalar(new TestRandom("key " + seed).Bytes(32));

    private static SignedCase Find(string name, Func<byte[], byte[], bool> wanted)
    {
        var key = Key(name);
        var message = Encoding.UTF8.GetBytes("message of " + name);
        var random = new TestRandom("nonces of " + name).AsSecureRandom();
        while (true)
        {
            var signature = key.Sign(message, random);
            if (wanted(signature.Raw[..32].ToArray(), signature.Raw[32..].ToArray()))
            {
                return new SignedCase(name, key, message, signature);
            }
        }
    }
}
