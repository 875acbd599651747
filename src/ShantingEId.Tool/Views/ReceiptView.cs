using ShantingEId.Receipts;
using ShantingEId.Tool.Cli;
using Spectre.Console;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Views;

/// <summary>A receipt as a sheet for the files: whether it holds, then the look-up, what was shown, and where that is proved.</summary>
internal static class ReceiptView
{
    public static void Show(Screen screen, Receipt receipt, string problem, Titles titles)
    {
        screen.Line(problem.Length == 0
            ? "[bold green]✔ 回执真实完整[/]   登记机关的查询账本中有这一次查询，当时的答复如下。"
            : $"[bold red]✘ 回执不能采信[/]   {Markup.Escape(problem)}。以下内容只作参考。");
        screen.Line();
        screen.Facts(Lookup(receipt, titles));
        var shown = ShownFactsView.Of(receipt.Facts.Facts);
        screen.Plain(shown.Count == 0 ? "\n答复中没有向查询单位展示登记内容" : "\n向查询单位展示的内容");
        screen.Facts(shown);
        screen.Plain("\n在查询账本中的位置");
        screen.Facts(Place(receipt));
        if (problem.Length == 0)
        {
            screen.Plain("\n已核对：签名密钥可追溯到所信任的根；签名与账本相符；查询记录在账本中；展示的内容与记录相符。");
            screen.Plain("回执证明当时的答复；执照现在是否有效，请用 eid verify 再次查询。");
        }

        if (!titles.AreKnown)
        {
            screen.Plain("代号对应的名称在登记机关的调用方名册中；名册在手的，用 --callers 指明。");
        }
    }

    public static object ToJson(Receipt receipt, string problem)
    {
        var record = receipt.Record;
        return new
        {
            valid = problem.Length == 0, problem, name = receipt.Name, environment = receipt.Root.Environment, lookupTime = record.Time, statusAsOfTime = record.StatusAsOf,
            method = record.Method, caller = record.Caller, purpose = record.Purpose, requestDigest = Convert.ToHexStringLower(record.RequestDigest), holder = record.Holder,
            verdict = ((Verdict)record.Verdict).ToString(), reason = record.Reason, reference = record.Reference, facts = receipt.Facts.Facts,
            tickTime = receipt.Root.Time, keyId = receipt.SignedRoot.KeyId.ToString(),
        };
    }

    /// <summary>The look-up, line by line: the answer first.</summary>
    public static IEnumerable<(string Label, string Value)> Lookup(Receipt receipt, Titles titles)
    {
        var record = receipt.Record;
        return
        [
            ("答复", record.Verdict == 0 ? "拒绝查询" : VerdictView.Word((Verdict)record.Verdict)),
            ("原因", ReasonWords.Of(record.Verdict, record.Reason)),
            ("统一社会信用代码", record.Holder),
            ("查询单位", titles.OfCaller(record.Caller)),
            ("用证事由", titles.OfPurpose(record.Purpose)),
            ("查询时间", Words.Of(record.Time)),
            ("状态读取时间", record.Verdict == 0 ? "" : Words.Of(record.StatusAsOf)),
            ("查询方式", record.Method switch
            {
                "VerifyCode" => "核验证照码（VerifyCode）",
                "LookupLicense" => "按统一社会信用代码查询（LookupLicense）",
                "AskQuestions" => "是否询问（AskQuestions）",
                "VerifySeal" => "印章核验（VerifySeal）",
                var other => other,
            }),
            ("业务编号", record.Reference),
        ];
    }

    /// <summary>Where it stands and who signed that.</summary>
    public static IEnumerable<(string Label, string Value)> Place(Receipt receipt) =>
    [
        ("记录编号", receipt.Name),
        ("入账时间", Words.Of(receipt.Root.Time)),
        ("签名密钥", receipt.SignedRoot.KeyId.ToString()),
        ("部署环境", receipt.Root.Environment == "development" ? "development（开发环境，样例，不作凭证）" : receipt.Root.Environment),
    ];
}
