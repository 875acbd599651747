using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using ShantingEId.Crypto;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// BouncyCastle's SM2 with nothing of ours around it, at its best: fast curve, signer and verifier initialised once. What
/// benchmarks hold our own figures against.
/// </summary>
internal sealed class BareSm2
{
#pragma warning disable RS0030 // The comparison is with the bare signer on purpose.
    private static readonly ECDomainParameters Domain = new(CustomNamedCurves.GetByName("SM2P256V1"));
    private static readonly byte[] UserId = "1234567812345678"u8.ToArray();
    private readonly SM2Signer signer = new(PlainDsaEncoding.Instance, new SM3Digest());
    private readonly SM2Signer verifier = new(PlainDsaEncoding.Instance, new SM3Digest());
    private readonly ECKeyPairGenerator generator = new();

    /// <summary>With a key of its own.</summary>
    public BareSm2()
    {
        generator.Init(new ECKeyGenerationParameters(Domain, new SecureRandom()));
        var pair = generator.GenerateKeyPair();
        signer.Init(true, new ParametersWithID(pair.Private, UserId));
        verifier.Init(false, new ParametersWithID(pair.Public, UserId));
    }

    /// <summary>Verifying with this key, and only that.</summary>
    public BareSm2(Sm2PublicKey key)
    {
        var point = Domain.Curve.DecodePoint(key.Spki[^65..].ToArray());
        verifier = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        verifier.Init(false, new ParametersWithID(new ECPublicKeyParameters(point, Domain), UserId));
    }

    public void GenerateKey() => generator.GenerateKeyPair();

    public void SignAndVerify(ReadOnlySpan<byte> message) => Verify(message, Sign(message));

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        signer.BlockUpdate(message);
        return signer.GenerateSignature();
    }

    public void Verify(ReadOnlySpan<byte> message, byte[] signature)
    {
        verifier.BlockUpdate(message);
        if (!verifier.VerifySignature(signature))
        {
            throw new InvalidOperationException("bare verification failed");
        }
    }
}
#pragma warning restore RS0030
