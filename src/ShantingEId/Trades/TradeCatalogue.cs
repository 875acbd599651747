using System.Text;

namespace ShantingEId.Trades;

/// <summary>A permit 许可 (or the record 备案 that stands in its place) a trade needs.</summary>
/// <param name="Code">Short name, e.g. <c>FOOD_BUSINESS</c>.</param>
/// <param name="Name">Chinese name as in the lists of permits.</param>
/// <param name="Department">主管部门: supervises, and suspends.</param>
/// <param name="Basis">The law it rests on.</param>
/// <param name="TermYears">For how many years it is granted; null where the national rules set none.</param>
/// <param name="OnCommitment">Whether it may be granted on 告知承诺, and is then followed up.</param>
public sealed record PermitKind(string Code, string Name, string Department, string Basis, int? TermYears, bool OnCommitment);

/// <summary>Where the name of a trade comes from.</summary>
public enum TradeSource
{
    /// <summary>Put together from what the law demands of the trade; to be confirmed.</summary>
    Draft,

    /// <summary>山东省试点行业 (鲁政办字〔2020〕58号).</summary>
    Shandong,

    /// <summary>Another place's catalogue.</summary>
    Elsewhere,
}

/// <summary>A trade 行业 whose permits stand on one 行业综合许可证.</summary>
/// <param name="Code">Short name, e.g. <c>PHARMACY</c>.</param>
/// <param name="Name">Chinese name.</param>
/// <param name="Source">Where the name comes from.</param>
/// <param name="Permits">What it combines, the one that makes the trade first.</param>
public sealed record Trade(string Code, string Name, TradeSource Source, IReadOnlyList<PermitKind> Permits)
{
    /// <summary>Permits in the order in which the trade names their kinds.</summary>
    public IReadOnlyList<Permit> InOrder(IEnumerable<Permit> permits)
    {
        var order = Permits.Select(kind => kind.Code).ToList();
        return [.. permits.OrderBy(permit => order.IndexOf(permit.Code))];
    }
}

/// <summary>一业一证: trades and the permits each combines, as data.</summary>
public sealed class TradeCatalogue
{
    private readonly Dictionary<string, Trade> byCode;
    private readonly Dictionary<string, PermitKind> permits;

    internal TradeCatalogue(IReadOnlyList<PermitKind> permits, IReadOnlyList<Trade> trades)
    {
        (Permits, Trades) = (permits, trades);
        this.permits = permits.ToDictionary(each => each.Code);
        byCode = trades.ToDictionary(each => each.Code);
    }

    /// <summary>The catalogue this release brings along.</summary>
    public static TradeCatalogue BuiltIn { get; } = Parse(ReadEmbedded());

    /// <summary>Every permit.</summary>
    public IReadOnlyList<PermitKind> Permits { get; }

    /// <summary>Every trade.</summary>
    public IReadOnlyList<Trade> Trades { get; }

    /// <summary>Reads a file in the form of <c>trades.txt</c>.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static TradeCatalogue Load(string path) => Parse(File.ReadAllText(path, Encoding.UTF8));

    /// <summary>Reads a catalogue in the form of <c>trades.txt</c>.</summary>
    /// <exception cref="FormatException">A line cannot be right; the message names it.</exception>
    public static TradeCatalogue Parse(string text) => TradeFile.Parse(text);

    /// <summary>The trade of a code; null when there is none.</summary>
    public Trade? FindTrade(string code) => byCode.GetValueOrDefault(code);

    /// <summary>The permit of a code; null when there is none.</summary>
    public PermitKind? FindPermit(string code) => permits.GetValueOrDefault(code);

    private static string ReadEmbedded()
    {
        using var stream = typeof(TradeCatalogue).Assembly.GetManifestResourceStream("trades.txt") ?? throw new InvalidOperationException("trades.txt is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
