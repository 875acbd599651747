using System.Formats.Asn1;
using System.Numerics;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace ShantingEId.Crypto;

/// <summary>An entry of a status list, as the claims <c>uri</c> and <c>idx</c> of draft-ietf-oauth-status-list §6.1 name it.</summary>
/// <param name="Address">Address of the list.</param>
/// <param name="Index">Place in the list.</param>
public sealed record StatusEntry(string Address, int Index)
{
    private const int MaxAddress = 2048;

    /// <summary>SEQUENCE { UTF8String, INTEGER }.</summary>
    internal void Write(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, Address);
            writer.WriteInteger(Index);
        }
    }

    /// <exception cref="AsnContentException">Not one.</exception>
    internal static StatusEntry Read(byte[] der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var reader = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var address = reader.ReadCharacterString(UniversalTagNumber.UTF8String);
        var entry = reader.TryReadInt32(out var index) && index >= 0 && address.Length is > 0 and <= MaxAddress ? new StatusEntry(address, index) : throw new AsnContentException("status entry");
        reader.ThrowIfNotEmpty();
        return entry;
    }
}

/// <summary>
/// An X.509 v3 certificate signed with SM2-with-SM3 (GB/T 20518, GM/T 0015), parsed once and kept with its received bytes.
/// The platform's own chain building cannot verify these, see standards §8, so checking is done here.
/// </summary>
public sealed class Sm2Certificate
{
    /// <summary>Signature algorithm SM2 with SM3.</summary>
    public const string SignatureOid = "1.2.156.10197.1.501";

    /// <summary>extendedKeyUsage of a key that signs the roots of look-up ledgers; of the arc that needs no registration (X.667).</summary>
    public const string ReceiptSigningOid = "2.25.65288763899780296317932659419482542289";

    /// <summary>extendedKeyUsage of a key that signs trust lists; of the same arc.</summary>
    public const string TrustListSigningOid = "2.25.12310161888429770875500679192914181071";

    /// <summary>extendedKeyUsage of a key that signs states of licences; of the same arc (the draft's id-kp-oauthStatusSigning has no number yet).</summary>
    public const string StatusSigningOid = "2.25.228518215549495242194286571153614500452";

    /// <summary>Extension that names the certificate's entry in a status list; of the same arc. Nobody else's has a number yet.</summary>
    public const string StatusEntryOid = "2.25.142446784825145639155596115693394489087";

    /// <summary>extendedKeyUsage id-kp-timeStamping (RFC 3161 §2.3).</summary>
    public const string TimeStampingOid = "1.3.6.1.5.5.7.3.8";

    private readonly byte[] der;
    private readonly ReadOnlyMemory<byte> signedPart;
    private readonly byte[] issuerName;
    private readonly byte[] subjectName;
    private readonly Sm2Signature signature;
    private readonly TbsCertificateStructure fields;
    private readonly bool demandsUnknown;
    private readonly bool endsChain;
    private readonly string[] extendedUses = [];
    private readonly bool isForExtendedUsesOnly;

    // Bytes never change, so "issued by this very certificate" needs to be found only once.
    private volatile Sm2Certificate? knownIssuer;

