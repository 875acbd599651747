using ShantingEId.Seals;

namespace ShantingEId.Documents.Ofd;

/// <summary>A document that waits for its signature.</summary>
public sealed class PreparedStamp
{
    private readonly OfdFile package;
    private readonly OfdEntry signature;
    private readonly string valueName;

    internal PreparedStamp(OfdFile package, OfdEntry signature, string valueName, IReadOnlyList<StampPlace> places)
    {
        (this.package, this.signature, this.valueName) = (package, signature, valueName);
        (DataHash, Places) = (signature.Digest(), places);
    }

    /// <summary>原文杂凑: SM3 of Signature.xml, 32 bytes.</summary>
    public byte[] DataHash { get; }

    /// <summary>原文属性: the path of Signature.xml from the root.</summary>
    public string PropertyInfo => signature.Path;

    /// <summary>Where the imprint will be shown.</summary>
    public IReadOnlyList<StampPlace> Places { get; }

    /// <summary>The signed document.</summary>
    /// <exception cref="ArgumentException">A signature over something else.</exception>
    public OfdFile Finish(SesSignature value) =>
        value.ToSign.DataHash.AsSpan().SequenceEqual(DataHash) && value.ToSign.PropertyInfo == PropertyInfo ? package.With(new OfdEntry(valueName, value.Der.ToArray()))
            : throw new ArgumentException("the signature is over another document", nameof(value));
}
