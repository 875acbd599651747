using System.Collections.Immutable;
using ShantingEId.Crypto;
using ShantingEId.Documents.Faces;
using static ShantingEId.Documents.Ofd.OfdMarkup;

namespace ShantingEId.Documents.Ofd;

/// <summary>Fonts and pictures of a document, each once, and its identifiers.</summary>
internal sealed class OfdResources
{
    /// <summary>
    /// What a reader that cannot use an embedded font should look for: 宋体 stands on every machine that reads OFD, and the places of
    /// characters do not depend on the font.
    /// </summary>
    private const string FontName = "宋体";

    private readonly SortedDictionary<FaceLetters, int> fonts = [];
    private readonly Dictionary<string, (int Id, int Number, ImmutableArray<byte> Png)> images = [];
    private int last;

    /// <summary>The greatest identifier given out.</summary>
    public int MaxId => last;

    public int NextId() => ++last;

    public int FontId(FaceLetters letters) => fonts.TryGetValue(letters, out var id) ? id : fonts[letters] = NextId();

    public int ImageId(ImmutableArray<byte> png)
    {
        var key = Convert.ToHexString(Sm3.Hash(png.AsSpan()));
        if (!images.TryGetValue(key, out var image))
        {
            images[key] = image = (NextId(), images.Count, png);
        }

        return image.Id;
    }

    /// <summary>The files: PublicRes.xml with the fonts, DocumentRes.xml with the pictures, and both kinds themselves.</summary>
    public IReadOnlyList<OfdEntry> Write(string folder, IReadOnlyList<Drawing> pages, FaceFonts faces)
    {
        var files = new List<OfdEntry>();
        foreach (var letters in fonts.Keys)
        {
            files.Add(new OfdEntry($"{folder}/Res/{FileOf(letters)}", faces[letters].Subset(pages.SelectMany(page => page.Text).Where(row => row.Font == letters), FontGrid.Fine)));
        }

        files.AddRange(images.Values.Select(image => new OfdEntry($"{folder}/Res/image_{Number(image.Number)}.png", image.Png.ToArray())));
        var publicRes = OfdMarkup.File($"{folder}/PublicRes.xml", "Res", xml =>
        {
            xml.WriteAttributeString("BaseLoc", "Res");
            xml.Start("Fonts");
            foreach (var (letters, id) in fonts)
            {
                xml.Start("Font", ("ID", Number(id)), ("FontName", FontName), ("FamilyName", FontName), ("Charset", "unicode"), ("Serif", "true"));
                if (letters == FaceLetters.Bold)
                {
                    xml.WriteAttributeString("Bold", "true");
                }

                xml.Text("FontFile", FileOf(letters));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        });
        var documentRes = OfdMarkup.File($"{folder}/DocumentRes.xml", "Res", xml =>
        {
            xml.WriteAttributeString("BaseLoc", "Res");
            xml.Start("MultiMedias");
            foreach (var image in images.Values)
            {
                xml.Start("MultiMedia", ("ID", Number(image.Id)), ("Type", "Image"), ("Format", "PNG"));
                xml.Text("MediaFile", $"image_{Number(image.Number)}.png");
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        });
        return images.Count > 0 ? [publicRes, documentRes, .. files] : [publicRes, .. files];
    }

    private static string FileOf(FaceLetters letters) => letters == FaceLetters.Bold ? "font_bold.ttf" : "font_text.ttf";

    /// <summary>Whether there is a DocumentRes.xml.</summary>
    public bool HasImages => images.Count > 0;
}
