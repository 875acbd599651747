using System.Formats.Asn1;
using System.Globalization;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Seals;

/// <summary>TBS_Sign: what a signer puts a name to. Version, seal, time, digest of the text, where the text is (GB/T 38540-2020).</summary>
public sealed record SesToSign
{
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 0);
    private static readonly TimeSpan BeijingTime = TimeSpan.FromHours(8);

    // What version 1 leaves open, as its writers have it: a text in Beijing time, or the digits of a UTCTime or GeneralizedTime.
    private static readonly string[] UtcForms = ["yyyyMMddHHmmss'Z'", "yyMMddHHmmss'Z'"];
    private static readonly string[] LocalForms = ["yyyy-MM-dd HH:mm:ss", "yyyyMMddHHmmss"];

    /// <summary>eseal: the whole seal, embedded.</summary>
    public required SesSeal Seal { get; init; }

    /// <summary>timeInfo: when it was signed, by the signer's own clock; whole seconds UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>dataHash: digest of the text named by <see cref="PropertyInfo"/>; SM3, so 32 bytes.</summary>
    public required byte[] DataHash { get; init; }

    /// <summary>propertyInfo: names the text; in OFD the path of Signature.xml from the root of the package (standards §1.4).</summary>
    public required string PropertyInfo { get; init; }

    /// <summary>extDatas; usually empty.</summary>
    public IReadOnlyList<SesExtension> Extensions { get; init; } = [];

    internal byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, Seal.Der.Length + 512);
        using (writer.PushSequence())
        {
            writer.WriteInteger((int)SesVersion.V4);
            writer.WriteEncodedValue(Seal.Der);
            writer.WriteGeneralizedTime(Time, omitFractionalSeconds: true);
            writer.WriteBitString(DataHash);
            writer.WriteCharacterString(UniversalTagNumber.IA5String, PropertyInfo);
            if (Extensions.Count > 0)
            {
                using (writer.PushSequence(ExtensionsTag))
                {
                    SesSealInfo.WriteExtensions(writer, Extensions);
                }
            }
        }

        return writer.Encode();
    }

    /// <summary>Reads versions 4 and 5, or version 1, which ends with the signer's certificate and the algorithm.</summary>
    /// <param name="body">The content of the sequence.</param>
    /// <param name="signerOfVersion1">Certificate of a version 1 signer; null for the others, where it stands outside.</param>
    internal static SesToSign Read(AsnReader body, out byte[]? signerOfVersion1)
    {
        signerOfVersion1 = null;
        var number = SesSealInfo.ReadSmall(body);
        var seal = SesSeal.Parse(body.ReadEncodedValue());
        var isVersion1 = seal.Info.Version == SesVersion.V1;
        if (!isVersion1 && number != (int)seal.Info.Version)
        {
            throw new AsnContentException("TBS_Sign version");
        }

        var time = isVersion1 ? TimeOfVersion1(SesSeal.ReadBits(body)) : body.ReadGeneralizedTime();
        var hash = SesSeal.ReadBits(body);
        var propertyInfo = body.ReadCharacterString(UniversalTagNumber.IA5String);
        IReadOnlyList<SesExtension> extensions = [];
        if (isVersion1)
        {
            signerOfVersion1 = body.ReadOctetString();
            SesSeal.RequireSm2(body.ReadObjectIdentifier());
        }
        else if (body.HasData)
        {
            var wrapped = body.ReadSequence(ExtensionsTag);
            extensions = SesSealInfo.ReadExtensions(wrapped.ReadSequence());
            wrapped.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
        return hash.Length != Sm3.Size
            ? throw new EidException(ErrorReason.AlgorithmInvalid, "原文杂凑值不是 SM3 的 32 字节")
            : new SesToSign { Seal = seal, Time = time, DataHash = hash, PropertyInfo = propertyInfo, Extensions = extensions };
    }

    private static DateTimeOffset TimeOfVersion1(byte[] bits)
    {
        // DER of a time, or its characters alone.
        if (bits is [0x17 or 0x18, ..])
        {
            var reader = new AsnReader(bits, AsnEncodingRules.DER);
            var time = bits[0] == 0x17 ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
            reader.ThrowIfNotEmpty();
            return time;
        }

        var text = Encoding.ASCII.GetString(bits);
        if (DateTime.TryParseExact(text, UtcForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var utc))
        {
            return new DateTimeOffset(utc, TimeSpan.Zero);
        }

        return DateTime.TryParseExact(text, LocalForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) && local.Year > 1
            ? new DateTimeOffset(local, BeijingTime) : throw new AsnContentException("timeInfo");
    }
}
