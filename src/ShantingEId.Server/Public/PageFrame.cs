using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace ShantingEId.Server.Public;

/// <summary>What every public page has around its content: who answers, the other language, a way to type a code, whom to ask in doubt.</summary>
/// <param name="authorityName">登记机关.</param>
/// <param name="contact">Where doubts are reported, e.g. a telephone number; empty for the authority alone.</param>
internal sealed class PageFrame(string authorityName, string contact)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Text, never markup.</summary>
    public static string Text(string text) => Encoder.Encode(text);

    /// <summary>A page.</summary>
    /// <param name="words">The language.</param>
    /// <param name="title">What stands in the browser's title, first.</param>
    /// <param name="content">What stands above the form for a code, HTML.</param>
    /// <param name="attributes">Of the element <c>main</c>, for scripts; HTML.</param>
    /// <param name="head">More for the head, HTML.</param>
    /// <param name="end">What stands last, HTML.</param>
    public string Render(PageWords words, string title, string content, string attributes = "", string head = "", string end = "")
    {
        var doubt = words.Pick($"如有疑问，请向{authorityName}核实", $"In doubt ask {authorityName}") + (contact.Length > 0 ? words.Pick($"：{contact}。", $": {contact}.") : words.Pick("。", "."));
        var (other, otherName, way) = words.Other;
        return $"""
            <!doctype html>
            <html lang="{words.Language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{Text(title)} · {Text(words.Pick("营业执照核验", "Business licence check"))}</title><style>{InPage.Style.Text}</style><link rel="icon" href="{WebAssets.Way("icon.svg")}">{head}</head>
            <body><header><p>{Text(authorityName)}</p><a href="{Text(way)}" lang="{other}">{otherName}</a></header><main{attributes}>{content}
            <section><form method="get" action="/"><input type="hidden" name="lang" value="{words.Code}"><label for="code">{Text(words.Pick("录入二维码下方的 12 位校验短码，或受理回执上的 10 位进度查询码", "Type the short code under the QR code (12 characters), or the progress code of a receipt (10)"))}</label><input id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="2048"><button>{Text(words.Pick("查询", "Check"))}</button></form></section>
            <p class="small">{Text(doubt)}</p></main>{end}</body></html>
            """;
    }

    /// <summary>Headers of every page: nothing of others, nowhere to be framed, and no page outlives its moment in a cache.</summary>
    /// <param name="response">Of the page.</param>
    /// <param name="words">Its language.</param>
    /// <param name="camera">Whether it scans: camera, pictures, and the decoder's program.</param>
    /// <param name="isProduction">Whether https is spoken.</param>
    public static void SetHeaders(HttpResponse response, PageWords words, bool camera, bool isProduction)
    {
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src '{InPage.Style.Hash}'; script-src 'self' {(camera ? "'wasm-unsafe-eval'" : $"'{InPage.Late.Hash}'")}; connect-src 'self'; img-src 'self'{(camera ? " blob:" : "")}; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Permissions-Policy"] = $"camera=({(camera ? "self" : "")}), geolocation=(), microphone=()";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentLanguage = words.Language;
        if (isProduction)
        {
            response.Headers.StrictTransportSecurity = "max-age=31536000";
        }
    }
}
