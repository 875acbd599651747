using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Tool.Views;

/// <summary>What a machine reason in a look-up record means, as a person would say it; the code stays beside it for whoever asks.</summary>
internal static class ReasonWords
{
    /// <summary>Why a verdict was given, or why a look-up was refused (verdict 0); empty where there is no reason.</summary>
    public static string Of(int verdict, string reason) => reason.Length == 0 ? "" : $"{(verdict == 0 ? Refusal(reason) : Explanation(verdict, reason))}（{reason}）";

    private static string Explanation(int verdict, string reason)
    {
        var why = Enum.GetValues<VerdictReason>().FirstOrDefault(each => each.WireName() == reason);
        if (why == VerdictReason.None && Enum.GetValues<SealProblem>().Any(each => each.WireName() == reason))
        {
            // Of a document or a stamp: the first step that did not pass.
            return (Verdict)verdict == Verdict.Unknown ? "文件或印章无法确认" : "文件或印章未通过核验";
        }

        return Enum.IsDefined((Verdict)verdict) ? VerdictTexts.Of((Verdict)verdict, why).Explanation.TrimEnd('。') : "原因代码";
    }

    private static string Refusal(string reason) => reason switch
    {
        "PURPOSE_REQUIRED" => "没有说明用证事由",
        "PURPOSE_NOT_GRANTED" => "查询单位未登记此用证事由",
        "FIELD_NOT_GRANTED" => "所查事项超出此用证事由的范围",
        "ACCESS_DENIED" => "查询单位无权作此查询",
        "RATE_LIMITED" => "超出查询单位的限额",
        "QUESTION_INVALID" => "所问的内容不完整或无法识别",
        "QR_TEXT_INVALID" => "提交的不是证照码文字",
        "USCC_INVALID" => "统一社会信用代码有误",
        "TEXT_INVALID" => "业务编号过长或含有不允许的字符",
        "CONTAINER_LIMITS" or "CONTAINER_UNSAFE" or "XML_UNSAFE" => "提交的文件不是可以打开的 OFD",
        "COPY_NOT_FOUND" => "没有这份加注件，或不是制作给查询单位的",
        "ALREADY_DOWNLOADED" => "加注件已经下载过",
        "COPY_EXPIRED" => "加注件已过有效期",
        "LICENSE_NOT_IN_FORCE" => "执照已不在有效状态",
        "AGE_INVALID" => "要求的状态时效有误",
        "AS_OF_INVALID" => "查询的时点有误",
        "SEAL_CODE_INVALID" => "印章编码有误",
        "ASN1_INVALID" => "提交的不是电子印章",
        "STORE_UNAVAILABLE" => "登记簿当时暂不可用",
        "AUDIT_UNAVAILABLE" => "当时不能记录查询",
        "DRAINING" => "服务当时正在停止",
        "CLOCK_SKEW" => "服务时钟与登记簿相差过大",
        "DEADLINE_EXCEEDED" or "DEADLINE_TOO_SHORT" => "没有在时限内办完",
        "INTERNAL_FAULT" => "服务当时出错",
        _ => "原因代码",
    };
}
