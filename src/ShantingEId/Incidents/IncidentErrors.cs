using System.Globalization;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Incidents;

/// <summary>Refusals.</summary>
public static class IncidentErrors
{
    /// <summary>No such incident.</summary>
    public static EidException NotFound() => new(ErrorReason.IncidentNotFound, "没有这次批量处置");

    /// <summary>The search found nothing.</summary>
    public static EidException Empty() => new(ErrorReason.IncidentEmpty, "没有符合条件、可以这样办理的执照");

    /// <summary>Who prepared it may not approve it.</summary>
    public static EidException SamePerson() => new(ErrorReason.SecondPersonRequired, "准备的人不能自己批准；须由另一登记人员批准");

    /// <summary>What is approved is not what was frozen.</summary>
    public static EidException Differs() => new(ErrorReason.IncidentDiffers, "所批准的摘要或套数与冻结的清单不符；请重新核对清单后再批准");

    /// <summary>Not in this state.</summary>
    public static EidException NotAllowed(IncidentState state) => new(ErrorReason.IncidentNotAllowed, $"这次批量处置目前“{Name(state)}”，不能这样办理")
    {
        Metadata = new Dictionary<string, string> { ["state"] = WireNames<IncidentState>.Of(state) },
    };

    /// <summary>Somebody else acted meanwhile.</summary>
    public static EidException Changed() => new(ErrorReason.VersionConflict, "这次批量处置在此期间已有变化，未写入任何内容；请重新查看后再办");

    private static string Name(IncidentState state) => state switch
    {
        IncidentState.Prepared => "待批准",
        IncidentState.Running => "正在执行",
        IncidentState.Paused => "已暂停",
        IncidentState.Completed => "已完成",
        IncidentState.Stopped => "已终止",
        _ => "状态不明",
    };
}

/// <summary>Resource names and numbers of incidents, and the request id of each of their acts.</summary>
public static class IncidentName
{
    private const string Collection = "incidents/";

    /// <summary>Name of an incident.</summary>
    public static string Of(string number) => Collection + number;

    /// <summary>The number of a new one: the year and a running number.</summary>
    public static string Number(DateOnly day, long running) => string.Create(CultureInfo.InvariantCulture, $"PL{day.Year:D4}{running:D8}");

    /// <summary>The number in <c>incidents/{number}</c>; what cannot be one is not found.</summary>
    public static string Parse(string? name) =>
        name is not null && name.StartsWith(Collection, StringComparison.Ordinal) && IsNumber(name[Collection.Length..]) ? name[Collection.Length..] : throw IncidentErrors.NotFound();

    /// <summary>Whether a text has the form of a number.</summary>
    public static bool IsNumber(string text) => text.Length is >= 14 and <= 24 && text.StartsWith("PL", StringComparison.Ordinal) && text.AsSpan(2).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>The request id under which the act is done to one set: the same whoever does it and however often, so it is done once.</summary>
    public static RequestId RequestOf(string number, LicenseId license) =>
        RequestId.Parse(string.Create(CultureInfo.InvariantCulture, $"{number}-{license.Serial}-{license.Version:D3}"));
}

/// <summary>The frozen list.</summary>
public static class IncidentList
{
    /// <summary>Most sets of one incident.</summary>
    public const int Most = 500_000;

    /// <summary>What a second person approves: SM3 over act, reason, deciding authority and every licence in order.</summary>
    public static byte[] Digest(IncidentAct act, string reason, string decidedBy, IEnumerable<LicenseId> licences) =>
        // U+001F and line ends cannot occur in checked text.
        Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', "Incident", (int)act, reason, decidedBy, string.Join('\n', licences))));
}
