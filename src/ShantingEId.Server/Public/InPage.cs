using System.Security.Cryptography;
using System.Text;

namespace ShantingEId.Server.Public;

/// <summary>What stands inside the public pages themselves, so that the verdict needs no second request.</summary>
/// <param name="Text">What stands between the tags.</param>
internal sealed record InPage(string Text)
{
    /// <summary>How the content security policy allows it, and no other.</summary>
    public string Hash { get; } = "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>The one style of all public pages (<c>web/page.css</c>).</summary>
    public static InPage Style { get; } = new(ReadStyle());

    /// <summary>The script that fetches the browser's own check once the verdict shows (<c>web/late.ts</c>).</summary>
    public static InPage Late { get; } = new(Encoding.UTF8.GetString(WebAssets.Resource("late.js")).Trim());

    // Without what only its authors read.
    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(InPage).Assembly.GetManifestResourceStream("page.css")!);
        var text = reader.ReadToEnd();
        return text[(text.IndexOf("*/", StringComparison.Ordinal) + 2)..].Trim();
    }
}
