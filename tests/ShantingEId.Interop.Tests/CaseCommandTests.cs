using System.Text.Json;
using ShantingEId.Calendar;
using ShantingEId.Server.Tests;
using ShantingEId.TestSupport;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid case</c> as window and departments use it, each command in a process of its own.</summary>
public sealed class CaseCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();
    private readonly string code = SampleCompanies.CreditCode(SampleCompanies.Next());

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public void A_founding_at_the_window_and_at_the_departments()
    {
        // 1. A person must look; then it is granted, and the engraver's turn.
        Has(Open("中国样例食品有限公司", "--step", "刻章"), 0, "… 转人工审核", "名称含有“中国”，须从严审核", "人工审核中", "等待营业执照和电子印章");
        Has(Case("list", "--as", "engraver"), 0, "没有待办事项");
        Has(Case("decide", code, "return"), 1, "REASON_REQUIRED");
        Has(Case("decide", code, "grant"), 0, "1/2", "已签发营业执照和四枚电子印章", "待受理");

        // 2. The engraver takes the order with the imprints and reports.
        using var list = JsonDocument.Parse(Case("list", "--as", "engraver", "--json").Output);
        var step = list.RootElement.GetProperty("changes")[0].GetProperty("step").GetString()!;
        var folder = Path.Combine(server.Data, "imprints");
        Has(Case("step", step, "--as", "engraver", "--out", folder), 0, code, "法定代表人名章", "40×30 毫米");
        Assert.Equal(4, Directory.GetFiles(folder, "*.png").Length);
        Has(Case("report", step, "accept", "--as", "tax-bureau"), 1, "STEP_NOT_FOUND");
        Has(Case("report", step, "accept", "--as", "engraver"), 0, "✔ 公章刻制：办理中");
        Has(Case("report", step, "complete", "--as", "engraver"), 1, "EVIDENCE_REQUIRED", "--text");
        Has(Case("report", step, "complete", "--as", "engraver", "--text", "样例已刻制"), 0, "✔ 公章刻制：已办结");

        // 3. The case is over: a watcher tells all of it and ends.
        Has(Case("watch", code), 0, "公章刻制\t已办结\t公章刻制单位\t样例已刻制");
        Has(Case("add", code, "公积金"), 0, "2/3", "住房公积金登记\t待受理");
        Has(Case("show", code, "--history"), 0, "办理中", "登记窗口");
        Has(Case("list", "--overdue"), 0, "没有逾期的事项");
        using var shown = JsonDocument.Parse(Case("show", code, "--json").Output);
        var progress = Case("progress", shown.RootElement.GetProperty("progressCode").GetString()!);
        Has(progress, 0, "2/3", "公章刻制\t已办结");
        Assert.DoesNotContain(code, progress.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("样例", progress.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_passes_every_check_is_issued_at_once_and_what_is_mistyped_is_told()
    {
        Has(Open("枣庄市山亭区样例食品有限公司", "--all"), 0, "✔ 即报即得", "1/8", "等待公章刻制");
        Has(Open("枣庄市山亭区样例食品有限公司", "--step", "税"), 2, "不认识事项“税”", "eid case open --help");
        Has(Case("show", "样例"), 1, "CASE_ID_INVALID");
        Has(Case("progress", "ABCDE"), 1, "PROGRESS_CODE_INVALID", "10 位");
        Has(Case("decide", code, "maybe"), 2, "grant、return、refuse、reopen、withdraw");
        Has(Case("decide", code, "withdraw", "--step", "税务", "--reason", "样例：申请人撤回"), 0, "税务登记\t已撤回", "样例：申请人撤回");
    }

    private (int Exit, string Output) Open(string name, params string[] more) => Case(
        ["open", "--credit-code", code, "--name", name, "--representative", "样例人", "--address", "枣庄市山亭区样例路1号", "--scope", "食品销售（样例）",
            "--date", WorkCalendar.DayOf(TimeProvider.System.GetUtcNow()).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), .. more]);

    private (int Exit, string Output) Case(params string[] arguments) =>
        Eid.Run(["case", .. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
