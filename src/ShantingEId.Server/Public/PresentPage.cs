using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using ShantingEId.Presenting;
using ShantingEId.Seals;

namespace ShantingEId.Server.Public;

/// <summary>What live codes add to the public pages, as HTML: the page that shows one (its script is <c>present.js</c>), and what who scanned one reads besides the licence.</summary>
/// <param name="authorityName">登记机关.</param>
internal sealed class PresentPage(string authorityName)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly Dictionary<string, (string Chinese, string English)> Fields = new()
    {
        ["credit_code"] = ("统一社会信用代码", "credit code"), ["name"] = ("名称", "name"), ["kind"] = ("主体类别", "kind"), ["type"] = ("类型", "type"), ["representative"] = ("法定代表人", "representative"),
        ["capital"] = ("注册资本", "capital"), ["establish_date"] = ("成立日期", "date of establishment"), ["address"] = ("住所", "address"), ["business_scope"] = ("经营范围", "scope of business"), ["seals"] = ("印章", "seals"),
    };

    /// <summary>A field as people call it.</summary>
    public static string FieldName(string name, bool english) => Fields.TryGetValue(name, out var both) ? english ? both.English : both.Chinese : name;

    /// <summary>The page that shows a code. Without its script it says what it needs.</summary>
    public string Html(PageWords words)
    {
        var (other, otherName, _) = words.Other;
        string Say(string chinese, string english) => Encoder.Encode(words.Pick(chinese, english));
        return $"""
            <!doctype html>
            <html lang="{words.Language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{Say("出示营业执照", "Show the business licence")}</title><link rel="stylesheet" href="/present/present.css"><script src="/present/present.js" defer></script></head>
            <body><header><p>{Encoder.Encode(authorityName)}</p><a href="/present?lang={other}" lang="{other}">{otherName}</a></header>
            <noscript><main><section><h1>{Say("本页需要浏览器脚本", "This page needs scripts")}</h1><p>{Say("请在浏览器中允许脚本，或在企业应用中出示。", "Allow scripts in the browser, or show the code in the app.")}</p></section></main></noscript>
            <main id="main" hidden><section id="card" data-state="loading"><h1 id="company">{Say("出示营业执照", "Show the business licence")}</h1><p id="credit" class="code"></p>
            <div class="frame"><svg id="qr" role="img" aria-label="{Say("动态码", "live code")}" shape-rendering="crispEdges"><path id="ground" fill="#fff"/><path id="modules" fill="#000"/></svg><svg class="mark done" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg><svg class="mark gone" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 7l10 10M17 7L7 17"/></svg></div>
            <div class="status"><div class="clock"><svg viewBox="0 0 60 60" aria-hidden="true"><circle cx="30" cy="30" r="26"/><circle id="ring" cx="30" cy="30" r="26"/></svg><span id="left" role="timer" aria-label="{Say("剩余秒数", "seconds left")}"></span></div>
            <div class="words" role="status" aria-live="polite"><p id="says"></p><p id="detail"></p></div></div><button id="again" type="button" hidden>{Say("再出示一次", "Show another code")}</button></section>
            <section id="facts" hidden><dl><dt>{Say("出示的内容，至多", "Shown at most")}</dt><dd id="scope"></dd><dt>{Say("用途", "For")}</dt><dd id="purpose"></dd><dt>{Say("出示给", "Shown to")}</dt><dd id="audience"></dd></dl></section>
            <p class="small">{Say("对方看到的内容由其用证事由决定，不超过上述范围；谁扫过码，都记入查询账本。", "Who scans it sees what its own purpose grants, and no more than the above; every scan stands in the look-up ledger.")}</p></main></body></html>
            """;
    }

    /// <summary>What who scanned a live code reads besides the licence; nothing where it was none.</summary>
    public static void Live(StringBuilder html, PageWords words, LiveShown? live)
    {
        if (live is null)
        {
            return;
        }

        html.Append("<section><h2>").Append(Encoder.Encode(words.Pick("动态码，当场出示", "Live code, shown now"))).Append("</h2><p>")
            .Append(Encoder.Encode(words.Pick("此码已由本次扫码用掉；刷新或再次打开都不会再次通过。", "This scan used the code up; opening it again will not pass."))).Append("</p>");
        if (live.Purpose.Length > 0)
        {
            html.Append("<p>").Append(Encoder.Encode(words.Pick("出示方写明的用途：", "Shown for: "))).Append("<strong>").Append(Encoder.Encode(live.Purpose)).Append("</strong></p>");
        }

        if (live.Identity is { } identity)
        {
            html.Append("<p>").Append(identity.Outcome == CheckOutcome.Passed ? "✔ " : "✘ ").Append(Encoder.Encode(identity.Text)).Append("</p>");
        }

        html.Append("</section>");
    }
}
