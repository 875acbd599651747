using System.Globalization;
using ShantingEId.Trades;

namespace ShantingEId.Verifying;

/// <summary>What a person at the counter is told about a 行业综合许可证: first the whole, then every permit that cannot be relied on.</summary>
internal static class TradeTexts
{
    /// <summary>One plain sentence and what to do next.</summary>
    public static (string Explanation, string NextStep) Of(Verification answer)
    {
        if (answer.Reason == VerdictReason.HolderNotInForce)
        {
            return ($"综合许可证真实，但持证主体的营业执照{Holder(answer.Verdict)}，此证不能使用。", "请勿据此办理；请来人向登记机关了解。");
        }

        if (answer.Verdict != Verdict.Valid)
        {
            var (explanation, nextStep) = VerdictTexts.Of(answer.Verdict, answer.Reason);
            return (explanation.Replace("执照", "综合许可证", StringComparison.Ordinal).Replace("该主体已经注销", "此证已经注销", StringComparison.Ordinal).Replace("换发新照", "换发新证", StringComparison.Ordinal),
                nextStep.Replace("新照", "新证", StringComparison.Ordinal));
        }

        var held = answer.Permits.Where(permit => !permit.IsInForce).ToArray();
        return held.Length == 0
            ? ("综合许可证真实，登记在册，当前有效；所列许可均有效。", "请核对名称、场所，并确认所办业务在所列许可之内。")
            : ($"综合许可证真实，登记在册，当前有效；但其中{string.Join("；", held.Select(Sentence))}。", "请确认所办业务不属于上述停用的许可；属于的，请勿据此办理。");
    }

    private static string Sentence(PermitStatus status) => status switch
    {
        { SuspendedUntil: { } until } => $"{status.Permit.Name}暂停至 {Minute(until)}",
        { State: PermitState.Suspended } => $"{status.Permit.Name}暂停，恢复时间未定",
        { State: PermitState.Scheduled } => $"{status.Permit.Name}尚未生效",
        _ => $"{status.Permit.Name}{status.State.Name()}",
    };

    private static string Holder(Verdict verdict) => verdict switch
    {
        Verdict.Suspended => "处于暂停状态",
        Verdict.Cancelled => "已经注销",
        _ => "已被吊销或撤销",
    };

    private static string Minute(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy年M月d日 HH:mm", CultureInfo.InvariantCulture);
}
