using System.Text;
using ShantingEId.Seals;

namespace ShantingEId.Stamping;

/// <summary>用途: for what a seal is used.</summary>
/// <param name="Code">Short name, e.g. <c>CONTRACT</c>.</param>
/// <param name="Name">Chinese name.</param>
/// <param name="Seals">Kinds of seals that may stand on it.</param>
public sealed record SealPurpose(string Code, string Name, IReadOnlyList<SealKind> Seals);

/// <summary>The uses of seals and which seals each allows, as data.</summary>
public sealed class SealUseTable
{
    private readonly Dictionary<string, SealPurpose> byCode;

    private SealUseTable(IReadOnlyList<SealPurpose> uses)
    {
        Uses = uses;
        byCode = uses.ToDictionary(use => use.Code);
    }

    /// <summary>The table this release brings along.</summary>
    public static SealUseTable BuiltIn { get; } = Parse(ReadEmbedded());

    /// <summary>Every use, in the order of the table.</summary>
    public IReadOnlyList<SealPurpose> Uses { get; }

    /// <summary>Reads a file in the form of <c>seal-uses.txt</c>.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static SealUseTable Load(string path) => Parse(File.ReadAllText(path, Encoding.UTF8));

    /// <summary>Reads a table in the form of <c>seal-uses.txt</c>.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static SealUseTable Parse(string text)
    {
        var uses = new List<SealPurpose>();
        foreach (var (i, line) in text.Split('\n').Index())
        {
            var row = line.Trim();
            if (row.Length == 0 || row[0] == '#')
            {
                continue;
            }

            var use = Row(row) ?? throw new FormatException($"用印用途第 {i + 1} 行：应为 use 代码 | 名称 | 印章");
            if (uses.Exists(each => each.Code == use.Code || each.Name == use.Name))
            {
                throw new FormatException($"用印用途第 {i + 1} 行：用途重复");
            }

            uses.Add(use);
        }

        return uses.Count > 0 ? new SealUseTable(uses) : throw new FormatException("用印用途：一行也没有");
    }

    /// <summary>The use of a code.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealUseUnknown"/>.</exception>
    public SealPurpose Require(string code, string field) => byCode.GetValueOrDefault(code)
        ?? throw EidException.OfField(ErrorReason.SealUseUnknown, field, $"没有这种用途；可用：{string.Join("、", Uses.Select(use => $"{use.Code} {use.Name}"))}");

    private static SealPurpose? Row(string row)
    {
        var fields = row.StartsWith("use ", StringComparison.Ordinal) ? row[4..].Split('|', StringSplitOptions.TrimEntries) : [];
        if (fields is not [{ Length: >= 2 and <= 32 } code, { Length: >= 1 and <= 40 } name, { Length: > 0 } seals] || !code.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_'))
        {
            return null;
        }

        var kinds = seals.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(seal => SealKinds.All.FirstOrDefault(kind => WireNames<SealKind>.Of(kind) == seal)).ToArray();
        return kinds.Contains(SealKind.Unspecified) || kinds.Distinct().Count() != kinds.Length ? null : new SealPurpose(code, name, kinds);
    }

    private static string ReadEmbedded()
    {
        using var stream = typeof(SealUseTable).Assembly.GetManifestResourceStream("seal-uses.txt") ?? throw new InvalidOperationException("seal-uses.txt is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
