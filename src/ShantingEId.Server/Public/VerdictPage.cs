using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Rpc;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Public;

/// <summary>
/// The public pages as HTML: verdict first, by word, colour and sign; then what to compare by eye. No script and nothing to load, so that an old phone
/// shows it at once; a screen reader hears it in the order in which it is seen.
/// </summary>
/// <param name="authorityName">登记机关.</param>
/// <param name="contact">Where doubts are reported, e.g. a telephone number; empty for the authority alone.</param>
internal sealed class VerdictPage(string authorityName, string contact)
{
    private const string Style =
        """
        :root{color-scheme:light}*{box-sizing:border-box}
        body{margin:0;font:18px/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:#1b1f24;background:#f3f5f7}
        header{display:flex;justify-content:space-between;align-items:center;gap:12px;padding:12px 16px;background:#fff;border-bottom:1px solid #d5dae0;font-size:16px}
        header p{margin:0;font-weight:600}a{color:#0b57a4}main{max-width:640px;margin:0 auto;padding:16px}
        section{background:#fff;border:1px solid #d5dae0;border-radius:12px;padding:16px;margin:0 0 16px}
        h2{font-size:18px;margin:0 0 8px}p{margin:0 0 8px}p:last-child{margin:0}
        .verdict{border-width:3px;border-style:solid;text-align:center;padding:24px 16px}
        .sign{font-size:64px;line-height:1;margin:0 0 8px;font-weight:700}h1{font-size:40px;line-height:1.2;margin:0 0 12px}
        .says{font-size:20px;font-weight:600}.ok{border-color:#0a6b35;background:#e9f7ee}.ok h1,.ok .sign{color:#0a6b35}
        .no{border-color:#a8071a;background:#fdeced}.no h1,.no .sign{color:#a8071a}
        .wait{border-color:#8a5a00;background:#fff6e0}.wait h1,.wait .sign{color:#8a5a00}
        .unknown{border-color:#3d4b5c;background:#eef1f5}.unknown h1,.unknown .sign{color:#3d4b5c}
        dl{margin:0}dt{color:#57606a;font-size:16px}dd{margin:0 0 10px;font-size:20px;font-weight:600;overflow-wrap:anywhere}
        .code{font-family:ui-monospace,Menlo,Consolas,monospace;letter-spacing:.04em}ul{margin:0;padding-left:22px}
        .small{font-size:16px;color:#424a53}label{display:block;margin:0 0 6px}
        input,button{font:inherit;width:100%;padding:12px;border-radius:8px;border:2px solid #57606a}
        input{text-transform:uppercase}button{margin-top:10px;background:#0b57a4;border-color:#0b57a4;color:#fff;font-weight:600}
        a:focus,input:focus,button:focus{outline:3px solid #f2a900;outline-offset:2px}
        """;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>What the content security policy allows: this style and no other.</summary>
    public static string StyleHash { get; } = "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    /// <summary>The answer to a look-up.</summary>
    public string Verdict(PageWords words, LookupAnswer answer, IReadOnlyList<string> formerNames)
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
        }

        Neighbour(html, words, answer);
        html.Append("<section class=\"small\"><p>").Append(Text(words.Pick($"状态读取于 {words.Time(shown.StatusAsOf)}。", $"State read {words.Time(shown.StatusAsOf)}.")))
            .Append("</p><p>").Append(Text(words.Pick("这是此刻的结果；截图和转发的图片不能代替当场扫码。证照码说明这张执照的状态，不说明出示者的身份。",
                "This is the result of this moment; a screenshot does not replace scanning. The code tells the state of the licence, not who shows it."))).Append("</p></section>");
        return Page(words, words.Title(shown.Verdict, shown.Reason), html);
    }

    /// <summary>A verdict where there is nothing more to say.</summary>
    public string Judged(PageWords words, Verifying.Verdict verdict, VerdictReason reason)
    {
        var html = new StringBuilder();
        var (explanation, nextStep) = words.Says(verdict, reason);
        Banner(html, words.Title(verdict, reason), ClassOf(new Verification(verdict, reason, default)), explanation, nextStep);
        return Page(words, words.Title(verdict, reason), html);
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
        return Page(words, title, html);
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
        Banner(html, title, "unknown", words.Pick("这里没有内容。", "There is nothing here."), words.Pick("请扫描执照上的二维码，或在下面录入校验短码。", "Scan the code on the licence, or type the short code below."));
        return Page(words, title, html);
    }

    /// <summary>The page to begin with.</summary>
    public string Home(PageWords words)
    {
        var html = new StringBuilder();
        html.Append("<section><h1>").Append(Text(words.Pick("营业执照核验", "Check a business licence"))).Append("</h1><p>")
            .Append(Text(words.Pick("用手机相机扫描执照上的二维码，或在下面录入二维码下方的校验短码。", "Scan the QR code on the licence with the camera of your phone, or type the short code that stands under it."))).Append("</p></section>");
        return Page(words, words.Pick("营业执照核验", "Check a business licence"), html);
    }

    private static void Banner(StringBuilder html, string title, string look, string explanation, string nextStep) => html
        .Append("<section class=\"verdict ").Append(look).Append("\" aria-labelledby=\"verdict\"><p class=\"sign\" aria-hidden=\"true\">").Append(look switch { "ok" => "✔", "no" => "✘", "wait" => "‖", _ => "？" })
        .Append("</p><h1 id=\"verdict\">").Append(Text(title)).Append("</h1><p class=\"says\">").Append(Text(explanation)).Append("</p><p>").Append(Text(nextStep)).Append("</p></section>");

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
        Item(LicenseFields.Name, words.Pick("名称", "Name"), face.Name);
        Item(LicenseFields.CreditCode, words.Pick("统一社会信用代码", "Unified social credit code"), face.CreditCode.Value, "code");
        Item(LicenseFields.Representative, words.Pick(labels.Representative, "Legal representative"), face.Representative);
        Item(LicenseFields.Address, words.Pick(labels.Address, "Address"), license.Trade?.Premises ?? face.Address);
        html.Append("</dl></section>");

        void Item(LicenseFields field, string label, string value, string look = "")
        {
            if (fields.HasFlag(field))
            {
                html.Append("<dt>").Append(Text(label)).Append("</dt><dd").Append(look.Length > 0 ? $" class=\"{look}\"" : "").Append('>').Append(Text(value)).Append("</dd>");
            }
        }
    }

    private static void Permits(StringBuilder html, PageWords words, Verification shown)
    {
        if (shown.Permits.Count > 0)
        {
            html.Append("<section><h2>").Append(Text(words.Pick("所列许可", "Permits"))).Append("</h2><ul>");
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

    private string Page(PageWords words, string title, StringBuilder content)
    {
        var doubt = words.Pick($"如有疑问，请向{authorityName}核实", $"In doubt ask {authorityName}") + (contact.Length > 0 ? words.Pick($"：{contact}。", $": {contact}.") : words.Pick("。", "."));
        var (other, otherName, way) = words.Other;
        return $"""
            <!doctype html>
            <html lang="{words.Language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{Text(title)} · {Text(words.Pick("营业执照核验", "Business licence check"))}</title><style>{Style}</style></head>
            <body><header><p>{Text(authorityName)}</p><a href="{Text(way)}" lang="{other}">{otherName}</a></header><main>{content}
            <section><form method="get" action="/"><input type="hidden" name="lang" value="{words.Code}"><label for="code">{Text(words.Pick("录入二维码下方的校验短码", "Type the short code under the QR code"))}</label><input id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="2048" placeholder="XXXX-XXXX-XXXX"><button>{Text(words.Pick("核验", "Check"))}</button></form></section>
            <p class="small">{Text(doubt)}</p></main></body></html>
            """;
    }

    private static string ClassOf(Verification shown) => shown.Verdict switch
    {
        Verifying.Verdict.Valid => shown.Permits.All(permit => permit.IsInForce) ? "ok" : "wait",
        Verifying.Verdict.Suspended or Verifying.Verdict.Superseded => "wait",
        Verifying.Verdict.Unknown or Verifying.Verdict.Malformed or Verifying.Verdict.NotOurs or Verifying.Verdict.NotFound => "unknown",
        _ => "no",
    };

    private static string Text(string text) => Encoder.Encode(text);
}
