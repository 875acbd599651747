using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Seals;
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
    Verdict Verdict, string Reason, string Explanation, string NextStep, LicenseCode? Claims, DateTimeOffset? StatusAsOf = null, PackedSuccession? Successor = null);

/// <summary>
/// Checks a scanned code on this machine alone, for a counter whose line is down. With certificates it can say whether the
/// signature is good, and no more; with a pack also what state the licence had when the pack was made. A pack that has
/// expired is no pack.
/// </summary>
public sealed class OfflineVerifier
{
    // A clock a little behind is no reason to refuse; one that is before the pack was made cannot tell whether it has expired.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    // From the time on a licence until the register knows it; also what two clocks of the authority may differ.
    private static readonly TimeSpan TimeToRegister = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ChinaTime = TimeSpan.FromHours(8);
    private readonly Verifier verifier;
    private readonly string codePrefix;
    private readonly TimeProvider clock;
    private readonly StatusPack? pack;
    private readonly Dictionary<int, PackedList> lists = [];
    private readonly HashSet<StatusReference> comprehensive = [];
    private readonly Dictionary<StatusReference, PackedSuccession> successions = [];

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
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: a code signer in it does not lead to a root.</exception>
    public OfflineVerifier(StatusPack pack, EidTrust trust, TimeProvider? clock = null)
        : this(pack.CodeKeys(trust.Roots), pack.CodePrefix, clock ?? TimeProvider.System)
    {
        this.pack = pack;
        foreach (var list in pack.Lists)
        {
            lists.Add(list.Number, list);
            comprehensive.UnionWith(list.Comprehensive.Select(index => new StatusReference(list.Number, index)));
        }

        successions = pack.Successions.ToDictionary(one => one.Old);
    }

    private OfflineVerifier(KeyRing codes, string codePrefix, TimeProvider clock)
    {
        (this.codePrefix, this.clock) = (codePrefix, clock);
        verifier = new Verifier(codes, codePrefix, "", new NoRegister(), clock);
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

        // A live code says nothing by itself, and only the register knows whether it was used.
        if (Presenting.LiveCode.LooksLikeOne(text, codePrefix))
        {
            return Answer(Verdict.Unknown, VerdictReason.LiveCodeOnline);
        }

        // 2. Signature.
        var (code, verdict, reason) = verifier.ReadCode(text);
        if (code is null)
        {
            return Answer(verdict, reason);
        }

        if (pack is null)
        {
            return Answer(Verdict.Unknown, VerdictReason.RegisterNotAsked, code);
        }

        // 3. Whether the pack may be asked now: from its end on it says nothing.
        var now = clock.GetUtcNow();
        if (now >= pack.ExpireTime || now < pack.ProducedAt - ClockTolerance)
        {
            return Answer(Verdict.Unknown, now >= pack.ExpireTime ? VerdictReason.StateTooOld : VerdictReason.ClocksApart, code);
        }

        // 4. The state at its place.
        var (state, why) = StateOf(code, pack);
        return AsOf(pack, Answer(state, why, code), state == Verdict.Superseded ? successions.GetValueOrDefault(code.Status) : null);
    }

    private (Verdict, VerdictReason) StateOf(LicenseCode code, StatusPack from)
    {
        var status = lists.TryGetValue(code.Status.List, out var list) && code.Status.Index < list.States.Count ? (LicenseStatus)list.States[code.Status.Index] : LicenseStatus.Invalid;
        return status switch
        {
            // What was issued when the pack was made, or later, stands in it as never issued.
            LicenseStatus.Invalid when code.IssueTime >= from.ProducedAt - TimeToRegister => (Verdict.Unknown, VerdictReason.YoungerThanStates),
            LicenseStatus.Valid when comprehensive.Contains(code.Status) => (Verdict.Unknown, VerdictReason.PermitsNotListed),
            LicenseStatus.Valid => (Verdict.Valid, VerdictReason.None),
            LicenseStatus.Suspended => (Verdict.Suspended, VerdictReason.Suspended),
            LicenseStatus.Superseded => (Verdict.Superseded, VerdictReason.Superseded),
            _ => (Verdict.Revoked, VerdictReason.ListedInvalid),
        };
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

    private sealed class NoRegister : IRegisterReader
    {
        public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) =>
            throw Offline();

        public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => throw Offline();

        public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => throw Offline();

        private static EidException Offline() => new(ErrorReason.StoreUnavailable, "离线核验不查询登记簿");
    }
}
