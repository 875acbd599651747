using System.Diagnostics;
using ShantingEId.Documents;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

public class CodeTests
{
    private const string Text = "SHTEID:1.370406.7K2QX4M9.WYB3D0F5A6C8E1G2H4J5K7M8N0P1Q3R4T5U6W7X8Y9";

    [Theory]
    [InlineData(Text)]
    [InlineData("https://example.invalid/verify?id=37a6")]
    [InlineData("营业执照 枣庄市山亭区样例食品有限公司")]
    public void Symbol_reads_back(string text)
    {
        var symbol = CodeSymbol.Create(text);
        Assert.Equal(text, symbol.Text);
        Assert.Equal(17 + (4 * symbol.Version), symbol.ModuleCount);
        Assert.Equal([text], CodeReader.Read(symbol.ToPng()));
        Assert.Equal([text], CodeReader.Read(symbol.ToPng(3)));
    }

    // Capacities of level M, ISO/IEC 18004 table 7: 20, 38, 61, 311 capitals; 14 bytes.
    [Theory]
    [InlineData('A', 20, 1)]
    [InlineData('A', 21, 2)]
    [InlineData('A', 38, 2)]
    [InlineData('A', 61, 3)]
    [InlineData('A', 311, 10)]
    [InlineData('A', 312, 11)]
    [InlineData('a', 14, 1)]
    [InlineData('a', 15, 2)]
    public void Version_is_the_smallest_of_level_M_in_the_mode_of_the_text(char letter, int length, int version) =>
        Assert.Equal(version, CodeSymbol.Create(new string(letter, length)).Version);

    [Fact]
    public void Other_program_reads_it_too()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/zbarimg"), "zbarimg (Debian package zbar-tools) is not installed");
        var file = Path.Combine(AppContext.BaseDirectory, "code-tests.png");
        File.WriteAllBytes(file, CodeSymbol.Create(Text).ToPng());
        using var program = Process.Start(new ProcessStartInfo("/usr/bin/zbarimg", ["-q", "--raw", "--nodbus", file]) { RedirectStandardOutput = true })!;
        Assert.Equal(Text, program.StandardOutput.ReadToEnd().Trim());
        program.WaitForExit();
    }

    [Fact]
    public void Text_that_cannot_be_a_symbol_is_refused()
    {
        Assert.Equal(ErrorReason.QrTextInvalid, Assert.Throws<EidException>(() => CodeSymbol.Create("")).Reason);
        Assert.Equal(ErrorReason.QrTextInvalid, Assert.Throws<EidException>(() => CodeSymbol.Create(new string('A', 5000))).Reason);
    }

    [Fact]
    public void Svg_is_one_sharp_path_with_a_title()
    {
        var symbol = CodeSymbol.Create("A&B<C>");
        var svg = symbol.ToSvg();
        Assert.Contains($"viewBox=\"0 0 {symbol.ModuleCount + 8} {symbol.ModuleCount + 8}\"", svg, StringComparison.Ordinal);
        Assert.Contains("crispEdges", svg, StringComparison.Ordinal);
        Assert.Contains("<title>A&amp;B&lt;C&gt;</title>", svg, StringComparison.Ordinal);

        using var path = SKPath.ParseSvgPathData(System.Xml.Linq.XDocument.Parse(svg).Descendants().Last().Attribute("d")!.Value);
        Assert.Equal(new SKRect(4, 4, 4 + symbol.ModuleCount, 4 + symbol.ModuleCount), path.Bounds);
        Assert.Equal([symbol.Text], CodeReader.Read(Painted(symbol.ModuleCount + 8, (canvas, paint) => canvas.DrawPath(path, paint))));
    }

    [Fact]
    public void Terminal_shows_dark_on_light()
    {
        var symbol = CodeSymbol.Create(Text);
        var lines = symbol.ToTerminal().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.True(line.StartsWith("\u001b[38;5;16;48;5;231m", StringComparison.Ordinal) && line.EndsWith("\u001b[0m", StringComparison.Ordinal)));
        var picture = Painted(symbol.ModuleCount + 8, (canvas, paint) =>
        {
            for (var y = 0; y < lines.Length; y++)
            {
                var blocks = lines[y]["\u001b[38;5;16;48;5;231m".Length..^"\u001b[0m".Length];
                for (var x = 0; x < blocks.Length; x++)
                {
                    var (top, bottom) = blocks[x] switch { '█' => (0, 2), '▀' => (0, 1), '▄' => (1, 2), _ => (0, 0) };
                    canvas.DrawRect(x, (2 * y) + top, 1, bottom - top, paint);
                }
            }
        });
        Assert.Equal([Text], CodeReader.Read(picture));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Photo_with_two_turned_symbols_gives_both(SKEncodedImageFormat format)
    {
        using var photo = new SKBitmap(1600, 1000);
        using var canvas = new SKCanvas(photo);
        // What a PNG leaves transparent counts as white.
        canvas.Clear(format == SKEncodedImageFormat.Png ? SKColors.Transparent : SKColors.LightGray);
        foreach (var (text, x, turn) in new[] { ("FIRST", 150, 8), ("SECOND", 900, -12) })
        {
            using var symbol = SKBitmap.Decode(CodeSymbol.Create(text).ToPng(14));
            canvas.ResetMatrix();
            canvas.Translate(x, 300);
            canvas.RotateDegrees(turn);
            canvas.DrawBitmap(symbol, 0, 0, new SKSamplingOptions(SKFilterMode.Linear));
        }

        using var data = photo.Encode(format, 80);
        Assert.Equal(["FIRST", "SECOND"], CodeReader.Read(data.ToArray()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Picture_without_a_symbol_gives_nothing() =>
        Assert.Empty(CodeReader.Read(Samples.Artist.Draw(Samples.Design(ShantingEId.Seals.SealKind.Official)).Png));

    [Fact]
    public void Bombs_and_broken_pictures_are_refused()
    {
        // 400 million dots claimed by a header of a few bytes.
        Refused(OneBitPng.Write(20_000, 20_000, [], [0, 0, 0, 255, 255, 255], [], 0), "超过 40 百万像素");
        Refused(new byte[CodeReader.MaxBytes + 1], "8 MB");
        Refused([], "字节");
        Refused("GIF89a not for us"u8.ToArray(), "PNG、JPEG 或 WebP");
        Refused(CodeSymbol.Create(Text).ToPng()[..200], "不完整");

        static void Refused(byte[] picture, string why)
        {
            var error = Assert.Throws<EidException>(() => CodeReader.Read(picture));
            Assert.Equal(ErrorReason.PictureUnreadable, error.Reason);
            Assert.Contains(why, error.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Painted(int modules, Action<SKCanvas, SKPaint> draw)
    {
        using var bitmap = new SKBitmap(modules * 6, modules * 6);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = SKColors.Black };
        canvas.Clear(SKColors.White);
        canvas.Scale(6);
        draw(canvas, paint);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
