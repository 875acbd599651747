using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Public;

/// <summary>
/// What the scan page says by itself, as a file: verdicts in the very words of the other pages, so that one cannot say more offline than online.
/// </summary>
internal static class ScanWords
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // All that can be concluded without the service.
    private static readonly (Verdict, VerdictReason)[] Conclusions =
    [
        (Verdict.Valid, VerdictReason.None), (Verdict.Suspended, VerdictReason.Suspended), (Verdict.Superseded, VerdictReason.Superseded), (Verdict.Revoked, VerdictReason.ListedInvalid),
        (Verdict.Unknown, VerdictReason.RegisterNotAsked), (Verdict.Unknown, VerdictReason.LiveCodeOnline), (Verdict.Unknown, VerdictReason.YoungerThanStates), (Verdict.Unknown, VerdictReason.PermitsNotListed),
        (Verdict.Unknown, VerdictReason.StateTooOld), (Verdict.Unknown, VerdictReason.ClocksApart), (Verdict.BadSignature, VerdictReason.SignatureInvalid),
        (Verdict.BadSignature, VerdictReason.KeyPurpose), (Verdict.NotOurs, VerdictReason.QrPrefix), (Verdict.NotOurs, VerdictReason.KeyUnknown), (Verdict.Malformed, VerdictReason.QrVersion),
        (Verdict.Malformed, VerdictReason.QrNotCanonical), (Verdict.Malformed, VerdictReason.QrStructure), (Verdict.Malformed, VerdictReason.TypedCodeCheck),
    ];

    /// <summary>The file, JSON in UTF-8.</summary>
    public static byte[] Of(PageWords words)
    {
        var verdicts = new JsonObject();
        foreach (var (verdict, reason) in Conclusions)
        {
            var (explanation, nextStep) = words.SaysOfThen(verdict, reason);
            // A list does not say why.
            var title = verdict == Verdict.Valid ? words.Pick("当时有效", "Valid then") : reason == VerdictReason.ListedInvalid ? words.Pick("当时无效", "Not in force then") : words.Title(verdict, reason);
            verdicts[$"{JsonNamingPolicy.SnakeCaseUpper.ConvertName(verdict.ToString())}/{reason.WireName()}"] = Entry(VerdictPage.ClassOf(new Verification(verdict, reason, default)), title, explanation, nextStep);
        }

        verdicts["NO_CODE"] = Entry("unknown", words.Pick("没有找到二维码", "No code found"), words.Pick("这张图片里没有能识读的二维码。", "There is no QR code in this picture that can be read."),
            words.Pick("请拍得近一些、正一些、清楚一些，或录入二维码下方的校验短码。", "Take a closer, straighter, sharper picture, or type the short code that stands under the QR code."));
        verdicts["FOREIGN"] = Entry("unknown", words.Title(Verdict.NotOurs, VerdictReason.QrPrefix), words.Pick("这是一个二维码，但不是本机关的证照码。", "This is a QR code, but not a licence code of this registrar."),
            words.Pick("请扫描营业执照上的证照码。码中的内容没有打开，也没有上传。", "Scan the code on the business licence. What the other says was neither opened nor sent."));
        verdicts["NEIGHBOUR"] = Entry("unknown", words.Pick("离线不能核验", "Not checked offline"), words.Pick("这是互认地区的证照码，本机没有它的状态。", "This is a licence code of a neighbouring registrar, whose states this device does not keep."),
            words.Pick("请联网后再扫一次。", "Scan it again when there is a network."));
        var (alike, whatToDo) = words.LooksAlike;
        verdicts["LOOK_ALIKE"] = Entry("no", words.LooksAlikeTitle, alike, whatToDo);
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["verdicts"] = verdicts,
            ["says"] = new JsonObject
            {
                ["starting"] = words.Pick("正在打开相机……", "Opening the camera…"),
                ["looking"] = words.Pick("请把执照上的二维码放进画面。", "Bring the QR code of the licence into the picture."),
                ["denied"] = words.Pick("没有打开相机：请允许本页使用相机，或选择图片、录入校验短码。", "The camera was not opened: allow this page to use it, choose a picture, or type the short code."),
                ["noCamera"] = words.Pick("本浏览器不能使用相机：请选择图片，或录入校验短码。", "This browser gives no camera: choose a picture, or type the short code."),
                ["reading"] = words.Pick("正在识读图片……", "Reading the picture…"),
                ["noDecoder"] = words.Pick("本浏览器不能识读二维码：请用手机相机扫描，或录入校验短码。", "This browser cannot read QR codes: use the camera of your phone, or type the short code."),
                ["checking"] = words.Pick("已识读，正在核验……", "Read; checking…"),
                ["asOf"] = words.Pick("离线结果，截至 {from}（北京时间）", "Offline, as of {from} (Beijing time)"),
                ["offline"] = words.Pick("离线结果，没有查询登记簿", "Offline, the register was not asked"),
                ["signed"] = words.Pick("签名正确。", "The signature is good. "),
                ["compare"] = words.Pick("请与执照逐项核对", "Compare with the licence"),
                ["name"] = words.Pick("名称", "Name"),
                ["holder"] = words.Pick("统一社会信用代码", "Unified social credit code"),
                ["successor"] = words.Pick("当时的名称", "Name by then"),
                ["version"] = words.Pick("（第 {n} 版执照）", " (licence version {n})"),
                ["permits"] = words.Pick("所列许可", "Permits"),
                ["notAllPermits"] = words.Pick("行业综合许可证真实，当时有效，但所列许可并非全部有效，见下。", "The comprehensive licence is genuine and was in force then, but not all of its permits were: see below."),
                ["permitValid"] = words.Pick("当时有效", "in force then"),
                ["permitInvalid"] = words.Pick("当时无效", "not in force then"),
                ["permitSuspended"] = words.Pick("当时暂停", "suspended then"),
                ["pack"] = words.Pick("离线状态包已备好：截至 {from}，{to} 到期（北京时间）。", "Ready: states as of {from}, until {to} (Beijing time)."),
                ["packEnded"] = words.Pick("离线状态包已于 {to} 到期，不能再用来判断；请联网更新。", "The states at hand expired at {to}; connect to renew them."),
                ["noPack"] = words.Pick("本机还没有离线状态包；断网时只能核对签名，不知道是否有效。", "No states are kept here yet; offline only the signature can be checked."),
            },
        }, Plain);
    }

    private static JsonObject Entry(string look, string title, string explanation, string nextStep) =>
        new() { ["look"] = look, ["sign"] = VerdictPage.SignOf(look), ["title"] = title, ["explanation"] = explanation, ["nextStep"] = nextStep };
}
