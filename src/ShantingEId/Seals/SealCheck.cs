namespace ShantingEId.Seals;

/// <summary>What one step of a verification came to. The zero value is never given and never means passed.</summary>
public enum CheckOutcome
{
    /// <summary>Never given.</summary>
    Unspecified = 0,

    /// <summary>通过.</summary>
    Passed = 1,

    /// <summary>未通过: the whole is not valid, for the reason given.</summary>
    Failed = 2,

    /// <summary>无法确认: what is needed to say is not at hand; the whole is not called valid.</summary>
    NotConfirmed = 3,

    /// <summary>提示: true and worth knowing, decides nothing.</summary>
    Notice = 4,
}

/// <summary>结论 over all steps: the worst outcome among them.</summary>
public enum SealVerdict
{
    /// <summary>Never given; never means valid.</summary>
    Unspecified = 0,

    /// <summary>有效: every step passed.</summary>
    Valid = 1,

    /// <summary>无法确认: no step failed, at least one could not be decided.</summary>
    NotConfirmed = 2,

    /// <summary>无效: a step failed.</summary>
    Invalid = 3,
}

/// <summary>Steps of the standards and of this system, in the order in which they are taken.</summary>
public enum CheckStep
{
#pragma warning disable CS1591 // The Chinese names below are the documentation.
    Container,
    SignatureList,
    Format,
    SealSignature,
    MakerCertificate,
    SealValidity,
    SealTimeStamp,
    SealState,
    SignatureValue,
    SignerListed,
    Seal,
    SignerCertificate,
    SigningTime,
    DataHash,
    TimeStamp,
    Extensions,
    PropertyInfo,
    SealCopy,
    SealPicture,
    References,
    Coverage,
    LaterSignatures,
    ForeignFiles,
#pragma warning restore CS1591
}

/// <summary>Machine reason of a step that did not pass; wire names are upper snake case and never change their meaning.</summary>
public enum SealProblem
{
#pragma warning disable CS1591 // The names are the documentation.
    None,
    Asn1Invalid,
    Asn1Limits,
    Algorithm,
    SealSignature,
    SignatureInvalid,
    CertInvalid,
    MakerCert,
    MakerUnknown,
    SignerCert,
    CertUsage,
    SignerNotListed,
    OutsideValidity,
    TimeOrder,
    DataHash,
    PropertyInfo,
    TrustMissing,
    CaUnknown,
    CaScope,
    CaRegion,
    CaPeriod,
    TrustListExpired,
    Revoked,
    SealEnded,
    StatusUnknown,
    TimeUnproven,
    TimeStampInvalid,
    TimeStampCert,
    ExtensionUnknown,
    PictureInvalid,
    NotSigned,
    SignatureStructure,
    FileMissing,
    FileAltered,
    SealDiffers,
    FileUncovered,
    CrlMissing,
    CrlStale,
#pragma warning restore CS1591
}

/// <summary>One step: what was checked, under which clause, and what came of it.</summary>
/// <param name="Step">The step.</param>
/// <param name="Clause">Where the standard asks for it; empty for a step of this system.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Problem">Machine reason; <see cref="SealProblem.None"/> when passed.</param>
/// <param name="Text">One Chinese sentence without a full stop, for people.</param>
public sealed record SealCheck(CheckStep Step, string Clause, CheckOutcome Outcome, SealProblem Problem, string Text);

/// <summary>Names of steps and reasons, and what many steps come to.</summary>
public static class SealChecks
{
    /// <summary>The worst outcome decides; no steps at all are not a verification.</summary>
    public static SealVerdict Verdict(IReadOnlyCollection<SealCheck> checks) =>
        checks.Count == 0 ? SealVerdict.Unspecified
        : checks.Any(check => check.Outcome is CheckOutcome.Failed or CheckOutcome.Unspecified) ? SealVerdict.Invalid
        : checks.Any(check => check.Outcome == CheckOutcome.NotConfirmed) ? SealVerdict.NotConfirmed
        : SealVerdict.Valid;

