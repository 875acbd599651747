using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace ShantingEId.Crypto;

/// <summary>
/// The one place that names the SM2 curve (GB/T 32918.5). <c>CustomNamedCurves</c> has field code of its own for it and
/// is 5 to 7 times faster than the generic instance, so nobody else may choose a curve object.
/// </summary>
internal static class Sm2Curve
{
    /// <summary>Curve OID 1.2.156.10197.1.301.</summary>
    public const string Oid = "1.2.156.10197.1.301";

    private static readonly X9ECParameters X9 = CustomNamedCurves.GetByName("SM2P256V1");

    /// <summary>Domain parameters.</summary>
    public static ECDomainParameters Domain { get; } = new(X9);

    /// <summary>The signer's ID, always set explicitly (GM/T 0009 clause 10): without it two libraries disagree.</summary>
    public static byte[] DefaultUserId { get; } = Encoding.ASCII.GetBytes("1234567812345678");

    /// <summary>Nonces and keys come from the system generator, not from a generator of the library's own.</summary>
    public static SecureRandom SystemRandom { get; } = new(new CryptoApiRandomGenerator(RandomNumberGenerator.Create()));
}
