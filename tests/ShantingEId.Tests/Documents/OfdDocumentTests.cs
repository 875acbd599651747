using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>The OFD file of a licence: its parts, its text, its metadata; and that it is the same each time.</summary>
public class OfdDocumentTests
{
    private static readonly OfdFile Licence = FaceSamples.Documents.Create(FaceSamples.Set(FaceSamples.Company), FaceForm.Duplicate, FaceSamples.Seal, FaceSamples.Time);

    [Fact]
    public void The_same_licence_gives_the_same_files_but_for_the_signature_value()
    {
        var set = FaceSamples.Set(FaceSamples.Company);
        OfdFile Make() => FaceSamples.Documents.Create(set, FaceForm.Original, FaceSamples.Seal, FaceSamples.Time);
        var (one, other) = (Make(), Make());

        Assert.Equal(one.Entries.Select(entry => entry.Name), other.Entries.Select(entry => entry.Name));
        Assert.All(one.Entries.Zip(other.Entries).Where(pair => !pair.First.Name.EndsWith("SignedValue.dat", StringComparison.Ordinal)),
            pair => Assert.True(pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span), pair.First.Name));
        // And the ZIP around them, without a clock in it.
        Assert.Equal(one.ToBytes(), new OfdFile(one.Entries).ToBytes());
        using var zip = new ZipArchive(new MemoryStream(one.ToBytes()));
        Assert.All(zip.Entries, entry => Assert.Equal(new DateTime(1980, 1, 1), entry.LastWriteTime.DateTime));
    }

    [Fact]
    public void A_file_that_was_given_another_content_is_packed_with_it()
    {
        var document = OfdFile.Read(new OfdFile([new(OfdFile.Root, "<x/>"u8.ToArray()), new("a.txt", new byte[100])]).ToBytes());
        var changed = document.With(document.Require("a.txt") with { Bytes = new byte[] { 1, 2 } });

        Assert.Equal(new byte[] { 1, 2 }, OfdFile.Read(changed.ToBytes()).Require("a.txt").Bytes.ToArray());
    }

    [Fact]
    public void Every_row_of_the_drawing_is_a_text_object_with_its_places()
    {
        var face = FaceSamples.Draw(FaceSamples.Company);
        var page = Xml("Doc_0/Pages/Page_0/Content.xml");
        var objects = page.Descendants().Where(each => each.Name.LocalName == "TextObject").ToArray();

        Assert.Equal(face.Text.Select(row => row.Text), objects.Select(each => each.Value));
        foreach (var (row, item) in face.Text.Zip(objects))
        {
            var code = item.Elements().Single(each => each.Name.LocalName == "TextCode");
            var boundary = item.Attribute("Boundary")!.Value.Split(' ').Select(Number).ToArray();
            Assert.Equal(row.X, boundary[0] + Number(code.Attribute("X")!.Value), 2);
            Assert.Equal(row.Y, boundary[1] + Number(code.Attribute("Y")!.Value), 2);
            var steps = Steps(code.Attribute("DeltaX")?.Value ?? "");
            Assert.Equal(row.Offsets.Length - 1, steps.Count);
            Assert.Equal(row.Offsets[^1] - row.Offsets[0], steps.Sum(), 1);
        }

        // The imprint is the signature's, not the page's.
        Assert.Single(page.Descendants(), each => each.Name.LocalName == "ImageObject");
    }

    [Fact]
    public void Identifiers_are_given_once_and_every_reference_leads_somewhere()
    {
        XElement[] files = [Xml("Doc_0/Document.xml"), Xml("Doc_0/PublicRes.xml"), Xml("Doc_0/DocumentRes.xml"), Xml("Doc_0/Pages/Page_0/Content.xml"), Xml("Doc_0/Attachs/Attachments.xml")];
        var ids = files.SelectMany(file => file.DescendantsAndSelf()).Select(each => each.Attribute("ID")?.Value).OfType<string>().Select(int.Parse).ToArray();

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(ids.Max(), int.Parse(files[0].Descendants().Single(each => each.Name.LocalName == "MaxUnitID").Value, CultureInfo.InvariantCulture));
        var referred = files[3].Descendants().SelectMany(each => each.Attributes()).Where(each => each.Name.LocalName is "Font" or "ResourceID").Select(each => int.Parse(each.Value, CultureInfo.InvariantCulture));
        Assert.Subset(ids.ToHashSet(), referred.ToHashSet());
        // Nothing lies in the package that no reader would find.
        Assert.All(OfdReach.From(OfdReader.Read(Licence.ToBytes())), name => Assert.NotNull(Licence.Find(name)));
        Assert.Equal(Licence.Entries.Count, OfdReach.From(OfdReader.Read(Licence.ToBytes())).Count);
    }

    [Fact]
    public void Prefix_and_namespace_are_those_that_every_reader_takes()
    {
        foreach (var entry in Licence.Entries.Where(entry => entry.Name.EndsWith(".xml", StringComparison.Ordinal)))
        {
            var text = System.Text.Encoding.UTF8.GetString(entry.Bytes.Span);
            Assert.StartsWith("<?xml version=\"1.0\" encoding=\"utf-8\"?><ofd:", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(new Regex("<(?!/?ofd:|\\?xml)"), text);
            Assert.Equal("http://www.ofdspec.org/2016", XElement.Parse(text).Name.NamespaceName);
        }
    }

    [Fact]
    public void Embedded_fonts_have_a_glyph_for_every_character_and_no_more()
    {
        foreach (var rows in FaceSamples.Draw(FaceSamples.Company).Text.GroupBy(row => row.Font))
        {
            var entry = Licence.Require($"Doc_0/Res/font_{(rows.Key == FaceLetters.Bold ? "bold" : "text")}.ttf");
            using var face = SKTypeface.FromData(SKData.CreateCopy(entry.Bytes.Span));
            using var font = new SKFont(face);
            var characters = rows.SelectMany(row => row.Text.EnumerateRunes()).Distinct().ToArray();
            Assert.All(characters, rune => Assert.NotEqual(0, font.GetGlyph(rune.Value)));
            Assert.Equal(characters.Length + 1, face.GlyphCount);
        }
    }

    [Fact]
    public void Metadata_and_the_manifest_travel_inside()
    {
        var set = FaceSamples.Set(FaceSamples.Company);
        var licence = FaceSamples.Documents.Create(set, FaceForm.Duplicate, FaceSamples.Seal, FaceSamples.Time);
        var items = Metadata(licence);

        Assert.Equal("营业执照", items["ZZMC"]);
        Assert.Equal("11100000MB0143028R001", items["ZZLXDM"]);
        Assert.Equal(set.License.Id.ToString(), items["ZZBS"]);
        Assert.Equal(FaceSamples.Company.CreditCode, items["CZZTDM"]);
        Assert.Equal(FaceSamples.Company.Name, items["CZZT"]);
        Assert.Equal(("001", "统一社会信用代码"), (items["CZZTDMLXDM"], items["CZZTDMLX"]));
        Assert.Equal((FaceSamples.AuthorityName, FaceSamples.Authority.Value, "2026-03-02"), (items["ZZBFJG"], items["ZZBFJGDM"], items["ZZBFRQ"]));
        Assert.Equal(("2026-03-02 14:00:00", FaceSamples.AuthorityName + "公章"), (items["ZZQZSJ"], items["ZZQZMC"]));
        Assert.Equal((FaceSamples.Company.Representative, FaceSamples.Company.BusinessScope), (items["KZ_FDDBR"], items["KZ_JYFW"]));
        Assert.DoesNotContain("JZJZZSY", items.Keys);
        Assert.Equal(set.Manifest, licence.Require("Doc_0/Attachs/manifest.cbor").Bytes.ToArray());
    }

    [Fact]
    public void A_comprehensive_licence_names_its_permits_in_its_metadata()
    {
        var set = FaceSamples.Set(FaceSamples.Company, FaceSamples.Trade(3));
        var items = Metadata(FaceSamples.Documents.Create(set, FaceForm.Original, FaceSamples.Seal, FaceSamples.Time));

        Assert.Equal(("行业综合许可证", set.License.Id.ToString(), "便利店"), (items["ZZMC"], items["ZZBS"], items["KZ_HY"]));
        Assert.Equal(FaceSamples.Company.CreditCode + "001", items["ZZBH"]);
        Assert.All(set.License.Trade!.Permits, permit => Assert.Contains($"{permit.Name} {permit.Number}", items["KZ_XKSX"], StringComparison.Ordinal));
    }

    [Fact]
    public void A_copy_says_for_what_and_until_when_and_is_another_document()
    {
        var set = FaceSamples.Set(FaceSamples.Company);
        var note = new CopyNote("示例银行", "开立单位结算账户", FaceSamples.Time.AddDays(30));
        var copy = FaceSamples.Documents.CreateCopy(set, FaceForm.Duplicate, note, FaceSamples.Seal, FaceSamples.Time);
        var items = Metadata(copy);

        Assert.Equal(("示例银行", "2026-03-02 14:00:00", "开立单位结算账户", "2026-04-01 14:00:00"), (items["JZJZZZ"], items["JZJZZSJ"], items["JZJZZSY"], items["JZJYXQJZSJ"]));
        Assert.NotEqual(Id(Licence), Id(copy));
        Assert.Contains("仅用于：开立单位结算账户", XElement.Parse(Text(copy, "Doc_0/Pages/Page_0/Content.xml")).Descendants().Select(each => each.Value));
        Assert.Equal(ErrorReason.DateOrder, Refused(note with { Expiry = FaceSamples.Time }));
        Assert.Equal(ErrorReason.TextInvalid, Refused(note with { Purpose = "" }));
        Assert.Equal(ErrorReason.TextInvalid, Refused(note with { Purpose = new string('样', 201) }));
        Assert.Equal(ErrorReason.TextInvalid, Refused(note with { Maker = "示例\u202E银行" }));

        ErrorReason Refused(CopyNote bad) => Assert.Throws<EidException>(() => FaceSamples.Documents.CreateCopy(set, FaceForm.Duplicate, bad, FaceSamples.Seal, FaceSamples.Time)).Reason;
        static string Id(OfdFile file) => XElement.Parse(Text(file, OfdFile.Root)).Descendants().Single(each => each.Name.LocalName == "DocID").Value;
    }

    // Half of the scopes in a city's register have 48 characters or fewer. Each further character that is new costs 115 bytes of font.
    [Fact]
    public void A_licence_of_usual_length_is_at_most_60_KB()
    {
        var usual = FaceSamples.Company with { BusinessScope = "食品销售；农副产品批发、零售；普通货运。（依法须经批准的项目，经相关部门批准后方可开展经营活动）" };
        Assert.InRange(FaceSamples.Documents.Create(FaceSamples.Set(usual), FaceForm.Duplicate, FaceSamples.Seal, FaceSamples.Time).ToBytes().Length, 10_000, 60 * 1024);
    }

    private static Dictionary<string, string> Metadata(OfdFile file) => XElement.Parse(Text(file, OfdFile.Root)).Descendants().Where(each => each.Name.LocalName == "CustomData")
        .ToDictionary(each => each.Attribute("Name")!.Value, each => each.Value);

    private static string Text(OfdFile file, string name) => System.Text.Encoding.UTF8.GetString(file.Require(name).Bytes.Span);

    private static XElement Xml(string name) => XElement.Parse(Text(Licence, name));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static List<double> Steps(string text)
    {
        var steps = new List<double>();
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            steps.AddRange(words[i] == "g" ? Enumerable.Repeat(Number(words[i + 2]), int.Parse(words[i + 1], CultureInfo.InvariantCulture)) : [Number(words[i])]);
            i += words[i] == "g" ? 2 : 0;
        }

        return steps;
    }
}
