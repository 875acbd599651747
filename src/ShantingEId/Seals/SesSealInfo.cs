using System.Formats.Asn1;
using ShantingEId.Crypto;

namespace ShantingEId.Seals;

/// <summary>One extension of a seal (ExtData); real seals always write <paramref name="Critical"/>, so we do too.</summary>
/// <param name="Oid">extnID.</param>
/// <param name="Critical">critical.</param>
/// <param name="Value">extnValue.</param>
public sealed record SesExtension(string Oid, bool Critical, byte[] Value);

/// <summary>SES_SealInfo: header, esID, property, picture, extDatas (GB/T 38540-2020; versions 1 and 5 differ as said at the fields).</summary>
public sealed record SesSealInfo
{
    private const int MaxCertificates = 64;

    /// <summary>header.version, as the standard it stands for.</summary>
    public SesVersion Version { get; init; } = SesVersion.V4;

    /// <summary>header.Vid: vendor id.</summary>
    public required string VendorId { get; init; }

    /// <summary>esID: seal identity; ours is the 14-digit seal code.</summary>
    public required string SealId { get; init; }

    /// <summary>property.type, defined by the business; in version 1: 1 of a unit, 2 of a person.</summary>
    public required int Type { get; init; }

    /// <summary>property.name: the filed name.</summary>
    public required string Name { get; init; }

    /// <summary>property.certListType: 1 whole certificates, 2 digests; version 1 has no such field and always whole certificates.</summary>
    public int CertificateListType { get; init; } = 1;

    /// <summary>property.certList: DER certificates for type 1; the encoded CertDigestObj for type 2.</summary>
    public required IReadOnlyList<byte[]> CertificateList { get; init; }

    /// <summary>property.createDate, whole seconds UTC.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>property.validStart.</summary>
    public required DateTimeOffset ValidStart { get; init; }

    /// <summary>property.validEnd.</summary>
    public required DateTimeOffset ValidEnd { get; init; }

    /// <summary>picture.type, e.g. PNG.</summary>
    public required string PictureType { get; init; }

    /// <summary>picture.data.</summary>
    public required byte[] Picture { get; init; }

    /// <summary>picture.width, millimetres.</summary>
    public required int Width { get; init; }

    /// <summary>picture.height, millimetres.</summary>
    public required int Height { get; init; }

    /// <summary>extDatas; usually empty.</summary>
    public IReadOnlyList<SesExtension> Extensions { get; init; } = [];

    /// <summary>Whether certList names this certificate: whole bytes for type 1, SM3 of them for type 2.</summary>
    public bool Lists(Sm2Certificate certificate) => CertificateListType == 1
        ? CertificateList.Any(entry => certificate.Der.SequenceEqual(entry))
        : CertificateList.Any(entry => DigestOf(entry).AsSpan().SequenceEqual(Sm3.Hash(certificate.Der)));

    // CertDigestObj: SEQUENCE { type PrintableString (self-defined), value OCTET STRING }. Of whatever name, only an SM3 can match.
    private static byte[] DigestOf(byte[] entry)
    {
        var entryReader = new AsnReader(entry, AsnEncodingRules.DER).ReadSequence();
        entryReader.ReadCharacterString(UniversalTagNumber.PrintableString);
        var digest = entryReader.ReadOctetString();
        entryReader.ThrowIfNotEmpty();
        return digest;
    }

