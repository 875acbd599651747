using ShantingEId.Crypto;

namespace ShantingEId.Seals;

/// <summary>One seal as issued.</summary>
/// <param name="Kind">章型.</param>
/// <param name="Code">印章编码.</param>
/// <param name="Seal">The seal itself.</param>
/// <param name="Certificate">Certificate of the seal's own key.</param>
/// <param name="SealedKey">The private key, sealed by the vault.</param>
public sealed record IssuedSeal(SealKind Kind, SealCode Code, SesSeal Seal, Sm2Certificate Certificate, byte[] SealedKey)
{
    /// <summary>SM3 over the seal's bytes, as the manifest binds it.</summary>
    public byte[] Digest { get; } = Sm3.Hash(Seal.Der);
}

/// <summary>一套四章: exactly one seal of each kind, else it cannot be made; or <see cref="None"/>.</summary>
public sealed class SealSet
{
    private SealSet(IReadOnlyList<IssuedSeal> seals) => Seals = seals;

    /// <summary>No seals: a comprehensive licence has none of its own.</summary>
    public static SealSet None { get; } = new([]);

    /// <summary>The four seals in the order of <see cref="SealKinds.All"/>, or none.</summary>
    public IReadOnlyList<IssuedSeal> Seals { get; }

    /// <summary>Makes a set.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealSetInvalid"/>: not exactly one of each kind, or a code used twice.</exception>
    public static SealSet Create(IEnumerable<IssuedSeal> seals)
    {
        var ordered = seals.OrderBy(seal => seal.Kind).ToArray();
        if (!ordered.Select(seal => seal.Kind).SequenceEqual(SealKinds.All) || ordered.DistinctBy(seal => seal.Code).Count() != ordered.Length)
        {
            throw new EidException(ErrorReason.SealSetInvalid, "一套印章应恰有公章、财务专用章、发票专用章、法定代表人名章各一枚，编码互不相同");
        }

        return new SealSet(ordered);
    }
}
