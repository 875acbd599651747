using System.Text.Json;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid trade</c> as a registrar uses it, each command in a process of its own.</summary>
public sealed class TradeCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_comprehensive_licence_is_issued_a_permit_suspended_confirmed_and_all_of_it_seen()
    {
        var company = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var code = company.License.Enterprise.CreditCode;
        var year = TimeProvider.System.GetUtcNow().Year + 2;
        string[] grounds = ["--reason", "样例：现场核查", "--authority", "样例机关", "--yes"];

        Has(Run("trade", "catalogue", "HOTEL"), 0, "宾馆", "旅馆业特种行业许可（必备）", "公安机关");
        Has(Run("trade", "catalogue", "ZOO"), 2, "eid trade catalogue");
        Has(Run("trade", "issue", code, "HOTEL", "--permit", "HOTEL_SECURITY"), 2, "代码=编号");
        Has(Run("trade", "issue", code, "HOTEL", "--permit", "DRUG_RETAIL=YP1"), 1, "PERMIT_INVALID", "不包含这项许可", "至少应有旅馆业特种行业许可");
        Has(Run("trade", "issue", code, "HOTEL", "--permit", "HOTEL_SECURITY=TH1", "--dry-run"), 0, "检查通过，没有写入");

        var issued = Run("trade", "issue", code, "HOTEL", "--permit", "HOTEL_SECURITY=TH1", "--permit", "PUBLIC_PLACE_HYGIENE=WS1,commitment,check=2099-12-31", "--json");
        Assert.True(issued.Exit == 0, issued.Output);
        using var json = JsonDocument.Parse(issued.Output);
        var (license, typed) = (json.RootElement.GetProperty("license").GetProperty("licenseId").GetString()!, json.RootElement.GetProperty("typedCode").GetString()!);

        Has(Run("trade", "due", "--through", "2099-12-31"), 0, "WS1", "PUBLIC_PLACE_HYGIENE");
        Has(Run(["trade", "suspend-permit", license, "WS1", "--until", $"{year}-01-01T00:00:00+08:00", .. grounds]), 0, "✔ 已暂停许可", $"暂停至 {year}-01-01 00:00");
        Has(Run("verify", typed), 0, $"公共场所卫生许可暂停至 {year}年1月1日", "✘ 公共场所卫生许可", "✔ 旅馆业特种行业许可");
        Has(Run(["trade", "resume-permit", license, "WS1", .. grounds]), 0, "✔ 已恢复许可");
        Has(Run(["trade", "confirm-permit", license, "WS1", .. grounds]), 0, "是，已核查");
        Has(Run("trade", "due", "--through", "2099-12-31"), 0, "没有到期的许可");
        Has(Run(["trade", "change", license, "--drop", "PUBLIC_PLACE_HYGIENE", "--premises", "枣庄市山亭区样例路8号", .. grounds]), 0, "✔ 已换发", "第 2 版", "样例路8号");
        Has(Run("verify", typed), 3, "综合许可证真实，但已换发新证");
        Has(Run("trade", "list", code), 0, "宾馆", "第 2 版", "TH1");
        Has(Run("company", code), 0, "综合许可证", "旅馆业特种行业许可 有效");
        Has(Run(["revoke", license, .. grounds]), 1, "TRANSITION_NOT_ALLOWED");
    }

    private (int Exit, string Output) Run(params string[] arguments) => Eid.Run([.. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
