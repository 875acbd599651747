using System.Globalization;
using ShantingEId.Calendar;

namespace ShantingEId.Tests.Calendar;

/// <summary>Working days and periods against the two notices and a wall calendar.</summary>
public sealed class WorkCalendarTests
{
    private static readonly WorkCalendar Days = WorkCalendar.Announced;

    [Theory]
    [InlineData("2025-01-01", false)] // 元旦, Wednesday
    [InlineData("2025-01-02", true)]
    [InlineData("2025-01-26", true)] // Sunday, worked for 春节
    [InlineData("2025-01-27", true)]
    [InlineData("2025-01-28", false)] // 除夕
    [InlineData("2025-02-04", false)]
    [InlineData("2025-02-05", true)]
    [InlineData("2025-02-08", true)] // Saturday, worked
    [InlineData("2025-02-09", false)]
    [InlineData("2025-04-27", true)]
    [InlineData("2025-05-05", false)]
    [InlineData("2025-06-02", false)]
    [InlineData("2025-09-28", true)]
    [InlineData("2025-10-08", false)]
    [InlineData("2025-10-09", true)]
    [InlineData("2025-10-11", true)]
    [InlineData("2026-01-02", false)] // Friday, off
    [InlineData("2026-01-04", true)] // Sunday, worked
    [InlineData("2026-02-14", true)]
    [InlineData("2026-02-15", false)]
    [InlineData("2026-02-23", false)]
    [InlineData("2026-02-24", true)]
    [InlineData("2026-02-28", true)]
    [InlineData("2026-05-09", true)]
    [InlineData("2026-09-20", true)]
    [InlineData("2026-09-25", false)]
    [InlineData("2026-10-07", false)]
    [InlineData("2026-10-10", true)]
    [InlineData("2026-10-11", false)]
    [InlineData("2026-07-15", true)]
    public void A_day_is_worked_or_not_as_announced(string day, bool worked) => Assert.Equal(worked, Days.IsWorkingDay(Day(day)));

    // 2025 has 248 working days and 2026 has 248: the plain week's, less holidays on weekdays, plus worked weekends.
    [Theory]
    [InlineData(2025, 261, 18, 5)]
    [InlineData(2026, 261, 19, 6)]
    public void A_year_has_its_number_of_working_days(int year, int weekdays, int holidaysOnWeekdays, int workedWeekends)
    {
        var days = Enumerable.Range(0, 365).Select(i => new DateOnly(year, 1, 1).AddDays(i)).ToList();
        bool Weekday(DateOnly day) => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
        Assert.Equal(weekdays, days.Count(Weekday));
        Assert.Equal(holidaysOnWeekdays, days.Count(day => Weekday(day) && !Days.IsWorkingDay(day)));
        Assert.Equal(workedWeekends, days.Count(day => !Weekday(day) && Days.IsWorkingDay(day)));
    }

    [Theory]
    [InlineData("2026-02-13", 0, "2026-02-13")]
    [InlineData("2026-02-15", 0, "2026-02-24")] // off: the next working day
    [InlineData("2026-02-13", 1, "2026-02-14")] // the worked Saturday counts
    [InlineData("2026-02-14", 1, "2026-02-24")]
    [InlineData("2026-02-13", 3, "2026-02-25")]
    [InlineData("2026-02-24", 5, "2026-03-02")] // 25 26 27 Sat 28 Mon 2
    [InlineData("2025-09-30", 1, "2025-10-09")]
    [InlineData("2025-09-30", 3, "2025-10-11")]
    [InlineData("2025-09-30", 4, "2025-10-13")]
    [InlineData("2026-07-10", 5, "2026-07-17")] // Friday to Friday
    [InlineData("2025-12-31", 1, "2026-01-04")]
    public void Working_days_are_counted_from_the_day_after(string from, int days, string last) =>
        Assert.Equal(Day(last), Days.AddWorkingDays(Day(from), days));

