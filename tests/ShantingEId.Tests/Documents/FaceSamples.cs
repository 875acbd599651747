using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Licenses;
using ShantingEId.Tests.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Tests.Documents;

/// <summary>Licences to draw, and a seal of their authority; all invented except the rows of the public register.</summary>
internal static class FaceSamples
{
    public const string AuthorityName = "枣庄市山亭区行政审批服务局（示例）";
    public const string Passage = "许可项目：食品销售；建设工程施工（依法须经批准的项目，经相关部门批准后方可开展经营活动）；一般项目：ISO9001认证咨询、5G通信技术服务；";

    public static readonly DateTimeOffset Time = new(2026, 3, 2, 6, 0, 0, TimeSpan.Zero);
    public static readonly FaceFonts Fonts = FaceFonts.LoadDefault();
    public static readonly FaceArtist Artist = new(Fonts, FaceStyle.Plain);
    public static readonly LicenseDocuments Documents = new(Artist, Fonts);
    public static readonly CreditCode Authority = CreditCode.Parse("11370406MB9TE5T085");
    public static readonly TypedCode Typed = TypedCode.TryParse("K1PH-635F-2C1V", out var code) ? code : TypedCode.Generate();
    public static readonly string LicenseCode = "HTTPS://EID.SHANTING.EXAMPLE/" + string.Concat(Enumerable.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 10));

    public static readonly AuthoritySeal Seal = new(
        SesSeal.Create(SampleSeals.Info with
        {
            Name = AuthorityName + "公章",
            Picture = Samples.Artist.DrawCompact(new SealDesign(SealKind.Official, AuthorityName, Authority, AuthorityName, SealCode.Create("370406", 1))).Png,
        }, SampleSeals.Maker), SampleSeals.Signer);

    public static readonly EnterpriseInput Company = new()
    {
        CreditCode = TestCertificates.CreditCode, Name = "枣庄市山亭区示例食品有限公司", Kind = EnterpriseKind.Company, Type = "有限责任公司（自然人投资或控股）", Representative = "示例人",
        Capital = "50(万元人民币)", EstablishDate = "2019-03-09", Address = "山东省枣庄市山亭区山城街道示例路1号", BusinessScope = Text(180),
    };

    /// <summary>A text of any length with brackets, points, letters and figures in it.</summary>
    public static string Text(int length) => string.Concat(Enumerable.Repeat(Passage, (length / Passage.Length) + 1))[..length];

    public static License License(EnterpriseInput input, TradeFacts? trade = null)
    {
        var facts = EnterpriseFacts.Parse(input, new DateOnly(2026, 3, 2));
        var id = trade is null ? LicenseId.ForBusinessLicense(Authority, facts.CreditCode, 1) : LicenseId.ForTradeLicense(Authority, facts.CreditCode, 1, 1);
        return new License(id, facts, AuthorityName, Authority, Time, trade);
    }

    public static FaceContent Content(EnterpriseInput input, TradeFacts? trade = null) => new(License(input, trade), LicenseCode, Typed);

    public static Drawing Draw(EnterpriseInput input, FaceForm form = FaceForm.Duplicate, TradeFacts? trade = null) => Artist.Draw(Content(input, trade), form, Seal.Seal);

    /// <summary>A set with a manifest that is signed; its four seals do not matter to documents.</summary>
    public static IssuedSet Set(EnterpriseInput input, TradeFacts? trade = null)
    {
        var license = License(input, trade);
        var manifest = Envelope.Sign(ContentType.Manifest, Manifest.Of("test", license, SealSet.None).Encode(), SampleSeals.Signer).Encode();
        return new IssuedSet(license, SealSet.None, manifest, LicenseCode, Typed, new StatusReference(1, 1));
    }

    public static TradeFacts Trade(int permits, Func<PermitKind, string>? name = null) => new("CONVENIENCE_STORE", "便利店", "山东省枣庄市山亭区山城街道示例路1号",
        [.. TradeCatalogue.BuiltIn.Permits.Take(permits).Select((kind, i) => new Permit(kind.Code, name?.Invoke(kind) ?? kind.Name, $"示JY137040600{i:D4}", kind.Department,
            new DateOnly(2026, 3, 2), i % 3 == 0 ? null : new DateOnly(2031, 3, 1), null))]);

    /// <summary>Every row of the public register, or invented ones with names and scopes of every length.</summary>
    public static IReadOnlyList<EnterpriseInput> Rows() => SharedData.Find("zaozhuang-enterprises.csv") is null
        ? [.. Enumerable.Range(4, 57).Select(length => Company with { Name = Text(length), BusinessScope = Text(length * 18) })]
        : [.. RealRowsTests.Rows().Select(row => new EnterpriseInput
        {
            CreditCode = row[0], Name = row[1], Kind = EnterpriseKinds.Infer(CreditCode.Parse(row[0]), row[2], row[1]), Type = row[2], Representative = row[3], Capital = row[4],
            EstablishDate = row[5], Address = row[6], BusinessScope = row[7],
        })];
}
