using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.StatusLists;
using ShantingEId.Verifying;

namespace ShantingEId.Client;

/// <summary>What can be said about a code without the service.</summary>
/// <param name="Verdict">Without a pack never better than UNKNOWN; with one the state as of <paramref name="StatusAsOf"/>. Otherwise what is wrong with the code.</param>
/// <param name="Reason">Machine reason.</param>
/// <param name="Explanation">One plain Chinese sentence, which says as of when.</param>
/// <param name="NextStep">What to do next, in Chinese.</param>
/// <param name="Claims">Company, name and version as signed; null unless the signature is good.</param>
/// <param name="StatusAsOf">When the pack's states held; null where none was consulted.</param>
/// <param name="Successor">What the company has by then; null unless superseded.</param>
public sealed record OfflineAnswer(
    Verdict Verdict, string Reason, string Explanation, string NextStep, LicenseCode? Claims, DateTimeOffset? StatusAsOf = null, PackedSuccession? Successor = null)
{
    /// <summary>The permits of a comprehensive licence, each with its state; empty for a business licence.</summary>
    public IReadOnlyList<PackedPermit> Permits { get; init; } = [];

    /// <summary>The neighbouring issuer whose code it is; null for our own.</summary>
    public Neighbour? Neighbour { get; init; }
}

/// <summary>
/// Checks a scanned code on this machine alone, for a counter whose line is down. With certificates it can say whether the
/// signature is good, and no more; with a pack also what state the licence had when the pack was made. A pack that has
/// expired is no pack. A pack also names neighbouring issuers: of their codes it knows the signatures, and states by packs of theirs.
/// </summary>
public sealed class OfflineVerifier
{
    private static readonly TimeSpan ChinaTime = TimeSpan.FromHours(8);
    private readonly Verifier verifier;
    private readonly string codePrefix;
    private readonly TimeProvider clock;
    private readonly PackStates? states;
    private readonly NeighbourCodes? neighbours;
    private readonly Dictionary<string, PackStates> packsOfNeighbours = [];

    /// <summary>Makes a verifier that knows signatures and no states.</summary>
    /// <param name="trust">The authority's certificates, code signers among them.</param>
    /// <param name="codePrefix">Official address in front of every licence code, upper case, ending in <c>/</c>.</param>
    public OfflineVerifier(EidTrust trust, string codePrefix)
        : this(trust.Codes, codePrefix, TimeProvider.System)
    {
    }

    /// <summary>Makes a verifier that answers from a pack.</summary>
    /// <param name="pack">An opened pack: <see cref="StatusPack.Open"/>.</param>
    /// <param name="trust">The authority's certificates, of which the roots alone are used: a pack brings the others along.</param>
    /// <param name="clock">By which the pack expires.</param>
    /// <param name="packsOfNeighbours">Packs of neighbouring issuers, as received: those of neighbours in the pack's own list are opened with the roots that it names.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: a code signer in it does not lead to a root, a neighbour's pack is nobody's in the list or not signed by it.</exception>
    public OfflineVerifier(StatusPack pack, EidTrust trust, TimeProvider? clock = null, IEnumerable<ReadOnlyMemory<byte>>? packsOfNeighbours = null)
        : this(pack.CodeKeys(trust.Roots), pack.CodePrefix, clock ?? TimeProvider.System)
    {
        states = new PackStates(pack);
        neighbours = pack.Neighbours.Length > 0 ? new NeighbourCodes(NeighbourList.Open(pack.Neighbours, [.. pack.Certificates, .. trust.Roots])) : null;
        this.packsOfNeighbours = (packsOfNeighbours ?? []).Select(OpenNeighbour).ToDictionary(one => one.Pack.CodePrefix);
    }

    private OfflineVerifier(KeyRing codes, string codePrefix, TimeProvider clock)
    {
        (this.codePrefix, this.clock) = (codePrefix, clock);
        verifier = new Verifier(codes, codePrefix, "", NoRegister.Instance, clock);
    }

