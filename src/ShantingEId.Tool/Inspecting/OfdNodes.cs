using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Tool.Inspecting;

/// <summary>The files of an OFD package; what they are worth is for <c>eid verify</c>.</summary>
internal static class OfdNodes
{
    public static Node Of(OfdPackage package)
    {
        var root = new Node("OFD 文件（GB/T 33190）", $"{package.Files.Count} 个文件；签章请用 eid verify 核验");
        foreach (var (path, content) in package.Files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            root.Add("/" + path, $"{content.Length} 字节，SM3 {Convert.ToHexStringLower(Sm3.Hash(content.Span))[..16]}…{(package.Malformed.Contains(path) ? "，不是合规的 XML" : "")}");
        }

        return root;
    }
}
