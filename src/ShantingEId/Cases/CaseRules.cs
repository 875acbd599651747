using ShantingEId.Calendar;
using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>How cases go on: pure, over a catalogue and a calendar. Every change is in the table (<see cref="StepTransition"/>) or is refused.</summary>
/// <param name="catalogue">Which steps there are.</param>
/// <param name="calendar">Which days are worked.</param>
public sealed class CaseRules(StepCatalogue catalogue, WorkCalendar calendar)
{
    private const string WithoutLicense = "营业执照未核发，本事项随之终止";
    private const string Issued = "已签发营业执照和四枚电子印章";

    /// <summary>Which steps there are.</summary>
    public StepCatalogue Catalogue => catalogue;

    /// <summary>The kinds asked for, each once and each offered.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.EnumInvalid"/> or <see cref="ErrorReason.StepNotOffered"/>.</exception>
    public IReadOnlyList<StepKind> RequireOffered(IReadOnlyList<StepKind> kinds)
    {
        for (var i = 0; i < kinds.Count; i++)
        {
            if (!Enum.IsDefined(kinds[i]) || kinds[i] == StepKind.Unspecified)
            {
                throw EidException.OfField(ErrorReason.EnumInvalid, $"steps[{i}]", "取值无法识别");
            }

            if (kinds.Take(i).Contains(kinds[i]))
            {
                throw EidException.OfField(ErrorReason.EnumInvalid, $"steps[{i}]", "同一事项只能写一次");
            }

            if (catalogue.Find(kinds[i]) is null)
            {
                throw EidException.OfField(ErrorReason.StepNotOffered, $"steps[{i}]", "本地尚无单位办理此事项");
            }
        }

        return [.. kinds.Order()];
    }

    /// <summary>The steps of a fresh case: a licence that is granted, or that a person must look at, and all others waiting for it.</summary>
    /// <param name="empty">The case without steps.</param>
    /// <param name="kinds">Steps asked for; the licence is always one.</param>
    public CaseFile Open(CaseFile empty, IReadOnlyList<StepKind> kinds)
    {
        var license = Put(empty, Fresh(StepKind.License, empty.OpenTime), empty.Findings.Count == 0 ? StepState.Accepted : StepState.Review, new(empty.OpenedBy, empty.OpenTime), restarts: true);
        return kinds.Where(kind => kind != StepKind.License)
            .Aggregate(license, (opened, kind) => Put(opened, Fresh(kind, empty.OpenTime), StepState.Waiting, new(empty.OpenedBy, empty.OpenTime), restarts: false));
    }

    /// <summary>Asks for further steps.</summary>
    public CaseFile Add(CaseFile subject, IReadOnlyList<StepKind> kinds, string actor, DateTimeOffset now)
    {
        if (subject.Find(StepKind.License)!.State is StepState.Refused or StepState.Withdrawn)
        {
            throw new EidException(ErrorReason.CaseClosed, "该办件的营业执照未核发，不能再增加事项；请另行申请");
        }

        var by = new By(actor, Later(subject, now));
        foreach (var kind in kinds)
        {
            subject = subject.Find(kind) is not { } step ? Put(subject, Fresh(kind, by.Time), StepState.Waiting, by, restarts: false)
                : StepTransition.Next(kind, step.State, StepAct.Ask) is { } next ? Put(subject, step, next, by, restarts: false)
                : throw new EidException(ErrorReason.StepExists, $"“{catalogue.TitleOf(kind)}”已在该办件中") { Metadata = new Dictionary<string, string> { ["step"] = kind.WireName() } };
        }

        return Follow(subject, by.Time);
    }

