using System.Text.Json.Nodes;
using ShantingEId.Server.Public;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Tests;

/// <summary>The words of the public pages: each verdict in its own, in both languages, and none that sounds like "valid" but that one.</summary>
public sealed class PageWordsTests
{
    private static readonly PageWords Chinese = new(english: false, "");
    private static readonly PageWords English = new(english: true, "");

    [Theory]
    [InlineData(Verdict.Valid, VerdictReason.None, "ok", "有效", "当前有效", "Valid", "in force now")]
    [InlineData(Verdict.Suspended, VerdictReason.Suspended, "wait", "暂停", "暂停状态", "Suspended", "suspended at present")]
    [InlineData(Verdict.Superseded, VerdictReason.Superseded, "wait", "已换发新照", "已换发新照", "Replaced", "a newer one took its place")]
    [InlineData(Verdict.Revoked, VerdictReason.Revoked, "no", "已吊销", "已被吊销", "Revoked", "was revoked")]
    [InlineData(Verdict.Revoked, VerdictReason.Rescinded, "no", "登记已撤销", "依法撤销", "Registration rescinded", "was rescinded by law")]
    [InlineData(Verdict.Revoked, VerdictReason.Withdrawn, "no", "从未生效", "生效之前已经撤回", "Never in force", "taken back before it came into force")]
    [InlineData(Verdict.Revoked, VerdictReason.ListedInvalid, "no", "不在有效状态", "不在有效状态", "Not in force", "not in force")]
    [InlineData(Verdict.Cancelled, VerdictReason.Cancelled, "no", "已注销", "已经注销", "Deregistered", "has been deregistered")]
    [InlineData(Verdict.NotFound, VerdictReason.LicenseNotFound, "unknown", "查无此照", "没有与此代码对应", "Not found", "holds no licence")]
    [InlineData(Verdict.NotFound, VerdictReason.NotYetEffective, "unknown", "查无此照", "尚未生效", "Not found", "not in force yet")]
    [InlineData(Verdict.NotIssued, VerdictReason.NotIssued, "no", "从未签发", "从未签发过", "Never issued", "never issued")]
    [InlineData(Verdict.BadSignature, VerdictReason.SignatureInvalid, "no", "伪造或被改动", "被改动过或系伪造", "Forged or altered", "altered or forged")]
    [InlineData(Verdict.NotOurs, VerdictReason.KeyUnknown, "unknown", "不是本机关的码", "不是由本登记机关签发", "Not our code", "not a code of this registrar")]
    [InlineData(Verdict.Malformed, VerdictReason.QrStructure, "unknown", "无法识别", "残缺或已损坏", "Cannot be read", "damaged or incomplete")]
    [InlineData(Verdict.Malformed, VerdictReason.TypedCodeCheck, "unknown", "无法识别", "校验短码有误", "Cannot be read", "mistyped")]
    [InlineData(Verdict.NotAccepted, VerdictReason.AlreadyPresented, "no", "此码已经用过", "已经出示过一次", "Already used", "used before")]
    [InlineData(Verdict.NotAccepted, VerdictReason.AudienceMismatch, "no", "不是出示给您的", "出示给其他单位", "Not meant for you", "for somebody else")]
    [InlineData(Verdict.NotAccepted, VerdictReason.Expired, "no", "此码已失效", "已过有效时间", "Code expired", "The time of this live code is over")]
    [InlineData(Verdict.Unknown, VerdictReason.StateTooOld, "unknown", "无法判断", "过旧", "Unknown", "have expired")]
    public void Each_verdict_has_its_word_colour_and_sentence(Verdict verdict, VerdictReason reason, string look, string title, string says, string englishTitle, string englishSays)
    {
        Assert.Equal((look, title, englishTitle), (VerdictPage.ClassOf(new Verification(verdict, reason, default)), Chinese.Title(verdict, reason), English.Title(verdict, reason)));
        Assert.Contains(says, Chinese.Says(verdict, reason).Explanation, StringComparison.Ordinal);
        Assert.Contains(englishSays, English.Says(verdict, reason).Explanation, StringComparison.Ordinal);
    }

    // Whatever is added, and has no words yet.
    [Fact]
    public void Nothing_but_valid_looks_or_reads_like_it()
    {
        foreach (var words in (PageWords[])[Chinese, English])
        {
            var yes = words.Says(Verdict.Valid, VerdictReason.None);
            Assert.All(
                from verdict in Enum.GetValues<Verdict>() where verdict is not (Verdict.Valid or Verdict.Unspecified) from reason in Enum.GetValues<VerdictReason>() select (verdict, reason),
                no =>
                {
                    Assert.NotEqual("ok", VerdictPage.ClassOf(new Verification(no.verdict, no.reason, default)));
                    Assert.NotEqual(words.Title(Verdict.Valid, VerdictReason.None), words.Title(no.verdict, no.reason));
                    Assert.NotEqual(yes.Explanation, words.Says(no.verdict, no.reason).Explanation);
                    Assert.NotEqual(yes.NextStep, words.Says(no.verdict, no.reason).NextStep);
                });
        }
    }

    // Offline nothing is said of now.
    [Fact]
    public void Words_of_then_do_not_speak_of_now()
    {
        foreach (var (words, now) in ((PageWords, string[])[])[(Chinese, ["当前", "目前", "现在有效"]), (English, ["in force now", "at present"])])
        {
            var verdicts = JsonNode.Parse(ScanWords.Of(words))!["verdicts"]!.AsObject();
            Assert.InRange(verdicts.Count, 20, 40);
            Assert.All(verdicts, verdict =>
            {
                var said = $"{verdict.Value!["title"]} {verdict.Value["explanation"]}";
                Assert.All(now, word => Assert.DoesNotContain(word, said, StringComparison.Ordinal));
                Assert.NotEqual(words.Title(Verdict.Valid, VerdictReason.None), (string)verdict.Value["title"]!);
                Assert.Equal(verdict.Key == "VALID/", (string)verdict.Value["look"]! == "ok");
            });
        }
    }
}
