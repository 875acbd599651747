using System.Globalization;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>A company's life at the command line, each command in a process of its own: changes for later and taken back, a lost seal, every state there is, and how it was at any time.</summary>
public sealed class LifeCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_registrar_changes_pauses_and_ends_a_company_and_looks_back_at_each_time()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var (code, seal) = (set.License.Enterprise.CreditCode, set.Seals[1].SealCode);
        var founded = Now();

        // For later, and taken back; without --yes nothing happens in a script.
        var later = TimeProvider.System.GetUtcNow().AddDays(5).ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        Has(Act("change", code, "--name", "枣庄市山亭区样例以后的名称有限公司", "--effective", later), 0, "第 1 版 → 第 2 版", "枣庄市山亭区样例以后的名称有限公司");
        Has(Act("suspend", code), 1, "CHANGE_PENDING");
        Has(Run("withdraw-change", code, "--reason", "样例：企业撤回", "--authority", "样例机关"), 2, "--yes");
        Has(Act("withdraw-change", code), 0, "✔ 已撤回", "现行执照和印章照旧有效");

        // Another representative renews licence and name seal; a lost seal is replaced alone.
        Has(Act("change", code, "--representative", "样例新法人"), 0, "法定代表人（新）：样例新法人", "法定代表人名章");
        Has(Act("change", code, "--replace-seal", "财务专用章"), 0, "财务专用章");
        Has(Run("verify-seal", seal, "--purpose", "TAX_REGISTRATION", "--as", "tax-bureau"), 3, "已换发");
        Has(Run("verify-seal", seal, "--at", founded, "--purpose", "TAX_REGISTRATION", "--as", "tax-bureau"), 0, "有效");

        var now = await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + code });
        Has(Verify(set, null), 3, "已换发");

        // Every state, and back where the law knows a way back.
        Has(Act("suspend", code), 0, "✔ 已暂停", "暂停使用");
        var paused = Now();
        Has(Act("suspend", code), 1, "TRANSITION_NOT_ALLOWED");
        Has(Act("resume", code), 0, "✔ 已恢复");
        Has(Act("rescind", code), 0, "✔ 已撤销登记");
        Has(Act("restore", code), 0, "✔ 已恢复登记");
        Has(Act("cancel", code), 0, "✔ 已注销", "终止");
        Has(Verify(now, null), 3, "已注销");
        Has(Verify(now, paused), 3, "暂停");
        Has(Verify(set, founded), 0, "有效");
        Has(Act("revoke", code), 1, "TRANSITION_NOT_ALLOWED");
        Has(Act("suspend", "1234"), 1, "USCC_INVALID");
    }

    private (int Exit, string Output) Verify(IssuedSet set, string? at) =>
        Run(["verify", set.LicenseCode, "--purpose", "TAX_REGISTRATION", "--as", "tax-bureau", .. at is null ? (string[])[] : ["--at", at]]);

    private (int Exit, string Output) Act(string verb, string code, params string[] more) => Run([verb, code, "--reason", "样例：依申请办理", "--authority", "样例机关", "--yes", .. more]);

    private (int Exit, string Output) Run(params string[] arguments) => Eid.Run([.. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    // An instant that lies apart from what was done before it and after it.
    private static string Now()
    {
        Thread.Sleep(50);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        Thread.Sleep(50);
        return now;
    }

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
