using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>
/// Border and 国徽 as a deployment supplies them: <c>border.svg</c> or <c>border.png</c>, <c>emblem.svg</c> or <c>emblem.png</c>
/// in one folder. Neither comes along here: what is missing is drawn as a plain border, and no emblem. Of an SVG, its paths
/// with their solid fills are taken. A border is stretched over the whole page (297 to 210), an emblem is square.
/// </summary>
public sealed class FaceStyle
{
    private readonly Ornament? border;
    private readonly Ornament? emblem;

    private FaceStyle(Ornament? border, Ornament? emblem) => (this.border, this.emblem) = (border, emblem);

    /// <summary>Plain border, no emblem.</summary>
    public static FaceStyle Plain { get; } = new(null, null);

    /// <summary>Whether there is an emblem above the title.</summary>
    internal bool HasEmblem => emblem is not null;

    /// <summary>Whether there is a border to take the place of the plain one.</summary>
    internal bool HasBorder => border is not null;

    /// <summary>Reads the folder.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PictureUnreadable"/>: a file is there and is not what it should be.</exception>
    public static FaceStyle Load(string folder) => new(Ornament.Find(folder, "border"), Ornament.Find(folder, "emblem"));

    internal void DrawBorder(FacePen pen, Box box) => border?.Draw(pen, box);

    internal void DrawEmblem(FacePen pen, Box box) => emblem?.Draw(pen, box);

    private sealed record Ornament(byte[]? Png, IReadOnlyList<(string Path, Ink Fill)> Paths, Box View)
    {
        public static Ornament? Find(string folder, string name)
        {
            var (svg, png) = (Path.Combine(folder, name + ".svg"), Path.Combine(folder, name + ".png"));
            return File.Exists(svg) ? ReadSvg(svg) : File.Exists(png) ? ReadPng(png) : null;
        }

        public void Draw(FacePen pen, Box box)
        {
            if (Png is not null)
            {
                pen.Picture(box, Png);
                return;
            }

            var paper = pen.OnPaper(box);
            foreach (var (path, fill) in Paths)
            {
                pen.Add(new PathShape(paper, Outline.Parse(path, View, paper), fill));
            }
        }

        private static Ornament ReadPng(string file)
        {
            var png = File.ReadAllBytes(file);
            using var codec = SKCodec.Create(new MemoryStream(png));
            return codec?.EncodedFormat == SKEncodedImageFormat.Png ? new Ornament(png, [], default) : throw Unreadable(file);
        }

        private static Ornament ReadSvg(string file)
        {
            try
            {
                using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
                var root = XElement.Load(reader);
                var view = root.Attribute("viewBox")?.Value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
                var paths = root.Descendants().Where(each => each.Name.LocalName == "path")
                    .Select(each => (each.Attribute("d")?.Value ?? "", Colour(each.Attribute("fill")?.Value))).ToArray();
                if (view is not { Length: 4 } || paths.Length == 0)
                {
                    throw Unreadable(file);
                }

                var box = new Box(view[0], view[1], view[2], view[3]);
                foreach (var (path, _) in paths)
                {
                    _ = Outline.Parse(path, box, box); // Now, not when the first licence is drawn.
                }

                return new Ornament(null, paths, box);
            }
            catch (Exception error) when (error is XmlException or FormatException)
            {
                throw Unreadable(file, error);
            }
        }

        private static Ink Colour(string? fill) => fill is null ? new Ink(0, 0, 0)
            : SKColor.TryParse(fill, out var colour) ? new Ink(colour.Red, colour.Green, colour.Blue, colour.Alpha) : throw new FormatException("fill");

        private static EidException Unreadable(string file, Exception? error = null) =>
            new(ErrorReason.PictureUnreadable, $"{Path.GetFileName(file)} 应为 PNG，或有 viewBox 和纯色 path 的 SVG", error);
    }
}
