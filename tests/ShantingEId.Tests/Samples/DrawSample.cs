using ShantingEId.Codes;
using ShantingEId.Documents.Faces;
using ShantingEId.Licenses;

internal static class DrawSample
{
    // 营业执照（副本）的照面，同一份描述写成 OFD、PDF、PNG。
    public static void Draw(string folder)
    {
        var (now, authority) = (TimeProvider.System.GetUtcNow(), CreditCode.Parse("11370406MB9TE5T085"));
        var facts = EnterpriseFacts.Parse(new EnterpriseInput
        {
            CreditCode = "91370406MA0000015K", Name = "枣庄市山亭区样例食品有限公司", Kind = EnterpriseKind.Company, Type = "有限责任公司", Representative = "样例人",
            Capital = "50(万元人民币)", EstablishDate = "1998-03-09", Address = "枣庄市山亭区样例路1号", BusinessScope = "食品销售（样例）",
        }, DateOnly.FromDateTime(now.Date));
        var license = new License(LicenseId.ForBusinessLicense(authority, facts.CreditCode, version: 1), facts, "枣庄市山亭区样例局", authority, now);

        using var fonts = FaceFonts.LoadDefault(); // Debian 软件包 fonts-noto-cjk
        var content = new FaceContent(license, "HTTPS://EID.EXAMPLE/SAMPLE", TypedCode.Generate());
        var face = new FaceArtist(fonts, FaceStyle.Plain).Draw(content, FaceForm.Duplicate);
        File.WriteAllBytes(Path.Combine(folder, "license.ofd"), DrawingFile.ToOfd([face], fonts, license.AuthorityName, now).ToBytes());
        File.WriteAllBytes(Path.Combine(folder, "license.pdf"), DrawingFile.ToPdf([face], fonts, license.AuthorityName, now));
        File.WriteAllBytes(Path.Combine(folder, "license.png"), DrawingFile.ToPng(face, fonts));
    }
}
