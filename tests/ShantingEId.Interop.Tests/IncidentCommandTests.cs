using System.Text.Json;
using ShantingEId.Server.Tests;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid incident</c> as two people use it, and the small form of the measurement; each command in a process of its own.</summary>
public sealed class IncidentCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task One_prepares_another_approves_and_both_see_how_far_it_is()
    {
        var sets = new List<IssuedSet>();
        for (var i = 0; i < 3; i++)
        {
            sets.Add(await server.Staff().IssueSetAsync(ServerFixture.ValidRequest()));
        }

        string[] grounds = ["--reason", "样例：签名密钥泄露", "--authority", "样例机关"];
        Has(Incident(["prepare", "reissue", "--division", "370406", "--dry-run", .. grounds]), 0, "试运行：未写入任何内容", "3 套", "新制印章 12 枚", sets[0].License.Enterprise.CreditCode);
        Has(Incident("list"), 0, "没有这样的批量处置");
        Has(Incident(["prepare", "reissue", .. grounds]), 1, "FILTER_INVALID", "至少要有一项条件");
        Has(Incident(["prepare", "destroy", "--division", "370406", .. grounds]), 2, "revoke 或 reissue");
        Has(Incident(["prepare", "revoke", "--kind", "合伙企业", .. grounds]), 1, "INCIDENT_EMPTY");

        var file = Path.Combine(server.Data, "sets.txt");
        await File.WriteAllLinesAsync(file, sets.Take(2).Select(set => set.License.LicenseId), TestContext.Current.CancellationToken);
        var prepared = Incident(["prepare", "revoke", "--sets", file, "--json", .. grounds]);
        Assert.True(prepared.Exit == 0, prepared.Output);
        using var json = JsonDocument.Parse(prepared.Output);
        var number = json.RootElement.GetProperty("name").GetString()!["incidents/".Length..];
        var digest = Convert.ToHexStringLower(json.RootElement.GetProperty("digest").GetBytesFromBase64());

        Has(Incident("show", number), 0, "待批准", digest, $"eid incident approve {number} --digest {digest[..8]} --count 2");
        Has(Incident("show", number, "--sets"), 0, sets[0].License.LicenseId, sets[1].License.LicenseId, "尚未办理");
        Has(Incident("approve", number, "--digest", digest, "--count", "2", "--as", "staff"), 1, "SECOND_PERSON_REQUIRED", "另一登记人员");
        Has(Incident("approve", number, "--digest", "00000000", "--count", "2"), 2, "重新核对清单");
        Has(Incident("approve", number, "--digest", digest[..8], "--count", "3"), 1, "INCIDENT_DIFFERS");
        Has(Incident("approve", number, "--digest", digest[..8], "--count", "2", "--follow"), 0, "已完成", "已办 2，略过 0，未成 0，共 2", "登记窗口", "值班负责人");
        Has(Incident("show", number, "--exceptions"), 0, "没有未办的执照");
        Has(Incident("pause", number), 1, "INCIDENT_NOT_ALLOWED");
        Has(Incident("list"), 0, number, "已完成", "2/2");
    }

    [Fact]
    public void The_storm_is_measured_at_any_size()
    {
        var run = Eid.Run("bench", "storm", "--sets", "200", "--rate", "100", "--rounds", "1", "--warm-up", "1");

        Has(run, 0, "figure storm_revoked 200 sets >= 200", "figure storm_stale_valid 0 answers <= 0", "figure storm_hot_p99_vs_quiet ", "figure storm_throughput ");
    }

    private (int Exit, string Output) Incident(params string[] arguments) =>
        Eid.Run(["incident", .. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
