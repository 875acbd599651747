using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Incidents;

/// <summary><c>eid incident prepare</c>.</summary>
internal static class PrepareIncident
{
    // A search may read the whole register.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly Dictionary<string, Incident.Types.Act> Acts = new() { ["revoke"] = Incident.Types.Act.Revoke, ["reissue"] = Incident.Types.Act.Reissue };

    public static EidCommand Create()
    {
        var act = new Argument<string>("ACT") { Description = "revoke（吊销）或 reissue（换发执照和四枚印章，登记事项不变）" };
        var from = Text("--signed-from", "签发不早于，带时区，如 2026-03-02T09:00:00+08:00", "TIME");
        var before = Text("--signed-before", "签发早于", "TIME");
        var key = Text("--key", "清单的签名密钥，16 位十六进制（eid inspect 所示）", "HEX");
        var issuer = Text("--seal-issuer", "有印章的证书由此签发者签发（通用名称全文）", "TEXT");
        var division = Text("--division", "区划，2 至 6 位数字", "DIGITS");
        var kind = Text("--kind", "主体种类：" + string.Join("、", Kinds().Select(Words.Of)), "TEXT");
        var file = Text("--sets", "文件，每行一个证照标识（不与其他条件同用）", "FILE");
        var reason = new Option<string>("--reason") { Description = "法定理由，2 至 200 字；核验时会显示", HelpName = "TEXT", Required = true };
        var authority = new Option<string>("--authority") { Description = "作出决定的机关，2 至 60 字", HelpName = "TEXT", Required = true };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "试运行：只看涉及多少、哪些，不写入任何内容" };
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
        var command = new EidCommand("prepare", "查找执照并冻结清单；批准之前什么也不办。")
        {
            Examples =
            [
                "eid incident prepare reissue --key 5c1d0f7e9a2b3c4d --reason 签名密钥停用 --authority 枣庄市山亭区行政审批服务局 --dry-run",
                "eid incident prepare revoke --signed-from 2026-03-02T09:00:00+08:00 --signed-before 2026-03-02T10:00:00+08:00 --reason 提交虚假材料取得登记 --authority 枣庄市山亭区市场监督管理局",
            ],
            Notes = ["各项条件须同时满足；只找目前可以这样办理的执照。冻结之后签发的不在清单之内，届时状态已变的略过并记明原因。"],
            Arguments = { act },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[from, before, key, issuer, division, kind, file, reason, authority, dryRun, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new PrepareIncidentRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Reason = parse.GetRequiredValue(reason), Authority = parse.GetRequiredValue(authority), ValidateOnly = parse.GetValue(dryRun),
                Act = Acts.TryGetValue(parse.GetRequiredValue(act), out var found) ? found : throw new UsageException("ACT 应为 revoke 或 reissue"),
                Query = new IncidentQuery
                {
                    SignedFrom = ActOptions.ParseTime(parse.GetValue(from), "--signed-from"), SignedBefore = ActOptions.ParseTime(parse.GetValue(before), "--signed-before"),
                    ManifestKey = parse.GetValue(key) ?? "", SealIssuer = parse.GetValue(issuer) ?? "", Division = parse.GetValue(division) ?? "", Kind = Kind(parse.GetValue(kind)),
                },
            };
            if (parse.GetValue(file) is { } path)
            {
                request.Query.IssuedSets.AddRange((await File.ReadAllLinesAsync(path, cancel)).Select(line => line.Trim()).Where(line => line.Length > 0)
                    .Select(line => line.StartsWith("issuedSets/", StringComparison.Ordinal) ? line : RegisterName.Of(LicenseId.Parse(line))));
            }

            using var connection = service.Open(parse);
            return IncidentCommand.Done(screen, await ActOptions.SendAsync(screen, request.RequestId, connection.Incidents.PrepareIncidentAsync(request, Connection.Within(Patience, cancel))));
        });
        return command;
    }

    private static IEnumerable<EnterpriseKind> Kinds() => Enum.GetValues<EnterpriseKind>().Where(kind => kind != EnterpriseKind.Unspecified);

    private static Enterprise.Types.Kind Kind(string? text) => text is null ? Enterprise.Types.Kind.Unspecified
        : Kinds().Where(kind => Words.Of(kind) == text).Select(kind => (Enterprise.Types.Kind)kind).FirstOrDefault() is var found and not Enterprise.Types.Kind.Unspecified
            ? found : throw new UsageException($"--kind 不认识“{text}”");

    private static Option<string?> Text(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };
}
