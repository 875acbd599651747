using System.IO.Compression;
using System.Text;

namespace ShantingEId.Server.Tests.Stamping;

/// <summary>A document of another maker's kind: written by hand, no signatures, A4 pages with a line each.</summary>
internal static class SampleDocument
{
    public static byte[] Create(int pages = 1, string line = "甲方（盖章）：示例公司")
    {
        const string Space = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";
        var ids = Enumerable.Range(0, pages).ToArray();
        var files = new Dictionary<string, string>
        {
            ["OFD.xml"] = $"<ofd:OFD {Space} Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo><ofd:DocID>00000000000000000000000000000001</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            ["Doc_0/Document.xml"] = $"<ofd:Document {Space}><ofd:CommonData><ofd:MaxUnitID>{1000 + pages}</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>"
                + string.Concat(ids.Select(i => $"<ofd:Page ID=\"{i + 1}\" BaseLoc=\"Pages/Page_{i}/Content.xml\"/>")) + "</ofd:Pages></ofd:Document>",
        };
        foreach (var i in ids)
        {
            files[$"Doc_0/Pages/Page_{i}/Content.xml"] =
                $"<ofd:Page {Space}><ofd:Content><ofd:Layer ID=\"{100 + (3 * i)}\"><ofd:TextObject ID=\"{101 + (3 * i)}\" Boundary=\"20 200 150 10\" Font=\"1\" Size=\"5\"><ofd:TextCode X=\"0\" Y=\"5\" DeltaX=\"g {line.Length - 1} 5\">{line}</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>";
        }

        using var output = new MemoryStream();
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var content = zip.CreateEntry(name).Open();
                content.Write(Encoding.UTF8.GetBytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + text));
            }
        }

        return output.ToArray();
    }
}
