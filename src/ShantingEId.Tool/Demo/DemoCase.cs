using ShantingEId.Client;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Demo;

/// <summary>The one window: one application, the licence at once, and every department's part with progress that anyone concerned can see.</summary>
internal sealed class DemoCase(Screen screen, DemoServer server, DemoSteps steps)
{
    /// <summary>Tells it; the licence that was issued is in force in the end.</summary>
    /// <returns>Name of the issued set.</returns>
    public async Task<string> TellAsync(Connection staff, CancellationToken cancel)
    {
        var opened = await OpenAsync(staff, cancel);
        await ReportAsync(opened, cancel);
        await AskProgressAsync(opened, cancel);
        return opened.IssuedSet;
    }

    private async Task<Case> OpenAsync(Connection staff, CancellationToken cancel)
    {
        steps.Begin("一窗通办：另一家企业一次申请，自动检查都通过，执照和印章当场签发");
        var today = TimeProvider.System.GetUtcNow().ToOffset(TimeSpan.FromHours(8));
        var opened = await staff.Cases.OpenCaseAsync(new OpenCaseRequest
        {
            RequestId = RequestIds.New(), Steps = { Step.Types.Kind.Tax, Step.Types.Kind.SocialSecurity },
            Enterprise = new Enterprise
            {
                CreditCode = Code(), Name = "枣庄市山亭区样例豆制品有限公司", Kind = Enterprise.Types.Kind.Company, Type = "有限责任公司(自然人独资)", Representative = "李样例",
                Capital = "30(万元人民币)", EstablishDate = new Google.Type.Date { Year = today.Year, Month = today.Month, Day = today.Day },
                Address = "枣庄市山亭区样例路2号", BusinessScope = "豆制品销售（样例，非真实企业）",
            },
        }, Connection.Writing(cancel));
        CaseView.Show(screen, opened);
        steps.End("执照当场签发", opened.IssuedSet.Length > 0 ? "执照当场签发" : "等待人工审核");
        return opened;
    }

    private async Task ReportAsync(Case opened, CancellationToken cancel)
    {
        steps.Begin("税务局从待办中取到自己的事项，受理、办结后报告");
        using var tax = server.Open("tax-bureau");
        var list = await tax.Cases.ListStepsAsync(new ListStepsRequest(), Connection.Reading(cancel));
        var mine = list.Changes.Where(change => change.Step.StartsWith(opened.Name + "/", StringComparison.Ordinal)).ToArray();
        steps.Require(mine is [{ Kind: Step.Types.Kind.Tax }], "税务局只看到自己的一个事项");
        await tax.Cases.ReportStepAsync(new ReportStepRequest { RequestId = RequestIds.New(), Name = mine[0].Step, Report = ReportStepRequest.Types.Report.Accept }, Connection.Writing(cancel));
        await tax.Cases.ReportStepAsync(new ReportStepRequest
        {
            RequestId = RequestIds.New(), Name = mine[0].Step, Report = ReportStepRequest.Types.Report.Complete,
            Evidence = new Evidence { Text = "已完成税务登记信息确认（样例）", Reference = "样例税登〔2026〕2号" },
        }, Connection.Writing(cancel));
        using var staff = server.Open("staff");
        var now = await staff.Cases.GetCaseAsync(new GetCaseRequest { Name = opened.Name }, Connection.Reading(cancel));
        CaseView.Show(screen, now);
        steps.End("税务事项已办结", now.Steps.Single(step => step.Kind == Step.Types.Kind.Tax).State == Step.Types.State.Done ? "税务事项已办结" : "税务事项未办结");
    }

    private async Task AskProgressAsync(Case opened, CancellationToken cancel)
    {
        steps.Begin($"申请人凭进度查询码 {opened.ProgressCode} 查看进度：只有事项、状态和日期");
        using var app = server.Open("holder-app");
        var progress = await app.Cases.GetProgressAsync(new GetProgressRequest { Code = opened.ProgressCode }, Connection.Reading(cancel));
        CaseView.Show(screen, progress);
        steps.Require(!progress.ToString().Contains(opened.Enterprise.Name, StringComparison.Ordinal), "进度中没有企业名称");
        steps.End("3 个事项中 2 个已办结", $"{progress.Steps.Count} 个事项中 {progress.Steps.Count(step => step.State == Step.Types.State.Done)} 个已办结");
    }

    // A well-formed code of a company nobody has, with both check characters right; trying them needs no second copy of the formulas.
    private static string Code() =>
        (from organisation in "0123456789X"
         from check in CreditCode.Alphabet
         let text = $"91370406MA00DEM1{organisation}{check}"
         where CreditCode.TryParse(text, out var code, out _) && code.OrganisationCodeMatches
         select text).First();
}
