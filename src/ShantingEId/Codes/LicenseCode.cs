using System.Formats.Cbor;
using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Codes;

/// <summary>Why a text is not one of our licence codes.</summary>
public enum CodeProblem
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Does not start with our address.</summary>
    Prefix,

    /// <summary>Our address, but a form of code this program does not know.</summary>
    Version,

    /// <summary>Our address and form, but not the one spelling of some bytes: a damaged or altered code.</summary>
    NotCanonical,

    /// <summary>The bytes are not an envelope of ours or its content is not a licence code.</summary>
    Structure,
}

/// <summary>
/// 证照码: what the QR on a licence says. A CWT (RFC 8392) in the one envelope: holder (claim 2), time of issue (claim 6)
/// and one private claim [version, name, manifest digest, status list, status index], the things a person must compare and
/// a machine must look up. Not compressed: compression makes such payloads larger. Base32 behind an upper-case address keeps
/// the symbol in alphanumeric mode and lets any phone camera open the official page.
/// </summary>
/// <param name="Holder">Credit code of the company.</param>
/// <param name="Version">Version of the licence, 1 to 999.</param>
/// <param name="Name">Registered name, for the person's comparison.</param>
/// <param name="ManifestDigest">SM3 of the manifest envelope, 32 bytes.</param>
/// <param name="Status">Where the state stands in the status lists.</param>
/// <param name="IssueTime">Whole seconds, UTC.</param>
public sealed record LicenseCode(CreditCode Holder, int Version, string Name, ManifestDigest ManifestDigest, StatusReference Status, DateTimeOffset IssueTime)
{
    // CWT private-use claims lie below -65536.
    private const int PrivateClaim = -65537;

    // '1' is not a Base32 character, so it cannot be taken for payload.
    private const char FormMark = '1';

    /// <summary>Most characters a code may have (the catalogue's limit for scanned texts).</summary>
    public const int MaxTextLength = 2048;

    /// <summary>Signs and spells the code.</summary>
    /// <param name="prefix">Official address in upper case, ending in <c>/</c>.</param>
    /// <param name="key">Key certified for licence codes.</param>
    public string Sign(string prefix, SigningKey key) =>
        prefix + FormMark + Base32.Encode(Envelope.Sign(ContentType.LicenseCode, EncodeClaims(), key).Encode());

    /// <summary>Finds the envelope inside a scanned text; the signature is not checked here.</summary>
    public static CodeProblem TryOpen(string text, string prefix, out Envelope? envelope)
    {
        envelope = null;
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return CodeProblem.Prefix;
        }

        if (text.Length == prefix.Length || text[prefix.Length] != FormMark)
        {
            return CodeProblem.Version;
        }

        if (Base32.Decode(text.AsSpan(prefix.Length + 1)) is not { } bytes)
        {
            return CodeProblem.NotCanonical;
        }

        return Envelope.TryParse(bytes, out envelope) ? CodeProblem.None : CodeProblem.Structure;
    }

    /// <summary>Reads the claims of an envelope whose signature was found good; null when they are not those of a licence code.</summary>
    public static LicenseCode? Read(Envelope envelope)
    {
        if (envelope.ContentType != ContentType.LicenseCode)
        {
            return null;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            if (reader.ReadStartMap() != 3 || reader.ReadInt32() != 2 || !CreditCode.TryParse(reader.ReadTextString(), out var holder, out _)
                || reader.ReadInt32() != 6)
            {
                return null;
            }

            var seconds = reader.ReadInt64();
            if (seconds < 0 || reader.ReadInt32() != PrivateClaim || reader.ReadStartArray() != 5)
            {
                return null;
            }

            var version = reader.ReadInt32();
            var name = reader.ReadTextString();
            var digest = ManifestDigest.FromBytes(reader.ReadByteString());
            var status = new StatusReference(reader.ReadInt32(), reader.ReadInt32());
            reader.ReadEndArray();
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 && digest is not null && version is >= 1 and <= 999 && status is { List: >= 0, Index: >= 0 }
                ? new LicenseCode(holder, version, name, digest, status, DateTimeOffset.FromUnixTimeSeconds(seconds)) : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private byte[] EncodeClaims()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(3);
        writer.WriteInt32(2);
        writer.WriteTextString(Holder.Value);
        writer.WriteInt32(6);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteInt32(PrivateClaim);
        writer.WriteStartArray(5);
        writer.WriteInt32(Version);
        writer.WriteTextString(Name);
        writer.WriteByteString(ManifestDigest.Bytes);
        writer.WriteInt32(Status.List);
        writer.WriteInt32(Status.Index);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }
}
