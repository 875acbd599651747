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

    [Fact]
    public void The_bench_of_packs_runs_with_few_sets() =>
        Has(Eid.Run("bench", "pack", "--sets", "3000", "--warm-up", "0", "--rounds", "1"), 0, "figure pack_bytes ", "figure pack_delta_1000_changes_bytes ", "figure verify_offline_vs_bare ");

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }

    /// <summary>A public door that makes packs as often as they are asked for.</summary>
    private sealed class PackServer : ServerFixture
    {
        public override EidServerOptions Options() => base.Options() with { PublicPort = 0, PackEvery = TimeSpan.FromMilliseconds(1) };

        public HttpClient Browser() => new() { BaseAddress = EidServer.PublicAddress(App) };
    }
}
