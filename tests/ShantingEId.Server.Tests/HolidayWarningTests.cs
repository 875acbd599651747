using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Calendar;

namespace ShantingEId.Server.Tests;

/// <summary>The holidays of a year are announced in the November before; a server that was not told says so before deadlines are wrong.</summary>
public sealed class HolidayWarningTests
{
    [Fact]
    public void A_year_without_its_holidays_is_told_of_once_when_deadlines_reach_it()
    {
        var days = WorkCalendar.Parse("year 2026 样例通知\noff 2026-10-01 2026-10-07 国庆节\n");
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 10, 22, 15, 59, 59, TimeSpan.Zero)); // 70 days later it is 31 December in China, for a second more
        using var log = new LogRecorder();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        using var due = new DueDeregistrations(null!, null!, days, new RegisterClock(time), factory.CreateLogger<DueDeregistrations>());

        due.CheckCalendar();
        Assert.Empty(log.Lines);

        time.Advance(TimeSpan.FromSeconds(1));
        due.CheckCalendar();
        due.CheckCalendar();
        var line = Assert.Single(log.Lines);
        Assert.Equal(("HolidaysUnknown", LogLevel.Warning), (line.EventName, line.Level));
        Assert.Contains("2027", line.Text, StringComparison.Ordinal);
    }
}
