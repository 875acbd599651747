using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary>The facts of an enterprise from options, from a file, or from a file with some facts replaced by options.</summary>
internal sealed class EnterpriseOptions
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false));

    private readonly Option<string?> file = new("--file") { Description = "从 JSON 文件读取各事项；同时给出的选项优先", HelpName = "FILE" };
    private readonly Option<string?> creditCode = new("--credit-code") { Description = "统一社会信用代码", HelpName = "CODE" };
    private readonly Option<string?> name = new("--name") { Description = "名称", HelpName = "TEXT" };
    private readonly Option<string?> kind = new("--kind") { Description = "主体种类：公司、个人独资企业、合伙企业、农民专业合作社、个体工商户、分支机构、非公司企业法人（默认按代码和名称推断）", HelpName = "KIND" };
    private readonly Option<string?> type = new("--type") { Description = "类型，如“有限责任公司(自然人独资)”", HelpName = "TEXT" };
    private readonly Option<string?> representative = new("--representative") { Description = "法定代表人（负责人、投资人、执行事务合伙人、经营者）", HelpName = "TEXT" };
    private readonly Option<string?> capital = new("--capital") { Description = "注册资本（出资额），如 '50(万元人民币)'", HelpName = "TEXT" };
    private readonly Option<string?> date = new("--date") { Description = "成立日期，如 2026-03-02", HelpName = "DATE" };
    private readonly Option<string?> address = new("--address") { Description = "住所（经营场所）", HelpName = "TEXT" };
    private readonly Option<string?> scope = new("--scope") { Description = "经营范围", HelpName = "TEXT" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[file, creditCode, name, kind, type, representative, capital, date, address, scope])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether any fact was given.</summary>
    public bool IsGiven(ParseResult parse) =>
        ((Option<string?>[])[file, creditCode, name, kind, type, representative, capital, date, address, scope]).Any(option => parse.GetValue(option) is not null);

    public Enterprise Read(ParseResult parse)
    {
        var path = parse.GetValue(file);
        if (path is null && parse.GetValue(creditCode) is null)
        {
            throw new UsageException("请用 --file 给出企业信息文件，或至少给出 --credit-code 和其他事项");
        }

        var enterprise = path is null ? new Enterprise() : FromJson(File.ReadAllText(path), path);
        enterprise.CreditCode = parse.GetValue(creditCode) ?? enterprise.CreditCode;
        enterprise.Name = parse.GetValue(name) ?? enterprise.Name;
        enterprise.Type = parse.GetValue(type) ?? enterprise.Type;
        enterprise.Representative = parse.GetValue(representative) ?? enterprise.Representative;
        enterprise.Capital = parse.GetValue(capital) ?? enterprise.Capital;
        enterprise.Address = parse.GetValue(address) ?? enterprise.Address;
        enterprise.BusinessScope = parse.GetValue(scope) ?? enterprise.BusinessScope;
        enterprise.EstablishDate = parse.GetValue(date) is { } day ? ParseDate(day) : enterprise.EstablishDate;
        enterprise.Kind = parse.GetValue(kind) is { } word ? ParseKind(word) : enterprise.Kind;
        if (enterprise.Kind == Enterprise.Types.Kind.Unspecified && CreditCode.TryParse(enterprise.CreditCode, out var code, out _))
        {
            enterprise.Kind = (Enterprise.Types.Kind)EnterpriseKinds.Infer(code, enterprise.Type, enterprise.Name);
        }

        return enterprise;
    }

    /// <summary>Year, month and day as they are written; whether such a day exists is for the service to say.</summary>
    public static Google.Type.Date ParseDate(string text) =>
        text.Split('-') is [{ Length: 4 } year, { Length: 2 } month, { Length: 2 } day] && int.TryParse(year, out var y) && int.TryParse(month, out var m) && int.TryParse(day, out var d)
            ? new Google.Type.Date { Year = y, Month = m, Day = d }
            : throw new UsageException($"日期应写成 2026-03-02 的形式，现为 {text}");

    private static Enterprise FromJson(string json, string path)
    {
        try
        {
            var tree = JsonNode.Parse(json) as JsonObject ?? throw new UsageException($"{path} 应是一个 JSON 对象");
            // The API spells a date as an object; people write "2026-03-02".
            foreach (var field in (string[])["establishDate", "establish_date"])
            {
                if (tree[field] is JsonValue value && value.TryGetValue<string>(out var text))
                {
                    var day = ParseDate(text);
                    tree[field] = new JsonObject { ["year"] = day.Year, ["month"] = day.Month, ["day"] = day.Day };
                }
            }

            return Parser.Parse<Enterprise>(tree.ToJsonString());
        }
        catch (Exception error) when (error is JsonException or InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new UsageException($"{path} 不是企业信息的 JSON：{error.Message}");
        }
    }

    private static Enterprise.Types.Kind ParseKind(string word)
    {
        foreach (var candidate in Enum.GetValues<EnterpriseKind>())
        {
            if (candidate != EnterpriseKind.Unspecified && (Views.Words.Of(candidate) == word || string.Equals(candidate.ToString(), word.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)))
            {
                return (Enterprise.Types.Kind)candidate;
            }
        }

        throw new UsageException($"--kind 应为七种主体之一，现为 {word}");
    }
}
