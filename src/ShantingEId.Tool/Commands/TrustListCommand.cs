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

    /// <summary>One neighbour in the file that people write; files are named from where the command runs.</summary>
    private sealed record NeighbourEntry(
        string Division, string Name, string[] Regions, string CodePrefix, string Certificates, string CodeSigners, DateTimeOffset From, DateTimeOffset To, string Source = "", string TlsAuthority = "");

    public static Command Create()
    {
        var neighbours = new Option<bool>("--neighbours")
        {
            Description = "签发的是邻区互认名单：division（六位区划码）、name、regions（可为其证明的区划码前几位，数组）、code_prefix（官方网址，大写）、certificates（PEM：根、中间 CA、状态签名证书）、"
                + "code_signers（PEM：证照码签名证书）、source（公众端口的网址，可省）、tls_authority（PEM：其 TLS 的 CA 或服务器证书）、from、to",
        };
        var input = new Argument<string>("FILE") { Description = "互认的 CA（JSON 数组）：certificate（PEM 文件）、name、uses（SEAL_MAKING、DOCUMENT_SIGNING、TIME_STAMPING）、region（区划码前几位，可省）、from、to" };
        var output = new Option<string>("--out") { Description = "写入的信任列表", HelpName = "FILE", Required = true };
        var number = new Option<long>("--number") { Description = "列表的号，每次更新加大", HelpName = "N", Required = true };
        var days = new Option<int>("--days") { Description = $"多少天后过期（默认 {DefaultDays}）", HelpName = "DAYS", DefaultValueFactory = _ => DefaultDays };
        var certificates = new Option<string>("--certs") { Description = $"签发密钥所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var roots = new Option<string>("--roots-out") { Description = "另存一份核对列表用的证书（PEM），交给使用列表的人", HelpName = "FILE", DefaultValueFactory = _ => "" };
        var command = new EidCommand("trust-list", "签发 CA 互认信任列表：其他 CA 颁发的印章和证书，在什么范围、区划和时间内予以认可；加 --neighbours 则签发邻区互认名单：哪些登记机关的证照码予以核验。")
        {
            Examples = ["eid trust-list cas.json --number 1 --out trust-list.cbor --roots-out trust-roots.pem", "eid verify contract.ofd --roots trust-roots.pem --trust-list trust-list.cbor", "eid trust-list neighbours.json --neighbours --number 1 --out neighbours.cbor"],
            Arguments = { input },
        };
        foreach (var option in (Option[])[output, number, days, certificates, roots, neighbours])
        {
            command.Options.Add(option);
        }

        command.Do((parse, screen, _) =>
        {
            var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
            var (next, folder) = (now.AddDays(parse.GetValue(days)), parse.GetRequiredValue(certificates));
            var isNeighbours = parse.GetValue(neighbours);
            var signer = AuthorityFiles.OpenKey(folder, AuthorityFiles.TrustListSigner, now);
            var (signed, entries) = isNeighbours ? SignNeighbours(Read<NeighbourEntry>(parse.GetRequiredValue(input)), parse.GetValue(number), now, next, signer)
                : Sign(Read<Entry>(parse.GetRequiredValue(input)), parse.GetValue(number), now, next, signer);
            Files.Write(parse.GetRequiredValue(output), signed.Encode());
            if (parse.GetRequiredValue(roots) is { Length: > 0 } path)
            {
                Files.Write(path, System.Text.Encoding.ASCII.GetBytes(string.Concat(
                    new[] { AuthorityFiles.TrustListSigner, AuthorityFiles.LicenseAuthority, AuthorityFiles.Root }.Select(name => AuthorityFiles.ToPem(AuthorityFiles.ReadCertificate(folder, name))))));
            }

            if (screen.Json)
            {
                Screen.Result(new { number = parse.GetValue(number), nextUpdate = next, entries });
            }
            else
            {
                screen.Plain($"✔ 已签发第 {parse.GetValue(number)} 号{(isNeighbours ? "邻区互认名单" : "信任列表")}，{entries} 家{(isNeighbours ? "登记机关" : " CA")}，{next:yyyy-MM-dd} 过期");
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static (Envelope Signed, int Entries) Sign(Entry[] entries, long number, DateTimeOffset now, DateTimeOffset next, SigningKey signer)
    {
        var list = new TrustList { Number = number, IssueTime = now, NextUpdate = next, Entries = [.. entries.Select(Recognise)] };
        return (list.Sign(signer), list.Entries.Count);
    }

    private static (Envelope Signed, int Entries) SignNeighbours(NeighbourEntry[] entries, long number, DateTimeOffset now, DateTimeOffset next, SigningKey signer)
    {
        var list = new NeighbourList { Number = number, IssueTime = now, NextUpdate = next, Neighbours = [.. entries.Select(Recognise)] };
        return (list.Sign(signer), list.Neighbours.Count);
    }

    private static Neighbour Recognise(NeighbourEntry entry)
    {
        var signers = Parse(entry.CodeSigners);
        return new Neighbour(entry.Division, entry.Name, entry.Regions, entry.CodePrefix, [.. Parse(entry.Certificates).Concat(signers).DistinctBy(certificate => certificate.PublicKey.KeyId)],
            [.. signers.Select(signer => signer.PublicKey.KeyId)], entry.Source, entry.TlsAuthority.Length == 0 ? [] : Trust.Certificates(Text(entry.TlsAuthority))[0].ToArray(), entry.From, entry.To);

        List<Sm2Certificate> Parse(string path) => [.. Trust.Certificates(Text(path)).Select(der => Sm2Certificate.Parse(der))];
        string Text(string path) => File.Exists(path) ? File.ReadAllText(path) : throw new UsageException($"找不到文件 {path}");
    }

    private static T[] Read<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T[]>(File.ReadAllText(path), Form) ?? throw new JsonException("null");
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
            _ => throw new UsageException($"不认识的用途 {use}"),
        });
        var certificate = certificates.Count == 1 ? Sm2Certificate.Parse(certificates[0]) : throw new UsageException($"{entry.Certificate} 应恰有一张证书");
        return certificate.IsAuthority && uses != TrustUse.None && entry.From < entry.To ? new TrustListEntry(certificate, entry.Name, uses, entry.Region, entry.From, entry.To)
            : throw new UsageException($"“{entry.Name}”的证书不是 CA 证书，或用途、起止时间有误");
    }
}
