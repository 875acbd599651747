using System.Globalization;
using System.Xml.Linq;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Documents.Ofd;

/// <summary>One page of a document. Its own file is only opened when something of it is asked for: who signs a hundred pages needs one of them.</summary>
internal sealed class OfdPage(string id, Func<(IReadOnlyList<string> Files, Box Box)> read)
{
    private readonly Lazy<(IReadOnlyList<string> Files, Box Box)> head = new(read, LazyThreadSafetyMode.None);

    /// <summary>Its identifier.</summary>
    public string Id => id;

    /// <summary>Files with what is drawn on it, templates first.</summary>
    public IReadOnlyList<string> Files => head.Value.Files;

    /// <summary>Its paper, millimetres.</summary>
    public Box Box => head.Value.Box;
}

/// <summary>Where things are in the first document of a package; of anybody's making, so nothing is taken for granted.</summary>
internal sealed class OfdStructure
{
    private const int MostPages = 10_000;

    private OfdStructure(OfdFile package)
    {
        Package = package;
        Root = OfdMarkup.Read(package.Require(OfdFile.Root));
        Body = Child(Root.Root!, "DocBody") ?? throw Invalid("OFD.xml 中没有 DocBody");
        DocumentName = Resolve(OfdFile.Root, Child(Body, "DocRoot")?.Value);
        var document = OfdMarkup.Read(package.Require(DocumentName)).Root!;
        var common = Child(document, "CommonData") ?? throw Invalid($"{DocumentName} 中没有 CommonData");
        MaxUnitId = Number(Child(common, "MaxUnitID")?.Value);
        var paper = PaperOf(Child(common, "PageArea"));
        var templates = common.Elements().Where(each => each.Name.LocalName == "TemplatePage")
            .ToLookup(each => each.Attribute("ID")?.Value ?? "", each => Resolve(DocumentName, each.Attribute("BaseLoc")?.Value));
        Pages = [.. (Child(document, "Pages")?.Elements() ?? []).Where(each => each.Name.LocalName == "Page").Take(MostPages).Select(each => ReadPage(each, paper, templates))];
        if (Pages.Count == 0)
        {
            throw Invalid("没有页面");
        }

        SignaturesName = Child(Body, "Signatures")?.Value is { Length: > 0 } path ? Resolve(OfdFile.Root, path) : null;
    }

    public OfdFile Package { get; }

    /// <summary>OFD.xml.</summary>
    public XDocument Root { get; }

    /// <summary>Its first DocBody.</summary>
    public XElement Body { get; }

    public string DocumentName { get; }

    public int MaxUnitId { get; }

    public IReadOnlyList<OfdPage> Pages { get; }

    /// <summary>Signatures.xml; null when the document never had a signature.</summary>
    public string? SignaturesName { get; }

    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public static OfdStructure Read(OfdFile package) => new(package);

    /// <summary>Name in the package of what a file refers to (ST_Loc: <c>/</c> is the root, else beside the file).</summary>
    public static string Resolve(string file, string? location)
    {
        if (string.IsNullOrWhiteSpace(location))
        {
            throw Invalid($"{file} 中缺少路径");
        }

        return OfdPath.Resolve(location.Trim(), file) ?? throw Invalid($"{file} 中的路径 {location.Trim()} 离开了文件包");
    }

    /// <summary>A child by its local name: documents of before 2016 have another namespace.</summary>
    public static XElement? Child(XElement parent, string name) => parent.Elements().FirstOrDefault(each => each.Name.LocalName == name);

    /// <summary>The number in an identifier such as <c>12</c> or <c>s012</c>; 0 when there is none.</summary>
    public static int Number(string? id) =>
        int.TryParse((id ?? "").Trim().AsSpan().TrimStart("sS"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static EidException Invalid(string message) => new(ErrorReason.DocumentInvalid, "OFD 文件有误：" + message);

    private OfdPage ReadPage(XElement page, Box? paper, ILookup<string, string> templates)
    {
        var file = Package.Require(Resolve(DocumentName, page.Attribute("BaseLoc")?.Value));
        return new OfdPage(page.Attribute("ID")?.Value ?? throw Invalid("页面没有 ID"), () =>
        {
            // GB/T 33190 7.7: templates and paper come before the content.
            var before = OfdMarkup.ReadBefore(file, "Content");
            var behind = before.Where(each => each.Name.LocalName == "Template").SelectMany(each => templates[each.Attribute("TemplateID")?.Value ?? ""]);
            return ([.. behind, file.Name], PaperOf(before.Find(each => each.Name.LocalName == "Area")) ?? paper ?? throw Invalid("没有页面尺寸"));
        });
    }

    private static Box? PaperOf(XElement? area) => area is null ? null : OfdMarkup.ParseBox(Child(area, "PhysicalBox")?.Value);
}
