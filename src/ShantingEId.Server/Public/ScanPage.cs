namespace ShantingEId.Server.Public;

/// <summary>
/// The scan page as HTML: camera, picture or keyboard. Without a script the keyboard is left, and says so; what the script needs to know stands in data
/// attributes.
/// </summary>
internal static class ScanPage
{
    /// <summary>The page.</summary>
    /// <param name="words">The language.</param>
    /// <param name="frame">What stands around it.</param>
    /// <param name="codePrefix">Official address in front of every code.</param>
    /// <param name="hasNeighbours">Whether codes of neighbouring registrars are answered for too.</param>
    /// <param name="wordsWay">Where its words are (<see cref="ScanWords"/>).</param>
    /// <param name="manifestWay">Where the manifest of the installed page is.</param>
    public static string Render(PageWords words, PageFrame frame, string codePrefix, bool hasNeighbours, string wordsWay, string manifestWay)
    {
        var title = words.Pick("扫码核验", "Scan to check");
        var content = $"""
            <div id="answer"></div>
            <section class="scan"><h1>{Say("扫码核验", "Scan to check")}</h1>
            <p>{Say("扫描营业执照上的二维码，查看它现在是否有效。", "Scan the QR code on a business licence to see whether it is in force.")}</p>
            <div id="view" class="view" hidden><video id="camera" muted playsinline aria-label="{Say("相机画面", "Camera")}"></video></div>
            <div class="scripted-only"><button id="start" type="button" hidden>{Say("打开相机扫码", "Scan with the camera")}</button><button id="stop" class="second" type="button" hidden>{Say("停止", "Stop")}</button>
            <p class="picker"><input id="picture" type="file" accept="image/*"><label for="picture">{Say("选择二维码图片", "Choose a picture of the code")}</label></p></div>
            <p id="status" role="status"></p>
            <noscript><p>{Say("浏览器没有启用脚本，不能在本页扫码；请用手机相机扫描，或在下面录入校验短码。", "Scripts are off, so this page cannot scan; use the camera of your phone, or type the short code below.")}</p></noscript>
            <p class="small">{Say("本页只识别以此开头的证照码：", "This page knows codes that begin so, and no others:")}<span class="code">{PageFrame.Text(codePrefix)}</span>{(hasNeighbours ? Say("还有互认地区登记机关的证照码。", "And codes of neighbouring registrars. ") : "")}{Say("其他二维码不打开、不显示、不上传。图片只在本机识读。", "Others are not opened, shown or sent. Pictures stay on this device.")}</p></section>
            <section class="scripted-only"><h2>{Say("没有网络时", "Without a network")}</h2><p id="pack">{Say("正在准备离线状态包……", "Preparing states for offline use…")}</p>
            <p class="small">{Say("把本页添加到主屏幕，断网时也能打开。离线只能说出状态包生成时的状态；状态包到期后不再判断。", "Add this page to your home screen to open it without a network. Offline it tells the state as of its data, and nothing once they have expired.")}</p></section>
            """;
        var attributes = $" data-prefix=\"{PageFrame.Text(codePrefix)}\" data-words=\"{wordsWay}\" data-wasm=\"{WebAssets.Way("zxing_reader.wasm")}\"{(hasNeighbours ? " data-neighbours" : "")}";
        // In this order: deferred scripts run one after the other, so when the scanner begins the check is there, or this browser is too old for it.
        var head = $"""<link rel="manifest" href="{manifestWay}"><link rel="apple-touch-icon" href="{WebAssets.Way("icon-192.png")}"><meta name="theme-color" content="#0b57a4"><script defer src="{WebAssets.Way("check.js")}"></script><script defer src="{WebAssets.Way("scan.js")}"></script>""";
        return frame.Render(words, title, content, attributes, head);

        string Say(string chinese, string english) => PageFrame.Text(words.Pick(chinese, english));
    }
}
