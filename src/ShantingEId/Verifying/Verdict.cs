namespace ShantingEId.Verifying;

/// <summary>核验结论. Numbers equal those of the API.</summary>
public enum Verdict
{
    /// <summary>Never given; never means valid.</summary>
    Unspecified = 0,

    /// <summary>Genuine, in the register and in force.</summary>
    Valid = 1,

    /// <summary>Genuine, paused.</summary>
    Suspended = 2,

    /// <summary>Genuine, replaced by a newer licence.</summary>
    Superseded = 3,

    /// <summary>Genuine, revoked.</summary>
    Revoked = 4,

    /// <summary>Genuine, company deregistered.</summary>
    Cancelled = 5,

    /// <summary>Genuine, term ended.</summary>
    Expired = 6,

    /// <summary>Nothing in the register under this code.</summary>
    NotFound = 7,

    /// <summary>Good signature, never issued: an alert.</summary>
    NotIssued = 8,

    /// <summary>Altered or forged.</summary>
    BadSignature = 9,

    /// <summary>A code of somebody else.</summary>
    NotOurs = 10,

    /// <summary>Damaged or not a code.</summary>
    Malformed = 11,

    /// <summary>The data at hand are too old to say.</summary>
    Unknown = 12,
}

/// <summary>Machine reason behind a verdict; wire names are upper snake case.</summary>
public enum VerdictReason
{
    /// <summary>No reason needed: valid.</summary>
    None,

    /// <summary>Does not start with the official address.</summary>
    QrPrefix,

    /// <summary>Official address, unknown form.</summary>
    QrVersion,

    /// <summary>Not the one spelling of its bytes.</summary>
    QrNotCanonical,

    /// <summary>Bytes are not a licence code.</summary>
    QrStructure,

    /// <summary>A typed code whose check character does not fit: mistyped.</summary>
    TypedCodeCheck,

    /// <summary>Signed with a key that is not ours.</summary>
    KeyUnknown,

    /// <summary>Signed with a key of ours that may not sign this.</summary>
    KeyPurpose,

    /// <summary>The signature does not fit the content.</summary>
    SignatureInvalid,

    /// <summary>The register holds no such entry.</summary>
    LicenseNotFound,

    /// <summary>The signature is good, the register never issued it.</summary>
    NotIssued,

    /// <summary>The register's bytes do not fit what was signed.</summary>
    RegisterMismatch,

    /// <summary>Revoked.</summary>
    Revoked,

    /// <summary>Paused.</summary>
    Suspended,

    /// <summary>A newer licence took its place.</summary>
    Superseded,

    /// <summary>Deregistered.</summary>
    Cancelled,

    /// <summary>Registered on false papers, and rescinded.</summary>
    Rescinded,

    /// <summary>Prepared and taken back before it took force.</summary>
    Withdrawn,

    /// <summary>Had not taken force at the time.</summary>
    NotYetEffective,

    /// <summary>The seal was replaced.</summary>
    SealReplaced,

    /// <summary>A seal that the register never issued.</summary>
    SealNotFound,

    /// <summary>A comprehensive licence whose company's business licence is not in force.</summary>
    HolderNotInForce,

    /// <summary>The signature is good; the register was not asked (offline).</summary>
    RegisterNotAsked,

    /// <summary>A status list says that it is not in force; why not, only the register knows.</summary>
    ListedInvalid,

    /// <summary>The licence is younger than the states at hand.</summary>
    YoungerThanStates,

    /// <summary>A comprehensive licence, whose permits have states that no list tells.</summary>
    PermitsNotListed,

    /// <summary>The state was older than accepted when it arrived.</summary>
    StateTooOld,

    /// <summary>The clocks of the two sides are too far apart to tell how old the state is.</summary>
    ClocksApart,

    /// <summary>A code of a neighbouring issuer, and the list that recognises it is out of date.</summary>
    NeighbourListExpired,

    /// <summary>A code of a neighbouring issuer outside the time of its recognition.</summary>
    NeighbourPeriod,

    /// <summary>A good signature of a neighbouring issuer for a company of a division for which it is not recognised.</summary>
    NeighbourRegion,

