using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using ShantingEId.Calendar;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>Messages of DeregistrationService. Enum numbers are equal by design, and a test holds it.</summary>
/// <param name="callers">Titles of who did what.</param>
internal sealed class DeregistrationWire(CallerDirectory callers)
{
    private const string ClockTitle = "登记系统";

    /// <summary>The proceeding as it stands at an instant.</summary>
    public V1.Deregistration ToMessage(SimpleDeregistration one, DateTimeOffset now)
    {
        var message = new V1.Deregistration
        {
            Name = DeregistrationName.Of(one.Number), CreditCode = one.Holder.Value, CompanyName = one.Name, IssuedSet = RegisterName.Of(one.License),
            State = (V1.Deregistration.Types.State)one.StateAt(now), Published = one.IsPublished, ConfirmsItself = one.ConfirmsItself, Commitment = ToMessage(one.Commitment),
            ApplyDate = ToDate(WorkCalendar.DayOf(one.AppliedTime)), LastDayToObject = LastDay(one.PeriodEnd), LastDayToConfirm = LastDay(one.ConfirmUntil),
            LastDayToCancel = LastDay(one.CancelUntil), LastDayToMend = one.MendUntil is { } mend ? LastDay(mend) : null, Remark = one.Remark, Overdue = one.IsOverdueAt(now),
        };
        message.Objections.AddRange(one.Objections.Select(each => ToMessage(one, each)));
        message.Events.AddRange(one.Events.Select(each => new V1.Deregistration.Types.Event
        {
            Act = (V1.Deregistration.Types.Event.Types.Act)each.Act, Time = each.Time.ToTimestamp(),
            ActorTitle = each.Actor == SimpleDeregistration.Clock ? ClockTitle : callers.TitleOf(each.Actor), Remark = each.Remark,
        }));
        return message;
    }

    /// <summary>One objection.</summary>
    public static V1.Objection ToMessage(SimpleDeregistration one, Deregistering.Objection objection) => new()
    {
        Name = DeregistrationName.Of(one.Number, objection.Number), Objector = objection.Objector, Ground = (V1.Deregistration.Types.Impediment)objection.Ground,
        Reason = objection.Reason, RaisedTime = objection.RaisedTime.ToTimestamp(), WithdrawnTime = objection.WithdrawnTime?.ToTimestamp(),
    };

    /// <summary>What is made known of it.</summary>
    public static DeregistrationNotice ToNotice(SimpleDeregistration one, DateTimeOffset now) => new()
    {
        Name = DeregistrationName.Of(one.Number), CreditCode = one.Holder.Value, CompanyName = one.Name, Published = one.IsPublished,
        From = ToDate(WorkCalendar.DayOf(one.AppliedTime)), To = LastDay(one.PeriodEnd), State = (V1.Deregistration.Types.State)one.StateAt(now),
    };

    /// <summary>What a request says, unchecked; null where it hands none in.</summary>
    public static Deregistering.Commitment? ToCommitment(V1.Commitment? message) =>
        message is null ? null : new(message.Digest.ToByteArray(), message.Reference, message.Investors);

    private static V1.Commitment? ToMessage(Deregistering.Commitment? commitment) =>
        commitment is null ? null : new() { Digest = ByteString.CopyFrom(commitment.Digest), Reference = commitment.Reference, Investors = commitment.Investors };

    // A period ends at 24:00 of its last day.
    private static Date LastDay(DateTimeOffset end) => ToDate(WorkCalendar.DayOf(end.AddTicks(-1)));

    private static Date ToDate(DateOnly day) => new() { Year = day.Year, Month = day.Month, Day = day.Day };
}
