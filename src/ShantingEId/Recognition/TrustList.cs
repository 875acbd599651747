using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Recognition;

/// <summary>One CA of others that is recognised.</summary>
/// <param name="Certificate">Its certificate, the anchor.</param>
/// <param name="Name">Name for people.</param>
/// <param name="Uses">What its certificates are recognised for.</param>
/// <param name="Region">Leading digits of the division codes (GB/T 2260) in which; empty for everywhere.</param>
/// <param name="From">Recognised from.</param>
/// <param name="To">Recognised until.</param>
public sealed record TrustListEntry(Sm2Certificate Certificate, string Name, TrustUse Uses, string Region, DateTimeOffset From, DateTimeOffset To);

/// <summary>
/// 多 CA 互认信任列表: which CAs of others are recognised, for what, where and when. Signed in our envelope by a key whose
/// certificate names this as its use, and good only until its next update: from then on it recognises nobody.
/// </summary>
public sealed record TrustList
{
    private const int MaxEntries = 500;
    private const int MaxNameLength = 100;

    /// <summary>Rising number of the list.</summary>
    public required long Number { get; init; }

    /// <summary>When it was issued, whole seconds.</summary>
    public required DateTimeOffset IssueTime { get; init; }

    /// <summary>From when on it is out of date, whole seconds.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>The CAs.</summary>
    public required IReadOnlyList<TrustListEntry> Entries { get; init; }

    /// <summary>Signs the list.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: not a key for trust lists.</exception>
    public Envelope Sign(SigningKey signer) => TrustSigner.Sign(ContentType.TrustList, Encode(), signer, IssueTime);

    /// <summary>Opens a signed list.</summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="certificates">Certificates of our authority: roots, those between, and that of the signer.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TrustListInvalid"/>: not a list, or not signed by whom it should be.</exception>
    public static TrustList Open(ReadOnlyMemory<byte> bytes, IReadOnlyCollection<Sm2Certificate> certificates)
    {
        if (!Envelope.TryParse(bytes, out var envelope) || envelope.ContentType != ContentType.TrustList)
        {
            throw TrustSigner.Invalid("不是 CA 互认信任列表");
        }

        var signer = TrustSigner.Require("信任列表", envelope, certificates);
        if (!TryRead(envelope.Payload, out var list))
        {
            throw TrustSigner.Invalid("信任列表的内容无法解读");
        }

        TrustSigner.RequirePath("信任列表", signer, certificates, list.IssueTime);
        return list;
    }

    /// <summary>Reads the content of an envelope without judging its signature, to show it.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out TrustList? list)
    {
        list = null;
        return envelope.ContentType == ContentType.TrustList && TryRead(envelope.Payload, out list);
    }

    // { 1: number, 2: issued, 3: next update, 4: [ [ certificate, name, uses, region, from, to ] ] }, times in seconds since 1970.
    internal byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(4);
        writer.WriteInt32(1);
        writer.WriteInt64(Number);
        writer.WriteInt32(2);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteInt32(3);
        writer.WriteInt64(NextUpdate.ToUnixTimeSeconds());
        writer.WriteInt32(4);
        writer.WriteStartArray(Entries.Count);
        foreach (var entry in Entries)
        {
            writer.WriteStartArray(6);
            writer.WriteByteString(entry.Certificate.Der);
            writer.WriteTextString(entry.Name);
            writer.WriteInt32((int)entry.Uses);
            writer.WriteTextString(entry.Region);
            writer.WriteInt64(entry.From.ToUnixTimeSeconds());
            writer.WriteInt64(entry.To.ToUnixTimeSeconds());
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static bool TryRead(byte[] payload, [NotNullWhen(true)] out TrustList? list)
    {
        list = null;
        try
        {
            var reader = new CborReader(payload, CborConformanceMode.Canonical);
            if (reader.ReadStartMap() != 4 || reader.ReadInt32() != 1)
            {
                return false;
            }

            var number = reader.ReadInt64();
            var issued = Time(reader, 2);
            var next = Time(reader, 3);
            if (reader.ReadInt32() != 4 || reader.ReadStartArray() is not { } count || count > MaxEntries)
            {
                return false;
            }

            var entries = new List<TrustListEntry>(count);
            for (var i = 0; i < count; i++)
            {
                if (reader.ReadStartArray() != 6)
                {
                    return false;
                }

                var certificate = Sm2Certificate.Parse(reader.ReadByteString());
                var name = reader.ReadTextString();
                var uses = (TrustUse)reader.ReadInt32();
                var region = reader.ReadTextString();
                var (from, to) = (Seconds(reader.ReadInt64()), Seconds(reader.ReadInt64()));
                reader.ReadEndArray();
                if (!certificate.IsAuthority || name.Length > MaxNameLength || region.Length > 6 || !region.All(char.IsAsciiDigit) || (uses & ~TrustUse.All) != 0)
                {
                    return false;
                }

                entries.Add(new TrustListEntry(certificate, name, uses, region, from, to));
            }

            reader.ReadEndArray();
            reader.ReadEndMap();
            list = new TrustList { Number = number, IssueTime = issued, NextUpdate = next, Entries = entries };
            return reader.BytesRemaining == 0;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException or EidException)
        {
            return false;
        }

        static DateTimeOffset Time(CborReader reader, int label) => reader.ReadInt32() == label ? Seconds(reader.ReadInt64()) : throw new CborContentException("label");
        static DateTimeOffset Seconds(long value) => DateTimeOffset.FromUnixTimeSeconds(value);
    }
}
