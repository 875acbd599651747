using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Neighbours;

namespace ShantingEId.Server.Public;

/// <summary>
/// The scan page and what makes it installable and able to judge without a network: <c>/scan</c>, <c>/sw.js</c>, <c>/app/trust</c>, and files under
/// addresses of their own digest. Nothing of it asks the register.
/// </summary>
internal sealed class ScanApp
{
    private const string ForEver = "public, max-age=31536000, immutable";
    private static readonly string[] Languages = ["zh", "en"];
    private readonly EidServerOptions options;
    private readonly PageFrame frame;
    private readonly IssuingAuthority authority;
    private readonly NeighbourDirectory? neighbours;
    private readonly Dictionary<string, WebAsset> words;
    private readonly Dictionary<string, WebAsset> manifests;
    private readonly Dictionary<string, WebAsset> own;
    private readonly WebAsset worker;

    /// <summary>Makes all of it once.</summary>
    public ScanApp(IssuingAuthority authority, EidServerOptions options, NeighbourDirectory? neighbours = null)
    {
        (this.options, this.authority, this.neighbours) = (options, authority, neighbours);
        frame = new PageFrame(authority.Name, options.PublicContact);
        words = Languages.ToDictionary(language => language, language => new WebAsset($"words.{language}.json", ScanWords.Of(WordsIn(language))));
        manifests = Languages.ToDictionary(language => language, language => new WebAsset($"{language}.webmanifest", Manifest(WordsIn(language))));
        own = words.Values.Concat(manifests.Values).ToDictionary(asset => asset.Way, StringComparer.Ordinal);
        worker = new WebAsset("sw.js", Worker());
    }

    /// <summary>Answers a request of these paths; false leaves it to others.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        switch (path)
        {
            case "/scan" when HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method):
                var language = PageWords.Of(context.Request);
                PageFrame.SetHeaders(context.Response, language, camera: true, options.IsProduction);
                await context.Response.WriteAsync(Page(language), context.RequestAborted);
                return true;
            case "/sw.js":
                await WebAssets.SendAsync(context, worker, "no-cache");
                return true;
            case "/app/trust":
                await WebAssets.SendAsync(context, new WebAsset("trust.json", Trust()), "no-cache");
                return true;
            default:
                if ((WebAssets.At(path) ?? own.GetValueOrDefault(path)) is { } asset)
                {
                    await WebAssets.SendAsync(context, asset, ForEver);
                    return true;
                }

                // A file of another version is none; else it would be read as a code.
                context.Response.StatusCode = path.StartsWith("/app/", StringComparison.Ordinal) ? StatusCodes.Status404NotFound : context.Response.StatusCode;
                return context.Response.StatusCode == StatusCodes.Status404NotFound;
        }
    }

    private static PageWords WordsIn(string language) => new(language == "en", "");

    private string Page(PageWords language) => ScanPage.Render(language, frame, authority.CodePrefix, neighbours is not null, words[language.Code].Way, manifests[language.Code].Way);

    // The certificates by which a browser judges codes and packs. It keeps the roots of the first time. Also those of signers whose time is over: their
    // codes hang on walls. Made for each: neighbours change.
    private byte[] Trust() => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["prefix"] = authority.CodePrefix,
        ["authority"] = string.Concat(authority.Roots.Concat(authority.Intermediates).Select(certificate => certificate.ToPem())),
        ["codeSigners"] = string.Concat(authority.Others.Codes.Prepend(authority.CodeSigner.Certificate).DistinctBy(certificate => certificate.PublicKey.KeyId).Select(certificate => certificate.ToPem())),
        ["neighbours"] = new JsonArray([.. (neighbours?.Current.Codes.List.Neighbours ?? []).Select(one => JsonValue.Create(one.CodePrefix))]),
    });

    private static byte[] Manifest(PageWords language) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["name"] = language.Pick("营业执照核验", "Business licence check"), ["short_name"] = language.Pick("执照核验", "Licence check"), ["lang"] = language.Language,
        ["id"] = "/scan", ["start_url"] = $"/scan?lang={language.Code}", ["scope"] = "/", ["display"] = "standalone", ["background_color"] = "#f3f5f7", ["theme_color"] = "#0b57a4",
        ["icons"] = new JsonArray(
        [
            .. ((int[])[192, 512]).Select(size => new JsonObject
            {
                ["src"] = WebAssets.Way($"icon-{size}.png"), ["sizes"] = string.Create(CultureInfo.InvariantCulture, $"{size}x{size}"), ["type"] = "image/png", ["purpose"] = "any maskable",
            }),
        ]),
    });

    // The worker with the list of what it keeps in front: when one byte of the shell is another, so is the worker, and browsers fetch all of it anew.
    private byte[] Worker()
    {
        var pages = Languages.ToDictionary(language => language, language => $"/scan?lang={language}");
        var digest = Convert.ToHexStringLower(Sm3.Hash([.. WebAssets.Resource("sw.js"), .. Languages.SelectMany(language => System.Text.Encoding.UTF8.GetBytes(Page(WordsIn(language))))])[..8]);
        var shell = new JsonObject
        {
            ["digest"] = digest,
            ["assets"] = new JsonArray([.. ((string[])["check.js", "scan.js", "zxing_reader.wasm", "icon.svg", "icon-192.png"]).Select(WebAssets.Way).Concat(own.Keys).Select(way => JsonValue.Create(way))]),
            ["pages"] = new JsonObject(pages.Select(page => KeyValuePair.Create(page.Key, (JsonNode?)page.Value))),
        };
        return [.. "const EID_SHELL="u8, .. JsonSerializer.SerializeToUtf8Bytes(shell), .. ";\n"u8, .. WebAssets.Resource("sw.js")];
    }
}
