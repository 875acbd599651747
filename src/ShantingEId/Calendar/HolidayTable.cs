using System.Globalization;

namespace ShantingEId.Calendar;

/// <summary>Reads <c>holidays.txt</c>. A slip here would move deadlines unseen, so whatever cannot be right is refused.</summary>
internal static class HolidayTable
{
    // The longest holiday so far had nine days; a wrong month would make a longer one.
    private const int LongestHoliday = 15;

    public static (Dictionary<DateOnly, bool> Exceptions, Dictionary<int, string> Notices) Parse(string text)
    {
        var exceptions = new Dictionary<DateOnly, bool>();
        var notices = new Dictionary<int, string>();
        int? year = null;
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0][0] == '#')
            {
                continue;
            }

            switch (words)
            {
                case ["year", var digits, var notice]
                    when int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 2000 and < 2200 && notices.TryAdd(value, notice):
                    year = value;
                    break;
                case ["off", var first, var last, _] when year is { } table && Day(first, table) is { } from && Day(last, table) is { } to
                    && from <= to && to.DayNumber - from.DayNumber < LongestHoliday:
                    for (var day = from; day <= to; day = day.AddDays(1))
                    {
                        Add(day, worked: false);
                    }

                    break;
                case ["work", var word, _] when year is { } table && Day(word, table) is { DayOfWeek: DayOfWeek.Saturday or DayOfWeek.Sunday } day:
                    Add(day, worked: true);
                    break;
                default:
                    throw Wrong("不是 year、off 或 work 行，或日期不合理（年份重复、不在该年、顺序颠倒、过长，或调休上班日不是周六、周日）");
            }
        }

        return (exceptions, notices);

        void Add(DateOnly day, bool worked)
        {
            if (!exceptions.TryAdd(day, worked))
            {
                throw Wrong($"{day:yyyy-MM-dd} 出现了两次");
            }
        }

        FormatException Wrong(string problem) => new($"节假日表第 {number} 行：{problem}");
    }

    // The notice for a year may name days of the December before (New Year's holiday), no others.
    private static DateOnly? Day(string word, int year) =>
        DateOnly.TryParseExact(word, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && (day.Year == year || (day.Year == year - 1 && day.Month == 12)) ? day : null;
}
