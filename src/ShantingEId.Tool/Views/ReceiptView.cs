using ShantingEId.Receipts;
using ShantingEId.Tool.Cli;
using Spectre.Console;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Views;

/// <summary>A receipt as a sheet for the files: what it proves first, then the look-up, then what was shown.</summary>
internal static class ReceiptView
{
    public static void Show(Screen screen, Receipt receipt, string problem)
    {
        screen.Line(problem.Length == 0
            ? "[bold green]✔ 回执真实完整[/]   登记机关的查询账本中有这一次查询，当时的答复如下。"
            : $"[bold red]✘ 回执不能采信[/]   {Markup.Escape(problem)}。以下内容只作参考。");
        screen.Line();
        screen.Facts(Lookup(receipt));
        screen.Plain(receipt.Facts.Facts.Count == 0 ? "\n答复中没有向查询单位展示登记内容" : "\n向查询单位展示的内容");
        screen.Facts(receipt.Facts.Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal).Select(fact => (fact.Key, fact.Value)));
        if (problem.Length == 0)
        {
            screen.Plain("\n核对：签名密钥可追溯到所信任的根；签名与账本相符；查询记录在账本中；展示的内容与记录相符");
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

    /// <summary>The look-up, line by line.</summary>
    public static IEnumerable<(string Label, string Value)> Lookup(Receipt receipt)
    {
        var record = receipt.Record;
        return
        [
            ("查询单位", record.Caller),
            ("查询时间", Words.Of(record.Time)),
            ("用证事由", record.Purpose),
            ("查询方式", record.Method switch
            {
                "VerifyCode" => "核验证照码（VerifyCode）",
                "LookupLicense" => "按统一社会信用代码查询（LookupLicense）",
                "AskQuestions" => "是否询问（AskQuestions）",
                var other => other,
            }),
            ("统一社会信用代码", record.Holder),
            ("答复", record.Verdict == 0 ? "拒绝查询" : VerdictView.Word((Verdict)record.Verdict)),
            ("原因代码", record.Reason),
            ("状态读取时间", record.Verdict == 0 ? "" : Words.Of(record.StatusAsOf)),
            ("业务编号", record.Reference),
            ("部署环境", receipt.Root.Environment),
            ("账本位置", receipt.Name),
            ("入账时间", Words.Of(receipt.Root.Time)),
        ];
    }
}
