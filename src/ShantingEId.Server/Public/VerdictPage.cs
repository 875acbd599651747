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
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

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
            <html lang="{words.Language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{Text(title)} · {Text(words.Pick("营业执照核验", "Business licence check"))}</title><style>{PageStyle.Text}</style></head>
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
