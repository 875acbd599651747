using System.Text;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Rpc;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Public;

/// <summary>
/// The public pages as HTML: verdict first, by word, colour and sign; then what to compare by eye. Whole without a script, so that an old phone shows it at
/// once; where there is one, it checks the signature in the browser and says so. A screen reader hears it in the order in which it is seen.
/// </summary>
/// <param name="authorityName">登记机关.</param>
/// <param name="contact">Where doubts are reported, e.g. a telephone number; empty for the authority alone.</param>
internal sealed class VerdictPage(string authorityName, string contact)
{
    // What the server says of the signature of a scanned code, for the browser's own check (web/check.ts).
    private const string NoSignature = "none";
    private const string GoodSignature = "good";
    private const string BadSignature = "bad";
    private readonly PageFrame frame = new(authorityName, contact);

    /// <summary>The answer to a look-up.</summary>
    /// <param name="words">The language.</param>
    /// <param name="answer">What the desk said.</param>
    /// <param name="formerNames">What the company was called before.</param>
    /// <param name="isScanned">Whether a code with a signature was asked about, and not a short one.</param>
    public string Verdict(PageWords words, LookupAnswer answer, IReadOnlyList<string> formerNames, bool isScanned)
    {
        var shown = answer.Verification;
        var (explanation, nextStep) = words.Says(shown);
        var html = new StringBuilder();
        Banner(html, words.Title(shown.Verdict, shown.Reason), ClassOf(shown), explanation, nextStep);
        if (shown is { Manifest: { } manifest, Entry: { } entry })
        {
            Since(html, words, shown, entry);
            Compare(html, words, answer.Fields, manifest.License);
            Permits(html, words, shown);
            Names(html, words, formerNames);
            PresentPage.Live(html, words, shown.Live);
        }

        Neighbour(html, words, answer);
        html.Append("<section class=\"small\"><p>").Append(Text(words.Pick($"状态读取于 {words.Time(shown.StatusAsOf)}。", $"State read {words.Time(shown.StatusAsOf)}.")))
            .Append("</p><p>").Append(Text(words.Pick("这是此刻的结果；截图和转发的图片不能代替当场扫码。证照码说明这张执照的状态，不说明出示者的身份。",
                "This is the result of this moment; a screenshot does not replace scanning. The code tells the state of the licence, not who shows it."))).Append("</p></section>");
        return Page(words, words.Title(shown.Verdict, shown.Reason), html, isScanned ? SignatureOf(shown.Verdict, shown.Reason) : NoSignature);
    }

    /// <summary>An address that is made to be taken for ours.</summary>
    public string LookAlike(PageWords words)
    {
        var html = new StringBuilder();
        var (explanation, nextStep) = words.LooksAlike;
        Banner(html, words.LooksAlikeTitle, "no", explanation, nextStep);
        return Page(words, words.LooksAlikeTitle, html);
    }

    /// <summary>Not even an address.</summary>
    public string NotACode(PageWords words)
    {
        var html = new StringBuilder();
        var title = words.Pick("这不是证照码", "Not a code");
        Banner(html, title, "unknown", words.Pick("扫到或录入的文字不是证照码、校验短码，也不是进度查询码。", "What was scanned or typed is no licence code, short code or progress code."),
            words.Pick("请扫描营业执照上的二维码，或核对后重新录入 12 位校验短码或 10 位进度查询码。", "Scan the QR code on the business licence, or compare what you typed: a short code has 12 characters, a progress code 10."));
        return Page(words, title, html);
    }

    /// <summary>A verdict where there is nothing more to say.</summary>
    public string Judged(PageWords words, Verifying.Verdict verdict, VerdictReason reason)
    {
        var html = new StringBuilder();
        var (explanation, nextStep) = words.Says(verdict, reason);
        Banner(html, words.Title(verdict, reason), ClassOf(new Verification(verdict, reason, default)), explanation, nextStep);
        return Page(words, words.Title(verdict, reason), html, SignatureOf(verdict, reason));
    }