    internal byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, Picture.Length + 2048);
        using (writer.PushSequence())
        {
            using (writer.PushSequence()) // SES_Header
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, "ES");
                writer.WriteInteger((int)Version);
                writer.WriteCharacterString(UniversalTagNumber.IA5String, VendorId);
            }

            writer.WriteCharacterString(UniversalTagNumber.IA5String, SealId);
            using (writer.PushSequence()) // SES_ESPropertyInfo
            {
                writer.WriteInteger(Type);
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, Name);
                if (Version != SesVersion.V1)
                {
                    writer.WriteInteger(CertificateListType);
                }

                using (writer.PushSequence())
                {
                    foreach (var entry in CertificateList)
                    {
                        if (CertificateListType == 1)
                        {
                            writer.WriteOctetString(entry);
                        }
                        else
                        {
                            writer.WriteEncodedValue(entry);
                        }
                    }
                }

                WriteTime(writer, CreateTime);
                WriteTime(writer, ValidStart);
                WriteTime(writer, ValidEnd);
            }

            using (writer.PushSequence()) // SES_ESPictureInfo
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, PictureType);
                writer.WriteOctetString(Picture);
                writer.WriteInteger(Width);
                writer.WriteInteger(Height);
            }

            if (Extensions.Count > 0)
            {
                WriteExtensions(writer, Extensions); // untagged
            }
        }

        return writer.Encode();
    }

    // Version 1 is told by the outer form of the seal (standards §1.2): real ones write various numbers here.
    internal static SesSealInfo Read(AsnReader info, bool isVersion1)
    {
        var header = info.ReadSequence();
        var magic = header.ReadCharacterString(UniversalTagNumber.IA5String);
        var number = ReadSmall(header);
        var vendor = header.ReadCharacterString(UniversalTagNumber.IA5String);
        header.ThrowIfNotEmpty();
        if (magic != "ES" || isVersion1 == (number is 4 or 5))
        {
            throw new AsnContentException($"SES header {magic.Length} {number}");
        }

        var version = isVersion1 ? SesVersion.V1 : (SesVersion)number;
        var sealId = info.ReadCharacterString(UniversalTagNumber.IA5String);
        var property = info.ReadSequence();
        var type = ReadSmall(property);
        var name = property.ReadCharacterString(UniversalTagNumber.UTF8String);
        var listType = isVersion1 ? 1 : ReadSmall(property);
        if (listType is not (1 or 2))
        {
            throw new AsnContentException("SES certListType");
        }

        var list = property.ReadSequence();
        var entries = new List<byte[]>();
        while (list.HasData)
        {
            if (entries.Count == MaxCertificates)
            {
                throw new EidException(ErrorReason.Asn1Limits, $"印章列出的签章者证书超过 {MaxCertificates} 张");
            }

            var entry = listType == 1 ? list.ReadOctetString() : list.ReadEncodedValue().ToArray();
            if (listType == 2)
            {
                DigestOf(entry); // Of the right form, or refused here.
            }

            entries.Add(entry);
        }

        var created = ReadTime(property, isVersion1);
        var start = ReadTime(property, isVersion1);
        var end = ReadTime(property, isVersion1);
        property.ThrowIfNotEmpty();

        var picture = info.ReadSequence();
        var pictureType = picture.ReadCharacterString(UniversalTagNumber.IA5String);
        var data = picture.ReadOctetString();
        var width = ReadSmall(picture);
        var height = ReadSmall(picture);
        picture.ThrowIfNotEmpty();

        IReadOnlyList<SesExtension> extensions = info.HasData ? ReadExtensions(info.ReadSequence()) : [];
        info.ThrowIfNotEmpty();
        return new SesSealInfo
        {
            Version = version, VendorId = vendor, SealId = sealId, Type = type, Name = name, CertificateListType = listType, CertificateList = entries,
            CreateTime = created, ValidStart = start, ValidEnd = end, PictureType = pictureType, Picture = data, Width = width, Height = height,
            Extensions = extensions,
        };
    }

    /// <summary>What a seal of a design says, as the seals of this system do: one holder, in force as long as the holder's certificate.</summary>
    /// <param name="design">Of what kind, whose, under which code.</param>
    /// <param name="picture">As drawn.</param>
    /// <param name="holder">The certificate of the key that may use it.</param>
    /// <param name="from">When it is made, and from when it holds.</param>
    public static SesSealInfo Of(SealDesign design, SealPicture picture, Sm2Certificate holder, DateTimeOffset from) => new()
    {
        VendorId = "ShantingEId", SealId = design.SealCode.Value, Type = design.Kind.SesType(), Name = design.Name + design.Kind.ChineseName(),
        CertificateList = [holder.Der.ToArray()], CreateTime = from, ValidStart = from, ValidEnd = holder.NotAfter,
        PictureType = "PNG", Picture = picture.Png, Width = picture.WidthMillimetres, Height = picture.HeightMillimetres,
    };

    /// <summary>ExtensionDatas: SEQUENCE OF ExtData.</summary>
    internal static void WriteExtensions(AsnWriter writer, IReadOnlyList<SesExtension> extensions)
    {
        using (writer.PushSequence())
        {
            foreach (var extension in extensions)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(extension.Oid);
                    // DER omits a default, but every real seal writes FALSE and ofdrw requires all three elements.
                    writer.WriteBoolean(extension.Critical);
                    writer.WriteOctetString(extension.Value);
                }
            }
        }
    }

    internal static IReadOnlyList<SesExtension> ReadExtensions(AsnReader list)
    {
        var extensions = new List<SesExtension>();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
            extensions.Add(new SesExtension(oid, critical, extension.ReadOctetString()));
            extension.ThrowIfNotEmpty();
        }

        return extensions;
    }

    private void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (Version == SesVersion.V1)
        {
            writer.WriteUtcTime(time);
        }
        else
        {
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }
    }

    // Version 1 says UTCTime; its seals in the field have both (standards §1.2).
    private static DateTimeOffset ReadTime(AsnReader reader, bool isVersion1) =>
        isVersion1 && reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    internal static int ReadSmall(AsnReader reader) =>
        reader.TryReadInt32(out var value) ? value : throw new AsnContentException("SES integer out of range");
}
