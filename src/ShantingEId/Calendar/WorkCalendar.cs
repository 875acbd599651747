using System.Text;

namespace ShantingEId.Calendar;

/// <summary>
/// Days in China's one civil time (UTC+8, no daylight saving): which are worked, and when a legal period ends. 民法典 201: the day
/// of the event is not counted, the period begins on the next; 203: a period whose last day is a day off ends on the next day
/// that is none, at 24:00; 204: unless a law or the parties say otherwise.
/// </summary>
public sealed class WorkCalendar
{
    internal static readonly TimeSpan ChinaOffset = TimeSpan.FromHours(8);

    // Only days that differ from the plain week: true is a worked Saturday or Sunday, false a day off.
    private readonly IReadOnlyDictionary<DateOnly, bool> exceptions;
    private readonly IReadOnlyDictionary<int, string> notices;

    private WorkCalendar(IReadOnlyDictionary<DateOnly, bool> exceptions, IReadOnlyDictionary<int, string> notices)
    {
        this.exceptions = exceptions;
        this.notices = notices;
    }

    /// <summary>The tables this release brings along.</summary>
    public static WorkCalendar Announced { get; } = Parse(ReadEmbedded());

    /// <summary>The years with a table, and the notice each was taken from.</summary>
    public IReadOnlyDictionary<int, string> Notices => notices;

    /// <summary>Reads a file in the form of <c>holidays.txt</c>; it replaces the announced tables as a whole.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static WorkCalendar Load(string path) => Parse(File.ReadAllText(path, Encoding.UTF8));

    /// <summary>Reads tables in the form of <c>holidays.txt</c>.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static WorkCalendar Parse(string text)
    {
        var (exceptions, notices) = HolidayTable.Parse(text);
        return new WorkCalendar(exceptions, notices);
    }

    /// <summary>The day an instant falls on.</summary>
    public static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.ToOffset(ChinaOffset).DateTime);

    /// <summary>0:00 of a day.</summary>
    public static DateTimeOffset StartOf(DateOnly day) => new(day, TimeOnly.MinValue, ChinaOffset);

    /// <summary>24:00 of a day, the first instant that no longer belongs to it: a period is over once this is reached.</summary>
    public static DateTimeOffset EndOf(DateOnly day) => StartOf(day.AddDays(1));

    /// <summary>Whether the holidays of a year are known; in other years only Saturdays and Sundays count as days off.</summary>
    public bool IsTabled(int year) => notices.ContainsKey(year);

    /// <summary>Whether this is a working day 工作日.</summary>
    public bool IsWorkingDay(DateOnly day) =>
        exceptions.TryGetValue(day, out var worked) ? worked : day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);

    /// <summary>The day itself if it is worked, else the next that is.</summary>
    public DateOnly WorkingDayFrom(DateOnly day)
    {
        while (!IsWorkingDay(day))
        {
            day = day.AddDays(1);
        }

        return day;
    }

    /// <summary>Last day of a period in working days.</summary>
    /// <param name="from">Day of the event, which is not counted.</param>
    /// <param name="days">Number of working days; 0 is the day itself, or the next working day.</param>
    public DateOnly AddWorkingDays(DateOnly from, int days)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(days);
        if (days == 0)
        {
            return WorkingDayFrom(from);
        }

        var day = from;
        for (var i = 0; i < days; i++)
        {
            day = WorkingDayFrom(day.AddDays(1));
        }

        return day;
    }

    /// <summary>Last day of a period in calendar days; moved on to a working day when it falls on a day off.</summary>
    /// <param name="from">Day of the event, which is not counted.</param>
    /// <param name="days">Number of days.</param>
    public DateOnly AddDays(DateOnly from, int days)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(days);
        return WorkingDayFrom(from.AddDays(days));
    }

    private static string ReadEmbedded()
    {
        using var stream = typeof(WorkCalendar).Assembly.GetManifestResourceStream("holidays.txt")
            ?? throw new InvalidOperationException("holidays.txt is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
