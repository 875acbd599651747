using System.Globalization;
using Microsoft.AspNetCore.Http;
using ShantingEId.Trades;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Public;

/// <summary>The words of the public pages, in Chinese or English. What the register says stays as it is registered.</summary>
internal sealed class PageWords
{
    private const string English = "en";
    private readonly bool english;
    private readonly string typed;

    /// <summary>The words that a request asks for, by its address or by what the browser prefers.</summary>
    public static PageWords Of(HttpRequest request) => new(
        request.Query["lang"].ToString() is { Length: > 0 } asked ? asked == English
            : request.GetTypedHeaders().AcceptLanguage.OrderByDescending(one => one.Quality ?? 1).FirstOrDefault()?.Value.ToString() is { } first
                && first.StartsWith(English, StringComparison.OrdinalIgnoreCase),
        request.Query["code"].ToString());

    /// <summary>The words of a language.</summary>
    /// <param name="english">English; else Chinese.</param>
    /// <param name="typed">The code that was typed, to go on with in the other language; empty when the address itself is the code.</param>
    public PageWords(bool english, string typed) => (this.english, this.typed) = (english, typed);

    /// <summary>The language as HTML names it.</summary>
    public string Language => Pick("zh-CN", "en");

    /// <summary>The language as the address names it.</summary>
    public string Code => Pick("zh", "en");

    /// <summary>The other one, to switch to: its code, its own name, and the way to this page in it.</summary>
    public (string Code, string Name, string Way) Other
    {
        get
        {
            var (code, name) = english ? ("zh", "中文") : ("en", "English");
            return (code, name, (typed.Length > 0 ? "?code=" + Uri.EscapeDataString(typed) + "&lang=" : "?lang=") + code);
        }
    }

    /// <summary>One of two.</summary>
    public string Pick(string chinese, string inEnglish) => english ? inEnglish : chinese;

    /// <summary>The verdict in a word or two.</summary>
    public string Title(Verdict verdict, VerdictReason reason) => verdict switch
    {
        Verdict.Valid => Pick("有效", "Valid"),
        Verdict.Suspended => Pick("暂停", "Suspended"),
        Verdict.Superseded => Pick("已换发新照", "Replaced"),
        Verdict.Revoked when reason == VerdictReason.Rescinded => Pick("登记已撤销", "Registration rescinded"),
        Verdict.Revoked when reason == VerdictReason.Withdrawn => Pick("从未生效", "Never in force"),
        Verdict.Revoked when reason == VerdictReason.ListedInvalid => Pick("不在有效状态", "Not in force"),
        Verdict.Revoked => Pick("已吊销", "Revoked"),
        Verdict.Cancelled => Pick("已注销", "Deregistered"),
        Verdict.Expired => Pick("已过有效期", "Expired"),
        Verdict.NotFound => Pick("查无此照", "Not found"),
        Verdict.NotIssued => Pick("从未签发", "Never issued"),
        Verdict.BadSignature => Pick("伪造或被改动", "Forged or altered"),
        Verdict.NotOurs => Pick("不是本机关的码", "Not our code"),
        Verdict.Malformed => Pick("无法识别", "Cannot be read"),
        Verdict.NotAccepted when reason == VerdictReason.AlreadyPresented => Pick("此码已经用过", "Already used"),
        Verdict.NotAccepted when reason == VerdictReason.AudienceMismatch => Pick("不是出示给您的", "Not meant for you"),
        Verdict.NotAccepted => Pick("此码已失效", "Code expired"),
        _ => Pick("无法判断", "Unknown"),
    };

