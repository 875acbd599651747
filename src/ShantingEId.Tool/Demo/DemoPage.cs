using System.Net;
using System.Text.RegularExpressions;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;

namespace ShantingEId.Tool.Demo;

/// <summary>The public page of a licence, opened over HTTP as a phone does that scanned the code.</summary>
internal sealed partial class DemoPage(Screen screen, DemoServer server, DemoSteps steps)
{
    /// <summary>Opens the page of a licence in force.</summary>
    /// <returns>Where it is, below the address of the public port: by the code itself, and by the short code.</returns>
    public async Task<DemoPlaces> TellAsync(Connection staff, string issuedSet, CancellationToken cancel)
    {
        steps.Begin("任何人用手机相机扫这张执照：打开的就是公众核验页，不用安装任何程序");
        var set = await staff.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = issuedSet, View = GetIssuedSetRequest.Types.View.Full }, Connection.Reading(cancel));
        var places = new DemoPlaces(new Uri(set.LicenseCode).AbsolutePath, "/?code=" + set.TypedCode);
        using var phone = new HttpClient { BaseAddress = server.Pages, Timeout = TimeSpan.FromSeconds(10) };
        var html = await phone.GetStringAsync(places.Code, cancel);
        screen.Facts([("网址", new Uri(server.Pages, places.Code).ToString()), ("页面说", Part(Says(), html)), ("名称", set.License.Enterprise.Name), ("扫码页", new Uri(server.Pages, "/scan").ToString())]);
        steps.Require(html.Contains(WebUtility.HtmlEncode(set.License.Enterprise.CreditCode), StringComparison.Ordinal), "页面列出统一社会信用代码供核对");
        steps.Require(Part(Verdict(), await phone.GetStringAsync(places.TypedCode, cancel)) == Part(Verdict(), html), "录入校验短码打开同样的结论");
        steps.End("有效", Part(Verdict(), html));
        return places;
    }

    private static string Part(Regex part, string html) => WebUtility.HtmlDecode(part.Match(html).Groups[1].Value);

    [GeneratedRegex("<h1 id=\"verdict\">([^<]*)</h1>")]
    private static partial Regex Verdict();

    [GeneratedRegex("<p class=\"says\">([^<]*)</p>")]
    private static partial Regex Says();
}

/// <summary>Where the page of a licence is, below the address of the public port.</summary>
internal sealed record DemoPlaces(string Code, string TypedCode);