    /// <summary>The register does not answer: of a good code it is said that the signature is good, and no more.</summary>
    /// <param name="words">The language.</param>
    /// <param name="read">The code, where its signature is good; null for a short code.</param>
    public string Unreachable(PageWords words, LicenseCode? read)
    {
        var html = new StringBuilder();
        var title = words.Pick("暂时查不到状态", "State not known now");
        Banner(html, title, "unknown", read is null
            ? words.Pick("登记簿暂时无法访问，不知道现在是否有效。", "The register cannot be reached: it is not known whether the licence is in force.")
            : words.Pick("签名正确，但登记簿暂时无法访问，不知道现在是否有效。", "The signature is good, but the register cannot be reached: it is not known whether the licence is in force."),
            words.Pick("请稍后再扫一次；在此之前请勿据此办理。", "Scan again in a moment; do not rely on it until then."));
        return Page(words, title, html, read is null ? NoSignature : GoodSignature);
    }

    /// <summary>Too many questions.</summary>
    public string Busy(PageWords words)
    {
        var html = new StringBuilder();
        var title = words.Pick("请稍候", "Please wait");
        Banner(html, title, "unknown", words.Pick("查询过于频繁。", "Too many look-ups."), words.Pick("请一分钟后再试。", "Try again in a minute."));
        return Page(words, title, html);
    }

    /// <summary>No such page.</summary>
    public string Nothing(PageWords words)
    {
        var html = new StringBuilder();
        var title = words.Pick("没有这个页面", "No such page");
        Banner(html, title, "unknown", words.Pick("这里没有内容。", "There is nothing here."), words.Pick("请扫描执照上的二维码，或在下面录入校验短码或进度查询码。", "Scan the code on the licence, or type the short code or the progress code below."));
        return Page(words, title, html);
    }

    /// <summary>The page to begin with.</summary>
    public string Home(PageWords words)
    {
        var html = new StringBuilder();
        html.Append("<section><h1>").Append(Text(words.Pick("营业执照核验", "Check a business licence"))).Append("</h1><p>")
            .Append(Text(words.Pick("用手机相机扫描执照上的二维码，或在下面录入二维码下方的校验短码。", "Scan the QR code on the licence with the camera of your phone, or type the short code that stands under it."))).Append("</p><p>")
            .Append(Text(words.Pick("查询办理进度：录入受理回执上的进度查询码。", "To see how far a case is, type the progress code of the receipt."))).Append("</p></section>");
        return Page(words, words.Pick("营业执照核验", "Check a business licence"), html);
    }

    /// <summary>A live code was opened: whoever it is must say that it is to be used up.</summary>
    /// <param name="words">The language.</param>
    /// <param name="action">Where the code is posted to.</param>
    public string Confirm(PageWords words, string action)
    {
        var html = new StringBuilder();
        var title = words.Pick("动态码", "Live code");
        html.Append("<section class=\"verdict unknown\"><h1>").Append(Text(title)).Append("</h1><p class=\"says\">").Append(Text(words.Pick("企业当场出示的动态码，只能核验一次。", "A code that a company shows now; it can be checked once.")))
            .Append("</p><p>").Append(Text(words.Pick("请确认企业就在面前，再按下面的按钮；按下后此码即失效。", "Make sure the company is in front of you, then press the button; that uses the code up.")))
            .Append("</p><form method=\"post\" action=\"").Append(Text(action)).Append("?lang=").Append(words.Code).Append("\"><button>").Append(Text(words.Pick("核验（只能一次）", "Check (once only)"))).Append("</button></form></section>");
        return Page(words, title, html);
    }

    private static void Banner(StringBuilder html, string title, string look, string explanation, string nextStep) => html
        .Append("<section class=\"verdict ").Append(look).Append("\" aria-labelledby=\"verdict\"><p class=\"sign\" aria-hidden=\"true\">").Append(SignOf(look))
        .Append("</p><h1 id=\"verdict\">").Append(Text(title)).Append("</h1><p class=\"says\">").Append(Text(explanation)).Append("</p><p>").Append(Text(nextStep)).Append("</p></section><p id=\"own\" class=\"own\" role=\"status\" hidden></p>");