    /// <summary>One plain sentence and what to do next.</summary>
    public (string Explanation, string NextStep) Says(Verification answer)
    {
        if (!english)
        {
            return VerdictTexts.Of(answer);
        }

        var (explanation, nextStep) = Says(answer.Verdict, answer.Reason);
        if (answer is { IsValid: true, Neighbour: not null })
        {
            return ("The licence is genuine, issued by a neighbouring registrar, and in force by that registrar's status list.", nextStep);
        }

        if (answer.Reason == VerdictReason.HolderNotInForce)
        {
            return ("The comprehensive licence is genuine, but the business licence of its holder is not in force: it cannot be used.", "Do not rely on it.");
        }

        return answer.Permits.Any(permit => !permit.IsInForce) && answer.IsValid ? ("The comprehensive licence is genuine and in force, but not all of its permits are: see below.", "Check that what you need is among the permits in force.") : (explanation, nextStep);
    }

    /// <summary>The same where there is no licence to speak of.</summary>
    public (string Explanation, string NextStep) Says(Verdict verdict, VerdictReason reason) => !english ? VerdictTexts.Of(verdict, reason) : (verdict, reason) switch
    {
        (Verdict.Valid, _) => ("The licence is genuine, registered and in force now.", "Compare the name and the credit code with what you were told."),
        (Verdict.Suspended, _) => ("The licence is genuine, but suspended at present.", "Do not rely on it now."),
        (Verdict.Superseded, _) => ("The licence is genuine, but a newer one took its place.", "Ask to be shown the new licence and scan its code."),
        (Verdict.Revoked, VerdictReason.Rescinded) => ("The licence is genuine, but the registration was rescinded by law.", "Do not rely on it."),
        (Verdict.Revoked, VerdictReason.Withdrawn) => ("This licence was taken back before it came into force.", "Ask to be shown the licence in force."),
        (Verdict.Revoked, VerdictReason.ListedInvalid) => ("By the issuer's status list this licence is not in force: ended, taken back, not begun, or never issued.", "Do not rely on it; the register knows which, once there is a network."),
        (Verdict.Revoked, _) => ("The licence is genuine, but was revoked.", "Do not rely on it."),
        (Verdict.Cancelled, _) => ("The licence is genuine, but the company has been deregistered.", "Do not rely on it."),
        (Verdict.Expired, _) => ("The licence is genuine, but its term is over.", "Do not rely on it."),
        (Verdict.NotFound, VerdictReason.NotYetEffective) => ("This licence is not in force yet.", "Ask to be shown the licence in force."),
        (Verdict.NotFound, _) => ("The register holds no licence under this code.", "Check what you typed. If it is right, tell the registrar."),
        (Verdict.NotIssued, _) => ("The signature looks right, but the register never issued this licence.", "Do not rely on it. Keep the code and tell the registrar at once."),
        (Verdict.BadSignature, _) => ("The signature does not fit the content: the code was altered or forged.", "Do not rely on it. Keep the code and tell the registrar."),
        (Verdict.NotOurs, VerdictReason.NeighbourPeriod) => ("A neighbouring registrar issued this code, but it is not recognised here at present.", "Check it on the page of that registrar."),
        (Verdict.NotOurs, VerdictReason.NeighbourRegion) => ("The signature is a neighbouring registrar's, who may not vouch for a company of this division.", "Do not rely on it. Keep the code and tell the registrar."),
        (Verdict.Unknown, VerdictReason.NeighbourListExpired) => ("A neighbouring registrar issued this code, but our list of neighbours is out of date.", "Check it on the page of that registrar; do not rely on it until then."),
        (Verdict.Unknown, VerdictReason.NeighbourStateUnknown) => ("The signature is good, of a neighbouring registrar, but its newest states cannot be had: it is not known whether the licence is in force.", "Scan again in a moment; do not rely on it until then."),
        (Verdict.NotOurs, _) => ("This is not a code of this registrar.", "Make sure you scan the code on the licence. Do not open the address inside it."),
        (Verdict.NotAccepted, VerdictReason.AlreadyPresented) => ("This live code was used before; it may be a screenshot or a picture that was passed on.", "Ask to be shown a new code, and scan it on the spot."),
        (Verdict.NotAccepted, VerdictReason.AudienceMismatch) => ("This live code was made for somebody else.", "Ask to be shown a code that is meant for you."),
        (Verdict.NotAccepted, _) => ("The time of this live code is over; it may be a screenshot or a picture that was passed on.", "Ask to be shown a new code, and scan it on the spot."),
        (Verdict.Malformed, VerdictReason.TypedCodeCheck) => ("The short code is mistyped.", "Type the twelve characters again as they stand under the QR code (no I, L, O or U)."),
        (Verdict.Malformed, _) => ("The code is damaged or incomplete and cannot be read.", "Scan again, or type the short code that stands under the QR code."),
        (Verdict.Unknown, VerdictReason.LiveCodeOnline) => ("This is a live code: whether it was used already only the register knows.", "Check it with a network, or ask for the code on the licence itself."),
        (Verdict.Unknown, VerdictReason.RegisterNotAsked) => ("The register was not asked: it is not known whether the licence is in force.", "Check again with a network; do not rely on it until then."),
        (Verdict.Unknown, VerdictReason.YoungerThanStates) => ("This licence is younger than the states at hand: it is not known whether it is in force.", "Check again with a network; do not rely on it until then."),
        (Verdict.Unknown, VerdictReason.PermitsNotListed) => ("The states of the permits on this comprehensive licence are not among the states at hand.", "Check again with a network; do not rely on it until then."),
        (Verdict.Unknown, VerdictReason.StateTooOld) => ("The states at hand have expired: it is not known whether the licence is in force.", "Check again with a network; do not rely on it until then."),
        (Verdict.Unknown, VerdictReason.ClocksApart) => ("The clock of this device is too far off to tell how old the states at hand are.", "Set the clock and check again."),
        _ => ("It cannot be said whether the licence is in force.", "Try again in a moment; do not rely on it until then."),
    };

