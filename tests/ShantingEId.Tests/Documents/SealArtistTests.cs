using System.Buffers.Binary;
using System.Text;
using ShantingEId.Documents;
using ShantingEId.Seals;

namespace ShantingEId.Tests.Documents;

public class SealArtistTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(2, 42), 60];

    [Theory]
    [InlineData(SealKind.Official, 40, 40, 945, 945)]
    [InlineData(SealKind.Finance, 38, 38, 898, 898)]
    [InlineData(SealKind.Invoice, 40, 30, 945, 709)]
    [InlineData(SealKind.LegalRepresentative, 20, 20, 472, 472)]
    public void Size_on_paper_is_exact_and_stated(SealKind kind, int width, int height, int columns, int rows)
    {
        var picture = Samples.Artist.Draw(Samples.Design(kind));
        Assert.Equal((width, height), (picture.WidthMillimetres, picture.HeightMillimetres));

        var chunks = Chunks(picture.Png);
        Assert.Equal(["IHDR", "pHYs", "PLTE", "tRNS", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type));
        var header = chunks[0].Data;
        Assert.Equal((columns, rows), (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))));
        Assert.Equal([1, 3, 0, 0, 0], header[8..]);
        // 23622 dots per metre are 600 dots per inch.
        Assert.Equal([0, 0, 0x5C, 0x46, 0, 0, 0x5C, 0x46, 1], chunks[1].Data);
        Assert.Equal([0, 255], chunks[3].Data);
    }

    [Theory]
    [InlineData(SealKind.Official)]
    [InlineData(SealKind.Finance)]
    [InlineData(SealKind.Invoice)]
    [InlineData(SealKind.LegalRepresentative)]
    public void Border_reaches_every_side(SealKind kind)
    {
        var map = Samples.Draw(kind);
        var (x, y) = ((map.Picture.WidthMillimetres / 2.0) - 0.1, (map.Picture.HeightMillimetres / 2.0) - 0.1);
        Assert.True(map.Ink(x, 0) && map.Ink(-x, 0) && map.Ink(0, y) && map.Ink(0, -y));
        Assert.Equal(kind == SealKind.LegalRepresentative, map.Ink(x, y));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Name_of_any_length_stands_clear_of_everything_else(int length)
    {
        var name = Samples.NameOf(length);

        var official = Samples.Draw(SealKind.Official, name);
        Assert.True(official.RingIsClean(18.2, 18.72), "name or code near the border");
        Assert.True(official.RingIsClean(6.75, 12.7), "name near the star");
        Assert.True(official.RaysAreClean(27.5, 6.75, 18.7), "name near the code");

        var finance = Samples.Draw(SealKind.Finance, name);
        Assert.True(finance.RingIsClean(17.4, 17.9), "name or code near the border");
        Assert.True(finance.RingIsClean(11.2, 12.3), "name near the words");
        Assert.True(finance.RaysAreClean(28, 11.2, 17.9), "name near the code");

        var invoice = Samples.Draw(SealKind.Invoice, name);
        Assert.All(Enumerable.Range(0, 2000), i =>
        {
            // 0.1 to 0.3 mm inside the border's inner edge; the clause leaves 0.5 at the middle of each character.
            var (sin, cos) = Math.SinCos(i * Math.PI / 1000);
            var normal = Math.Sqrt((14.5 * 14.5 * sin * sin) + (19.5 * 19.5 * cos * cos));
            Assert.All([0.6, 0.7, 0.8], inside => Assert.False(
                invoice.Ink((19.5 * sin) - (inside * 14.5 * sin / normal), -(14.5 * cos) + (inside * 19.5 * cos / normal))));
        });
        var alone = Samples.Draw(SealKind.Invoice, "山亭");
        Assert.Equal(alone.Box(-13.3, -2.2, 13.3, 2.2), invoice.Box(-13.3, -2.2, 13.3, 2.2));
        Assert.Equal(alone.Box(-8.5, 4, 8.5, 9), invoice.Box(-8.5, 4, 8.5, 9));
    }

    [Theory]
    [InlineData("龘", 20)]
    [InlineData("鑫疆罐懿", 30)]
    [InlineData("鹰翼鑫霸馨露", 60)]
    public void Dense_names_become_coarser_instead_of_being_refused(string dense, int length)
    {
        var name = string.Concat(Enumerable.Repeat(dense, length))[..length];
        foreach (var kind in SealKinds.All)
        {
            Assert.InRange(Samples.Artist.Draw(Samples.Design(kind, name)).Png.Length, 500, SealPicture.MaxBytes);
        }

        var map = Samples.Draw(SealKind.Official, name);
        Assert.Equal(40, map.Picture.WidthMillimetres);
        Assert.True(map.RingIsClean(18.25, 18.7) && map.RingIsClean(6.8, 12.7));
    }

    [Theory]
    [InlineData("", "张三", "enterprise.name")]
    [InlineData("店", "张三", "enterprise.name")]
    [InlineData("山亭商店", "", "enterprise.representative")]
    [InlineData("山亭商店", "  ", "enterprise.representative")]
    public void Empty_text_is_refused(string name, string representative, string field)
    {
        var error = Assert.Throws<EidException>(() => Samples.Artist.Draw(Samples.Design(SealKind.Official, name, representative)));
        Assert.Equal((ErrorReason.TextInvalid, field), (error.Reason, error.Violations.Single().Field));
    }

    [Fact]
    public void Star_is_fourteen_forty_seconds_of_the_width_and_in_the_middle()
    {
        var (left, top, right, _) = Samples.Draw(SealKind.Official).Bounds(-8, -8, 8, 8);
        Assert.Equal(-40 / 6.0, top, 0.06);
        // The last dots of the sharp side points are finer than a dot.
        Assert.Equal(40 / 3.0 * Math.Cos(Math.PI / 10), right - left, 0.15);
        Assert.Equal(0, left + right, 0.1);
    }

    [Fact]
    public void Invoice_seal_has_the_measures_of_the_announcement()
    {
        var map = Samples.Draw(SealKind.Invoice);
        var number = map.Bounds(-13.4, -3, 13.4, 3);
        Assert.Equal(26, number.Right - number.Left, 0.3);
        Assert.Equal(3.7, number.Bottom - number.Top, 0.15);
        Assert.Equal(0, number.Top + number.Bottom, 0.1);
        Assert.Equal(18, map.Groups(-13.4, -3, 13.4, 3));

        var words = map.Bounds(-8.5, 3.8, 8.5, 9);
        Assert.Equal(4.2, words.Top, 0.1);
        Assert.Equal(4.6, words.Bottom - words.Top, 0.15);

        // Characters at the top of the arc: 0.5 from the inner edge of the border (y = -14), 4.2 high.
        var name = map.Bounds(-3, -13.8, 3, -8.5);
        Assert.Equal(-13.5, name.Top, 0.12);
        Assert.InRange(name.Bottom - name.Top, 3.7, 4.4);
    }

    [Fact]
    public void Same_design_gives_same_bytes_on_any_thread_and_by_any_artist()
    {
        foreach (var kind in SealKinds.All)
        {
            var first = Samples.Artist.Draw(Samples.Design(kind)).Png;
            Assert.All(Enumerable.Range(0, 16).AsParallel().Select(i => i % 2 == 0
                ? Samples.Artist.Draw(Samples.Design(kind)).Png
                : Other(kind)).Where(png => png.Length > 0).ToArray(), png => Assert.Equal(first, png));
            using var artist = new SealArtist(Samples.Fonts);
            Assert.Equal(first, artist.Draw(Samples.Design(kind)).Png);
        }

        // Another enterprise on the same sheets in between.
        static byte[] Other(SealKind kind) => Samples.Artist.Draw(Samples.Design(kind, "别家商店", "李四")).Png[..0];
    }

    [Theory]
    [InlineData(SealKind.Official, "enterprise.name")]
    [InlineData(SealKind.LegalRepresentative, "enterprise.representative")]
    public void Character_the_font_lacks_is_named_with_its_place(SealKind kind, string field)
    {
        // The first is outside the basic plane too, but the font has it: places count characters, not code units.
        const string Text = "\U00020BB7野\U0001F600\U000E0041印";
        var error = Assert.Throws<EidException>(() => Samples.Artist.Draw(Samples.Design(kind, Text, Text)));
        Assert.Equal(ErrorReason.TextInvalid, error.Reason);
        Assert.Equal(2, error.Violations.Count);
        Assert.All(error.Violations, violation => Assert.Equal(field, violation.Field));
        Assert.Contains("第 3 个字", error.Violations[0].Message, StringComparison.Ordinal);
        Assert.Contains("U+1F600", error.Message, StringComparison.Ordinal);
        Assert.Contains("第 4 个字", error.Violations[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_fonts_are_reported_with_the_package_to_install()
    {
        var error = Assert.Throws<EidException>(() => SealFonts.LoadDefault(Path.Combine(AppContext.BaseDirectory, "no-such-directory")));
        Assert.Equal(ErrorReason.SealImageInvalid, error.Reason);
        Assert.Contains("fonts-noto-cjk", error.Message, StringComparison.Ordinal);
    }

    private static List<(string Type, byte[] Data)> Chunks(byte[] png)
    {
        var chunks = new List<(string, byte[])>();
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            chunks.Add((Encoding.ASCII.GetString(png, at + 4, 4), png[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        return chunks;
    }
}
