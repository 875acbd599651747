using System.Buffers.Binary;
using System.Text;
using System.Xml.Linq;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Licenses;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>PNG, PDF and SVG of a face; what others see in them is judged in the interop tests.</summary>
public class DrawingFileTests
{
    private static readonly Drawing Face = FaceSamples.Draw(FaceSamples.Company);

    [Theory]
    [InlineData(100)]
    [InlineData(150)]
    [InlineData(300)]
    public void The_QR_symbol_on_a_picture_of_the_face_is_readable_and_the_seal_is_red(int dotsPerInch)
    {
        var png = DrawingFile.ToPng(Face, FaceSamples.Fonts, dotsPerInch);

        Assert.Equal((int)Math.Round(297 * dotsPerInch / 25.4), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(FaceSamples.LicenseCode, Assert.Single(CodeReader.Read(png)));
        using var bitmap = SKBitmap.Decode(png);
        var seal = Face.Shapes.OfType<SealImprint>().Single().Box;
        var star = bitmap.GetPixel((int)((seal.X + 20) * dotsPerInch / 25.4), (int)((seal.Y + 20) * dotsPerInch / 25.4));
        Assert.True(star is { Red: > 190, Green: < 60, Blue: < 60 }, star.ToString());
    }

    [Fact]
    public void The_same_drawing_gives_the_same_bytes()
    {
        var again = FaceSamples.Draw(FaceSamples.Company);
        byte[] Pdf(Drawing face) => DrawingFile.ToPdf([face], FaceSamples.Fonts, FaceSamples.AuthorityName, FaceSamples.Time);

        Assert.Equal(DrawingFile.ToPng(Face, FaceSamples.Fonts, 96), DrawingFile.ToPng(again, FaceSamples.Fonts, 96));
        Assert.Equal(DrawingSvg.Write(Face, FaceSamples.Fonts), DrawingSvg.Write(again, FaceSamples.Fonts));
        Assert.Equal(Pdf(Face), Pdf(again));
    }

    // One set of fonts, one artist and one maker serve a whole server.
    [Fact]
    public void Many_threads_at_once_make_what_one_makes()
    {
        var inputs = Enumerable.Range(1, 8).Select(number => FaceSamples.Company with { BusinessScope = FaceSamples.Text(30 * number), Name = $"示例第{number}公司" }).ToArray();
        byte[] Make(EnterpriseInput input)
        {
            var face = FaceSamples.Draw(input);
            var info = new OfdInfo(new string('0', 32), "示例", "示例", FaceSamples.Time, []);
            return [.. OfdDocument.Create([face], FaceSamples.Fonts, info).ToBytes(), .. DrawingFile.ToPdf([face], FaceSamples.Fonts, "示例", FaceSamples.Time)];
        }

        var alone = inputs.Select(Make).ToArray();
        var together = new byte[inputs.Length][];
        Parallel.For(0, inputs.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => together[i] = Make(inputs[i]));
        Assert.Equal(alone, together);
    }

    [Fact]
    public void An_svg_holds_every_character_at_its_place_and_stands_alone()
    {
        var svg = XElement.Parse(DrawingSvg.Write(Face, FaceSamples.Fonts));

        Assert.Equal("297mm", svg.Attribute("width")!.Value);
        var texts = svg.Elements().Where(each => each.Name.LocalName == "text").ToArray();
        Assert.Equal(Face.Text.Select(row => row.Text), texts.Select(text => text.Value));
        Assert.All(texts.Zip(Face.Text), pair => Assert.Equal(pair.Second.Text.Length, pair.First.Attribute("x")!.Value.Split(' ').Length));
        // Both fonts and both pictures are inside; nothing leads out.
        var whole = svg.ToString();
        Assert.Equal(2, whole.Split("data:font/ttf;base64,").Length - 1);
        Assert.Equal(2, svg.Elements().Count(each => each.Name.LocalName == "image"));
        Assert.DoesNotContain("href=\"http", whole, StringComparison.Ordinal);
    }

    [Fact]
    public void Border_and_emblem_of_a_deployment_take_the_place_of_the_plain_ones()
    {
        var folder = Directory.CreateTempSubdirectory("eid-style-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "border.svg"), """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 297 210"><path fill="#aa7711" d="M5 5h287v200h-287z M9 9v192h279v-192z"/></svg>""");
            File.WriteAllText(Path.Combine(folder, "emblem.svg"), """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><g><path fill="#c00" d="M5 0A5 5 0 0 1 5 10A5 5 0 0 1 5 0z"/></g></svg>""");
            var face = new FaceArtist(FaceSamples.Fonts, FaceStyle.Load(folder)).Draw(FaceSamples.Content(FaceSamples.Company), FaceForm.Duplicate, FaceSamples.Seal.Seal);

            Assert.Empty(face.Shapes.OfType<Rectangle>());
            Assert.Equal(2, face.Shapes.OfType<PathShape>().Count());
            using var bitmap = SKBitmap.Decode(DrawingFile.ToPng(face, FaceSamples.Fonts, 100));
            Assert.Equal(new SKColor(0xAA, 0x77, 0x11), bitmap.GetPixel(At(7), At(100)));
            Assert.Equal(new SKColor(0xCC, 0, 0), bitmap.GetPixel(At(148.5), At(27)));
            Assert.Equal(SKColors.White, bitmap.GetPixel(At(148.5 + 11.5), At(27 + 11.5))); // A circle, not its box.

            // A file that is not what it should be is refused at once.
            File.WriteAllText(Path.Combine(folder, "emblem.svg"), "<svg><path d=\"M0 0\"/></svg>");
            Assert.Equal(ErrorReason.PictureUnreadable, Assert.Throws<EidException>(() => FaceStyle.Load(folder)).Reason);
            File.Delete(Path.Combine(folder, "emblem.svg"));
            File.WriteAllBytes(Path.Combine(folder, "emblem.png"), Encoding.ASCII.GetBytes("not a picture"));
            Assert.Equal(ErrorReason.PictureUnreadable, Assert.Throws<EidException>(() => FaceStyle.Load(folder)).Reason);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static int At(double millimetres) => (int)(millimetres * 100 / 25.4);
    }
}