    /// <summary>Does something to a step, and what follows from it for the others.</summary>
    /// <param name="subject">The case.</param>
    /// <param name="kind">Which step.</param>
    /// <param name="act">What is done.</param>
    /// <param name="actor">Who does it; empty for the machine itself.</param>
    /// <param name="now">When; a case's times never go back, whatever the clocks of two replicas differ by.</param>
    /// <param name="reason">Why, where a reason is due.</param>
    /// <param name="evidence">What shows it, where it is done.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StepNotFound"/>, <see cref="ErrorReason.TransitionNotAllowed"/>.</exception>
    public CaseFile Act(CaseFile subject, StepKind kind, StepAct act, string actor, DateTimeOffset now, string reason = "", Evidence? evidence = null)
    {
        var step = subject.Find(kind) ?? throw CaseErrors.StepNotFound();
        var next = StepTransition.Next(kind, step.State, act) ?? throw CaseErrors.NotAllowed(step, act);
        var by = new By(actor, Later(subject, now), reason, evidence);
        return next == step.State ? subject : Follow(Put(subject, step, next, by, restarts: act == StepAct.Reopen), by.Time);
    }

    /// <summary>The licence was issued. Says nothing new where that is known.</summary>
    public CaseFile Issue(CaseFile subject, LicenseId license, DateTimeOffset now) => subject.License is not null ? subject
        : Act(subject with { License = license }, StepKind.License, StepAct.Issue, "", now, evidence: new Evidence(Issued, license.ToString()));

    /// <summary>The licence could not be issued for a reason that a person must look at.</summary>
    public CaseFile Doubt(CaseFile subject, Finding finding, DateTimeOffset now) => subject.Find(StepKind.License)!.State != StepState.Accepted ? subject
        : Act(subject with { Findings = [.. subject.Findings.Where(known => known != finding), finding] }, StepKind.License, StepAct.Doubt, "", now, finding.Text);

    /// <summary>The facts were mended while the application was with the applicant.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.LintFailed"/>: another company's.</exception>
    public static CaseFile Mend(CaseFile subject, EnterpriseFacts facts, IReadOnlyList<Finding> findings) => facts.CreditCode != subject.Facts.CreditCode
        ? throw EidException.OfField(ErrorReason.LintFailed, "enterprise.credit_code", "不是该办件的企业；请另行申请")
        : subject with { Facts = facts, FactsRevision = subject.FactsRevision + 1, Findings = findings };

    /// <summary>What a waiting step still waits for. The licence must be done; anything else may also have ended otherwise.</summary>
    public IReadOnlyList<StepKind> WaitsFor(CaseFile subject, CaseStep step) => step.State != StepState.Waiting ? []
        : [.. (catalogue.Find(step.Kind)?.After ?? [StepKind.License]).Where(kind => subject.Find(kind) is { } other && (kind == StepKind.License ? other.State != StepState.Done : !other.State.HasEnded()))];

    // Nothing but this opens a step, and only this ends one for which there is no licence.
    private CaseFile Follow(CaseFile subject, DateTimeOffset now)
    {
        var lost = subject.Find(StepKind.License)!.State is StepState.Refused or StepState.Withdrawn;
        foreach (var step in subject.Steps)
        {
            if (lost && !step.State.HasEnded())
            {
                subject = Put(subject, step, StepState.Withdrawn, new By("", now, WithoutLicense), restarts: false);
            }
            else if (step.State == StepState.Waiting && WaitsFor(subject, step).Count == 0)
            {
                subject = Put(subject, step, StepState.Open, new By("", now), restarts: true);
            }
        }

        return subject;
    }

    private CaseFile Put(CaseFile subject, CaseStep step, StepState state, By by, bool restarts)
    {
        // A step that is asked for again is a new one to its department.
        var opened = state == StepState.Waiting ? null : restarts ? by.Time : step.OpenTime;
        var deadline = state == StepState.Waiting ? null
            : restarts ? calendar.AddWorkingDays(WorkCalendar.DayOf(by.Time), catalogue.Find(step.Kind)?.WorkingDays ?? 1) : step.Deadline;
        return subject with { Events = [.. subject.Events, new StepEvent(new CaseStep(step.Kind, state, by.Time, opened, deadline, by.Reason, by.Evidence), by.Actor)] };
    }

    private static CaseStep Fresh(StepKind kind, DateTimeOffset now) => new(kind, StepState.Unspecified, now, null, null, "", null);

    private static DateTimeOffset Later(CaseFile subject, DateTimeOffset now) => subject.Events is [.., { Step.StateTime: var last }] && last > now ? last : now;

    private readonly record struct By(string Actor, DateTimeOffset Time, string Reason = "", Evidence? Evidence = null);
}
