using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Seals;
using ShantingEId.TimeStamps;

namespace ShantingEId.Tests.Documents;

/// <summary>A small OFD document (示例) that is sealed, to break one thing; written by hand and not by the product's own writer.</summary>
internal sealed class SignedOfd
{
    private const string Space = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";
    private readonly List<(string Id, string Type, string Path)> signatures = [];

    /// <summary>Files by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal)
    {
        ["OFD.xml"] = Xml($"<ofd:OFD {Space} Version=\"1.1\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo><ofd:DocID>f7da2895ed0d46659f597febed15ae0d</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>"),
        ["Doc_0/Document.xml"] = Xml($"<ofd:Document {Space}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages><ofd:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/></ofd:Pages></ofd:Document>"),
        ["Doc_0/PublicRes.xml"] = Xml($"<ofd:Res {Space} BaseLoc=\"Res\"><ofd:MultiMedias><ofd:MultiMedia ID=\"5\" Type=\"Image\"><ofd:MediaFile>seal.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"),
        ["Doc_0/Pages/Page_0/Content.xml"] = Xml($"<ofd:Page {Space}><ofd:Content><ofd:Layer ID=\"2\"><ofd:TextObject ID=\"3\" Boundary=\"10 10 100 10\" Font=\"4\" Size=\"5\"><ofd:TextCode X=\"0\" Y=\"5\">示例合同</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>"),
        ["Doc_0/Res/seal.png"] = [0x89, 0x50, 0x4E, 0x47, 1, 2, 3, 4, 5],
    };

    /// <summary>A document with one good seal.</summary>
    public static SignedOfd Sealed(SesVersion version = SesVersion.V4)
    {
        var document = new SignedOfd();
        document.Sign("s1", document.Everything, version: version);
        return document;
    }

    /// <summary>Covers every file but the list, so that others can sign after.</summary>
    public bool Everything(string path) => path != "Doc_0/Signs/Signatures.xml";

    /// <summary>Seals the document as it is now (standards §2.3).</summary>
    public void Sign(
        string id, Func<string, bool> covers, SesSealInfo? info = null, string? propertyInfo = null, DateTimeOffset? time = null, string checkMethod = "SM3", bool withSeal = true,
        Func<string, string>? edit = null, Func<SesSignature, SesSignature>? stamp = null, SesVersion version = SesVersion.V4)
    {
        // 1. The seal and the record of the signature.
        var folder = $"Doc_0/Signs/Sign_{signatures.Count}";
        signatures.Add((id, withSeal ? "Seal" : "Sign", $"{folder}/Signature.xml"));
        var about = info ?? SampleSeals.Info with { Picture = Png };
        var seal = version == SesVersion.V4 ? SesSeal.Create(about, SampleSeals.Maker) : SesSeal.Parse(HandMade.Seal(about with { Version = version }));
        if (withSeal)
        {
            Files[$"{folder}/Seal.esl"] = seal.Der.ToArray();
        }

        WriteList();

        // 2. Signature.xml over the digests of the files.
        var references = Files.Keys.Where(covers).Order(StringComparer.Ordinal).Select(path => $"<ofd:Reference FileRef=\"/{path}\"><ofd:CheckValue>{Convert.ToBase64String(Sm3.Hash(Files[path]))}</ofd:CheckValue></ofd:Reference>");
        var text = $"<ofd:Signature {Space}><ofd:SignedInfo><ofd:Provider ProviderName=\"sample\" Version=\"1.0\" Company=\"示例\"/><ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
            + $"<ofd:SignatureDateTime>{(time ?? SampleSeals.Signed).UtcDateTime:yyyyMMddHHmmss}Z</ofd:SignatureDateTime><ofd:References CheckMethod=\"{checkMethod}\">{string.Concat(references)}</ofd:References>"
            + (withSeal ? $"<ofd:StampAnnot ID=\"{id}a\" PageRef=\"1\" Boundary=\"50 50 40 40\"/><ofd:Seal><ofd:BaseLoc>/{folder}/Seal.esl</ofd:BaseLoc></ofd:Seal>" : "")
            + $"</ofd:SignedInfo><ofd:SignedValue>/{folder}/SignedValue.dat</ofd:SignedValue></ofd:Signature>";
        var signatureXml = Xml((edit ?? (each => each))(text));
        Files[$"{folder}/Signature.xml"] = signatureXml;

        // 3. The value over the exact bytes of Signature.xml.
        if (withSeal)
        {
            var (at, property) = (time ?? SampleSeals.Signed, propertyInfo ?? $"/{folder}/Signature.xml");
            var signature = version == SesVersion.V4 ? SesSignature.Create(seal, SampleSeals.Signer, at, Sm3.Hash(signatureXml), property)
                : SesSignature.Parse(HandMade.Signature(seal.Der.ToArray(), (int)version, time: at, hash: Sm3.Hash(signatureXml), timeInfo: Encoding.ASCII.GetBytes($"{at.UtcDateTime:yyyyMMddHHmmss}Z"), propertyInfo: property));
            Files[$"{folder}/SignedValue.dat"] = (stamp ?? (each => each))(signature).Der.ToArray();
        }
        else
        {
            Files[$"{folder}/SignedValue.dat"] = SignedData.Sign("1.2.156.10197.6.1.4.2.1", Sm3.Hash(signatureXml), SampleSeals.Signer, time ?? SampleSeals.Signed, withCertificate: true);
        }
    }

    /// <summary>Leaves a signature out of the list.</summary>
    public void Forget(string id)
    {
        signatures.RemoveAll(signature => signature.Id == id);
        WriteList();
    }

    /// <summary>Exchanges a text in a file.</summary>
    public SignedOfd Edit(string path, string from, string to)
    {
        Assert.Contains(from, Encoding.UTF8.GetString(Files[path]), StringComparison.Ordinal);
        Files[path] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Files[path]).Replace(from, to, StringComparison.Ordinal));
        return this;
    }

    /// <summary>The package.</summary>
    public byte[] Build() => RawZip.Build(Files.Select(file => new RawEntry(file.Key, file.Value)));

    /// <summary>One red dot, as a picture that readers can read.</summary>
    public static byte[] Png { get; } = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==");

    private void WriteList() => Files["Doc_0/Signs/Signatures.xml"] = Xml($"<ofd:Signatures {Space}><ofd:MaxSignId>s{signatures.Count}</ofd:MaxSignId>"
        + string.Concat(signatures.Select(signature => $"<ofd:Signature ID=\"{signature.Id}\" Type=\"{signature.Type}\" BaseLoc=\"/{signature.Path}\"/>")) + "</ofd:Signatures>");

    private static byte[] Xml(string text) => Encoding.UTF8.GetBytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + text);
}
