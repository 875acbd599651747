using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Server;
using ShantingEId.TimeStamps;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid verify</c> of documents and seals, <c>eid trust-list</c> and the development time stamps, as people use them.</summary>
public sealed class DocumentCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-document-").FullName;
    private readonly string certificates;

    public DocumentCommandTests()
    {
        certificates = Path.Combine(folder, "certs");
        DevCertificates.Create(certificates, TimeProvider.System);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_document_is_told_edited_and_its_files_are_listed()
    {
        var document = Need("ofd/keyword.ofd");

        Has(Eid.Run("verify", document, "--offline"), 3, "✘ 无效   文件在签名之后被改动：/Doc_0/Document.xml、/Doc_0/Pages/Page_0/Content.xml、/OFD.xml", "印章和签名值本身是真实的", "FILE_UNCOVERED", "无签名覆盖\t/Doc_0/Res/Font7.ttf");
        var (exit, output) = Eid.Run("verify", document, "--offline", "--json");
        using var json = JsonDocument.Parse(output);
        Assert.Equal((3, "INVALID"), (exit, json.RootElement.GetProperty("verdict").GetString()));
        Assert.Equal(["2", "4"], json.RootElement.GetProperty("signatures").EnumerateArray().Select(each => each.GetProperty("id").GetString()));
        Assert.Equal(3, json.RootElement.GetProperty("files").EnumerateArray().Count(file => file.GetProperty("standing").GetString() == "ALTERED"));
    }

    [Fact]
    public void A_signature_by_itself_is_held_against_its_text()
    {
        using var zip = System.IO.Compression.ZipFile.OpenRead(Need("ofd/V4RideRight.ofd"));
        foreach (var name in new[] { "SignedValue.dat", "Signature.xml" })
        {
            using var content = zip.GetEntry("Doc_0/Signs/Sign_0/" + name)!.Open();
            using var file = File.Create(Path.Combine(folder, name));
            content.CopyTo(file);
        }

        var value = Path.Combine(folder, "SignedValue.dat");
        Has(Eid.Run("verify", value, "--offline"), 3, "？ 无法确认", "没有给出原文");
        Has(Eid.Run("verify", value, "--offline", "--text", Path.Combine(folder, "Signature.xml")), 3, "？ 无法确认", "✔ 原文杂凑：原文杂凑与签章一致");
        Has(Eid.Run("verify", value, "--offline", "--text", value), 3, "✘ 无效   签章无效：原文与签章时不同");
        Has(Eid.Run("verify", Need("ofd/UserV4.esl")), 3, "✔ 印章签名值", "MAKER_CERT");
    }

    [Fact]
    public void Another_CA_is_believed_by_a_signed_list_and_not_otherwise()
    {
        var document = Need("ofd/V4RideRight.ofd");
        string File(string name) => Path.Combine(folder, name);
        System.IO.File.WriteAllText(File("cas.json"), JsonSerializer.Serialize(new[]
        {
            new { certificate = Path.Combine(certificates, "seal-ca.crt"), name = "示例CA", uses = new[] { "SEAL_MAKING" }, region = "37", from = "2026-01-01T00:00:00+08:00", to = "2030-01-01T00:00:00+08:00" },
        }));

        Has(Eid.Run("trust-list", File("cas.json"), "--number", "1", "--out", File("list"), "--roots-out", File("roots.pem"), "--certs", certificates), 0, "✔ 已签发第 1 号信任列表，1 家 CA");
        Has(Eid.Run("inspect", File("list"), "--roots", File("roots.pem")), 0, "CA 互认信任列表", "示例CA", "签名：✔ 与内容相符");
        Has(Eid.Run("verify", document, "--roots", File("roots.pem"), "--trust-list", File("list")), 3, "CA_UNKNOWN", "不在互认的 CA 之列");
        Has(Eid.Run("verify", document, "--trust-list", File("list")), 1, "TRUST_LIST_INVALID");
        Has(Eid.Run("verify", document, "--roots", File("missing")), 2, "找不到文件");
        System.IO.File.WriteAllText(File("bad.ofd"), "PK and nothing more");
        Has(Eid.Run("verify", File("bad.ofd"), "--offline"), 1, "CONTAINER_UNSAFE");
        System.IO.File.WriteAllBytes(File("bad.esl"), [0x30, 3, 2, 1, 1]);
        Has(Eid.Run("verify", File("bad.esl")), 1, "DOCUMENT_INVALID");
    }

    [Fact]
    public async Task The_development_time_stamps_answer_over_http_and_openssl_reads_them()
    {
        Foreign.Need("openssl");
        await using var app = DevTimeStamps.Build(certificates, 0, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(app.Urls.First());
        Assert.Equal("127.0.0.1", address.Host);
        using var http = new HttpClient();

        var token = await new TimeStampClient(http, address).StampAsync(new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
        Assert.True(token.Covers([1, 2, 3]) && token.Certificate!.MayTimeStamp);

        // Asked by OpenSSL, read by OpenSSL.
        await File.WriteAllBytesAsync(Path.Combine(folder, "data"), new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
        Assert.Equal(0, Foreign.Run("openssl", ["ts", "-query", "-data", "data", "-sm3", "-cert", "-out", "question"], folder: folder).Exit);
        using var question = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(folder, "question"), TestContext.Current.CancellationToken));
        question.Headers.ContentType = new("application/timestamp-query");
        var answer = await http.PostAsync(address, question, TestContext.Current.CancellationToken);
        Assert.Equal("application/timestamp-reply", answer.Content.Headers.ContentType!.MediaType);
        await File.WriteAllBytesAsync(Path.Combine(folder, "answer"), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Has(Foreign.Run("openssl", ["ts", "-reply", "-in", "answer", "-text"], folder: folder), 0, "Status: Granted.", "Hash Algorithm: sm3");

        using var other = new StringContent("hello");
        Assert.Equal(System.Net.HttpStatusCode.UnsupportedMediaType, (await http.PostAsync(address, other, TestContext.Current.CancellationToken)).StatusCode);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static string Need(string file)
    {
        if (Foreign.SharedData(file) is not { } path)
        {
            Assert.Skip($"sample file {file} is not at hand");
            return "";
        }

        return path;
    }

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, $"exit {end.Exit}: {end.Output}");
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
