using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ShantingEId.Crypto;

namespace ShantingEId.Server.Public;

/// <summary>
/// Scripts, decoder and icons of the public pages (<c>web/dist</c>, <c>web/icons</c>), each at an address that names its bytes:
/// <c>/app/{digest}/{name}</c>, so that browsers keep it for good and never a wrong one.
/// </summary>
internal static class WebAssets
{
    private static readonly Dictionary<string, string> Types = new()
    {
        ["js"] = "text/javascript; charset=utf-8", ["wasm"] = "application/wasm", ["svg"] = "image/svg+xml", ["png"] = "image/png",
        ["json"] = "application/json; charset=utf-8", ["webmanifest"] = "application/manifest+json; charset=utf-8",
    };

    private static readonly Dictionary<string, WebAsset> All = ((string[])["check.js", "scan.js", "zxing_reader.wasm", "icon.svg", "icon-192.png", "icon-512.png"])
        .Select(name => new WebAsset(name, Resource(name))).ToDictionary(asset => asset.Way, StringComparer.Ordinal);

    /// <summary>The address of a file of ours.</summary>
    public static string Way(string name) => All.Values.First(asset => asset.Name == name).Way;

    /// <summary>The file at an address; null where there is none.</summary>
    public static WebAsset? At(string path) => All.GetValueOrDefault(path);

    /// <summary>Bytes of a file that is embedded.</summary>
    public static byte[] Resource(string name)
    {
        using var stream = typeof(WebAssets).Assembly.GetManifestResourceStream("web/" + name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Sends bytes, packed where that makes them smaller and the browser can unpack.</summary>
    /// <param name="context">The request.</param>
    /// <param name="asset">What to send.</param>
    /// <param name="cache">How long it holds.</param>
    public static async Task SendAsync(HttpContext context, WebAsset asset, string cache)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var packed = request.GetTypedHeaders().AcceptEncoding.Any(one => one.Value == "gzip" && one.Quality != 0) && asset.Packed.Length < asset.Bytes.Length;
        response.ContentType = Types[asset.Name[(asset.Name.LastIndexOf('.') + 1)..]];
        response.Headers.CacheControl = cache;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        // A script may use what the page may, and a service worker no more than fetch from here.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; connect-src 'self'";
        if (packed)
        {
            response.Headers.ContentEncoding = "gzip";
        }

        var bytes = packed ? asset.Packed : asset.Bytes;
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }
}

/// <summary>One file of the public pages.</summary>
internal sealed class WebAsset(string name, byte[] bytes)
{
    private readonly Lazy<byte[]> packed = new(() => Pack(bytes));

    /// <summary>File name; its ending says the type.</summary>
    public string Name => name;

    /// <summary>Its bytes.</summary>
    public byte[] Bytes => bytes;

    /// <summary>The same, gzip; made when first asked for.</summary>
    public byte[] Packed => packed.Value;

    /// <summary>Its address.</summary>
    public string Way { get; } = $"/app/{Convert.ToHexStringLower(Sm3.Hash(bytes)[..8])}/{name}";

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
