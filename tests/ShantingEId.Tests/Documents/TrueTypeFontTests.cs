using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using ShantingEId.Documents.Faces;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>Fonts written for one document, as FreeType reads them: the same characters, as wide and as black as in the face they come from.</summary>
public class TrueTypeFontTests
{
    // Runs and single ones, a blank, composed shapes, thin and thick strokes, the densest there are, and two beyond the basic plane.
    private const string Characters = " 0123456789ABCabcgjy（）。、；：“”一二三丨口日田围鑫龘齉爨营业执照统社会信用代码𠀀𬺈";
    private const int Dots = 200;
    private const int Side = Dots * 3 / 2;

    [Theory]
    [InlineData(FontGrid.Whole, 0.08)]
    [InlineData(FontGrid.Fine, 0.4)]
    [InlineData(FontGrid.Coarse, 0.75)]
    internal void Characters_look_as_in_the_face_they_come_from(FontGrid grid, double most)
    {
        foreach (var face in (FaceFont[])[FaceSamples.Fonts.Regular, FaceSamples.Fonts.Bold])
        {
            var runes = Characters.EnumerateRunes().Where(rune => face.Advance(rune) is not null).ToArray();
            using var cut = SKTypeface.FromData(SKData.CreateCopy(face.Subset([Row(string.Concat(runes))], grid)));
            Assert.Equal(runes.Length + 1, cut.GlyphCount);
            Assert.Equal((int)grid, cut.UnitsPerEm);
            foreach (var rune in runes)
            {
                var (ours, theirs) = (Draw(cut, rune), Draw(face.Typeface, rune));
                // A line that is off by a dot changes as much as crossing it does: by how much outlines are off on average, in dots.
                var crossed = Difference(theirs.Dots[1..], theirs.Dots[..^1]) + Difference(theirs.Dots[Side..], theirs.Dots[..^Side]);
                var off = Difference(ours.Dots, theirs.Dots) / Math.Max(crossed, 1);
                Assert.True(off <= most, $"{rune} {face.IsBold} {grid}: {off:0.000} dots");
                Assert.Equal(theirs.Advance, ours.Advance, Dots / (double)grid);
            }
        }
    }

    [Fact]
    public void A_font_has_one_form_and_its_checksum_holds()
    {
        byte[] Make(string text) => FaceSamples.Fonts.Regular.Subset([Row(text)], FontGrid.Fine);
        var font = Make(Characters[..40]);

        Assert.Equal(font, Make(string.Concat(Characters[..40].Reverse())));
        var sum = 0u;
        for (var at = 0; at < font.Length; at += 4)
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(font.AsSpan(at));
        }

        Assert.Equal(0xB1B0AFBA, sum);
        for (var i = 0; i < BinaryPrimitives.ReadUInt16BigEndian(font.AsSpan(4)); i++)
        {
            var record = font.AsSpan(12 + (16 * i), 16);
            Assert.True(BinaryPrimitives.ReadInt32BigEndian(record[8..]) % 4 == 0 && BinaryPrimitives.ReadInt32BigEndian(record[8..]) + BinaryPrimitives.ReadInt32BigEndian(record[12..]) <= font.Length,
                Encoding.ASCII.GetString(record[..4]));
        }
    }

    // Places of glyphs are written in two bytes as long as that reaches.
    [Fact]
    public void A_font_of_very_many_characters_is_whole_too()
    {
        var runes = Enumerable.Range(0x4E00, 900).Select(value => new Rune(value)).Where(rune => FaceSamples.Fonts.Regular.Advance(rune) is not null).ToArray();
        var bytes = FaceSamples.Fonts.Regular.Subset([Row(string.Concat(runes))], FontGrid.Whole);
        using var cut = SKTypeface.FromData(SKData.CreateCopy(bytes));

        Assert.True(bytes.Length > 2 * ushort.MaxValue);
        Assert.Equal(runes.Length + 1, cut.GlyphCount);
        var (ours, theirs) = (Draw(cut, runes[^1]).Dots, Draw(FaceSamples.Fonts.Regular.Typeface, runes[^1]).Dots);
        Assert.InRange(Difference(ours, theirs), 0, Difference(theirs[1..], theirs[..^1]) / 20);
    }

    private static TextRun Row(string text) => new(default, 0, 0, text, ImmutableArray<double>.Empty, FaceLetters.Regular, 4, Ink.Black);

    private static double Difference(byte[] one, byte[] other) => one.Zip(other).Sum(pair => (double)Math.Abs(pair.First - pair.Second));

    private static (byte[] Dots, double Advance) Draw(SKTypeface face, Rune rune)
    {
        using var font = new SKFont(face, Dots) { Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true, Edging = SKFontEdging.Antialias };
        var glyph = font.GetGlyph(rune.Value);
        Assert.True(glyph > 0, $"{rune} is missing");
        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Gray8, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.Black);
        using var paint = new SKPaint { Color = SKColors.White, IsAntialias = true };
        using var builder = new SKTextBlobBuilder();
        builder.AddHorizontalRun([glyph], font, [Dots / 4f], Dots * 1.2f);
        using var blob = builder.Build();
        canvas.DrawText(blob, 0, 0, paint);
        return (bitmap.Bytes, font.GetGlyphWidths([glyph])[0]);
    }
}
