using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using ShantingEId.Calendar;
using ShantingEId.Cases;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>Cases as messages. Enum numbers are equal by design, and a test holds it.</summary>
internal sealed class CaseWire(CaseRules rules, CallerDirectory callers, IssuingAuthority authority, RegisterClock clock)
{
    /// <summary>How the answer of an issue is written: as IssueSet would have given it.</summary>
    public static SetCodec SetCodec { get; } = new(IssuanceRpc.EncodeNew, reply => Licenses.LicenseId.Parse(V1.IssuedSet.Parser.ParseFrom(reply).License.LicenseId));

    /// <summary>A case, as far as the caller may see it.</summary>
    public Case ToMessage(CaseFile subject, Caller caller)
    {
        var message = new Case
        {
            Name = CaseName.Of(subject.Id), State = (Case.Types.State)subject.State, OpenTime = subject.OpenTime.ToTimestamp(),
            ProgressCode = caller.Role is CallerRole.Staff or CallerRole.HolderApp ? subject.Progress.ToString() : "",
            Enterprise = Wire.ToMessage(subject.Facts, FieldsOf(caller)),
        };
        var seesHolder = FieldsOf(caller).HasFlag(LicenseFields.CreditCode); // The identifier contains it.
        message.IssuedSet = subject.License is { } license && seesHolder ? RegisterName.Of(license) : "";
        message.Findings.AddRange(subject.Findings.Select(finding => new CaseFinding { Check = finding.Check, Text = finding.Text }));
        message.Steps.AddRange(subject.Steps.Select(step => ToMessage(subject, step)));
        message.Events.AddRange(subject.Events.Select(each => new V1.StepEvent
        {
            Time = each.Step.StateTime.ToTimestamp(), Kind = (Step.Types.Kind)each.Step.Kind, State = (Step.Types.State)each.Step.State, Actor = each.Actor,
            ActorTitle = callers.TitleOf(each.Actor), Reason = each.Step.Reason, Evidence = ToMessage(each.Step.Evidence),
        }));
        if (!seesHolder)
        {
            foreach (var evidence in message.Steps.Where(step => step.Kind == Step.Types.Kind.License).Select(step => step.Evidence)
                .Concat(message.Events.Where(each => each.Kind == Step.Types.Kind.License).Select(each => each.Evidence)).OfType<V1.Evidence>())
            {
                evidence.Reference = "";
            }
        }

        return message;
    }

    /// <summary>One step of a case.</summary>
    public Step ToMessage(CaseFile subject, CaseStep step)
    {
        var department = rules.Catalogue.DepartmentOf(step.Kind);
        var message = new Step
        {
            Name = new StepName(subject.Id, step.Kind).ToString(), Kind = (Step.Types.Kind)step.Kind, Title = rules.Catalogue.TitleOf(step.Kind),
            State = (Step.Types.State)step.State, StateTime = step.StateTime.ToTimestamp(), Department = department,
            DepartmentTitle = step.Kind == StepKind.License ? authority.Name : callers.TitleOf(department), OpenTime = step.OpenTime?.ToTimestamp(),
            Deadline = ToMessage(step.Deadline), IsOverdue = step.IsOverdue(Today), Reason = step.Reason, Evidence = ToMessage(step.Evidence),
        };
        message.WaitsFor.AddRange(rules.WaitsFor(subject, step).Select(kind => (Step.Types.Kind)kind));
        return message;
    }

    /// <summary>What whoever has the progress code is told.</summary>
    public Progress ToProgress(CaseFile subject)
    {
        var message = new Progress { State = (Case.Types.State)subject.State, OpenDate = ToMessage(WorkCalendar.DayOf(subject.OpenTime)) };
        message.Steps.AddRange(subject.Steps.Select(step => new Progress.Types.ProgressStep
        {
            Kind = (Step.Types.Kind)step.Kind, Title = rules.Catalogue.TitleOf(step.Kind), State = (Step.Types.State)step.State,
            StateDate = ToMessage(WorkCalendar.DayOf(step.StateTime)), Deadline = step.State.IsDue() ? ToMessage(step.Deadline) : null,
        }));
        return message;
    }

    /// <summary>One change of a step.</summary>
    public StepChange ToMessage(PlacedEvent change, bool withHolder)
    {
        var step = change.Event.Step;
        return new StepChange
        {
            Step = change.Step.ToString(), Mark = change.Position, Kind = (Step.Types.Kind)step.Kind, State = (Step.Types.State)step.State,
            Time = step.StateTime.ToTimestamp(), Deadline = step.State.IsDue() ? ToMessage(step.Deadline) : null, CreditCode = withHolder ? change.Holder.Value : "",
            Title = rules.Catalogue.TitleOf(step.Kind),
        };
    }

    /// <summary>The day it is by the bureau's calendar.</summary>
    public DateOnly Today => WorkCalendar.DayOf(clock.GetUtcNow());

    /// <summary>Evidence of a request; null where none is given.</summary>
    public static Cases.Evidence? ToEvidence(V1.Evidence? message) => message is null ? null : new Cases.Evidence(message.Text, message.Reference);

    // What is applied for is shown as an issued licence would be: staff works on it, everyone else sees what its purposes grant.
    private LicenseFields FieldsOf(Caller caller) =>
        caller.Role == CallerRole.Staff ? LicenseFields.All : caller.Purposes.Aggregate(LicenseFields.None, (fields, name) => fields | callers.RequirePurpose(caller, name).Granted);

    private static V1.Evidence? ToMessage(Cases.Evidence? evidence) => evidence is null ? null : new V1.Evidence { Text = evidence.Text, Reference = evidence.Reference };

    private static Date? ToMessage(DateOnly? day) => day is { } known ? new Date { Year = known.Year, Month = known.Month, Day = known.Day } : null;
}
