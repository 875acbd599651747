using System.Globalization;
using ShantingEId.Calendar;
using ShantingEId.Issuing;

namespace ShantingEId.Deregistering;

/// <summary>Refusals of simple deregistration.</summary>
public static class DeregistrationErrors
{
    /// <summary>No such proceeding, or none that the caller may know of.</summary>
    public static EidException NotFound() => new(ErrorReason.DeregistrationNotFound, "没有这件简易注销");

    /// <summary>Impediments, all at once.</summary>
    public static EidException Barred(IReadOnlyCollection<Impediment> impediments) => new(
        ErrorReason.DeregistrationBarred, $"不适用简易注销：{string.Join("；", impediments.Select(each => each.ChineseName()))}。排除后可重新申请，或按普通程序注销")
    {
        Metadata = new Dictionary<string, string> { ["impediments"] = string.Join(',', impediments.Select(WireNames<Impediment>.Of)) },
    };

    /// <summary>The company has one under way.</summary>
    public static EidException Open(string number) => new(ErrorReason.DeregistrationOpen, "该企业已有一件简易注销正在办理")
    {
        Metadata = new Dictionary<string, string> { ["deregistration"] = DeregistrationName.Of(number) },
    };

    /// <summary>The act is not possible in this state.</summary>
    public static EidException NotAllowed(DeregistrationState state) => new(ErrorReason.DeregistrationNotAllowed, $"这件简易注销目前“{state.ChineseName()}”，不能办理此事项")
    {
        Metadata = new Dictionary<string, string> { ["state"] = WireNames<DeregistrationState>.Of(state) },
    };

    /// <summary>Too early to confirm.</summary>
    public static EidException NotOver(SimpleDeregistration one) => new(
        ErrorReason.PublicationNotOver, $"{(one.IsPublished ? "公示期" : "征询期")}至 {LastDay(one.PeriodEnd)} 为止，期满之后才能注销")
    {
        Metadata = new Dictionary<string, string> { ["last_day"] = LastDay(one.PeriodEnd) },
    };

    /// <summary>Too late to object.</summary>
    public static EidException PeriodOver(SimpleDeregistration one) => new(
        ErrorReason.ObjectionPeriodOver, $"{(one.IsPublished ? "公示期" : "征询期")}已于 {LastDay(one.PeriodEnd)} 届满；仍有异议的，请立即书面告知登记机关")
    {
        Metadata = new Dictionary<string, string> { ["last_day"] = LastDay(one.PeriodEnd) },
    };

    /// <summary>The same objection stands already.</summary>
    public static EidException ObjectionExists(int number) => new(ErrorReason.ObjectionExists, "同一异议人已就同一事由提出异议，且尚未撤回")
    {
        Metadata = new Dictionary<string, string> { ["objection"] = number.ToString(CultureInfo.InvariantCulture) },
    };

    /// <summary>No such objection of this caller.</summary>
    public static EidException ObjectionNotFound() => new(ErrorReason.ObjectionNotFound, "没有这项异议，或不是贵单位提出的");

    /// <summary>It was withdrawn before.</summary>
    public static EidException ObjectionWithdrawn() => new(ErrorReason.ObjectionWithdrawn, "这项异议已经撤回");

    // The last day of a period is the one that its end, 24:00, closes.
    private static string LastDay(DateTimeOffset end) => WorkCalendar.DayOf(end.AddTicks(-1)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>Resource names of proceedings and objections.</summary>
public static class DeregistrationName
{
    private const string Collection = "deregistrations/";
    private const string Objections = "/objections/";

    /// <summary>Name of a proceeding.</summary>
    public static string Of(string number) => Collection + number;

    /// <summary>Name of an objection.</summary>
    public static string Of(string number, int objection) => string.Create(CultureInfo.InvariantCulture, $"{Collection}{number}{Objections}{objection}");

    /// <summary>The number of a new proceeding: the year it began and a running number.</summary>
    public static string Number(DateOnly day, long running) => string.Create(CultureInfo.InvariantCulture, $"JZ{day.Year:D4}{running:D8}");

    /// <summary>The number in <c>deregistrations/{number}</c>; what cannot be one is not found.</summary>
    public static string Parse(string? name) =>
        name is not null && name.StartsWith(Collection, StringComparison.Ordinal) && IsNumber(name[Collection.Length..]) ? name[Collection.Length..] : throw DeregistrationErrors.NotFound();

    /// <summary>The numbers in <c>deregistrations/{number}/objections/{objection}</c>.</summary>
    public static (string Number, int Objection) ParseObjection(string? name)
    {
        var at = name?.IndexOf(Objections, StringComparison.Ordinal) ?? -1;
        return at > 0 && int.TryParse(name.AsSpan(at + Objections.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var objection)
            ? (Parse(name![..at]), objection) : throw DeregistrationErrors.ObjectionNotFound();
    }

    /// <summary>Whether a text has the form of a number.</summary>
    public static bool IsNumber(string text) => text.Length is >= 14 and <= 24 && text.StartsWith("JZ", StringComparison.Ordinal) && text.AsSpan(2).IndexOfAnyExceptInRange('0', '9') < 0;
}
