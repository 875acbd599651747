using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;

namespace ShantingEId.Tool.Commands;

/// <summary>
/// The files a company receives. Before any is written, the seals are compared with the digests in the manifest: what is
/// handed out must be what was signed, whatever happened on the way here.
/// </summary>
internal static class SetExport
{
    /// <summary>Writes the files; returns their names with what they are.</summary>
    public static IReadOnlyList<(string Name, string What)> Write(IssuedSet set, string directory)
    {
        Compare(set);
        Directory.CreateDirectory(directory);
        var written = new List<(string, string)>();
        void Add(string name, string what, ReadOnlySpan<byte> bytes)
        {
            Files.Write(Path.Combine(directory, name), bytes);
            written.Add((name, what));
        }

        foreach (var seal in set.Seals)
        {
            var (stem, title) = (Stem((SealKind)seal.Kind), Words.Of(seal.Kind));
            var info = SesSeal.Parse(seal.SesSeal.Memory).Info;
            Add(stem + ".esl", $"{title} {seal.SealCode}", seal.SesSeal.Span);
            Add(stem + ".png", $"{title}图片，{info.Width}×{info.Height} 毫米", info.Picture);
            Add(stem + ".crt", $"{title}证书", Pem([seal.Certificate]));
        }

        var symbol = CodeSymbol.Create(set.LicenseCode);
        Add("authority-chain.pem", $"签发机关证书链，{set.AuthorityCertificates.Count} 张，根证书在最后", Pem(set.AuthorityCertificates));
        Add("manifest.cbor", "清单：执照全部事项和四枚印章的摘要，已签名", set.Manifest.Span);
        Add("license-code.txt", $"证照码文字；校验短码 {set.TypedCode}", Encoding.UTF8.GetBytes(set.LicenseCode + "\n"));
        Add("license-code.svg", $"证照码二维码，版本 {symbol.Version}，供印刷", Encoding.UTF8.GetBytes(symbol.ToSvg()));
        Add("license-code.png", "证照码二维码", symbol.ToPng());
        return written;
    }

    public static string Stem(SealKind kind) => kind switch
    {
        SealKind.Official => "official-seal",
        SealKind.Finance => "finance-seal",
        SealKind.Invoice => "invoice-seal",
        SealKind.LegalRepresentative => "legal-representative-seal",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static void Compare(IssuedSet set)
    {
        var agrees = Envelope.TryParse(set.Manifest.Memory, out var envelope) && Manifest.TryRead(envelope, out var manifest)
            && manifest.Seals.Count == set.Seals.Count
            && manifest.Seals.Zip(set.Seals).All(pair => (int)pair.First.Kind == (int)pair.Second.Kind && pair.First.Digest.AsSpan().SequenceEqual(Sm3.Hash(pair.Second.SesSeal.Span)));
        if (!agrees)
        {
            throw new EidException(ErrorReason.SealSetInvalid, "收到的印章与清单中的摘要不一致，没有写出任何文件");
        }
    }

    private static byte[] Pem(IEnumerable<ByteString> certificates) =>
        Encoding.ASCII.GetBytes(string.Concat(certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n")));
}