    /// <summary>The same of a state as it was when the data at hand were made: nobody may take it for that of now.</summary>
    public (string Explanation, string NextStep) SaysOfThen(Verdict verdict, VerdictReason reason)
    {
        var (explanation, nextStep) = Says(verdict, reason);
        return (explanation.Replace("当前有效", "当时有效", StringComparison.Ordinal).Replace("目前", "当时", StringComparison.Ordinal)
            .Replace("in force now", "in force then", StringComparison.Ordinal).Replace("at present", "then", StringComparison.Ordinal), nextStep);
    }

    /// <summary>Of an address that is made to be taken for ours.</summary>
    public (string Explanation, string NextStep) LooksAlike => (
        Pick("这个码的网址与本机关的很像，但不是本机关的，可能是冒用。", "The address in this code looks like that of this registrar, but is another one: somebody may be passing it off."),
        Pick("请勿打开码中的网址，请勿据此办理；请保留此码并告知登记机关。", "Do not open it and do not rely on it; keep the code and tell the registrar."));

    /// <summary>The same in a word or two.</summary>
    public string LooksAlikeTitle => Pick("仿冒的网址", "Look-alike address");

    /// <summary>An instant as people here read it.</summary>
    public string Time(DateTimeOffset time) => english
        ? time.ToOffset(TimeSpan.FromHours(8)).ToString("d MMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture) + " (Beijing time)"
        : time.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy年M月d日 HH:mm:ss", CultureInfo.InvariantCulture) + "（北京时间）";

    /// <summary>A permit's state.</summary>
    public string State(PermitStatus permit) => permit switch
    {
        { IsInForce: true } => Pick("有效", "in force"),
        { SuspendedUntil: { } until } => Pick("暂停至 ", "suspended until ") + Time(until),
        { State: PermitState.Suspended } => Pick("暂停", "suspended"),
        { State: PermitState.Scheduled } => Pick("尚未生效", "not in force yet"),
        { State: PermitState.Expired } => Pick("已过有效期", "expired"),
        { State: PermitState.Cancelled } => Pick("已注销", "ended"),
        _ => Pick("已吊销", "revoked"),
    };
}
