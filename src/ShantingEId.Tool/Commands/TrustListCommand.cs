using System.CommandLine;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Inspecting;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid trust-list</c>.</summary>
internal static class TrustListCommand
{
    private const int DefaultDays = 30;
    private static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    };

    /// <summary>One CA in the file that people write.</summary>
    private sealed record Entry(string Certificate, string Name, string[] Uses, DateTimeOffset From, DateTimeOffset To, string Region = "");

    public static Command Create()
    {
        var input = new Argument<string>("FILE") { Description = "互认的 CA（JSON 数组）：certificate（PEM 文件）、name、uses（SEAL_MAKING、DOCUMENT_SIGNING、TIME_STAMPING、IDENTITY）、region（区划码前几位，可省）、from、to" };
        var output = new Option<string>("--out") { Description = "写入的信任列表", HelpName = "FILE", Required = true };
        var number = new Option<long>("--number") { Description = "列表的号，每次更新加大", HelpName = "N", Required = true };
        var days = new Option<int>("--days") { Description = $"多少天后过期（默认 {DefaultDays}）", HelpName = "DAYS", DefaultValueFactory = _ => DefaultDays };
        var certificates = new Option<string>("--certs") { Description = $"签发密钥所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var roots = new Option<string>("--roots-out") { Description = "另存一份核对列表用的证书（PEM），交给使用列表的人", HelpName = "FILE", DefaultValueFactory = _ => "" };
        var command = new EidCommand("trust-list", "签发 CA 互认信任列表：其他 CA 颁发的印章和证书，在什么范围、区划和时间内予以认可。")
        {
            Examples = ["eid trust-list cas.json --number 1 --out trust-list.cbor --roots-out trust-roots.pem", "eid verify contract.ofd --roots trust-roots.pem --trust-list trust-list.cbor"],
            Arguments = { input },
        };
        foreach (var option in (Option[])[output, number, days, certificates, roots])
        {
            command.Options.Add(option);
        }

        command.Do((parse, screen, _) =>
        {
            var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
            var list = new TrustList
            {
                Number = parse.GetValue(number), IssueTime = now, NextUpdate = now.AddDays(parse.GetValue(days)), Entries = [.. Read(parse.GetRequiredValue(input)).Select(Recognise)],
            };
            var folder = parse.GetRequiredValue(certificates);
            Files.Write(parse.GetRequiredValue(output), list.Sign(AuthorityFiles.OpenKey(folder, AuthorityFiles.TrustListSigner, now)).Encode());
            if (parse.GetRequiredValue(roots) is { Length: > 0 } path)
            {
                Files.Write(path, System.Text.Encoding.ASCII.GetBytes(string.Concat(
                    new[] { AuthorityFiles.TrustListSigner, AuthorityFiles.LicenseAuthority, AuthorityFiles.Root }.Select(name => AuthorityFiles.ToPem(AuthorityFiles.ReadCertificate(folder, name))))));
            }

            if (screen.Json)
            {
                Screen.Result(new { number = list.Number, nextUpdate = list.NextUpdate, entries = list.Entries.Count });
            }
            else
            {
                screen.Plain($"✔ 已签发第 {list.Number} 号信任列表，{list.Entries.Count} 家 CA，{list.NextUpdate:yyyy-MM-dd} 过期");
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static Entry[] Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry[]>(File.ReadAllText(path), Form) ?? throw new JsonException("null");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} 无法读取，或不是所要求的 JSON：{error.Message}");
        }
    }

    private static TrustListEntry Recognise(Entry entry)
    {
        var certificates = File.Exists(entry.Certificate) ? Trust.Certificates(File.ReadAllText(entry.Certificate)) : throw new UsageException($"找不到文件 {entry.Certificate}");
        var uses = entry.Uses.Aggregate(TrustUse.None, (all, use) => all | use switch
        {
            "SEAL_MAKING" => TrustUse.SealMaking,
            "DOCUMENT_SIGNING" => TrustUse.DocumentSigning,
            "TIME_STAMPING" => TrustUse.TimeStamping,
            "IDENTITY" => TrustUse.Identity,
            _ => throw new UsageException($"不认识的用途 {use}"),
        });
        var certificate = certificates.Count == 1 ? Sm2Certificate.Parse(certificates[0]) : throw new UsageException($"{entry.Certificate} 应恰有一张证书");
        return certificate.IsAuthority && uses != TrustUse.None && entry.From < entry.To ? new TrustListEntry(certificate, entry.Name, uses, entry.Region, entry.From, entry.To)
            : throw new UsageException($"“{entry.Name}”的证书不是 CA 证书，或用途、起止时间有误");
    }
}
