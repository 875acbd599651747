using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Documents.Ofd;

/// <summary>One page of a document. Its own file is only opened when something of it is asked for: who signs a hundred pages needs one of them.</summary>
internal sealed class OfdPage(string id, Func<(IReadOnlyList<string> Files, Box Box)> read)
{
    private readonly Lazy<(IReadOnlyList<string> Files, Box Box)> head = new(read);

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
    /// <summary>Most bytes of a file that is written again: how long that takes grows with the names that are declared times those that are used.</summary>
    public const int MostRewritten = 256 * 1024;

    // Room for every imprint of a stamp above any identifier that is let in.
    private const int MostId = int.MaxValue - 10_000;
    private const int MostLocation = 1024;
    private const int MostPageId = 64;

    private readonly XmlBudget budget = new();

    private OfdStructure(OfdFile package)
    {
        Package = package;
        Root = OfdMarkup.Read(package.Require(OfdFile.Root), budget, MostRewritten);
        Body = Child(Root.Root!, "DocBody") ?? throw Invalid("OFD.xml 中没有 DocBody");
        DocumentName = Resolve(OfdFile.Root, Child(Body, "DocRoot")?.Value);
        var document = OfdMarkup.Read(package.Require(DocumentName), budget).Root!;
        var common = Child(document, "CommonData") ?? throw Invalid($"{DocumentName} 中没有 CommonData");
        MaxUnitId = Number(Child(common, "MaxUnitID")?.Value);
        var paper = Child(common, "PageArea") is { } area ? OfdMarkup.ParseBox(Child(area, "PhysicalBox")?.Value) : null;
        var templates = ReadTemplates(common);
        var files = new HashSet<string>(StringComparer.Ordinal);
        Pages = [.. (Child(document, "Pages")?.Elements() ?? []).Where(each => each.Name.LocalName == "Page").Select(each => ReadPage(each, paper, templates, files))];
        if (Pages.Count == 0)
        {
            throw Invalid("没有页面");
        }

        SignaturesName = Child(Body, "Signatures")?.Value is { Length: > 0 } path ? Resolve(OfdFile.Root, path) : null;
    }

    public OfdFile Package { get; }

    /// <summary>OFD.xml; who changes it takes a copy.</summary>
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

        return location.Length > MostLocation ? throw Invalid($"{file} 中的路径超过 {MostLocation} 个字符")
            : OfdPath.Resolve(location.Trim(), file) ?? throw Invalid($"{file} 中的路径 {location.Trim()} 离开了文件包");
    }

    /// <summary>A child by its local name: documents of before 2016 have another namespace.</summary>
    public static XElement? Child(XElement parent, string name) => parent.Elements().FirstOrDefault(each => each.Name.LocalName == name);

    /// <summary>The number in an identifier such as <c>12</c> or <c>s012</c>; 0 when there is none.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: so large that none could follow it.</exception>
    public static int Number(string? id)
    {
        var digits = (id ?? "").AsSpan().Trim().TrimStart("sS");
        return digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') ? 0
            : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostId ? number
            : throw Invalid($"标识 {(digits.Length > 20 ? digits[..20] : digits)} 过大");
    }

    public static EidException Invalid(string message) => new(ErrorReason.DocumentInvalid, "OFD 文件有误：" + message);

    // Each identifier and each file once, so that a page has no more parts than the package has files.
    private Dictionary<string, string> ReadTemplates(XElement common)
    {
        var (templates, files) = (new Dictionary<string, string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var template in common.Elements().Where(each => each.Name.LocalName == "TemplatePage"))
        {
            var file = Resolve(DocumentName, template.Attribute("BaseLoc")?.Value);
            if (template.Attribute("ID")?.Value is { } id && !(templates.TryAdd(id, file) && files.Add(file)))
            {
                throw Invalid("模板页重复");
            }
        }

        return templates;
    }

    private OfdPage ReadPage(XElement page, Box? paper, Dictionary<string, string> templates, HashSet<string> files)
    {
        var file = Package.Require(Resolve(DocumentName, page.Attribute("BaseLoc")?.Value));
        return !files.Add(file.Name) ? throw Invalid($"两个页面是同一个文件 {file.Name}")
            : page.Attribute("ID")?.Value is not { Length: <= MostPageId } id ? throw Invalid("页面没有 ID，或过长")
            : new OfdPage(id, () => ReadHead(file, paper, templates));
    }

    // GB/T 33190 7.7: templates and paper come before the content.
    private (IReadOnlyList<string> Files, Box Box) ReadHead(OfdEntry file, Box? paper, Dictionary<string, string> templates)
    {
        var (behind, box, part, areas, isBox) = (new List<string>(), "", "", 0, false);
        OfdMarkup.Walk(file, budget, reader =>
        {
            if (reader.NodeType == XmlNodeType.Element && reader.Depth == 1)
            {
                part = reader.LocalName;
                areas += part == "Area" ? 1 : 0;
                if (part == "Template" && templates.TryGetValue(reader.GetAttribute("TemplateID") ?? "", out var template))
                {
                    behind.Add(template);
                }
            }
            else if (reader.NodeType == XmlNodeType.Element && reader.Depth == 2)
            {
                isBox = part == "Area" && areas == 1 && reader.LocalName == "PhysicalBox" && box.Length == 0;
            }
            else if (isBox && reader.Depth == 3 && reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && box.Length <= OfdMarkup.MostNumbers)
            {
                box += reader.Value;
            }

            return part != "Content";
        });
        return ([.. behind.Distinct(StringComparer.Ordinal), file.Name], OfdMarkup.ParseBox(box) ?? paper ?? throw Invalid("没有页面尺寸"));
    }
}