    private static void Since(StringBuilder html, PageWords words, Verification shown, RegisterEntry entry)
    {
        if (shown.Succession is { } succession)
        {
            html.Append("<section><p>").Append(Text(words.Pick($"自 {words.Time(succession.EffectiveTime)} 起由第 {succession.Successor.Version} 版执照代替；现名称：", $"Replaced by version {succession.Successor.Version} since {words.Time(succession.EffectiveTime)}; the company is now called "))).Append("<strong>")
                .Append(Text(succession.Current.Facts.Name)).Append("</strong></p></section>");
        }
        else if (!shown.IsValid)
        {
            html.Append("<section><p>").Append(Text(words.Pick($"自 {words.Time(entry.State.EffectiveTime)} 起", $"Since {words.Time(entry.State.EffectiveTime)}"))).Append("</p></section>");
        }
    }

    // What a person compares with the paper on the wall, in the order in which it stands there.
    private static void Compare(StringBuilder html, PageWords words, LicenseFields fields, License license)
    {
        var face = license.Facts;
        var labels = FaceLabels.For(face.Kind);
        html.Append("<section><h2>").Append(Text(words.Pick("请与执照逐项核对", "Compare with the licence"))).Append("</h2><dl>");
        Item(LicenseFields.Name, words.Pick("名称", "Name"), face.Name, claim: "name");
        Item(LicenseFields.CreditCode, words.Pick("统一社会信用代码", "Unified social credit code"), face.CreditCode.Value, "code", "holder");
        Item(LicenseFields.Representative, words.Pick(labels.Representative, "Legal representative"), face.Representative);
        Item(LicenseFields.Address, words.Pick(labels.Address, "Address"), license.Trade?.Premises ?? face.Address);
        html.Append("</dl></section>");

        // Claims are what the browser finds in the scanned code itself.
        void Item(LicenseFields field, string label, string value, string look = "", string claim = "")
        {
            if (fields.HasFlag(field))
            {
                html.Append("<dt>").Append(Text(label)).Append("</dt><dd").Append(look.Length > 0 ? $" class=\"{look}\"" : "").Append(claim.Length > 0 ? $" data-claim=\"{claim}\"" : "").Append('>').Append(Text(value)).Append("</dd>");
            }
        }
    }

    private static void Permits(StringBuilder html, PageWords words, Verification shown)
    {
        if (shown.Permits.Count > 0)
        {
            html.Append("<section><h2>").Append(Text(words.Pick("所列许可", "Permits"))).Append("</h2><ul class=\"marked\">");
            foreach (var permit in shown.Permits)
            {
                html.Append("<li>").Append(permit.IsInForce ? "✔ " : "✘ ").Append(Text(permit.Permit.Name)).Append(Text(words.Pick("：", ": "))).Append(Text(words.State(permit))).Append("</li>");
            }

            html.Append("</ul></section>");
        }
    }

