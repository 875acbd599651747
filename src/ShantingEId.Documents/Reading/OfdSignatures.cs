using System.Globalization;
using System.Xml.Linq;

namespace ShantingEId.Documents.Reading;

/// <summary>One Reference of a signature: a file and the digest it had.</summary>
/// <param name="Path">From the root.</param>
/// <param name="CheckValue">Digest.</param>
internal sealed record OfdReference(string Path, byte[] CheckValue);

/// <summary>What a Signature.xml says (GB/T 33190-2016 18.2).</summary>
internal sealed record OfdSignatureFile
{
    /// <summary>Provider: name, version, company.</summary>
    public required string Provider { get; init; }

    /// <summary>SignatureMethod, an object identifier.</summary>
    public required string Method { get; init; }

    /// <summary>SignatureDateTime as written.</summary>
    public required string TimeText { get; init; }

    /// <summary>The same as an instant, where it is readable; without an offset it is Beijing time.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>CheckMethod of the references.</summary>
    public required string CheckMethod { get; init; }

    /// <summary>The files it covers.</summary>
    public required IReadOnlyList<OfdReference> References { get; init; }

    /// <summary>Pages on which the seal stands, by their ID.</summary>
    public required IReadOnlyList<string> StampPages { get; init; }

    /// <summary>Seal.esl from the root; null without one.</summary>
    public string? Seal { get; init; }

    /// <summary>SignedValue.dat from the root.</summary>
    public required string SignedValue { get; init; }
}

/// <summary>One Signature of Signatures.xml.</summary>
/// <param name="Id">ID.</param>
/// <param name="HasSeal">Type Seal, the default; else Sign.</param>
/// <param name="Path">Signature.xml from the root.</param>
internal sealed record OfdSignatureEntry(string Id, bool HasSeal, string Path);

/// <summary>Finds and parses the signatures of a package; what two readers could take differently is not taken at all.</summary>
internal static class OfdSignatures
{
    /// <summary>The entry of every package.</summary>
    public const string Root = "OFD.xml";

    /// <summary>Most signatures that are looked at.</summary>
    public const int MaxSignatures = 64;

    private static readonly TimeSpan BeijingTime = TimeSpan.FromHours(8);
    private static readonly string[] ProviderParts = ["ProviderName", "Version", "Company"];
    private static readonly string[] UtcForms = ["yyyyMMddHHmmss'Z'", "yyyyMMddHHmmss.FFF'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];
    private static readonly string[] LocalForms = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyyMMddHHmmss"];

    /// <summary>The signature lists that OFD.xml names, each once.</summary>
    /// <returns>Paths; null when OFD.xml is missing or no OFD.</returns>
    public static IReadOnlyList<string>? Lists(OfdPackage package) =>
        Tree(package, Root, "OFD")?.Children("DocBody").Select(body => body.Only("Signatures")).OfType<XElement>()
            .Select(list => OfdPath.Resolve(list.Value.Trim(), Root)).OfType<string>().Distinct(StringComparer.Ordinal).ToList();

    /// <summary>The signatures a list names; null when it cannot be read.</summary>
    public static IReadOnlyList<OfdSignatureEntry>? Entries(OfdPackage package, string list)
    {
        if (Tree(package, list, "Signatures") is not { } root)
        {
            return null;
        }

        var entries = root.Children("Signature").Take(MaxSignatures + 1).Select(each => (
            Id: each.Attribute("ID")?.Value, Type: each.Attribute("Type")?.Value ?? "Seal", Path: each.Attribute("BaseLoc") is { } at ? OfdPath.Resolve(at.Value, list) : null)).ToList();
        return entries.Count > MaxSignatures || entries.Any(entry => entry.Id is null || entry.Path is null || entry.Type is not ("Seal" or "Sign"))
            || entries.DistinctBy(entry => entry.Id).Count() != entries.Count || entries.DistinctBy(entry => entry.Path).Count() != entries.Count
            ? null : [.. entries.Select(entry => new OfdSignatureEntry(entry.Id!, entry.Type == "Seal", entry.Path!))];
    }

    /// <summary>A Signature.xml; null when it is missing or not of the one form.</summary>
    public static OfdSignatureFile? Read(OfdPackage package, string path)
    {
        if (Tree(package, path, "Signature") is not { } root || root.Only("SignedInfo") is not { } info || info.Only("References") is not { } references
            || root.Only("SignedValue") is not { } value || OfdPath.Resolve(value.Value.Trim(), path) is not { } signedValue || info.Children("Seal").Count() > 1)
        {
            return null;
        }

        var covered = references.Children("Reference").Take(OfdReader.MaxEntries + 1).Select(reference => Reference(reference, path)).ToList();
        var provider = info.Only("Provider");
        var timeText = info.Only("SignatureDateTime")?.Value.Trim() ?? "";
        var seal = info.Only("Seal")?.Only("BaseLoc") is { } at ? OfdPath.Resolve(at.Value.Trim(), path) : null;
        // Who covers more files than a package can have covers some that are not there.
        return covered.Count > OfdReader.MaxEntries || covered.Contains(null) || covered.DistinctBy(reference => reference!.Path).Count() != covered.Count || (seal is null && info.Only("Seal") is not null) ? null : new OfdSignatureFile
        {
            Provider = string.Join(' ', ProviderParts.Select(name => provider?.Attribute(name)?.Value).Where(text => !string.IsNullOrEmpty(text))),
            Method = info.Only("SignatureMethod")?.Value.Trim() ?? "",
            TimeText = timeText, Time = Time(timeText),
            CheckMethod = references.Attribute("CheckMethod")?.Value ?? "",
            References = [.. covered.Select(reference => reference!)],
            StampPages = [.. info.Children("StampAnnot").Select(stamp => stamp.Attribute("PageRef")?.Value ?? "")],
            Seal = seal, SignedValue = signedValue,
        };
    }

    private static XElement? Tree(OfdPackage package, string path, string root) =>
        package.Files.TryGetValue(path, out var xml) && !package.Malformed.Contains(path) && path.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) ? OfdXml.Root(xml, root) : null;

    private static OfdReference? Reference(XElement reference, string file)
    {
        var path = reference.Attribute("FileRef") is { } at ? OfdPath.Resolve(at.Value, file) : null;
        var digest = new byte[64];
        return path is not null && reference.Only("CheckValue") is { } value && Convert.TryFromBase64String(value.Value.Trim(), digest, out var length)
            ? new OfdReference(path, digest[..length]) : null;
    }

    private static DateTimeOffset? Time(string text) =>
        DateTime.TryParseExact(text, UtcForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var utc) ? new DateTimeOffset(utc, TimeSpan.Zero)
        : DateTime.TryParseExact(text, LocalForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) && local.Year > 1 ? new DateTimeOffset(local, BeijingTime)
        : null;
}
