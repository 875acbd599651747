using ShantingEId.Server.Callers;

namespace ShantingEId.Tool.Views;

/// <summary>
/// Titles of callers and purposes, where the callers file is at hand. What a receipt proves is the short name; so that stays
/// beside the title, and says what it is where there is no title.
/// </summary>
internal sealed class Titles(CallerDirectory? callers)
{
    /// <summary>No file is at hand.</summary>
    public static Titles None { get; } = new(null);

    /// <summary>Whether titles are known at all.</summary>
    public bool AreKnown => callers is not null;

    public static Titles Load(string path) => new(CallerDirectory.Load(path));

    public string OfCaller(string name) => Titled(callers?.TitleOf(name), name, "单位代号");

    public string OfPurpose(string name) => Titled(callers?.TitleOfPurpose(name), name, "事由代号");

    private static string Titled(string? title, string name, string label) => name.Length == 0 ? "" : $"{(title is { Length: > 0 } ? title : label)}（{name}）";
}