    /// <summary>Judges the text of a QR, or a typed code.</summary>
    /// <param name="text">As scanned or typed.</param>
    public OfflineAnswer Verify(string text)
    {
        // 1. A typed code is a number and carries no signature; mistyping is all that can be noticed.
        if (!text.StartsWith(codePrefix, StringComparison.Ordinal) && TypedCode.LooksLikeOne(text))
        {
            return TypedCode.TryParse(text, out _) ? Answer(Verdict.Unknown, VerdictReason.RegisterNotAsked) : Answer(Verdict.Malformed, VerdictReason.TypedCodeCheck);
        }

        // 2. A neighbour's.
        if (neighbours?.Read(text, clock.GetUtcNow()) is { } foreign && !text.StartsWith(codePrefix, StringComparison.Ordinal))
        {
            return Verify(foreign);
        }

        // 3. Signature.
        var (code, verdict, reason) = verifier.ReadCode(text);
        if (code is null)
        {
            return Answer(verdict, reason);
        }

        // 4. The state at its place.
        return states is null ? Answer(Verdict.Unknown, VerdictReason.RegisterNotAsked, code) : FromPack(states, code);
    }

    private OfflineAnswer Verify(NeighbourCode foreign) => foreign switch
    {
        { Claims: null } => Answer(foreign.Verdict, foreign.Reason),
        // Whom we believe stands in our own pack: from its end on that is not known either.
        _ when states!.Problem(clock.GetUtcNow()) is var problem && problem != VerdictReason.None => Answer(Verdict.Unknown, problem, foreign.Claims),
        _ when packsOfNeighbours.TryGetValue(foreign.Neighbour.CodePrefix, out var theirs) => FromPack(theirs, foreign.Claims),
        _ => Answer(Verdict.Unknown, VerdictReason.NeighbourStateUnknown, foreign.Claims),
    } with { Neighbour = foreign.Neighbour };

    private OfflineAnswer FromPack(PackStates from, LicenseCode code)
    {
        if (from.Problem(clock.GetUtcNow()) is var problem && problem != VerdictReason.None)
        {
            return Answer(Verdict.Unknown, problem, code);
        }

        var said = from.Of(code);
        var answer = Answer(said.Verdict, said.Reason, code);
        return AsOf(from.Pack, said.Permits.Count > 0 ? WithPermits(answer, said.Permits) : answer, said.Successor);
    }

    // A pack of whoever is in the list, by the roots that stand there: another's key says nothing of its licences.
    private PackStates OpenNeighbour(ReadOnlyMemory<byte> bytes)
    {
        if (!Envelope.TryParse(bytes, out var envelope) || !StatusPack.TryRead(envelope, out var read) || neighbours?.List.Neighbours.FirstOrDefault(one => one.CodePrefix == read.CodePrefix) is not { } neighbour)
        {
            throw new EidException(ErrorReason.StatusInvalid, "这不是状态包，或者其签发机关不在邻区互认名单中");
        }

        return new PackStates(StatusPack.Open(bytes, neighbour.Roots));
    }

    // As the service says it: first the whole, then every permit that cannot be relied on.
    private static OfflineAnswer WithPermits(OfflineAnswer answer, IReadOnlyList<PackedPermit> permits)
    {
        var held = permits.Where(permit => permit.State != LicenseStatus.Valid).Select(permit => permit.Name + (permit.State == LicenseStatus.Suspended ? "暂停" : "不在有效状态")).ToList();
        answer = answer with { Permits = permits, Explanation = answer.Explanation.Replace("执照", "综合许可证", StringComparison.Ordinal) };
        return answer.Verdict != Verdict.Valid ? answer : held.Count == 0 ? answer with { Explanation = answer.Explanation.TrimEnd('。') + "；所列许可均有效。", NextStep = "请核对名称，并确认所办业务在所列许可之内。" }
            : answer with { Explanation = $"{answer.Explanation.TrimEnd('。')}；但其中{string.Join("；", held)}。", NextStep = "请确认所办业务不属于上述停用的许可；属于的，请勿据此办理。" };
    }

    // Nobody may take the state of then for that of now.
    private static OfflineAnswer AsOf(StatusPack pack, OfflineAnswer answer, PackedSuccession? successor)
    {
        var said = answer.Explanation.Replace("当前有效", "有效", StringComparison.Ordinal).Replace("目前", "", StringComparison.Ordinal);
        var now = successor is null ? "" : $"该主体当时持第 {successor.Version} 版执照，名称为“{successor.Name}”。";
        return answer with
        {
            Explanation = $"截至 {pack.ProducedAt.ToOffset(ChinaTime):yyyy-MM-dd HH:mm}（北京时间）的离线状态：{said}{now}", StatusAsOf = pack.ProducedAt, Successor = successor,
        };
    }

    private static OfflineAnswer Answer(Verdict verdict, VerdictReason reason, LicenseCode? claims = null)
    {
        var (explanation, nextStep) = VerdictTexts.Of(verdict, reason);
        return new OfflineAnswer(verdict, reason.WireName(), explanation, nextStep, claims);
    }
}