    /// <summary>Upper snake name, e.g. <c>SIGNER_NOT_LISTED</c>.</summary>
    public static string WireName(this SealProblem problem) => WireNames<SealProblem>.Of(problem);

    /// <summary>Upper snake name, e.g. <c>SEAL_SIGNATURE</c>.</summary>
    public static string WireName(this CheckStep step) => WireNames<CheckStep>.Of(step);

    /// <summary>Upper snake name, e.g. <c>NOT_CONFIRMED</c>.</summary>
    public static string WireName(this CheckOutcome outcome) => WireNames<CheckOutcome>.Of(outcome);

    /// <summary>Upper snake name, e.g. <c>NOT_CONFIRMED</c>.</summary>
    public static string WireName(this SealVerdict verdict) => WireNames<SealVerdict>.Of(verdict);

    /// <summary>Name of the verdict for people.</summary>
    public static string ChineseName(this SealVerdict verdict) => verdict switch
    {
        SealVerdict.Valid => "有效",
        SealVerdict.NotConfirmed => "无法确认",
        SealVerdict.Invalid => "无效",
        _ => "未核验",
    };

    /// <summary>One Chinese sentence about a single seal or signature, for people.</summary>
    /// <param name="what">印章 or 签章.</param>
    /// <param name="checks">Its steps.</param>
    public static string Summary(string what, IReadOnlyCollection<SealCheck> checks) => Verdict(checks) switch
    {
        SealVerdict.Valid => $"{what}真实有效。",
        SealVerdict.NotConfirmed => $"{what}的签名值真实；但{checks.First(check => check.Outcome == CheckOutcome.NotConfirmed).Text}。",
        _ => $"{what}无效：{checks.First(check => check.Outcome == CheckOutcome.Failed).Text}。",
    };

    /// <summary>Name of the step for people.</summary>
    public static string ChineseName(this CheckStep step) => step switch
    {
        CheckStep.Container => "文件容器",
        CheckStep.SignatureList => "签名列表",
        CheckStep.Format => "数据格式",
        CheckStep.SealSignature => "印章签名值",
        CheckStep.MakerCertificate => "制章者证书",
        CheckStep.SealValidity => "印章有效期",
        CheckStep.SealTimeStamp => "印章时间戳",
        CheckStep.SealState => "印章状态",
        CheckStep.SignatureValue => "签章签名值",
        CheckStep.SignerListed => "签章者与印章匹配",
        CheckStep.Seal => "印章",
        CheckStep.SignerCertificate => "签章者证书",
        CheckStep.SigningTime => "签章时间",
        CheckStep.DataHash => "原文杂凑",
        CheckStep.TimeStamp => "时间戳",
        CheckStep.Extensions => "自定义扩展",
        CheckStep.PropertyInfo => "原文属性",
        CheckStep.SealCopy => "印章副本",
        CheckStep.SealPicture => "印章图片",
        CheckStep.References => "被签文件",
        CheckStep.Coverage => "签名覆盖范围",
        CheckStep.LaterSignatures => "后续签名",
        _ => "夹带文件",
    };
}

/// <summary>Collects the steps of one verification.</summary>
internal sealed class CheckList
{
    private readonly List<SealCheck> checks = [];

    public IReadOnlyList<SealCheck> Checks => checks;

    public bool HasFailed => checks.Any(check => check.Outcome == CheckOutcome.Failed);

    public void Pass(CheckStep step, string clause, string text) => checks.Add(new SealCheck(step, clause, CheckOutcome.Passed, SealProblem.None, text));

    public void Fail(CheckStep step, string clause, SealProblem problem, string text) => checks.Add(new SealCheck(step, clause, CheckOutcome.Failed, problem, text));

    public void Doubt(CheckStep step, string clause, SealProblem problem, string text) => checks.Add(new SealCheck(step, clause, CheckOutcome.NotConfirmed, problem, text));

    public void Note(CheckStep step, string clause, SealProblem problem, string text) => checks.Add(new SealCheck(step, clause, CheckOutcome.Notice, problem, text));

    public void Add(SealCheck check) => checks.Add(check);

    public void AddRange(IEnumerable<SealCheck> more) => checks.AddRange(more);
}
