using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>One seal as the manifest names it.</summary>
/// <param name="Kind">章型.</param>
/// <param name="Code">印章编码.</param>
/// <param name="Digest">SM3 of the seal's bytes.</param>
public sealed record ManifestSeal(SealKind Kind, SealCode Code, byte[] Digest);

/// <summary>
/// What makes five things one: the licence in full and the digests of its four seals, signed together. CBOR map:
/// 1 form of manifest (1), 2 environment, 3 licence, 4 seals as [kind, code, digest].
/// </summary>
/// <param name="Environment">Name of the deployment, e.g. <c>development</c>; a set of one is never valid in another.</param>
/// <param name="License">The licence.</param>
/// <param name="Seals">Four, one of each kind.</param>
public sealed record Manifest(string Environment, License License, IReadOnlyList<ManifestSeal> Seals)
{
    private const int Form = 1;

    /// <summary>The manifest of a licence and its seals.</summary>
    public static Manifest Of(string environment, License license, SealSet seals) =>
        new(environment, license, [.. seals.Seals.Select(seal => new ManifestSeal(seal.Kind, seal.Code, seal.Digest))]);

    /// <summary>The bytes to sign.</summary>
    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: 2048);
        writer.WriteStartMap(4);
        writer.WriteInt32(1);
        writer.WriteInt32(Form);
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
        writer.WriteEndMap();
        return writer.Encode();
    }

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
            if (reader.ReadStartMap() != 4 || reader.ReadInt32() != 1 || reader.ReadInt32() != Form || reader.ReadInt32() != 2)
            {
                return false;
            }

            var environment = reader.ReadTextString();
            if (reader.ReadInt32() != 3)
            {
                return false;
            }

            var license = License.Read(reader);
            if (reader.ReadInt32() != 4 || reader.ReadStartArray() != SealKinds.All.Count)
            {
                return false;
            }

            var seals = new List<ManifestSeal>();
            foreach (var kind in SealKinds.All)
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
