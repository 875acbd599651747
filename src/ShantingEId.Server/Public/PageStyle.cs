using System.Security.Cryptography;
using System.Text;

namespace ShantingEId.Server.Public;

/// <summary>The one style of all public pages (<c>web/page.css</c>). It stands inside each page, so that the verdict needs no second request.</summary>
internal static class PageStyle
{
    /// <summary>What stands between the style tags.</summary>
    public static string Text { get; } = Read();

    /// <summary>How the content security policy allows it, and no other.</summary>
    public static string Hash { get; } = "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    // Without what only its authors read.
    private static string Read()
    {
        using var reader = new StreamReader(typeof(PageStyle).Assembly.GetManifestResourceStream("page.css")!);
        var text = reader.ReadToEnd();
        return text[(text.IndexOf("*/", StringComparison.Ordinal) + 2)..].Trim();
    }
}
