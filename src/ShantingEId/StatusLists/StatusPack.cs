using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.StatusLists;

/// <summary>One status list inside a pack.</summary>
/// <param name="Number">Its number, as licence codes name it.</param>
/// <param name="States">Two bits for each place.</param>
/// <param name="Comprehensive">Places of comprehensive licences (行业综合许可证), rising: they have no seals of their own, and permits besides (<see cref="PackedPermits"/>).</param>
public sealed record PackedList(int Number, StatusList States, IReadOnlyList<int> Comprehensive);

/// <summary>What a company whose licence was replaced has now.</summary>
/// <param name="Old">Place of the replaced licence; no place is ever given twice.</param>
/// <param name="Version">Version of the company's licence by now.</param>
/// <param name="Name">Its name by now.</param>
public sealed record PackedSuccession(StatusReference Old, int Version, string Name);

/// <summary>Seals that do not all share the state of the licence for which they were made; of all others nothing need be said.</summary>
/// <param name="Place">Place of that licence.</param>
/// <param name="States">Two bits for each kind, the official seal in the lowest; INVALID where none was made.</param>
public readonly record struct PackedSeals(StatusReference Place, byte States)
{
    /// <summary>State of the seal of a kind.</summary>
    public LicenseStatus this[SealKind kind] => (LicenseStatus)((States >> (2 * ((int)kind - 1))) & 3);

    /// <summary>The four states where all are the same.</summary>
    public static byte Same(int state) => (byte)(state * 0b01_01_01_01);
}

/// <summary>A permit of a comprehensive licence.</summary>
/// <param name="Name">Chinese name.</param>
/// <param name="State">Its state; never better than that of the licence.</param>
public readonly record struct PackedPermit(string Name, LicenseStatus State);

/// <summary>The permits of a comprehensive licence, in their order on it.</summary>
/// <param name="Place">Place of the licence.</param>
/// <param name="Permits">The permits.</param>
public sealed record PackedPermits(StatusReference Place, IReadOnlyList<PackedPermit> Permits)
{
    /// <inheritdoc/>
    public bool Equals(PackedPermits? other) => other is not null && Place == other.Place && Permits.SequenceEqual(other.Permits);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Place, Permits.Count);
}

/// <summary>
/// The pack for counters without network: all states at one instant, what judges codes by them, and an end after which it says
/// nothing. Not compressed: two bits a licence are as small as random states get, and there is no bomb to look out for.
/// </summary>
public sealed record StatusPack
{
    /// <summary>Media type of a whole pack.</summary>
    public const string MediaType = "application/vnd.shanting-eid.pack+cose";

    /// <summary>Largest pack that is read, bytes.</summary>
    public const int MaxBytes = 256 * 1024 * 1024;

    /// <summary>Rising number of the pack.</summary>
    public required long Number { get; init; }

    /// <summary>As of when the states hold, whole seconds.</summary>
    public required DateTimeOffset ProducedAt { get; init; }

    /// <summary>From when on it says nothing any more, whole seconds.</summary>
    public required DateTimeOffset ExpireTime { get; init; }

    /// <summary>Official address in front of every licence code, upper case, ending in <c>/</c>.</summary>
    public required string CodePrefix { get; init; }

    /// <summary>Certificates needed to judge codes, lists and this pack, but for the roots, which nobody may take from here.</summary>
    public required IReadOnlyList<Sm2Certificate> Certificates { get; init; }

    /// <summary>Which of them sign licence codes, and nothing else does.</summary>
    public required IReadOnlyList<KeyId> CodeSigners { get; init; }

    /// <summary>The signed list of recognised CAs, as it is; empty where there is none.</summary>
    public required byte[] TrustList { get; init; }

    /// <summary>The lists, by number.</summary>
    public required IReadOnlyList<PackedList> Lists { get; init; }

    /// <summary>What replaced licences were replaced by, in the order of their places.</summary>
    public required IReadOnlyList<PackedSuccession> Successions { get; init; }

    /// <summary>Seals by the place of the licence for which they were made, in that order. Null in packs of the first form, which say nothing of seals and permits.</summary>
    public IReadOnlyList<PackedSeals>? Seals { get; init; }

    /// <summary>Permits of comprehensive licences that are in force or paused, in the order of places.</summary>
    public IReadOnlyList<PackedPermits> Permits { get; init; } = [];

    /// <summary>The signed list of neighbouring issuers (<see cref="Recognition.NeighbourList"/>), as it is; empty where there is none.</summary>
    public byte[] Neighbours { get; init; } = [];

    /// <summary>Signs the pack.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: not a key for states.</exception>
    public Envelope Sign(SigningKey signer) => StatusSigner.Sign(ContentType.StatusPack, PackForm.Encode(this), signer, ProducedAt);

    /// <summary>Opens a pack; whether it has expired is asked at every use.</summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="roots">Roots of the authority, received by a safe way.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: not a pack, or not signed by whom it should be.</exception>
    public static StatusPack Open(ReadOnlyMemory<byte> bytes, IReadOnlyCollection<Sm2Certificate> roots)
    {
        if (bytes.Length > MaxBytes || !Envelope.TryParse(bytes, out var envelope) || !TryRead(envelope, out var pack))
        {
            throw StatusSigner.Invalid("不是状态包，或者残缺");
        }

        StatusSigner.Require("状态包", envelope, pack.Certificates, roots, pack.ProducedAt);
        return pack;
    }

    /// <summary>Reads the content of an envelope without judging its signature, to show it.</summary>
    public static bool TryRead(Envelope envelope, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StatusPack? pack)
    {
        pack = envelope.ContentType == ContentType.StatusPack ? PackForm.Read(envelope.Payload) : null;
        return pack is not null;
    }

    /// <summary>The keys by which codes are judged; those of predecessors too, whose certificates may be over.</summary>
    /// <param name="roots">As for <see cref="Open"/>.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: one of them does not lead to a root, or is for other uses.</exception>
    public KeyRing CodeKeys(IReadOnlyCollection<Sm2Certificate> roots) => new(CodeSigners.Select(id =>
    {
        var signer = Certificates.First(certificate => certificate.PublicKey.KeyId == id);
        var problem = !signer.MaySignCodes ? $"（{signer.CommonName}）不允许签发证照码" : CertificateChain.ProblemInItsTime(signer, Certificates, roots, ProducedAt);
        return problem.Length == 0 ? new TrustedKey(signer.PublicKey, ContentType.LicenseCode, signer) : throw StatusSigner.Invalid("状态包中的证照码签名证书" + problem);
    }));
}
