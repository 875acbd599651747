using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// A document of another province: its CA is recognised by the trust list, and the revocation list that OpenSSL signs for it decides what can be
/// confirmed; by the command, and by a service while the files are replaced under it.
/// </summary>
public sealed class OtherAuthorityTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    private readonly string folder = Directory.CreateTempSubdirectory("eid-other-ca-").FullName;
    private readonly RecognisingServer server;
    private readonly Sm2PrivateKey caKey;
    private readonly CertificateIssuer ca;
    private readonly SigningKey maker;
    private readonly SigningKey signer;

    public OtherAuthorityTests()
    {
        // The CA, whose key OpenSSL has too.
        var scalar = RandomNumberGenerator.GetBytes(32);
        scalar[0] &= 0x7F;
        caKey = Sm2PrivateKey.FromScalar(scalar);
        ca = new CertificateIssuer(caKey, CertificateIssuer.CreateRoot(caKey, new CertificateSubject("样例外省", "样例外省CA"), Now.AddDays(-30), Now.AddYears(5)));
        maker = ca.NewKey(new CertificateSubject("样例外省", "样例外省印章制作系统"), CertificateUse.Signing, Now.AddDays(-20), Now.AddYears(3));
        signer = ca.NewKey(new CertificateSubject("样例外省样例公司", "37010200000007"), CertificateUse.Signing, Now.AddDays(-20), Now.AddYears(3));
        File.WriteAllText(At("ca.key"), Sec1(scalar));
        File.WriteAllText(At("ca.crt"), ca.Certificate.ToPem());
        File.WriteAllText(At("ca.cnf"), "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sm3\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n");
        File.WriteAllText(At("crlnumber"), "01\n");
        Directory.CreateDirectory(At("crls"));
        server = new RecognisingServer(At("list.cbor"), At("crls"));
    }

    public async ValueTask InitializeAsync()
    {
        Foreign.Need("openssl");
        server.BeforeStart = () => List(1);
        await server.InitializeAsync();
    }

    [Fact]
    public async Task A_list_of_OpenSsl_decides_what_can_be_confirmed_of_another_CAs_document()
    {
        File.WriteAllBytes(At("contract.ofd"), Document());
        File.WriteAllText(At("roots.pem"), string.Concat(new[] { AuthorityFiles.TrustListSigner, AuthorityFiles.LicenseAuthority, AuthorityFiles.Root }.Select(name => AuthorityFiles.ReadCertificate(server.Certificates, name).ToPem())));
        string[] verify = ["verify", At("contract.ofd"), "--roots", At("roots.pem"), "--trust-list", At("list.cbor")];

        // 1. Before it is recognised; recognised, and nothing is known of revocations.
        Assert.Equal((SealVerdict.Invalid, "CA_UNKNOWN"), await AskAsync());
        List(2, new TrustListEntry(ca.Certificate, "样例外省CA", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", Now.AddDays(-30), Now.AddDays(300)));
        Assert.Equal((SealVerdict.NotConfirmed, "CRL_MISSING"), await AskAsync());
        Has(Eid.Run(verify), 3, "不能确认制章者证书是否已吊销");

        // 2. The list of OpenSSL; OpenSSL verifies what it signed, cut out as we cut it.
        var list = Crl("good.crl", "-crldays", "7");
        Assert.True(list.IsIssuedBy(ca.Certificate));
        using (var judge = new OpenSslJudge())
        {
            var outer = new AsnReader(Der("good.crl"), AsnEncodingRules.DER).ReadSequence();
            var signedPart = outer.ReadEncodedValue();
            outer.ReadEncodedValue();
            Assert.True(judge.Verifies(ca.Certificate.Der.ToArray(), signedPart, outer.ReadBitString(out _)));
        }

        Publish("good.crl");
        Assert.Equal((SealVerdict.Valid, ""), await AskAsync());
        Has(Eid.Run([.. verify, "--crl", At("good.crl")]), 0, "文件有效", "未列入“样例外省CA”");

        // 3. Over since yesterday.
        Crl("stale.crl", "-crl_lastupdate", Utc(Now.AddDays(-9)), "-crl_nextupdate", Utc(Now.AddDays(-1)));
        Has(Eid.Run([.. verify, "--crl", At("stale.crl")]), 3, "吊销列表已过期");

        // 4. The signer's certificate is revoked, from before the document was signed on. A file that is no list changes nothing.
        File.WriteAllText(At("index.txt"), $"R\t{Utc(Now.AddYears(3))}\t{Utc(Now.AddDays(-15))},keyCompromise\t{signer.Certificate.Serial}\tunknown\t/CN=37010200000007\n");
        Assert.Equal(Now.AddDays(-15), Crl("revoked.crl", "-crldays", "7").RevokedSince(signer.Certificate));
        Publish("revoked.crl");
        Assert.Equal((SealVerdict.Invalid, "SEAL_ENDED"), await AskAsync());
        Has(Eid.Run([.. verify, "--crl", At("revoked.crl")]), 3, "印章当时已失效", "“样例外省CA”的吊销列表");
        Publish("ca.key");
        Assert.Equal((SealVerdict.Invalid, "SEAL_ENDED"), await AskAsync());
        Assert.Contains(server.Log.Lines, line => line.EventName == "RevocationListRefused");

        // 5. A trust list of an older number is not taken, and said.
        List(1);
        Assert.Equal((SealVerdict.Invalid, "SEAL_ENDED"), await AskAsync());
        Assert.Contains(server.Log.Lines, line => line.EventName == "TrustListRefused");
    }

    // What anybody can have: a licence as a document, and the code that is in its seal. The maker is recognised, and not the maker of our seal.
    [Fact]
    public async Task A_seal_with_our_code_by_a_recognised_maker_does_not_make_a_page_our_licence()
    {
        List(2, new TrustListEntry(ca.Certificate, "样例外省CA", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", Now.AddDays(-30), Now.AddDays(300)));
        Crl("good.crl", "-crldays", "7");
        Publish("good.crl");
        await Task.Delay(TimeSpan.FromMilliseconds(1100), TestContext.Current.CancellationToken);
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var genuine = await new DocumentService.DocumentServiceClient(server.Channel("staff")).GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name });
        var ours = await JudgeAsync(genuine.Content);
        Assert.Equal((SealVerdict.Valid, set.Name), ((SealVerdict)ours.Verdict, ours.License.IssuedSet));

        // Its manifest behind a page of the maker's own, under a seal with the same code.
        var own = SesSeal.Parse(File.ReadAllBytes(Path.Combine(server.Certificates, AuthorityFiles.OwnSeal + ".esl"))).Info;
        var bare = new OfdFile(Documents.Reading.OfdReader.Read(genuine.Content.ToByteArray()).Files.Where(file => !file.Key.Contains("/Signs/", StringComparison.Ordinal)).Select(file => new OfdEntry(file.Key, file.Key != OfdFile.Root ? file.Value
            : System.Text.Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(System.Text.Encoding.UTF8.GetString(file.Value.Span), "<ofd:Signatures>.*</ofd:Signatures>", "")))));
        var theirs = SesSeal.Create(own with { CertificateList = [signer.Certificate.Der.ToArray()], CreateTime = Now.AddDays(-19), ValidStart = Now.AddDays(-19), ValidEnd = Now.AddDays(300) }, maker);
        var answer = await JudgeAsync(ByteString.CopyFrom(OfdSigner.Sign(bare, theirs, signer, Now.AddDays(-10), StampPlaces.At(theirs, 0, 60, 150)).ToBytes()));

        // The seal is as good as the list says; whose licence it is, it does not say.
        Assert.True((SealVerdict)answer.Verdict == SealVerdict.Valid, answer.ToString());
        Assert.Equal(own.SealId, answer.Signatures[0].SealCode);
        Assert.Null(answer.License);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string At(string name) => Path.Combine(folder, name);

    // Files are looked at once a second.
    private async Task<(SealVerdict, string)> AskAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1100), TestContext.Current.CancellationToken);
        var answer = await JudgeAsync(ByteString.CopyFrom(File.ReadAllBytes(At("contract.ofd"))));
        return ((SealVerdict)answer.Verdict, answer.Signatures[0].Checks.FirstOrDefault(check => check.Reason.Length > 0)?.Reason ?? "");
    }

    private async Task<DocumentVerification> JudgeAsync(ByteString document) =>
        await new DocumentService.DocumentServiceClient(server.Channel("bank")).VerifyDocumentAsync(new VerifyDocumentRequest { Document = document, Purpose = "ACCOUNT_OPENING" });

    private byte[] Document()
    {
        using var fonts = FaceFonts.LoadDefault();
        using var artist = new SealArtist(SealFonts.LoadDefault());
        var document = DrawingFile.ToOfd(SampleContract.Pages(), fonts, SampleContract.Buyer, Now);
        var design = new SealDesign(SealKind.Official, "样例外省样例公司", CreditCode.Parse("91370406MA0000015K"), "样例人", SealCode.Parse("37010200000007"));
        var seal = SesSeal.Create(SesSealInfo.Of(design, artist.Draw(design), signer.Certificate, Now.AddDays(-20)), maker);
        return OfdSigner.Sign(document, seal, signer, Now.AddDays(-10), StampPlaces.OnKeyword(document, seal, "甲方（盖章）：")).ToBytes();
    }

    private void List(long number, params TrustListEntry[] entries)
    {
        var list = new TrustList { Number = number, IssueTime = Now, NextUpdate = Now.AddDays(30), Entries = entries };
        Replace("list.cbor", list.Sign(AuthorityFiles.OpenKey(server.Certificates, AuthorityFiles.TrustListSigner, Now)).Encode());
    }

    private RevocationList Crl(string name, params string[] terms)
    {
        File.AppendAllText(At("index.txt"), "");
        var (exit, output) = Foreign.Run("openssl", ["ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.crt", "-md", "sm3", "-sigopt", "distid:1234567812345678", "-out", name, .. terms], folder: folder);
        Assert.True(exit == 0, output);
        return RevocationList.Parse(File.ReadAllBytes(At(name)));
    }

    private byte[] Der(string name)
    {
        var text = File.ReadAllText(At(name));
        return Convert.FromBase64String(text[PemEncoding.Find(text).Base64Data]);
    }

    private void Publish(string name) => Replace("crls/other.crl", File.ReadAllBytes(At(name)));

    private void Replace(string name, byte[] bytes)
    {
        File.WriteAllBytes(At("draft"), bytes);
        File.Move(At("draft"), At(name), overwrite: true);
    }

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }

    private static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyMMddHHmmss'Z'", CultureInfo.InvariantCulture);

    // RFC 5915, on the curve of SM2.
    private static string Sec1(byte[] scalar)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteOctetString(scalar);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteObjectIdentifier("1.2.156.10197.1.301");
            }
        }

        return PemEncoding.WriteString("EC PRIVATE KEY", writer.Encode()) + "\n";
    }

    private sealed class RecognisingServer(string list, string crls) : ServerFixture
    {
        public Action? BeforeStart { get; set; }

        public override EidServerOptions Options() => base.Options() with { TrustList = list, RevocationLists = crls };

        protected override void Prepare() => BeforeStart!();
    }
}
