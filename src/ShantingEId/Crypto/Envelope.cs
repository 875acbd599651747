using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;

namespace ShantingEId.Crypto;

/// <summary>
/// The one signed envelope: COSE_Sign1 (RFC 9052 §4.2), tagged, deterministic CBOR (RFC 8949 §4.2), empty unprotected
/// header, raw 64-byte SM2 signature. Protected header: algorithm, content type, key id, in this order; a status list token says
/// its type as its standard asks, in label 16 and as text, and has no label 3.
/// </summary>
public sealed class Envelope
{
    /// <summary>Private-use algorithm number: SM2 with SM3, ID 1234567812345678 (no number is registered).</summary>
    public const int Algorithm = -65537;

    private const int LabelAlgorithm = 1;
    private const int LabelContentType = 3;
    private const int LabelKeyId = 4;
    private const int LabelType = 16; // RFC 9596
    private const string StatusListType = "application/statuslist+cwt"; // draft-ietf-oauth-status-list §5.2

    private readonly byte[] header;
    private readonly Sm2Signature signature;

    private Envelope(byte[] header, ContentType contentType, KeyId keyId, byte[] payload, Sm2Signature signature)
    {
        this.header = header;
        this.signature = signature;
        ContentType = contentType;
        KeyId = keyId;
        Payload = payload;
    }

    /// <summary>What the envelope is for.</summary>
    public ContentType ContentType { get; }

    /// <summary>Which key is said to have signed.</summary>
    public KeyId KeyId { get; }

    /// <summary>The signed content.</summary>
    public byte[] Payload { get; }

    /// <summary>The signature.</summary>
    public Sm2Signature Signature => signature;

    /// <summary>Signs a payload.</summary>
    public static Envelope Sign(ContentType contentType, byte[] payload, SigningKey key)
    {
        var keyId = key.Private.PublicKey.KeyId;
        var header = EncodeHeader(contentType, keyId);
        return new Envelope(header, contentType, keyId, payload, key.Private.Sign(ToBeSigned(header, payload)));
    }

    /// <summary>Puts an envelope together from its parts, whose signature nobody has checked yet.</summary>
    internal static Envelope Assemble(ContentType contentType, KeyId keyId, byte[] payload, Sm2Signature signature) =>
        new(EncodeHeader(contentType, keyId), contentType, keyId, payload, signature);

    /// <summary>Parses strictly: what would encode to other bytes is not an envelope.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Envelope? envelope)
    {
        envelope = null;
        try
        {
            var reader = new CborReader(bytes, CborConformanceMode.Canonical);
            if (reader.ReadTag() != (CborTag)18 || reader.ReadStartArray() != 4)
            {
                return false;
            }

            var header = reader.ReadByteString();
            if (reader.ReadStartMap() != 0)
            {
                return false;
            }

            reader.ReadEndMap();
            var payload = reader.ReadByteString();
            var signature = Sm2Signature.FromRaw(reader.ReadByteString());
            reader.ReadEndArray();
            if (reader.BytesRemaining != 0 || signature is null || !TryReadHeader(header, out var contentType, out var keyId))
            {
                return false;
            }

            envelope = new Envelope(header, contentType, keyId, payload, signature);
            return true;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>The bytes as stored and sent.</summary>
    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: Payload.Length + 128);
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(header);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(Payload);
        writer.WriteByteString(signature.Raw);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>Whether the signature is good with this key.</summary>
    public bool Verify(Sm2PublicKey key) => key.Verify(ToBeSigned(header, Payload), signature);

    /// <summary>The exact bytes that were signed, for other verifiers.</summary>
    public byte[] ToBeSigned() => ToBeSigned(header, Payload);

    private static byte[] EncodeHeader(ContentType contentType, KeyId keyId)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(3); // Either way.
        writer.WriteInt32(LabelAlgorithm);
        writer.WriteInt32(Algorithm);
        if (contentType != ContentType.StatusList)
        {
            writer.WriteInt32(LabelContentType);
            writer.WriteInt32((int)contentType);
        }

        writer.WriteInt32(LabelKeyId);
        writer.WriteByteString(keyId.ToBytes());
        if (contentType == ContentType.StatusList)
        {
            writer.WriteInt32(LabelType);
            writer.WriteTextString(StatusListType);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    private static bool TryReadHeader(byte[] header, out ContentType contentType, out KeyId keyId)
    {
        contentType = default;
        keyId = default;
        var reader = new CborReader(header, CborConformanceMode.Canonical);
        if (reader.ReadStartMap() != 3 || reader.ReadInt32() != LabelAlgorithm || reader.ReadInt32() != Algorithm)
        {
            return false;
        }

        // One of the two ways to say what it is for; the number that stands for the text here is no way to say it.
        var label = reader.ReadInt32();
        if (label == LabelContentType)
        {
            contentType = (ContentType)reader.ReadInt32();
            if (contentType == ContentType.StatusList || reader.ReadInt32() != LabelKeyId)
            {
                return false;
            }
        }
        else if (label != LabelKeyId)
        {
            return false;
        }

        var id = reader.ReadByteString();
        if (label == LabelKeyId)
        {
            if (reader.ReadInt32() != LabelType || reader.ReadTextString() != StatusListType)
            {
                return false;
            }

            contentType = ContentType.StatusList;
        }

        reader.ReadEndMap();
        if (id.Length != KeyId.Size || reader.BytesRemaining != 0)
        {
            return false;
        }

        keyId = KeyId.FromBytes(id);
        return true;
    }

    // RFC 9052 §4.4 Sig_structure: context, protected header, external data (none), payload.
    private static byte[] ToBeSigned(byte[] header, byte[] payload)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: payload.Length + 64);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(header);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
