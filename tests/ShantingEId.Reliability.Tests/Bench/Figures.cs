using System.Globalization;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Measured figures, one line each in a form that a script can read; EID_FIGURES names a file that also receives them.</summary>
public static class Figures
{
    private static readonly string? FileName = Environment.GetEnvironmentVariable("EID_FIGURES");

    /// <summary>Prints <c>figure name value unit relation target</c>.</summary>
    public static void Print(string name, double value, string unit, string target)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"figure {name} {value:0.###} {unit} {target}");
        Console.Out.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (FileName is { Length: > 0 })
        {
            File.AppendAllText(FileName, line + "\n");
        }
    }

    /// <summary>A count from the environment.</summary>
    public static int Count(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var count) ? count : otherwise;
}
