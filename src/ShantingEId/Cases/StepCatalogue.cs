using System.Text.Json;

namespace ShantingEId.Cases;

/// <summary>What is settled beforehand about a kind of step.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Title">Chinese title.</param>
/// <param name="Department">Short name of the caller that holds it; empty for the licence.</param>
/// <param name="Purpose">Purpose under which the department sees the company; empty for the licence.</param>
/// <param name="WorkingDays">Working days to the deadline.</param>
/// <param name="After">What it waits for, where the case has it too.</param>
public sealed record StepPlan(StepKind Kind, string Title, string Department, string Purpose, int WorkingDays, IReadOnlyList<StepKind> After);

/// <summary>Which steps a case can have here: who holds them, how long they may take, what they wait for. Data, see <c>steps.json</c>.</summary>
public sealed class StepCatalogue
{
    private const int MostDays = 90;
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, ReadCommentHandling = JsonCommentHandling.Skip, RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    private readonly Dictionary<StepKind, StepPlan> plans;

    private StepCatalogue(Dictionary<StepKind, StepPlan> plans) => this.plans = plans;

    private sealed record Line(string Kind, string Title, string Department, string Purpose, int WorkingDays, string[] After);

    /// <summary>What this release brings along.</summary>
    public static StepCatalogue BuiltIn { get; } = Parse(ReadEmbedded());

    /// <summary>The steps that can be asked for, in order.</summary>
    public IReadOnlyList<StepPlan> Plans => [.. plans.Values.OrderBy(plan => plan.Kind)];

    /// <summary>The plan of a kind; null when it is not offered.</summary>
    public StepPlan? Find(StepKind kind) => plans.GetValueOrDefault(kind);

    /// <summary>Title of a kind, also of one that is no longer offered.</summary>
    public string TitleOf(StepKind kind) => Find(kind)?.Title ?? kind.WireName();

    /// <summary>Who holds a kind; empty for the licence and for what nobody holds.</summary>
    public string DepartmentOf(StepKind kind) => Find(kind)?.Department ?? "";

    /// <summary>The same without the steps that cannot be held here.</summary>
    public StepCatalogue Without(Func<StepPlan, bool> cannot) =>
        new(plans.Values.Where(plan => plan.Kind == StepKind.License || !cannot(plan)).ToDictionary(plan => plan.Kind));

    /// <summary>Reads a catalogue; refused as a whole when anything in it does not make sense.</summary>
    /// <exception cref="FormatException">It does not; the text says why.</exception>
    public static StepCatalogue Parse(string json)
    {
        Line[] lines;
        try
        {
            lines = JsonSerializer.Deserialize<Line[]>(json, Json) ?? [];
        }
        catch (JsonException error)
        {
            throw new FormatException(error.Message, error);
        }

        var plans = new Dictionary<StepKind, StepPlan>();
        foreach (var line in lines)
        {
            var kind = KindOf(line.Kind);
            var own = kind == StepKind.License;
            Require(plans.TryAdd(kind, new StepPlan(kind, line.Title, line.Department, line.Purpose, line.WorkingDays, [.. line.After.Select(KindOf)])), $"{line.Kind} 出现两次");
            Require(line.Title.Length is >= 2 and <= 30, $"{line.Kind} 的 title 应为 2 至 30 个字符");
            Require(line.WorkingDays is >= 1 and <= MostDays, $"{line.Kind} 的 working_days 应为 1 至 {MostDays}");
            Require(own == (line.Department.Length == 0) && own == (line.Purpose.Length == 0), own ? "LICENSE 由登记机关办理，不写 department 和 purpose" : $"{line.Kind} 应写明 department 和 purpose");
            Require(own ? line.After.Length == 0 : line.After.Contains("LICENSE"), own ? "LICENSE 不等待其他事项" : $"{line.Kind} 的 after 应含 LICENSE");
        }

        Require(plans.ContainsKey(StepKind.License), "缺少 LICENSE");
        foreach (var plan in plans.Values)
        {
            Require(plan.After.All(plans.ContainsKey), $"{plan.Kind.WireName()} 等待的事项不在清单中");
            Require(!Leads(plan.Kind, plan.Kind), $"{plan.Kind.WireName()} 等待它自己");
        }

        return new StepCatalogue(plans);

        bool Leads(StepKind from, StepKind to, int depth = 0) => depth <= plans.Count && plans[from].After.Any(next => next == to || Leads(next, to, depth + 1));
        StepKind KindOf(string name) => StepKinds.TryParse(name, out var kind) ? kind : throw new FormatException($"不认识事项 {name}");
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new FormatException(problem);
        }
    }

    private static string ReadEmbedded()
    {
        using var reader = new StreamReader(typeof(StepCatalogue).Assembly.GetManifestResourceStream("ShantingEId.Cases.steps.json")!);
        return reader.ReadToEnd();
    }
}
