using System.Formats.Asn1;

namespace ShantingEId.Seals;

/// <summary>TBS_Sign of GB/T 38540-2020: what a signer puts a name to. Version, seal, time, digest of the text, where the text is.</summary>
public sealed record SesToSign
{
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 0);

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
            writer.WriteInteger(SesSealInfo.Version);
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

    internal static SesToSign Read(AsnReader body)
    {
        if (SesSealInfo.ReadSmall(body) != SesSealInfo.Version)
        {
            throw new AsnContentException("TBS_Sign version");
        }

        var seal = SesSeal.Parse(body.ReadEncodedValue());
        var time = body.ReadGeneralizedTime();
        var hash = body.ReadBitString(out var unused);
        var propertyInfo = body.ReadCharacterString(UniversalTagNumber.IA5String);
        IReadOnlyList<SesExtension> extensions = [];
        if (body.HasData)
        {
            var wrapped = body.ReadSequence(ExtensionsTag);
            extensions = SesSealInfo.ReadExtensions(wrapped.ReadSequence());
            wrapped.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
        return unused != 0 ? throw new AsnContentException("dataHash")
            : new SesToSign { Seal = seal, Time = time, DataHash = hash, PropertyInfo = propertyInfo, Extensions = extensions };
    }
}
