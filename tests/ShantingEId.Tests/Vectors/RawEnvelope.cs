using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Vectors;

/// <summary>An envelope whose parts can each be wrong by themselves; the defaults are those of a good one. The signature fits what is sent unless told otherwise.</summary>
internal sealed record RawEnvelope(ContentType Use, byte[] Payload, SigningKey Key)
{
    public byte[] Tag { get; init; } = [0xD2];

    public byte[] Array { get; init; } = [0x84];

    /// <summary>Writes the protected header's map; null for the good one.</summary>
    public Action<CborWriter>? Header { get; init; }

    public byte[] Unprotected { get; init; } = [0xA0];

    public byte[] After { get; init; } = [];

    /// <summary>The bytes between the payload's head and its end, for heads that are not the shortest.</summary>
    public Func<byte[], byte[]> PayloadItem { get; init; } = payload => Bytes(payload);

    public string Context { get; init; } = "Signature1";

    public byte[] ExternalData { get; init; } = [];

    public Func<byte[], byte[]> Signature { get; init; } = raw => raw;

    public byte[] Encode()
    {
        var header = Map(Header ?? (writer => Good(writer, Use, Key.Private.PublicKey.KeyId.ToBytes())));
        var signed = new CborWriter(CborConformanceMode.Lax);
        signed.WriteStartArray(4);
        signed.WriteTextString(Context);
        signed.WriteByteString(header);
        signed.WriteByteString(ExternalData);
        signed.WriteByteString(Payload);
        signed.WriteEndArray();
        var signature = Signature(VectorKeys.Sign(Key, signed.Encode()).Raw.ToArray());
        return [.. Tag, .. Array, .. Bytes(header), .. Unprotected, .. PayloadItem(Payload), .. Bytes(signature), .. After];
    }

    /// <summary>The protected header as it is.</summary>
    public static void Good(CborWriter writer, ContentType use, byte[] keyId)
    {
        writer.WriteStartMap(3);
        writer.WriteInt32(1);
        writer.WriteInt32(Envelope.Algorithm);
        writer.WriteInt32(3);
        writer.WriteInt32((int)use);
        writer.WriteInt32(4);
        writer.WriteByteString(keyId);
        writer.WriteEndMap();
    }

    public static byte[] Bytes(byte[] value)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteByteString(value);
        return writer.Encode();
    }

    private static byte[] Map(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }
}
