using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Ofd;
using ShantingEId.Licenses;
using ShantingEId.Seals;

internal static class StampSample
{
    // 在 OFD 文件上盖章（GB/T 38540，SM2）；文件里已有的签章仍然有效。
    public static void Stamp(string folder)
    {
        // 1. 样例自己的根、制章者和企业密钥；正式使用时是印章平台制发的印章（.esl）和密码设备里的密钥。
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = (now.AddMinutes(-1), now.AddYears(5));
        var root = CertificateIssuer.NewRoot(new CertificateSubject("样例", "样例根"), from, to);
        var maker = root.NewKey(new CertificateSubject("样例", "样例制章系统"), CertificateUse.Signing, from, to);
        var design = new SealDesign(SealKind.Official, "枣庄市山亭区样例食品有限公司", CreditCode.Parse("91370406MA0000015K"), "样例人", SealCode.Parse("37040600000001"));
        var key = root.NewKey(new CertificateSubject(design.CreditCode.Value + design.Name, design.SealCode.Value), CertificateUse.Signing, from, to);

        // 2. 画章、制章。
        using var fonts = SealFonts.LoadDefault();
        using var artist = new SealArtist(fonts);
        var seal = SesSeal.Create(SesSealInfo.Of(design, artist.Draw(design), key.Certificate, from), maker);

        // 3. 盖章：这里按坐标（毫米）；另有 StampPlaces.OnKeyword（关键字）、OnEveryPage（逐页）、Straddling（骑缝）。
        var document = OfdFile.Read(File.ReadAllBytes(Path.Combine(folder, "license.ofd")));
        var stamped = OfdSigner.Sign(document, seal, key, now, StampPlaces.At(seal, page: 0, x: 60, y: 165));
        File.WriteAllBytes(Path.Combine(folder, "stamped.ofd"), stamped.ToBytes());
        File.WriteAllText(Path.Combine(folder, "trusted.pem"), root.Certificate.ToPem() + maker.Certificate.ToPem());
    }
}