    [Theory]
    [InlineData("2026-03-02", 20, "2026-03-23")] // the 22nd is a Sunday
    [InlineData("2026-03-03", 20, "2026-03-23")] // a Monday
    [InlineData("2026-01-25", 20, "2026-02-14")] // a worked Saturday is no day off
    [InlineData("2026-01-26", 20, "2026-02-24")] // the whole of 春节 lies in between
    [InlineData("2025-09-11", 20, "2025-10-09")]
    [InlineData("2026-03-02", 0, "2026-03-02")]
    public void A_period_that_ends_on_a_day_off_ends_on_the_next_working_day(string from, int days, string last) =>
        Assert.Equal(Day(last), Days.AddDays(Day(from), days));

    [Fact]
    public void A_day_is_that_of_China()
    {
        var evening = new DateTimeOffset(2026, 3, 2, 15, 59, 59, TimeSpan.Zero);
        Assert.Equal(Day("2026-03-02"), WorkCalendar.DayOf(evening));
        Assert.Equal(Day("2026-03-03"), WorkCalendar.DayOf(evening.AddSeconds(1)));
        Assert.Equal(Day("2026-03-03"), WorkCalendar.DayOf(new DateTimeOffset(2026, 3, 2, 23, 0, 0, TimeSpan.FromHours(-5))));
        Assert.Equal(evening.AddSeconds(1), WorkCalendar.EndOf(Day("2026-03-02")));
        Assert.Equal(evening.AddSeconds(1), WorkCalendar.StartOf(Day("2026-03-03")));
    }

    [Fact]
    public void A_year_without_a_table_knows_weekends_only_and_says_so()
    {
        Assert.Equal([2025, 2026], Days.Notices.Keys.Order());
        Assert.True(Days.IsTabled(2026));
        Assert.False(Days.IsTabled(2027));
        Assert.True(Days.IsWorkingDay(Day("2027-10-01")));
        Assert.False(Days.IsWorkingDay(Day("2027-10-02")));
    }

    [Fact]
    public void A_file_replaces_the_tables()
    {
        var path = Path.Combine(Path.GetTempPath(), $"holidays-{Guid.NewGuid():N}.txt");
        try
        {
            File.WriteAllText(path, "# 样例\r\nyear 2027 样例通知\r\noff 2026-12-31 2027-01-03 元旦\r\nwork 2027-01-09 元旦\r\n");
            var days = WorkCalendar.Load(path);
            Assert.Equal((false, true, false), (days.IsTabled(2026), days.IsTabled(2027), days.IsWorkingDay(Day("2026-12-31"))));
            Assert.True(days.IsWorkingDay(Day("2027-01-09")));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("off 2026-01-01 2026-01-03 元旦", 1)] // no year yet
    [InlineData("year 2026 通知\noff 2026-01-03 2026-01-01 元旦", 2)]
    [InlineData("year 2026 通知\noff 2026-01-01 2026-02-01 元旦", 2)]
    [InlineData("year 2026 通知\noff 2027-01-01 2027-01-03 元旦", 2)]
    [InlineData("year 2026 通知\noff 2025-11-30 2025-11-30 元旦", 2)]
    [InlineData("year 2026 通知\noff 2026-02-30 2026-03-01 春节", 2)]
    [InlineData("year 2026 通知\nwork 2026-01-05 元旦", 2)] // a Monday
    [InlineData("year 2026 通知\noff 2026-01-01 2026-01-03 元旦\nwork 2026-01-03 元旦", 3)]
    [InlineData("year 2026 通知\nyear 2026 通知", 2)]
    [InlineData("year 2026", 1)]
    [InlineData("\nholiday 2026-01-01 元旦", 2)]
    public void A_slip_in_a_table_is_refused_with_its_line(string text, int line) =>
        Assert.StartsWith($"节假日表第 {line} 行：", Assert.Throws<FormatException>(() => WorkCalendar.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_negative_number_of_days_is_a_fault_of_the_caller()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Days.AddDays(Day("2026-03-02"), -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Days.AddWorkingDays(Day("2026-03-02"), -1));
    }

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
