using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>One seal as the manifest names it.</summary>
/// <param name="Kind">章型.</param>
/// <param name="Code">印章编码.</param>
/// <param name="Digest">SM3 of the seal's bytes.</param>
public sealed record ManifestSeal(SealKind Kind, SealCode Code, byte[] Digest);

/// <summary>
/// What makes five things one: the licence in full and the digests of its four seals, signed together. CBOR map:
/// 1 form of manifest, 2 environment, 3 licence, 4 seals as [kind, code, digest]. Form 1 is a business licence with four seals;
/// form 2 is a 行业综合许可证: no seals, and 5 its trade and permits (<see cref="TradeFacts"/>).
/// </summary>
/// <param name="Environment">Name of the deployment, e.g. <c>development</c>; a set of one is never valid in another.</param>
/// <param name="License">The licence.</param>
/// <param name="Seals">Four, one of each kind; none on a comprehensive licence.</param>
public sealed record Manifest(string Environment, License License, IReadOnlyList<ManifestSeal> Seals)
{
    private const int BusinessForm = 1;
    private const int TradeForm = 2;

    /// <summary>The manifest of a licence and its seals.</summary>
    public static Manifest Of(string environment, License license, SealSet seals) =>
        new(environment, license, [.. seals.Seals.Select(seal => new ManifestSeal(seal.Kind, seal.Code, seal.Digest))]);

    /// <summary>The bytes to sign.</summary>
    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: 2048);
        writer.WriteStartMap(License.Trade is null ? 4 : 5);
        writer.WriteInt32(1);
        writer.WriteInt32(License.Trade is null ? BusinessForm : TradeForm);
        writer.WriteInt32(2);
        writer.WriteTextString(Environment);
        writer.WriteInt32(3);
        License.Write(writer);
        writer.WriteInt32(4);
        writer.WriteStartArray(Seals.Count);
        foreach (var seal in Seals)
        {
            writer.WriteStartArray(3);
            writer.WriteInt32((int)seal.Kind);
            writer.WriteTextString(seal.Code.Value);
            writer.WriteByteString(seal.Digest);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        if (License.Trade is { } trade)
        {
            writer.WriteInt32(5);
            trade.Write(writer);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads a manifest envelope's bytes, without checking its signature; null when they are none.</summary>
    public static Manifest? TryRead(byte[] bytes) => Envelope.TryParse(bytes, out var envelope) && TryRead(envelope, out var manifest) ? manifest : null;

    /// <summary>Reads the payload of a manifest envelope; null when it is not one.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out Manifest? manifest)
    {
        manifest = null;
        if (envelope.ContentType != ContentType.Manifest)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            var fields = reader.ReadStartMap();
            int form;
            if (reader.ReadInt32() != 1 || (form = reader.ReadInt32()) is not (BusinessForm or TradeForm) || fields != (form == TradeForm ? 5 : 4) || reader.ReadInt32() != 2)
            {
                return false;
            }

            var environment = reader.ReadTextString();
            if (reader.ReadInt32() != 3)
            {
                return false;
            }

            var license = License.Read(reader);
            var kinds = form == TradeForm ? [] : SealKinds.All;
            if (reader.ReadInt32() != 4 || reader.ReadStartArray() != kinds.Count)
            {
                return false;
            }

            var seals = new List<ManifestSeal>();
            foreach (var kind in kinds)
            {
                if (reader.ReadStartArray() != 3 || reader.ReadInt32() != (int)kind)
                {
                    return false;
                }

                var code = SealCode.Parse(reader.ReadTextString());
                var digest = reader.ReadByteString();
                reader.ReadEndArray();
                if (digest.Length != Sm3.Size)
                {
                    return false;
                }

                seals.Add(new ManifestSeal(kind, code, digest));
            }

            reader.ReadEndArray();
            if (form == TradeForm)
            {
                license = reader.ReadInt32() == 5 ? license with { Trade = TradeFacts.Read(reader) } : throw new CborContentException("manifest key order");
            }

            // What a licence is stands in its identifier too; the two never differ.
            if (license.Id.IsTradeLicense != (form == TradeForm) || license.Id.Holder != license.Facts.CreditCode)
            {
                return false;
            }

            reader.ReadEndMap();
            manifest = reader.BytesRemaining == 0 ? new Manifest(environment, license, seals) : null;
            return manifest is not null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException or EidException)
        {
            return false;
        }
    }
}