    /// <summary>A good signature of a neighbouring issuer, whose states cannot be had, or are too old.</summary>
    NeighbourStateUnknown,
}

/// <summary>Wire names of reasons.</summary>
public static class VerdictReasons
{
    /// <summary>Upper snake name, e.g. <c>QR_NOT_CANONICAL</c>; empty for <see cref="VerdictReason.None"/>.</summary>
    public static string WireName(this VerdictReason reason) => reason == VerdictReason.None ? "" : WireNames<VerdictReason>.Of(reason);
}

/// <summary>What a person at the counter is told.</summary>
public static class VerdictTexts
{
    /// <summary>One plain sentence and what to do next, about a licence or a seal, now or at the instant asked about.</summary>
    public static (string Explanation, string NextStep) Of(Verification answer)
    {
        if (answer.Neighbour is not null)
        {
            return NeighbourTexts.Of(answer);
        }

        var (explanation, nextStep) = (answer.Verdict, answer.Seal) switch
        {
            (Verdict.Valid, not null) => ("印章真实，是该主体现行四枚印章之一，当前有效。", "请将印章上的名称与文件、来人陈述核对后办理。"),
            (Verdict.Suspended, not null) => ("印章真实，但其执照目前处于暂停状态。", "请勿据此办理，请来人向登记机关了解恢复条件。"),
            (Verdict.Revoked, not null) => ("印章真实，但其执照已被吊销或撤销，不再有效。", "请勿据此办理；如有异议，请来人联系登记机关。"),
            (Verdict.Cancelled, not null) => ("印章真实，但该主体已经注销。", "请勿据此办理；历史业务可按当时的时间查询。"),
            _ => answer.Manifest?.License.Trade is null ? Of(answer.Verdict, answer.Reason) : TradeTexts.Of(answer),
        };
        // Nobody may take yesterday's yes for today's.
        return answer.AsOfTime is null || answer.Manifest is null ? (explanation, nextStep)
            : ($"在所查询的时间：{explanation.Replace("当前有效", "有效", StringComparison.Ordinal).Replace("目前", "", StringComparison.Ordinal).Replace("现行", "当时", StringComparison.Ordinal)}", "以上是过去时点的状态；现在是否有效，请另行核验。");
    }

