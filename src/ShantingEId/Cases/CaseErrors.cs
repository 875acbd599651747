using ShantingEId.Issuing;

namespace ShantingEId.Cases;

/// <summary>Refusals about cases that more than one place gives, so that they read the same everywhere.</summary>
public static class CaseErrors
{
    /// <summary>There is no such case.</summary>
    public static EidException NotFound() => new(ErrorReason.CaseNotFound, "没有这个办件");

    /// <summary>There is no such step, or it is none of the caller's business: it is not told which.</summary>
    public static EidException StepNotFound() => new(ErrorReason.StepNotFound, "没有这个办理事项，或它不由贵单位办理");

    /// <summary>The company has a case that goes on.</summary>
    public static EidException Exists(CaseId id) => new(ErrorReason.CaseExists, "该企业已有正在办理的办件")
    {
        Metadata = new Dictionary<string, string> { ["case"] = CaseName.Of(id) },
    };

    /// <summary>Somebody else was faster.</summary>
    public static EidException Overtaken() => new(ErrorReason.VersionConflict, "该办件在此期间已有变化，未写入任何内容；请重试");

    internal static EidException NotAllowed(CaseStep step, StepAct act) =>
        new(ErrorReason.TransitionNotAllowed, $"该事项现为“{ChineseName(step.State)}”，不能{ChineseName(act)}")
        {
            Metadata = new Dictionary<string, string> { ["state"] = WireNames<StepState>.Of(step.State) },
        };

    /// <summary>A state as people say it.</summary>
    public static string ChineseName(StepState state) => state switch
    {
        StepState.Waiting => "等待前置事项",
        StepState.Open => "待受理",
        StepState.Accepted => "办理中",
        StepState.Done => "已办结",
        StepState.Returned => "待补正",
        StepState.Refused => "不予办理",
        StepState.Withdrawn => "已撤回",
        StepState.Review => "人工审核中",
        _ => "状态不明",
    };

    private static string ChineseName(StepAct act) => act switch
    {
        StepAct.Accept => "受理",
        StepAct.Complete => "办结",
        StepAct.Return => "退回补正",
        StepAct.Refuse => "不予办理",
        StepAct.Reopen => "恢复办理",
        StepAct.Withdraw => "撤回",
        StepAct.Grant or StepAct.Issue => "核发",
        StepAct.Ask => "申请",
        _ => "作此变更",
    };
}
