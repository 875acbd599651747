using System.Collections.Frozen;

namespace ShantingEId.Deregistering;

/// <summary>What can be done in a proceeding. Zero is "not known".</summary>
public enum DeregistrationAct
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>申请.</summary>
    Apply = 1,

    /// <summary>提出异议.</summary>
    RaiseObjection = 2,

    /// <summary>撤回异议.</summary>
    WithdrawObjection = 3,

    /// <summary>退回补正.</summary>
    Return = 4,

    /// <summary>补正后重新提交.</summary>
    Resubmit = 5,

    /// <summary>终止.</summary>
    Terminate = 6,

    /// <summary>撤回申请.</summary>
    Withdraw = 7,

    /// <summary>确认并注销.</summary>
    Confirm = 8,

    /// <summary>到期结束: records what time has done.</summary>
    Expire = 9,
}

/// <summary>The one table of what may be done when.</summary>
public static class DeregistrationActs
{
    private static readonly FrozenDictionary<DeregistrationAct, DeregistrationState[]> From = new Dictionary<DeregistrationAct, DeregistrationState[]>
    {
        [DeregistrationAct.RaiseObjection] = [DeregistrationState.Published, DeregistrationState.Objected, DeregistrationState.Returned],
        // Also when it has ended: that frees the company to apply anew. Where none stands, the objection itself says so.
        [DeregistrationAct.WithdrawObjection] = [.. Enum.GetValues<DeregistrationState>().Except([DeregistrationState.Unspecified, DeregistrationState.Cancelled])],
        [DeregistrationAct.Return] = [DeregistrationState.Published, DeregistrationState.Objected, DeregistrationState.Confirmable],
        [DeregistrationAct.Resubmit] = [DeregistrationState.Returned],
        [DeregistrationAct.Terminate] = [DeregistrationState.Published, DeregistrationState.Objected, DeregistrationState.Returned, DeregistrationState.Confirmable],
        [DeregistrationAct.Withdraw] = [DeregistrationState.Published, DeregistrationState.Objected, DeregistrationState.Returned, DeregistrationState.Confirmable],
        [DeregistrationAct.Confirm] = [DeregistrationState.Confirmable],
    }.ToFrozenDictionary();

    /// <summary>Whether an act is possible in a state.</summary>
    public static bool IsAllowed(this DeregistrationAct act, DeregistrationState state) => From.TryGetValue(act, out var from) && Array.IndexOf(from, state) >= 0;

    /// <summary>Whether a state is an end: nothing but withdrawing an objection follows.</summary>
    public static bool IsEnd(this DeregistrationState state) =>
        state is DeregistrationState.Cancelled or DeregistrationState.Terminated or DeregistrationState.Withdrawn or DeregistrationState.Lapsed;

    /// <summary>The state for a person.</summary>
    public static string ChineseName(this DeregistrationState state) => state switch
    {
        DeregistrationState.Published => "公示期内",
        DeregistrationState.Objected => "有异议",
        DeregistrationState.Returned => "退回补正",
        DeregistrationState.Confirmable => "期满无异议，待注销",
        DeregistrationState.Cancelled => "已注销",
        DeregistrationState.Terminated => "已终止",
        DeregistrationState.Withdrawn => "申请人已撤回",
        DeregistrationState.Lapsed => "逾期失效",
        _ => "状态不明",
    };
}
