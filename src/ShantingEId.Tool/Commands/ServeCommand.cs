using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Deregistering;
using ShantingEId.Server;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid serve</c>.</summary>
internal static class ServeCommand
{
    private const int DefaultPort = 7443;

    public static Command Create()
    {
        var certificates = new Option<string>("--certs") { Description = $"密钥、证书和 callers.json 所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var data = new Option<string>("--data") { Description = "登记簿所在目录（默认 data）", HelpName = "DIR", DefaultValueFactory = _ => "data" };
        var environment = new Option<string>("--environment") { Description = "Development 只在本机监听；Production 拒绝开发密钥（默认 Development）", HelpName = "NAME", DefaultValueFactory = _ => "Development" };
        environment.AcceptOnlyFromAmong("Development", "Production");
        var port = new Option<int>("--port") { Description = $"端口，0 为任一空闲端口（默认 {DefaultPort}）", HelpName = "PORT", DefaultValueFactory = _ => DefaultPort };
        var postgres = PostgresOption.Create();
        var redis = new Option<string?>("--redis") { Description = "Redis 地址（如 localhost:6379），多副本共用的缓存；不给则不用", HelpName = "ADDRESS" };
        var ledger = new Option<string?>("--ledger") { Description = "本副本查询账本的目录（默认为登记簿目录下的 ledger）；每个进程各用一个", HelpName = "DIR" };
        var checkpoints = new Option<string?>("--checkpoints") { Description = "查询账本的检查点文件（默认在登记簿目录下）；正式环境应放在另一台机器的磁盘上", HelpName = "FILE" };
        var publicPort = new Option<int?>("--public-port") { Description = "公众扫码页面的端口，0 为任一空闲端口（默认不开放）；试用时为本机的 http，正式环境为 https", HelpName = "PORT" };
        var contact = new Option<string>("--contact") { Description = "公众页面上所列的核实电话", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var gateways = new Option<System.Net.IPAddress[]>("--public-gateway")
        {
            Description = "公众端口前的网关（反向代理）的地址，可给出多个：来自它们的请求，按 X-Forwarded-For 所列的访问者计数限速；其他来源的这个标头一律不理会", HelpName = "ADDRESS",
            CustomParser = AddressesIn, AllowMultipleArgumentsPerToken = true,
        };
        var ttl = new Option<int>("--status-ttl") { Description = "公众端口上的状态列表，副本可用多少秒（默认 60）", HelpName = "SECONDS", DefaultValueFactory = _ => 60 };
        var packs = new Option<string?>("--packs") { Description = "离线状态包的目录，各副本共用（默认在登记簿目录下）", HelpName = "DIR" };
        var journal = new Option<string?>("--journal") { Description = "登记日志的目录，各副本共用，应与登记簿不在同一块磁盘（登记簿为文件的默认在其目录下；正式环境必须给出）", HelpName = "DIR" };
        var keep = new Option<int?>("--ledger-keep") { Description = "账本归入登记簿后再保存多少天（默认一直保存）", HelpName = "DAYS" };
        var holidays = new Option<string?>("--holidays") { Description = "节假日和调休上班日的文件，代替程序自带的；期限按它计算", HelpName = "FILE" };
        var trades = new Option<string?>("--trades") { Description = "一业一证行业目录的文件，代替程序自带的", HelpName = "FILE" };
        var trustList = new Option<string?>("--trust-list") { Description = "核验文件时采用的 CA 互认信任列表（eid trust-list 签发）；文件换成编号更大的一份时自动采用（正式环境须先经两人批准，eid approve），过期后其中的 CA 一律不认", HelpName = "FILE" };
        var crls = new Option<string?>("--crls") { Description = "互认的 CA 的吊销列表（*.crl）所在目录，文件更新时自动采用；没有或过期的，其证书无法确认", HelpName = "DIR" };
        var neighbours = new Option<string?>("--neighbours") { Description = "邻区互认名单（eid trust-list --neighbours 签发）：其中登记机关的证照码予以核验；文件更换后自动采用（正式环境须先经两人批准，eid approve），过期后一律不认", HelpName = "FILE" };
        var uses = new Option<string?>("--seal-uses") { Description = "用印用途表的文件，代替程序自带的", HelpName = "FILE" };
        var times = new Option<Uri?>("--tsa") { Description = "时间戳服务的地址（RFC 3161）；给出的，每次用印和出具盖章的执照文件都加盖时间戳", HelpName = "URL" };
        var optional = new Option<bool>("--tsa-optional") { Description = "时间戳服务连接不上时仍然用印、出具文件，不带时间戳（默认拒绝）" };
        var workingDays = new Option<bool>("--publication-working-days") { Description = "简易注销的公示期按工作日计算（默认按日）" };
        var command = new EidCommand("serve", "运行服务（gRPC，双向 TLS），按 Ctrl+C 停止。")
        {
            StopsByItself = true,
            Examples = ["eid serve", "eid serve --data /srv/eid/data --certs /srv/eid/certs --environment Production --port 443 --journal /mnt/journal", $"{PostgresOption.Variable}='Host=db;Database=eid;Username=eid;Password=…' eid serve --redis cache:6379 --journal /mnt/journal"],
        };
        foreach (var option in (Option[])[certificates, data, environment, port, postgres, redis, publicPort, contact, gateways, ttl, packs, journal, ledger, checkpoints, keep, holidays, trades, trustList, crls, neighbours, uses, times, optional, workingDays])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var folder = parse.GetRequiredValue(certificates);
            if (!Directory.Exists(folder))
            {
                throw new UsageException($"找不到目录 {folder}。试用请先运行 eid dev-certs");
            }

            await using var app = EidServer.Build(new EidServerOptions
            {
                CertificatesDirectory = folder, DataDirectory = parse.GetRequiredValue(data), Environment = parse.GetRequiredValue(environment), Port = parse.GetValue(port),
                Postgres = parse.GetValue(postgres), Redis = parse.GetValue(redis),
                PublicPort = parse.GetValue(publicPort), PublicContact = parse.GetRequiredValue(contact), PublicGateways = parse.GetValue(gateways) ?? [],
                StatusTtl = TimeSpan.FromSeconds(parse.GetValue(ttl)), PackDirectory = parse.GetValue(packs), JournalDirectory = parse.GetValue(journal), LedgerDirectory = parse.GetValue(ledger), LedgerCheckpoints = parse.GetValue(checkpoints), LedgerKeep = parse.GetValue(keep) is { } days ? TimeSpan.FromDays(days) : null,
                Holidays = parse.GetValue(holidays), Trades = parse.GetValue(trades), TrustList = parse.GetValue(trustList), RevocationLists = parse.GetValue(crls), Neighbours = parse.GetValue(neighbours), SealUses = parse.GetValue(uses), TimeStampAuthority = parse.GetValue(times), TimeStampRequired = !parse.GetValue(optional),
                Deregistration = new DeregistrationTerms { PublicationInWorkingDays = parse.GetValue(workingDays) },
                // A port in use is told below in one line; the host would print a page of trace before it.
                ConfigureLogging = logging => logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None),
            });
            try
            {
                await app.StartAsync(cancel);
            }
            catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
            {
                throw new UsageException($"端口 {parse.GetValue(port)} 已被占用；请用 --port 换一个，0 为任一空闲端口");
            }
            catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return ExitCode.Interrupted; // Told to stop before it had begun.
            }

            if (screen.Json)
            {
                Screen.Result(new { address = EidServer.Address(app), publicAddress = EidServer.PublicAddress(app), environment = parse.GetValue(environment) });
            }
            else
            {
                screen.Plain($"✔ 服务已启动：{EidServer.Address(app).ToString().TrimEnd('/')}（{parse.GetValue(environment)}）。按 Ctrl+C 停止。");
                if (EidServer.PublicAddress(app) is { } pages)
                {
                    screen.Plain($"✔ 公众扫码页面：{pages.ToString().TrimEnd('/')}");
                }
            }

            // Ctrl+C and SIGTERM arrive at the host, which finishes what was accepted.
            await app.WaitForShutdownAsync(CancellationToken.None);
            return ExitCode.Ok;
        });
        return command;
    }

    private static System.Net.IPAddress[] AddressesIn(System.CommandLine.Parsing.ArgumentResult result)
    {
        var addresses = new List<System.Net.IPAddress>();
        foreach (var token in result.Tokens)
        {
            if (System.Net.IPAddress.TryParse(token.Value, out var address))
            {
                addresses.Add(address);
            }
            else
            {
                result.AddError($"--public-gateway 的 {token.Value} 不是 IP 地址");
            }
        }

        return [.. addresses];
    }
}