    /// <summary>One plain sentence and what to do next.</summary>
    public static (string Explanation, string NextStep) Of(Verdict verdict, VerdictReason reason) => (verdict, reason) switch
    {
        (Verdict.Valid, _) => ("执照真实，登记在册，当前有效。", "请将名称、统一社会信用代码与来人陈述核对后办理。"),
        (Verdict.Suspended, _) => ("执照真实，但目前处于暂停状态。", "请勿据此办理，请来人向登记机关了解恢复条件。"),
        (Verdict.Superseded, VerdictReason.SealReplaced) => ("印章真实，但已换发新章，自换发之日起不再有效。", "请使用新章；换发之前加盖的文件，请按加盖时间查询当时的状态。"),
        (Verdict.Superseded, _) => ("执照真实，但已换发新照。", "请出示新照的证照码再次核验。"),
        (Verdict.Revoked, VerdictReason.Rescinded) => ("执照真实，但该登记已被依法撤销。", "请勿据此办理；如有异议，请来人联系登记机关。"),
        (Verdict.Revoked, VerdictReason.Withdrawn) => ("此照在生效之前已经撤回，从未生效。", "请来人出示现行执照的证照码再次核验。"),
        (Verdict.Revoked, VerdictReason.ListedInvalid) => ("此照不在有效状态：已被吊销、撤销、注销或撤回，尚未生效，或从未签发。", "请勿据此办理；联网后可查明原因，如有异议，请来人联系登记机关。"),
        (Verdict.Revoked, _) => ("执照真实，但已被吊销，不再有效。", "请勿据此办理；如有异议，请来人联系登记机关。"),
        (Verdict.Cancelled, _) => ("执照真实，但该主体已经注销。", "请勿据此办理；历史业务可查询存续期间的登记信息。"),
        (Verdict.Expired, _) => ("执照真实，但已过有效期。", "请来人到登记机关办理延续。"),
        (Verdict.NotFound, VerdictReason.NotYetEffective) => ("在所查询的时间，此照尚未生效。", "请核对要查询的时间，或出示当时有效的执照。"),
        (Verdict.NotFound, VerdictReason.SealNotFound) => ("登记簿中没有这枚印章。", "请核对印章编码是否录入有误；确认无误仍查不到的，请联系登记机关。"),
        (Verdict.NotFound, _) => ("登记簿中没有与此代码对应的执照。", "请核对代码是否录入有误；确认无误仍查不到的，请联系登记机关。"),
        (Verdict.NotIssued, _) => ("签名形式正确，但登记簿中从未签发过这张执照。", "请勿据此办理，请保留此码并立即联系登记机关。"),
        (Verdict.BadSignature, VerdictReason.KeyPurpose) => ("此码使用了不允许签发证照码的密钥，不能采信。", "请勿据此办理，请保留此码并联系登记机关。"),
        (Verdict.BadSignature, VerdictReason.RegisterMismatch) => ("登记数据与签名内容不一致，不能采信。", "请勿据此办理，请立即联系登记机关。"),
        (Verdict.BadSignature, _) => ("签名与内容不符，此码被改动过或系伪造。", "请勿据此办理，请保留此码并联系登记机关。"),
        (Verdict.NotOurs, VerdictReason.NeighbourPeriod) => ("此码由邻区登记机关签发，但现在不在互认期内。", "请到发证机关的官方页面核验。"),
        (Verdict.NotOurs, VerdictReason.NeighbourRegion) => ("签名属于邻区登记机关，但该机关无权证明此区划的主体，不能采信。", "请勿据此办理，请保留此码并联系登记机关。"),
        (Verdict.NotOurs, VerdictReason.KeyUnknown) => ("此码不是由本登记机关签发的。", "请向来人核实证照来源；不要打开码中的网址。"),
        (Verdict.NotOurs, _) => ("这不是本系统的证照码。", "请确认扫描的是营业执照上的证照码；不要打开码中的网址。"),
        (Verdict.Malformed, VerdictReason.TypedCodeCheck) => ("校验短码有误，可能录错了字符。", "请对照执照重新录入十二位校验短码（不含字母 I、L、O、U）。"),
        (Verdict.Malformed, VerdictReason.QrVersion) => ("证照码的版本无法识别。", "请升级核验程序，或改为录入二维码下方的校验短码。"),
        (Verdict.Malformed, _) => ("证照码残缺或已损坏，无法识别。", "请重新扫描，或改为录入二维码下方的校验短码。"),
        (Verdict.Unknown, VerdictReason.RegisterNotAsked) => ("没有查询登记簿，不知道现在是否有效。", "请联网后再次核验；在此之前请勿据此办理。"),
        (Verdict.Unknown, VerdictReason.YoungerThanStates) => ("签名正确，但此照签发于状态包之后，不知道是否有效。", "请联网后核验，或取得较新的状态包；在此之前请勿据此办理。"),
        (Verdict.Unknown, VerdictReason.PermitsNotListed) => ("签名正确，但行业综合许可证所列各项许可的状态不在状态包中。", "请联网后核验；在此之前请勿据此办理。"),
        (Verdict.Unknown, VerdictReason.NeighbourListExpired) => ("此码属邻区登记机关，但本机关的邻区互认名单已经过期，不能核验。", "请勿据此办理；请到发证机关的官方页面核验，并请本机关更新名单。"),
        (Verdict.Unknown, VerdictReason.NeighbourStateUnknown) => ("签名正确，由邻区登记机关签发；但取不到发证机关的最新状态，不知道现在是否有效。", "请稍后再次核验，或到发证机关核实；在此之前请勿据此办理。"),
        (Verdict.Unknown, VerdictReason.ClocksApart) => ("本机时钟与服务相差过大，无法判断状态是否过旧。", "请校准本机时钟后再次核验。"),
        (Verdict.Unknown, _) => ("手头的状态数据过旧，无法判断是否仍然有效。", "请联网后再次核验。"),
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "no text for this verdict"),
    };
}