    // What the code itself says: the neighbour's register is not ours.
    private static void Neighbour(StringBuilder html, PageWords words, LookupAnswer answer)
    {
        if (answer.Verification.Neighbour is not { } neighbour)
        {
            return;
        }

        html.Append("<section><h2>").Append(Text(words.Pick("邻区登记机关签发", "Issued by a neighbouring registrar"))).Append("</h2><dl>");
        Item(words.Pick("发证机关", "Registrar"), $"{neighbour.Issuer.Name}（{neighbour.Issuer.Division}）");
        if (neighbour.Claims is { } claims)
        {
            Item(words.Pick("名称", "Name"), answer.Fields.HasFlag(LicenseFields.Name) ? claims.Name : "");
            Item(words.Pick("统一社会信用代码", "Unified social credit code"), answer.Fields.HasFlag(LicenseFields.CreditCode) ? claims.Holder.Value : "", "code");
            Item(words.Pick("版本", "Version"), words.Pick($"第 {claims.Version} 版", claims.Version.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        html.Append("</dl><p class=\"small\">").Append(Text(words.Pick("以上内容来自证照码本身；住所等其他事项请到发证机关的官方页面核验。", "This is what the code itself says; for anything else ask the registrar that issued it."))).Append("</p></section>");

        void Item(string label, string value, string look = "")
        {
            if (value.Length > 0)
            {
                html.Append("<dt>").Append(Text(label)).Append("</dt><dd").Append(look.Length > 0 ? $" class=\"{look}\"" : "").Append('>').Append(Text(value)).Append("</dd>");
            }
        }
    }

    private static void Names(StringBuilder html, PageWords words, IReadOnlyList<string> formerNames)
    {
        if (formerNames.Count > 0)
        {
            html.Append("<section><h2>").Append(Text(words.Pick("曾用名", "Former names"))).Append("</h2><ul>").AppendJoin("", formerNames.Select(name => $"<li>{Text(name)}</li>")).Append("</ul></section>");
        }
    }

    // A register whose data do not fit says nothing about the signature, and what is not under our address has none.
    private static string SignatureOf(Verdict verdict, VerdictReason reason) => verdict switch
    {
        _ when reason is VerdictReason.RegisterMismatch or VerdictReason.QrPrefix || verdict == Verifying.Verdict.Unspecified => NoSignature,
        Verifying.Verdict.BadSignature or Verifying.Verdict.NotOurs or Verifying.Verdict.Malformed => BadSignature,
        _ => GoodSignature,
    };

    // Where a scanned code carries a signature, the browser checks it too, and this is what it is to say.
    private static string CheckAttributes(PageWords words, string signature) => signature == NoSignature ? "" : string.Concat(new (string Name, string Text)[]
    {
        ("signature", signature),
        ("check", WebAssets.Way("check.js")),
        ("good", words.Pick("✔ 本浏览器用以前保存的根证书自行核对了签名，与服务器一致。", "✔ This browser checked the signature itself, with the root certificate it kept from an earlier visit, and agrees.")),
        ("first", words.Pick("✔ 本浏览器自行核对了签名，与服务器一致；所用根证书是首次取得，已保存备以后核对。", "✔ This browser checked the signature itself and agrees; the root certificate is new to it and kept for later visits.")),
        ("bad", words.Pick("本浏览器也自行核对了：此码的签名不能采信。", "This browser checked too: the signature of this code cannot be relied on.")),
        ("differs", words.Pick("✘ 本浏览器自行核对的结果与服务器不一致。请勿据此办理；请保留此码并告知登记机关。", "✘ This browser came to another result than the server. Do not rely on this page; keep the code and tell the registrar.")),
        ("changed", words.Pick("‖ 签名核对一致，但服务器的根证书与本浏览器以前保存的不同，请向登记机关核实。", "‖ The signature agrees, but the server names another root certificate than before; ask the registrar.")),
        ("none", words.Pick("本浏览器没有自行核对签名；以上是服务器的结论。", "This browser did not check the signature itself; the above is the server's word.")),
    }.Select(pair => $" data-{pair.Name}=\"{Text(pair.Text)}\""));

    private string Page(PageWords words, string title, StringBuilder content, string signature = NoSignature)
    {
        var end = signature == NoSignature ? "" : $"<script>{InPage.Late.Text}</script>";
        var scan = $"<p><a class=\"button\" href=\"/scan?lang={words.Code}\">{Text(words.Pick("用本页相机扫码", "Scan with this page"))}</a></p>";
        return frame.Render(words, title, content + scan, CheckAttributes(words, signature), end: end);
    }

    /// <summary>Colour of a verdict.</summary>
    public static string ClassOf(Verification shown) => shown.Verdict switch
    {
        Verifying.Verdict.Valid => shown.Permits.All(permit => permit.IsInForce) ? "ok" : "wait",
        Verifying.Verdict.Suspended or Verifying.Verdict.Superseded => "wait",
        Verifying.Verdict.Unknown or Verifying.Verdict.Malformed or Verifying.Verdict.NotOurs or Verifying.Verdict.NotFound => "unknown",
        _ => "no",
    };

    /// <summary>Sign of a verdict, for who sees no colour.</summary>
    public static string SignOf(string look) => look switch { "ok" => "✔", "no" => "✘", "wait" => "‖", _ => "?" };

    private static string Text(string text) => PageFrame.Text(text);
}
