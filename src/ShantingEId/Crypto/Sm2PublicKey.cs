using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace ShantingEId.Crypto;

/// <summary>
/// An SM2 public key: a point of the named curve, uncompressed, checked to lie on it. Only the one whole
/// SubjectPublicKeyInfo form is accepted, because a key with explicit parameters can carry a forger's generator.
/// </summary>
public sealed class Sm2PublicKey : IEquatable<Sm2PublicKey>
{
    /// <summary>Length of the SubjectPublicKeyInfo in DER.</summary>
    public const int SpkiSize = 91;

    // GB/T 20518: algorithm id-ecPublicKey 1.2.840.10045.2.1 with parameter 1.2.156.10197.1.301, BIT STRING 04‖X‖Y.
    private static readonly byte[] SpkiPrefix = Convert.FromHexString("3059301306072A8648CE3D020106082A811CCF5501822D03420004");

#pragma warning disable RS0030 // This is the wrapper the ban points to.
    [ThreadStatic]
    private static SM2Signer? lastVerifier;

    [ThreadStatic]
    private static Sm2PublicKey? lastKey;

    private readonly ParametersWithID parameters;
    private readonly byte[] spki;

    private Sm2PublicKey(byte[] spki, ECPublicKeyParameters point)
    {
        this.spki = spki;
        parameters = new ParametersWithID(point, Sm2Curve.DefaultUserId);
        KeyId = KeyId.Of(spki);
    }

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlySpan<byte> Spki => spki;

    /// <summary>First eight bytes of SM3 over the SubjectPublicKeyInfo.</summary>
    public KeyId KeyId { get; }

    /// <summary>Accepts exactly the named-curve form.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PublicKeyInvalid"/>.</exception>
    public static Sm2PublicKey FromSpki(ReadOnlySpan<byte> der)
    {
        if (der.Length != SpkiSize || !der.StartsWith(SpkiPrefix))
        {
            throw new EidException(ErrorReason.PublicKeyInvalid, "公钥必须是命名曲线 SM2（1.2.156.10197.1.301）的非压缩点");
        }

        try
        {
            // DecodePoint refuses x or y >= p and points off the curve; the prefix has excluded infinity and other encodings.
            var point = Sm2Curve.Domain.Curve.DecodePoint(der[(SpkiPrefix.Length - 1)..].ToArray());
            return new Sm2PublicKey(der.ToArray(), new ECPublicKeyParameters(point, Sm2Curve.Domain));
        }
        catch (ArgumentException error)
        {
            throw new EidException(ErrorReason.PublicKeyInvalid, "公钥不在 SM2 曲线上", error);
        }
    }

    /// <summary>Whether the signature over the data is good, with the default ID (GB/T 32918.2).</summary>
    public bool Verify(ReadOnlySpan<byte> data, Sm2Signature signature)
    {
        // Initialising computes ZA; a thread that verifies with one key again and again keeps its verifier.
        if (!ReferenceEquals(lastKey, this))
        {
            lastVerifier = NewVerifier();
            lastKey = this;
        }

        var verifier = lastVerifier!;
        verifier.Reset(); // An earlier call that failed may have left input behind.
        verifier.BlockUpdate(data);
        return verifier.VerifySignature(signature.Raw.ToArray());
    }

    /// <inheritdoc/>
    public bool Equals(Sm2PublicKey? other) => other is not null && spki.AsSpan().SequenceEqual(other.spki);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sm2PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => KeyId.GetHashCode();

    internal static Sm2PublicKey FromPoint(ECPublicKeyParameters key)
    {
        var encoded = key.Q.GetEncoded(false);
        return new Sm2PublicKey([.. SpkiPrefix, .. encoded.AsSpan(1)], key);
    }

    private SM2Signer NewVerifier()
    {
        var verifier = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        verifier.Init(false, parameters);
        return verifier;
    }
#pragma warning restore RS0030
}
