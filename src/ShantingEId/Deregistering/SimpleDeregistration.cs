using ShantingEId.Licenses;

namespace ShantingEId.Deregistering;

/// <summary>Where a simple deregistration stands. Zero is "not known".</summary>
public enum DeregistrationState
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>公示期内 (for an individual business: 征询部门意见), nobody objects.</summary>
    Published = 1,

    /// <summary>公示期内, and somebody objects.</summary>
    Objected = 2,

    /// <summary>退回补正: a defect that can be mended; the publication goes on and is not repeated.</summary>
    Returned = 3,

    /// <summary>公示期满无异议: may be confirmed, or waits for the register to do it.</summary>
    Confirmable = 4,

    /// <summary>已注销.</summary>
    Cancelled = 5,

    /// <summary>已终止: an objection stood at the end, or the registrar ended it.</summary>
    Terminated = 6,

    /// <summary>申请人撤回.</summary>
    Withdrawn = 7,

    /// <summary>逾期: neither confirmed nor mended in time.</summary>
    Lapsed = 8,
}

/// <summary>全体投资人承诺书, which stays with the applicant's papers: its digest proves later which text was signed.</summary>
/// <param name="Digest">SM3 of the document.</param>
/// <param name="Reference">Where it is filed, 1 to 100 characters.</param>
/// <param name="Investors">How many investors there are, all of whom signed.</param>
public sealed record Commitment(byte[] Digest, string Reference, int Investors);

/// <summary>异议.</summary>
/// <param name="Number">From 1 within the proceeding.</param>
/// <param name="Caller">Registered caller that raised it, and alone may withdraw it.</param>
/// <param name="Objector">Who objects, as a person reads it.</param>
/// <param name="Ground">Why.</param>
/// <param name="Reason">In words, 2 to 200 characters.</param>
/// <param name="RaisedTime">When.</param>
/// <param name="WithdrawnTime">When it was withdrawn; null while it stands.</param>
public sealed record Objection(int Number, string Caller, string Objector, Impediment Ground, string Reason, DateTimeOffset RaisedTime, DateTimeOffset? WithdrawnTime);

/// <summary>Something that happened.</summary>
/// <param name="Act">What.</param>
/// <param name="Time">When.</param>
/// <param name="Actor">Registered caller, or <see cref="SimpleDeregistration.Clock"/>.</param>
/// <param name="Remark">What is to be mended, or why; may be empty.</param>
public sealed record DeregistrationEvent(DeregistrationAct Act, DateTimeOffset Time, string Actor, string Remark);

/// <summary>
/// 简易注销: one proceeding of one company. What has been done is stored; what time alone does (the publication ends, an application
/// lapses) follows from it, so nothing has to happen at midnight for the answer to be right.
/// </summary>
public sealed record SimpleDeregistration
{
    /// <summary>Actor of what the register does when it is due; no caller can bear this name.</summary>
    public const string Clock = "#clock";

    /// <summary>Number of the proceeding, e.g. <c>JZ202600000001</c>.</summary>
    public required string Number { get; init; }

    /// <summary>The company.</summary>
    public required CreditCode Holder { get; init; }

    /// <summary>Its licence when it applied.</summary>
    public required LicenseId License { get; init; }

    /// <summary>Its name when it applied, as published.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is published; an individual business is only made known to departments.</summary>
    public required bool IsPublished { get; init; }

    /// <summary>Caller that filed it.</summary>
    public required string Applicant { get; init; }

    /// <summary>The commitment; null for an individual business, which needs none.</summary>
    public required Commitment? Commitment { get; init; }

    /// <summary>Whether the application to cancel was made with it, so that the register confirms when the time has come.</summary>
    public required bool ConfirmsItself { get; init; }

    /// <summary>What was recorded last: published, returned, or how it ended.</summary>
    public required DeregistrationState Recorded { get; init; }

    /// <summary>Raised by every act; two acts at once cannot both rest on the same.</summary>
    public required long Revision { get; init; }

    /// <summary>When it was applied for and made known.</summary>
    public required DateTimeOffset AppliedTime { get; init; }

    /// <summary>First instant at which nobody may object any more.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>First instant at which it can no longer be confirmed.</summary>
    public required DateTimeOffset ConfirmUntil { get; init; }

    /// <summary>By when the set should be cancelled where it <see cref="ConfirmsItself"/>; overdue from then on.</summary>
    public required DateTimeOffset CancelUntil { get; init; }

    /// <summary>By when it must be mended; null unless it was returned.</summary>
    public DateTimeOffset? MendUntil { get; init; }

    /// <summary>What is to be mended, or why it ended; may be empty.</summary>
    public string Remark { get; init; } = "";

    /// <summary>When it was last touched.</summary>
    public required DateTimeOffset UpdatedTime { get; init; }

    /// <summary>All objections, withdrawn ones too.</summary>
    public IReadOnlyList<Objection> Objections { get; init; } = [];

    /// <summary>Everything that happened, in order; empty where it was not asked for.</summary>
    public IReadOnlyList<DeregistrationEvent> Events { get; init; } = [];

    /// <summary>Whether an objection stands that nobody has withdrawn; it keeps the company from applying anew.</summary>
    public bool HasStandingObjection => Objections.Any(each => each.WithdrawnTime is null);

    // Withdrawn later it still stood at the end, and the proceeding had ended by then.
    private bool StoodAtTheEnd => Objections.Any(each => each.WithdrawnTime is null || each.WithdrawnTime >= PeriodEnd);

    /// <summary>Where it stands at an instant.</summary>
    public DeregistrationState StateAt(DateTimeOffset now)
    {
        if (Recorded is not (DeregistrationState.Published or DeregistrationState.Returned))
        {
            return Recorded;
        }

        if (now >= PeriodEnd && StoodAtTheEnd)
        {
            return DeregistrationState.Terminated;
        }

        if (Recorded == DeregistrationState.Returned)
        {
            return now < MendUntil ? DeregistrationState.Returned : DeregistrationState.Lapsed;
        }

        return now < PeriodEnd ? HasStandingObjection ? DeregistrationState.Objected : DeregistrationState.Published
            : ConfirmsItself || now < ConfirmUntil ? DeregistrationState.Confirmable
            : DeregistrationState.Lapsed;
    }

    /// <summary>Whether the register should have cancelled the set by now and has not.</summary>
    public bool IsOverdueAt(DateTimeOffset now) => ConfirmsItself && now >= CancelUntil && StateAt(now) == DeregistrationState.Confirmable;
}