    private Sm2Certificate(byte[] der, ReadOnlyMemory<byte> signedPart, Sm2Signature signature, TbsCertificateStructure fields)
    {
        this.der = der;
        this.signedPart = signedPart;
        this.signature = signature;
        issuerName = fields.Issuer.GetDerEncoded();
        subjectName = fields.Subject.GetDerEncoded();
        PublicKey = Sm2PublicKey.FromSpki(fields.SubjectPublicKeyInfo.GetDerEncoded());
        NotBefore = new DateTimeOffset(DateTime.SpecifyKind(fields.StartDate.ToDateTime(), DateTimeKind.Utc));
        NotAfter = new DateTimeOffset(DateTime.SpecifyKind(fields.EndDate.ToDateTime(), DateTimeKind.Utc));
        this.fields = fields;
        IsAuthority = fields.Extensions?.GetExtension(X509Extensions.BasicConstraints) is { } constraints
            && BasicConstraints.GetInstance(constraints.GetParsedValue()).IsCA();
        Usage = fields.Extensions?.GetExtension(X509Extensions.KeyUsage) is { } usage
            ? KeyUsage.GetInstance(usage.GetParsedValue()).IntValue : 0;
        demandsUnknown = fields.Extensions?.GetCriticalExtensionOids()
            .Any(oid => !oid.Equals(X509Extensions.BasicConstraints) && !oid.Equals(X509Extensions.KeyUsage)
                && (IsAuthority || !oid.Equals(X509Extensions.ExtendedKeyUsage))) ?? false; // Of an authority's extended uses nothing is made here.
        if (fields.Extensions?.GetExtension(X509Extensions.ExtendedKeyUsage) is { } extended)
        {
            extendedUses = [.. ExtendedKeyUsage.GetInstance(extended.GetParsedValue()).GetAllUsages().Select(use => use.Id)];
            isForExtendedUsesOnly = extended.IsCritical;
        }

        StatusEntry = fields.Extensions?.GetExtension(new DerObjectIdentifier(StatusEntryOid)) is { } entry ? Crypto.StatusEntry.Read(entry.Value.GetOctets()) : null;
        endsChain = fields.Extensions?.GetExtension(X509Extensions.BasicConstraints) is { } path
            && BasicConstraints.GetInstance(path.GetParsedValue()).PathLenConstraintInteger is { } length && length.HasValue(0);
    }

    /// <summary>The received bytes.</summary>
    public ReadOnlySpan<byte> Der => der;

    /// <summary>Subject name, DER.</summary>
    internal ReadOnlySpan<byte> SubjectName => subjectName;

    /// <summary>Issuer name, DER.</summary>
    internal ReadOnlySpan<byte> IssuerName => issuerName;

    /// <summary>Serial number.</summary>
    internal BigInteger SerialNumber => new(fields.SerialNumber.Value.ToByteArray(), isBigEndian: true);

    /// <summary>Subject's key.</summary>
    public Sm2PublicKey PublicKey { get; }

    /// <summary>Serial number, hexadecimal.</summary>
    public string Serial => Convert.ToHexString(fields.SerialNumber.Value.ToByteArrayUnsigned());

    /// <summary>Start of validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>End of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Subject name, for people.</summary>
    public string Subject => fields.Subject.ToString();

    /// <summary>Issuer name, for people.</summary>
    public string Issuer => fields.Issuer.ToString();

    /// <summary>First CN of the issuer.</summary>
    public string IssuerCommonName => fields.Issuer.GetValueList(X509Name.CN).FirstOrDefault() ?? "";

    /// <summary>First CN of the subject; for a seal certificate its 14-digit seal code.</summary>
    public string CommonName => fields.Subject.GetValueList(X509Name.CN).FirstOrDefault() ?? "";

    /// <summary>Whether it may issue certificates (basicConstraints cA).</summary>
    public bool IsAuthority { get; }

    /// <summary>keyUsage bits as X.509 numbers them in BouncyCastle's <see cref="KeyUsage"/>.</summary>
    internal int Usage { get; }

    /// <summary>
    /// Whether the key may sign documents and seals: digitalSignature and nonRepudiation, and not for other uses alone, as a
    /// critical extendedKeyUsage would have it (RFC 5280 4.2.1.12).
    /// </summary>
    public bool MaySign => HasSigningUsage && !isForExtendedUsesOnly;

    /// <summary>Whether the key may sign the roots of look-up ledgers, to which receipts lead.</summary>
    public bool MaySignReceipts => HasSigningUsage && extendedUses.Contains(ReceiptSigningOid);

    /// <summary>Whether the key may sign trust lists.</summary>
    public bool MaySignTrustLists => HasSigningUsage && extendedUses.Contains(TrustListSigningOid);

