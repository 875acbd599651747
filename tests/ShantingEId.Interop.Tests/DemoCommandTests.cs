using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ShantingEId.Interop.Tests;

/// <summary>The demonstration as people start it, and the addresses that it prints.</summary>
public sealed partial class DemoCommandTests
{
    [Fact]
    public async Task The_demonstration_prints_an_address_that_opens_the_page()
    {
        var folder = Path.Combine(Directory.CreateTempSubdirectory("eid-demo-").FullName, "demo");
        using var demo = Start("demo", "--dir", folder, "--stay");
        try
        {
            var printed = await ReadUntilAsync(demo, "扫码页      ");
            Assert.Contains("17 步全部与预期相符", printed, StringComparison.Ordinal);
            using var browser = new HttpClient();
            foreach (var kind in (string[])["执照核验页", "录入短码"])
            {
                var html = await browser.GetStringAsync(AddressOf(kind, printed), TestContext.Current.CancellationToken);
                Assert.Contains("<h1 id=\"verdict\">有效</h1>", html, StringComparison.Ordinal);
                Assert.Contains("枣庄市山亭区样例豆制品有限公司", html, StringComparison.Ordinal);
            }

            // What it says to start afterwards serves the very same page, here at a free port.
            await StopAsync(demo);
            var command = Command().Match(printed).Groups[1].Value.Split(' ');
            using var served = Start([.. command[..^1], "0", "--port", "0"]);
            try
            {
                var started = await ReadUntilAsync(served, "公众扫码页面：");
                var pages = new Uri(Pages().Match(started).Groups[1].Value);
                var html = await browser.GetStringAsync(new Uri(pages, AddressOf("执照核验页", printed).PathAndQuery), TestContext.Current.CancellationToken);
                Assert.Contains("<h1 id=\"verdict\">有效</h1>", html, StringComparison.Ordinal);
            }
            finally
            {
                await StopAsync(served);
            }
        }
        finally
        {
            await StopAsync(demo);
            Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        }
    }

    private static Uri AddressOf(string kind, string printed) => new(Regex.Match(printed, kind + @"\s+(http\S+)").Groups[1].Value);

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Eid.Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() })!;

    private static async Task<string> ReadUntilAsync(Process process, string mark)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        _ = process.StandardError.ReadToEndAsync(patience.Token);
        var printed = new System.Text.StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            printed.AppendLine(line);
            if (line.Contains(mark, StringComparison.Ordinal) && line.Contains("http", StringComparison.Ordinal) && !line.StartsWith("  扫码页：", StringComparison.Ordinal))
            {
                return printed.ToString();
            }
        }

        throw new InvalidOperationException($"ended before it said {mark}:\n{printed}");
    }

    private static async Task StopAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [GeneratedRegex("继续试用：eid (.*)")]
    private static partial Regex Command();

    [GeneratedRegex("公众扫码页面：(http\\S+)")]
    private static partial Regex Pages();
}
