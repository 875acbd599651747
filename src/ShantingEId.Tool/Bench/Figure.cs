using System.Globalization;

namespace ShantingEId.Tool.Bench;

/// <summary>Prints a figure with its goal on a line of its own, so that a script can check it.</summary>
internal static class Figure
{
    private static readonly List<object> Printed = [];

    /// <summary>Every figure printed so far.</summary>
    public static IReadOnlyList<object> All => Printed;

    /// <summary>A figure that should be at least its goal.</summary>
    public static void AtLeast(string name, double value, string unit, double goal) => Print(name, value, unit, ">=", goal);

    /// <summary>A figure that should be at most its goal.</summary>
    public static void AtMost(string name, double value, string unit, double goal) => Print(name, value, unit, "<=", goal);

    /// <summary>A figure that has no goal.</summary>
    public static void Show(string name, double value, string unit)
    {
        Printed.Add(new { name, value = Math.Round(value, 3), unit });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name} {value:0.###} {unit}"));
    }

    /// <summary>Middle value; the mean of the two middle ones for an even count.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Print(string name, double value, string unit, string relation, double goal)
    {
        Printed.Add(new { name, value = Math.Round(value, 3), unit, relation, goal });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name} {value:0.###} {unit} {relation} {goal:0.###}"));
    }
}
