using System.Globalization;

namespace ShantingEId.Verifying;

/// <summary>What a person at the counter is told about a code of a neighbouring issuer: who issued it, and how old its state is.</summary>
internal static class NeighbourTexts
{
    /// <summary>One plain sentence and what to do next.</summary>
    public static (string Explanation, string NextStep) Of(Verification answer)
    {
        var issuer = answer.Neighbour!.Issuer;
        var (explanation, nextStep) = VerdictTexts.Of(answer.Verdict, answer.Reason);
        var from = $"由邻区登记机关“{issuer.Name}”（区划 {issuer.Division}）签发";
        var (asOf, ask) = (answer.Neighbour.StateTime is { } time ? Second(time) : "", $"请到“{issuer.Name}”核实；在此之前请勿据此办理。");
        return answer switch
        {
            { Neighbour.Claims: null } => (explanation, nextStep),
            { AsOfTime: not null } => ($"签名正确，{from}；邻区执照只能核验现在的状态，所查询时间的状态请向发证机关查询。", ask),
            { Reason: VerdictReason.PermitsNotListed } => ($"签名正确，{from}；截至 {asOf} 综合许可证有效，但所列许可并非全部有效。", ask),
            { Reason: VerdictReason.YoungerThanStates } => ($"签名正确，{from}；但签发于发证机关的状态列表之后，还不知道是否有效。", "请一两分钟后再次核验；在此之前请勿据此办理。"),
            { Verdict: Verdict.Unknown } => ($"签名正确，{from}；但取不到发证机关的最新状态（{(asOf.Length > 0 ? "最近一次截至 " + asOf : "从未取得")}），不知道现在是否有效。", "请稍后再次核验，或向发证机关核实；在此之前请勿据此办理。"),
            { Verdict: Verdict.Valid } => ($"执照真实，{from}；发证机关的状态列表截至 {asOf} 显示有效。", "请将名称、统一社会信用代码与来人陈述核对后办理；住所、法定代表人等其他事项本机关不掌握，请向发证机关查询。"),
            _ => ($"截至 {asOf}：{explanation.Replace("目前", "", StringComparison.Ordinal).TrimEnd('。')}（{from}）。", nextStep.Replace("登记机关", "发证机关", StringComparison.Ordinal)),
        };
    }

    private static string Second(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy年M月d日 HH:mm:ss", CultureInfo.InvariantCulture) + "（北京时间）";
}
