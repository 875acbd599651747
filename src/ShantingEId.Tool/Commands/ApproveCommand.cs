using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using ShantingEId.Server.Approvals;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid approve</c>.</summary>
internal static class ApproveCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("FILE") { Description = "待批准的方案；不给则批准 --certs 目录中将要启用的密钥、调用方名册、规则和互认名单", Arity = ArgumentArity.ZeroOrOne };
        var certificates = new Option<string>("--certs") { Description = $"证书目录，含批准人的 名称.crt、名称.key（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var caller = new Option<string>("--as") { Description = "以哪个登记人员的名义批准", HelpName = "NAME", Required = true };
        var holidays = new Option<string?>("--holidays") { Description = "与 serve 相同", HelpName = "FILE" };
        var trades = new Option<string?>("--trades") { Description = "与 serve 相同", HelpName = "FILE" };
        var uses = new Option<string?>("--seal-uses") { Description = "与 serve 相同", HelpName = "FILE" };
        var trustList = new Option<string?>("--trust-list") { Description = "与 serve 相同；也可以是将要换上的一份", HelpName = "FILE" };
        var neighbours = new Option<string?>("--neighbours") { Description = "与 serve 相同；也可以是将要换上的一份", HelpName = "FILE" };
        var workingDays = new Option<bool>("--publication-working-days") { Description = "与 serve 相同" };
        var keys = new Option<string?>("--keys") { Description = "批准人的证书和私钥所在目录（默认与 --certs 相同）", HelpName = "DIR" };
        var command = new EidCommand("approve", "批准一项须两人共同决定的事：从备份恢复登记簿，或在正式环境启用新的密钥、调用方名册、规则和互认名单。")
        {
            Examples = ["eid approve recovery-plan.json --as supervisor", "eid approve --certs /srv/eid/certs --keys /media/supervisor --as supervisor", "eid approve --certs /srv/eid/certs --as staff --trust-list next-trust-list.cbor"],
            Notes = ["批准人应先核对所列内容。同一内容须由两名有权准备或批准批量处置的登记人员各批准一次；内容改动后，已有的批准即告失效。服务运行时更换互认名单也是如此：先批准后更换，或先更换后批准；两人批准之前沿用原来的名单。"],
            Arguments = { file },
        };
        foreach (var option in (Option[])[certificates, caller, keys, holidays, trades, uses, trustList, neighbours, workingDays])
        {
            command.Options.Add(option);
        }

        command.Do((parse, screen, _) =>
        {
            var folder = parse.GetRequiredValue(certificates);
            var path = parse.GetValue(file) ?? Path.Combine(folder, DeploymentApproval.FileName);
            var wanted = parse.GetValue(file) is null
                ? DeploymentApproval.Of(new Server.EidServerOptions
                {
                    CertificatesDirectory = folder, DataDirectory = "", Holidays = parse.GetValue(holidays), Trades = parse.GetValue(trades), SealUses = parse.GetValue(uses),
                    TrustList = parse.GetValue(trustList), Neighbours = parse.GetValue(neighbours),
                    Deregistration = new Deregistering.DeregistrationTerms { PublicationInWorkingDays = parse.GetValue(workingDays) },
                })
                : ApprovalFile.Load(path);

            // What was approved of other content counts no more.
            var earlier = parse.GetValue(file) is null && File.Exists(path) && ApprovalFile.Load(path) is var found && found.SubjectText == wanted.SubjectText ? found.Approvals : wanted.Approvals;
            var (name, from) = (parse.GetRequiredValue(caller), parse.GetValue(keys) ?? folder);
            using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(from, name + ".crt"), Path.Combine(from, name + ".key"));
            var approved = wanted with { Approvals = [.. earlier, Approval.Sign(wanted.SubjectText, DeploymentApproval.Environment(folder), certificate, TimeProvider.System.GetUtcNow())] };
            approved.Save(path);
            if (screen.Json)
            {
                Screen.Result(new { act = approved.Act, subject = approved.Subject, approvals = approved.Approvals.Count, file = path });
            }
            else
            {
                screen.Plain($"✔ {name} 已批准：{approved.Act}");
                foreach (var line in approved.Subject)
                {
                    screen.Plain("  " + line);
                }

                screen.Plain($"已写入 {path}，共 {approved.Approvals.Count} 份批准");
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
