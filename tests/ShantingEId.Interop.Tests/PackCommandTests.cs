using System.Text.Json;
using ShantingEId.Server;
using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid pack</c>, <c>eid verify --offline</c> and <c>eid bench pack</c> as people use them, each command in a process of its own.</summary>
public sealed class PackCommandTests : IAsyncLifetime
{
    private readonly PackServer server = new();
    private readonly string folder = Directory.CreateTempSubdirectory("eid-pack-").FullName;

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_counter_without_network_judges_by_the_pack_it_fetched()
    {
        var (root, first, delta, code) = (Path.Combine(server.Certificates, "root.crt"), Path.Combine(folder, "first.pack"), Path.Combine(folder, "delta"), Path.Combine(folder, "code.txt"));
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await File.WriteAllTextAsync(code, set.LicenseCode, TestContext.Current.CancellationToken);
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        using var browser = server.Browser();
        await File.WriteAllBytesAsync(first, await browser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

        Has(Eid.Run("verify", code, "--offline", "--pack", first, "--roots", root), 0, "✔ 当时有效   截至 ", "的离线状态：执照真实，登记在册，有效。", set.License.Enterprise.Name);
        Assert.StartsWith($"Valid {set.License.Enterprise.Name} 截至 ", Department.CheckByPack(set.LicenseCode, await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(root, TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        Has(Eid.Run("pack", "verify", first, "--roots", root), 0, "✔ 第 1 号状态包：签名正确，未到期");
        Has(Eid.Run("verify", code, "--offline"), 2, "--pack");
        Has(Eid.Run("verify", code, "--pack", first), 2, "--offline");
        Has(Eid.Run("verify", code, "--offline", "--pack", code, "--roots", root), 1, "STATUS_INVALID");

        await server.Staff().RevokeSetAsync(new V1.RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" });
        await File.WriteAllBytesAsync(delta, await browser.GetByteArrayAsync("/pack/1/delta", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Has(Eid.Run("pack", "update", first, delta, "--out", first, "--roots", root), 0, "✔ 第 2 号状态包：已更新");
        var (exit, output) = Eid.Run("verify", code, "--offline", "--pack", first, "--roots", root, "--json");
        using var json = JsonDocument.Parse(output);
        // Revoked or not in the register yet: so young a licence cannot be told apart. Never valid.
        Assert.Equal((3, "UNKNOWN", "YOUNGER_THAN_STATES"), (exit, json.RootElement.GetProperty("verdict").GetString(), json.RootElement.GetProperty("reason").GetString()));
        Has(Eid.Run("pack", "update", first, delta, "--out", first, "--roots", root), 1, "这份增量不是给这个状态包的");

        // Made from the register beside the running service.
        var own = Path.Combine(folder, "own.pack");
        Has(Eid.Run("pack", "build", "--data", server.Data, "--certs", server.Certificates, "--number", "9", "--hours", "1", "--out", own), 0, "✔ 第 9 号状态包：已制作");
        Has(Eid.Run("pack", "show", own), 0, "内容（未核对签名）", "有效：0 张");
    }

    // A contract's seal without network, and the list of a neighbour as an operator makes it.
    [Fact]
    public async Task Seals_are_judged_by_the_pack_and_neighbours_are_listed_in_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (root, pack, text, value) = (Path.Combine(server.Certificates, "root.crt"), Path.Combine(folder, "one.pack"), Path.Combine(folder, "text.xml"), Path.Combine(folder, "SignedValue.dat"));
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: cancel);
        await new V1.SealService.SealServiceClient(server.Channel("staff")).GrantSealUseAsync(new V1.GrantSealUseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Caller = "holder-app", Seals = { V1.Seal.Types.Kind.Official }, Uses = { "CONTRACT" }, Reference = "示例授权书〔2026〕1号",
            UntilTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(30)),
        }, cancellationToken: cancel);
        await File.WriteAllTextAsync(text, "示例原文", cancel);
        var stamped = await new V1.SealService.SealServiceClient(server.Channel("holder-app")).StampAsync(new V1.StampRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Seal = V1.Seal.Types.Kind.Official, Use = "CONTRACT", Title = "示例摘要",
            Digest = new V1.StampDigest { Sm3 = Google.Protobuf.ByteString.CopyFrom(Crypto.Sm3.Hash(await File.ReadAllBytesAsync(text, cancel))), PropertyInfo = "/Doc_0/Signs/Sign_0/Signature.xml" },
        }, cancellationToken: cancel);
        await File.WriteAllBytesAsync(value, stamped.SesSignature.ToByteArray(), cancel);

        // A list of a neighbour: here our own keys under another name and address.
        var (json, neighbours) = (Path.Combine(folder, "neighbours.json"), Path.Combine(folder, "neighbours.cbor"));
        string Pem(string name, params string[] certificates)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, string.Concat(certificates.Select(one => File.ReadAllText(Path.Combine(server.Certificates, one + ".crt")))));
            return path;
        }

        await File.WriteAllTextAsync(json, JsonSerializer.Serialize(new[]
        {
            new
            {
                division = "370402", name = "枣庄市市中区样例登记机关", regions = new[] { "370402" }, code_prefix = "HTTPS://EID.SHIZHONG.EXAMPLE/", certificates = Pem("chain.pem", "root", "license-ca", "status-signer"),
                code_signers = Pem("codes.pem", "code-signer"), source = "https://eid.shizhong.example", tls_authority = Pem("tls.pem", "tls-ca"), from = "2026-01-01T00:00:00Z", to = "2036-01-01T00:00:00Z",
            },
        }), cancel);
        Has(Eid.Run("trust-list", json, "--neighbours", "--number", "3", "--certs", server.Certificates, "--out", neighbours), 0, "✔ 已签发第 3 号邻区互认名单，1 家登记机关");
        Has(Eid.Run("inspect", neighbours), 0, "邻区互认名单", "枣庄市市中区样例登记机关", "370402");
        await File.WriteAllTextAsync(json, (await File.ReadAllTextAsync(json, cancel)).Replace("https://", "http://", StringComparison.Ordinal), cancel);
        Has(Eid.Run("trust-list", json, "--neighbours", "--number", "4", "--certs", server.Certificates, "--out", neighbours + "2"), 1, "状态来源应为 https 网址");

        await Task.Delay(1100, cancel);
        Has(Eid.Run("pack", "build", "--data", server.Data, "--certs", server.Certificates, "--number", "1", "--neighbours", neighbours, "--out", pack), 0, "邻区互认名单", "印章");
        Has(Eid.Run("verify", value, "--text", text, "--offline", "--pack", pack, "--roots", root), 0, "状态包，截至");
        Has(Eid.Run("verify", value, "--text", text, "--offline", "--roots", root), 3);
        Has(Eid.Run("verify", value, "--text", text, "--pack", pack), 2, "--offline");
        await server.Staff().RevokeSetAsync(new V1.RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" }, cancellationToken: cancel);
        Has(Eid.Run("pack", "build", "--data", server.Data, "--certs", server.Certificates, "--number", "2", "--out", pack + "2"), 0);
        Has(Eid.Run("verify", value, "--text", text, "--offline", "--pack", pack + "2", "--roots", root), 3);
    }

    [Fact]
    public void The_bench_of_packs_runs_with_few_sets() =>
        Has(Eid.Run("bench", "pack", "--sets", "3000", "--warm-up", "0", "--rounds", "1"), 0, "figure pack_bytes ", "figure pack_delta_1000_changes_bytes ", "figure verify_offline_vs_bare ");

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }

    /// <summary>A public door that makes packs as often as they are asked for.</summary>
    private sealed class PackServer : PublicFixture
    {
        public override EidServerOptions Options() => base.Options() with { PackEvery = TimeSpan.FromMilliseconds(1) };
    }
}
