using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace ShantingEId.Crypto;

/// <summary>
/// 证书吊销列表 (CRL; RFC 5280 §5, GB/T 20518) of one CA, signed with SM2-with-SM3. Only whole lists: one that says that it is a part
/// or a difference is refused, because a certificate that is not on it may still be revoked.
/// </summary>
public sealed class RevocationList
{
    /// <summary>Longest list that is read: some 500,000 certificates.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    private readonly ReadOnlyMemory<byte> signedPart;
    private readonly Sm2Signature signature;
    private readonly byte[] issuerName;
    private readonly Dictionary<BigInteger, DateTimeOffset> revoked;
    private volatile Sm2Certificate? knownIssuer;

    private RevocationList(ReadOnlyMemory<byte> signedPart, Sm2Signature signature, TbsCertificateList fields)
    {
        this.signedPart = signedPart;
        this.signature = signature;
        issuerName = fields.Issuer.GetDerEncoded();
        Issuer = fields.Issuer.GetValueList(X509Name.CN).FirstOrDefault() ?? fields.Issuer.ToString();
        ThisUpdate = At(fields.ThisUpdate);
        // Without an end nobody could tell a list of today from one that was held back for years (RFC 5280 §5.1.2.5 asks for it).
        NextUpdate = fields.NextUpdate is { } next ? At(next) : throw Invalid("没有下次更新时间");
        Number = fields.Extensions?.GetExtension(X509Extensions.CrlNumber) is { } number ? Big(DerInteger.GetInstance(number.GetParsedValue())) : BigInteger.Zero;
        RequireWhole(fields.Extensions);
        revoked = [];
        foreach (var entry in fields.GetRevokedCertificateEnumeration())
        {
            // A critical one names another issuer (§5.3.3), or something that nobody here understands.
            if (entry.Extensions?.GetCriticalExtensionOids() is { Length: > 0 })
            {
                throw Invalid("含有不认识的关键条目扩展");
            }

            revoked[Big(entry.UserCertificate)] = At(entry.RevocationDate);
        }
    }

    /// <summary>Name of the CA, for people.</summary>
    public string Issuer { get; }

    /// <summary>When it was issued.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>By when the next one comes; after that this one says nothing any more of what is not on it.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>cRLNumber; 0 where there is none.</summary>
    public BigInteger Number { get; }

    /// <summary>How many certificates are on it.</summary>
    public int Count => revoked.Count;

    /// <summary>Reads a list, DER or PEM. Who signed it is another question.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RevocationListInvalid"/>: not a list, of another algorithm, a part of one, or too long.</exception>
    public static RevocationList Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var der = bytes.Length <= MaxBytes ? Der(bytes) : throw Invalid($"超过 {MaxBytes / 1024 / 1024} MB");
            DerLimits.Require(der.Span); // Before a parser that recurses.
            var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var signedPart = outer.ReadEncodedValue();
            var algorithm = outer.ReadSequence();
            var oid = algorithm.ReadObjectIdentifier();
            if (algorithm.HasData)
            {
                algorithm.ReadNull();
            }

            algorithm.ThrowIfNotEmpty();
            var value = outer.ReadBitString(out var unused);
            outer.ThrowIfNotEmpty();
            if (oid != Sm2Certificate.SignatureOid || unused != 0 || Sm2Signature.FromDer(value) is not { } signature)
            {
                throw Invalid("不是 SM2/SM3 签名或签名值编码有误");
            }

            var fields = TbsCertificateList.GetInstance(Asn1Object.FromByteArray(signedPart.ToArray()));
            return fields.Signature.Algorithm.Id == oid ? new RevocationList(signedPart, signature, fields) : throw Invalid("内外的签名算法不一致");
        }
        catch (Exception error) when (error is AsnContentException or ArgumentException or FormatException or Asn1Exception or IOException or InvalidOperationException
            or EidException { Reason: ErrorReason.Asn1Invalid or ErrorReason.Asn1Limits })
        {
            throw new EidException(ErrorReason.RevocationListInvalid, "不是证书吊销列表（X.509 CRL，DER 或 PEM）", error);
        }
    }

    /// <summary>Whether this CA issued it: the names match, its certificate allows that, and the signature is good.</summary>
    public bool IsIssuedBy(Sm2Certificate authority)
    {
        if (ReferenceEquals(knownIssuer, authority))
        {
            return true;
        }

        var issued = issuerName.AsSpan().SequenceEqual(authority.SubjectName) && authority.MaySignRevocationLists && authority.PublicKey.Verify(signedPart.Span, signature);
        if (issued)
        {
            knownIssuer = authority;
        }

        return issued;
    }

    /// <summary>Since when a certificate of this CA is revoked or on hold; null when it is not on the list.</summary>
    public DateTimeOffset? RevokedSince(Sm2Certificate certificate) => revoked.TryGetValue(certificate.SerialNumber, out var since) ? since : null;

    /// <summary>Whether a list in its place would be a step back: another CA's, or issued earlier.</summary>
    public bool IsNewerThan(RevocationList other) => !issuerName.AsSpan().SequenceEqual(other.issuerName) || (ThisUpdate, Number).CompareTo((other.ThisUpdate, other.Number)) > 0;

    /// <summary>Whether two lists are of one CA by name.</summary>
    internal bool IsFrom(Sm2Certificate authority) => issuerName.AsSpan().SequenceEqual(authority.SubjectName);

    // deltaCRLIndicator (§5.2.4), issuingDistributionPoint (§5.2.5), and whatever is critical and not understood.
    private static void RequireWhole(X509Extensions? extensions)
    {
        if (extensions?.GetExtension(X509Extensions.DeltaCrlIndicator) is not null || extensions?.GetExtension(X509Extensions.IssuingDistributionPoint) is not null)
        {
            throw Invalid("是分片或增量的列表，不能单独采用");
        }

        if (extensions?.GetCriticalExtensionOids() is { Length: > 0 } critical)
        {
            throw Invalid($"含有不认识的关键扩展 {critical[0].Id}");
        }
    }

    private static ReadOnlyMemory<byte> Der(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length == 0 || bytes.Span[0] == 0x30)
        {
            return bytes;
        }

        var text = Encoding.ASCII.GetString(bytes.Span);
        return PemEncoding.TryFind(text, out var fields) && text.AsSpan()[fields.Label] is "X509 CRL" ? Convert.FromBase64String(text[fields.Base64Data]) : bytes;
    }

    private static BigInteger Big(DerInteger value) => new(value.Value.ToByteArray(), isBigEndian: true);

    private static DateTimeOffset At(Time time) => new(DateTime.SpecifyKind(time.ToDateTime(), DateTimeKind.Utc));

    private static EidException Invalid(string problem) => new(ErrorReason.RevocationListInvalid, "证书吊销列表" + problem);
}
