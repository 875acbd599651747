using ShantingEId.Crypto;

namespace ShantingEId.Codes;

/// <summary>SM3 of a manifest envelope: names one issued set for ever.</summary>
public sealed class ManifestDigest : IEquatable<ManifestDigest>
{
    private readonly byte[] bytes;

    private ManifestDigest(byte[] bytes) => this.bytes = bytes;

    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Digest of the envelope's bytes.</summary>
    public static ManifestDigest Of(ReadOnlySpan<byte> envelope) => new(Sm3.Hash(envelope));

    /// <summary>Takes 32 bytes; null for any other length.</summary>
    public static ManifestDigest? FromBytes(byte[] bytes) => bytes.Length == Sm3.Size ? new ManifestDigest(bytes) : null;

    /// <inheritdoc/>
    public bool Equals(ManifestDigest? other) => other is not null && bytes.AsSpan().SequenceEqual(other.bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ManifestDigest);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(bytes, 0);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(bytes);
}