    /// <summary>Whether the key may sign licence codes: it signs, and is not certified for something else of ours.</summary>
    public bool MaySignCodes => MaySign && !MaySignReceipts && !MaySignTrustLists && !MaySignStatus;

    /// <summary>Whether the key may sign states of licences, in lists and packs.</summary>
    public bool MaySignStatus => HasSigningUsage && extendedUses.Contains(StatusSigningOid);

    /// <summary>Whether the key may sign time stamps, and nothing else (RFC 3161 §2.3).</summary>
    public bool MayTimeStamp => (Usage & KeyUsage.DigitalSignature) != 0 && isForExtendedUsesOnly && extendedUses is [TimeStampingOid];

    /// <summary>Where its state stands in a status list; null where it does not say.</summary>
    public StatusEntry? StatusEntry { get; }

    private bool HasSigningUsage => (Usage & KeyUsage.DigitalSignature) != 0 && (Usage & KeyUsage.NonRepudiation) != 0;

    /// <summary>Parses DER; a certificate of another algorithm or curve is refused.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CertificateInvalid"/> or <see cref="ErrorReason.PublicKeyInvalid"/>.</exception>
    public static Sm2Certificate Parse(ReadOnlyMemory<byte> der)
    {
        try
        {
            DerLimits.Require(der.Span); // Before a parser that recurses.
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            var outer = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var signedPart = outer.ReadEncodedValue();
            var algorithm = outer.ReadSequence();
            var oid = algorithm.ReadObjectIdentifier();
            // Parameters absent or NULL: both occur in one real chain (standards §3.1).
            if (algorithm.HasData)
            {
                algorithm.ReadNull();
            }

            algorithm.ThrowIfNotEmpty();
            var signature = outer.ReadBitString(out var unused);
            outer.ThrowIfNotEmpty();
            if (oid != SignatureOid || unused != 0 || Sm2Signature.FromDer(signature) is not { } parsed)
            {
                throw new EidException(ErrorReason.CertificateInvalid, "证书不是 SM2/SM3 签名或签名值编码有误");
            }

            var fields = TbsCertificateStructure.GetInstance(Asn1Object.FromByteArray(signedPart.ToArray()));
            // RFC 5280 4.1.1.2: the outer algorithm is not signed and must be the one inside.
            if (fields.Signature.Algorithm.Id != oid)
            {
                throw new EidException(ErrorReason.CertificateInvalid, "证书内外的签名算法不一致");
            }

            return new Sm2Certificate(der.ToArray(), signedPart, parsed, fields);
        }
        catch (Exception error) when (error is AsnContentException or ArgumentException or Asn1Exception or IOException or InvalidOperationException
            or EidException { Reason: ErrorReason.Asn1Invalid or ErrorReason.Asn1Limits })
        {
            throw new EidException(ErrorReason.CertificateInvalid, "证书不是合规的 X.509 DER", error);
        }
    }

    /// <summary>
    /// Whether <paramref name="issuer"/> issued this certificate: names match, the issuer is an authority that may sign
    /// certificates, and the signature is good with the issuer's key and the default ID. A critical extension that is not
    /// understood here (RFC 5280 4.2), or an authority under one that allows none (4.2.1.9, path length 0), is refused.
    /// </summary>
    public bool IsIssuedBy(Sm2Certificate issuer)
    {
        if (ReferenceEquals(knownIssuer, issuer))
        {
            return true;
        }

        var issued = issuerName.AsSpan().SequenceEqual(issuer.subjectName)
            && issuer.IsAuthority
            && (issuer.Usage & KeyUsage.KeyCertSign) != 0
            && !demandsUnknown
            && !issuer.demandsUnknown
            && !(IsAuthority && issuer.endsChain)
            && issuer.PublicKey.Verify(signedPart.Span, signature);
        if (issued)
        {
            knownIssuer = issuer;
        }

        return issued;
    }

    /// <summary>Whether the instant lies in the validity period, both ends included.</summary>
    public bool IsValidAt(DateTimeOffset time) => time >= NotBefore && time <= NotAfter;
}
