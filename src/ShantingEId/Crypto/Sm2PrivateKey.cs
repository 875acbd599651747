using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace ShantingEId.Crypto;

/// <summary>An SM2 private key that signs with the default ID. Safe for concurrent use.</summary>
public sealed class Sm2PrivateKey : IDisposable
{
    private readonly ECPrivateKeyParameters key;

    // Initialising a signer computes the public key for ZA and halves the rate, so each thread keeps one.
#pragma warning disable RS0030 // This is the wrapper the ban points to.
    private readonly ThreadLocal<SM2Signer> signers;

    private Sm2PrivateKey(ECPrivateKeyParameters key, Sm2PublicKey publicKey)
    {
        this.key = key;
        PublicKey = publicKey;
        signers = new ThreadLocal<SM2Signer>(() => NewSigner(Sm2Curve.SystemRandom));
    }

    /// <summary>The matching public key.</summary>
    public Sm2PublicKey PublicKey { get; }

    /// <summary>Makes a fresh key from the system generator.</summary>
    public static Sm2PrivateKey Generate()
    {
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(Sm2Curve.Domain, Sm2Curve.SystemRandom));
        var pair = generator.GenerateKeyPair();
        return new Sm2PrivateKey((ECPrivateKeyParameters)pair.Private, Sm2PublicKey.FromPoint((ECPublicKeyParameters)pair.Public));
    }

    /// <summary>Takes the number d, 32 bytes big-endian, in [1, n-2] (GB/T 32918.1 clause 6.1).</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PublicKeyInvalid"/>: out of range.</exception>
    public static Sm2PrivateKey FromScalar(ReadOnlySpan<byte> scalar)
    {
        var d = new BigInteger(1, scalar.ToArray());
        if (scalar.Length != 32 || d.SignValue <= 0 || d.CompareTo(Sm2Curve.Domain.N.Subtract(BigInteger.Two)) > 0)
        {
            throw new EidException(ErrorReason.PublicKeyInvalid, "SM2 私钥不在 [1, n-2] 范围内");
        }

        var point = Sm2Curve.Domain.G.Multiply(d).Normalize();
        return new Sm2PrivateKey(new ECPrivateKeyParameters(d, Sm2Curve.Domain), Sm2PublicKey.FromPoint(new ECPublicKeyParameters(point, Sm2Curve.Domain)));
    }

    /// <summary>Signs the data (ZA and SM3 included).</summary>
    public Sm2Signature Sign(ReadOnlySpan<byte> data) => Sign(signers.Value!, data);

    /// <summary>Signs with a given source of nonces; only the published example needs it.</summary>
    internal Sm2Signature Sign(ReadOnlySpan<byte> data, SecureRandom random) => Sign(NewSigner(random), data);

    /// <summary>The number d, 32 bytes, for the vault only.</summary>
    internal byte[] ExportScalar()
    {
        var bytes = new byte[32];
        var d = key.D.ToByteArrayUnsigned();
        d.CopyTo(bytes, 32 - d.Length);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => signers.Dispose();

    private static Sm2Signature Sign(SM2Signer signer, ReadOnlySpan<byte> data)
    {
        signer.Reset(); // A failed earlier call may have left input behind.
        signer.BlockUpdate(data);
        return Sm2Signature.FromRaw(signer.GenerateSignature()) ?? throw new InvalidOperationException("signer produced an impossible signature");
    }

    private SM2Signer NewSigner(SecureRandom random)
    {
        var signer = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        signer.Init(true, new ParametersWithID(new ParametersWithRandom(key, random), Sm2Curve.DefaultUserId));
        return signer;
    }
#pragma warning restore RS0030
}
