using System.Net;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Documents;

/// <summary>How large requests may be, method by method, over gRPC and over JSON: 64 KiB, and what carries a document 8 MiB and a little.</summary>
public sealed class DocumentLimitTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const int Small = 64 * 1024;
    private const int Large = (8 * 1024 * 1024) + Small;
    private const string Service = "/shanting.eid.v1.DocumentService/";

    [Fact]
    public void Three_methods_take_documents_and_no_other_does() =>
        Assert.Equal(["Stamp", "VerifyDocument", "VerifyStamp"], MethodRule.All.Values.Where(rule => rule.MaxRequestBytes > Small).Select(rule => rule.Method).Order());

    [Theory]
    [InlineData("VerifyDocument", Large, "CONTAINER_LIMITS")]
    [InlineData("VerifyStamp", Large, "CONTAINER_LIMITS")]
    [InlineData("CreateLicenseCopy", Small, "TEXT_INVALID")]
    [InlineData("DownloadLicenseCopy", Small, "COPY_NOT_FOUND")]
    [InlineData("GetLicenseDocument", Small, "LICENSE_ID_INVALID")]
    [InlineData("ListLicenseCopies", Small, "USCC_INVALID")]
    public async Task A_message_of_the_limit_is_read_and_one_byte_more_is_too_large(string method, int limit, string read)
    {
        var (caller, exact) = Of(method, limit);
        var call = RawCall.As(server, caller);

        Assert.Equal(read, (await call.Post(Service + method, RawCall.Frame(exact.ToByteArray()))).Reason);
        var more = await call.Post(Service + method, RawCall.Frame(Of(method, limit + 1).Request.ToByteArray()));
        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (more.Status, more.Reason));
        Assert.Contains($"{limit / 1024} KiB", more.Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_json_a_document_of_8_MiB_fits_and_other_methods_keep_their_64_KiB()
    {
        var bank = JsonCall.As(server, "bank");
        string Document(int bytes) => $$"""{"purpose":"ACCOUNT_OPENING","document":"{{Convert.ToBase64String(new byte[bytes])}}"}""";

        Assert.Equal("CONTAINER_UNSAFE", (await bank.Post("/v1/documents:verify", Document(8 * 1024 * 1024))).Reason);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "MESSAGE_TOO_LARGE"), Both(await bank.Post("/v1/documents:verify", Document(Large + 3))));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "MESSAGE_TOO_LARGE"), Both(await bank.Post("/v1/licenseCopies:download", $$"""{"downloadId":"{{new string('x', Small)}}"}""")));
        Assert.Equal("COPY_NOT_FOUND", (await bank.Post("/v1/licenseCopies:download", $$"""{"requestId":"{{ServerFixture.NewRequestId()}}","downloadId":"{{new string('x', Small - 200)}}","purpose":"ACCOUNT_OPENING"}""")).Reason);

        static (HttpStatusCode, string?) Both(RawAnswer answer) => (answer.Http, answer.Reason);
    }

    // What a stranger sends is not taken in: refused before a byte of the body is read.
    [Fact]
    public async Task Nobody_unknown_gets_a_document_read()
    {
        var answer = await RawCall.As(server, "stranger").Post(Service + "VerifyDocument", RawCall.Frame([], declared: Large));

        Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), (answer.Status, answer.Reason));
    }

    private static (string Caller, IMessage Request) Of(string method, int size) => method switch
    {
        "VerifyDocument" => ("bank", Filled(bytes => new VerifyDocumentRequest { Purpose = "ACCOUNT_OPENING", Document = ByteString.CopyFrom(new byte[bytes]) }, size)),
        "VerifyStamp" => ("bank", Filled(bytes => new VerifyStampRequest { Purpose = "ACCOUNT_OPENING", Signature = ByteString.CopyFrom(new byte[bytes]) }, size)),
        "CreateLicenseCopy" => ("staff", Filled(bytes => new CreateLicenseCopyRequest
        {
            RequestId = "sample-request-0001", Receiver = "bank", Name = "issuedSets/" + ServerFixture.ValidRequest(1).Enterprise.CreditCode, PurposeText = new string('x', bytes),
        }, size)),
        "DownloadLicenseCopy" => ("bank", Filled(bytes => new DownloadLicenseCopyRequest { RequestId = "sample-request-0001", Purpose = "ACCOUNT_OPENING", DownloadId = new string('x', bytes) }, size)),
        "GetLicenseDocument" => ("staff", Filled(bytes => new GetLicenseDocumentRequest { Name = new string('x', bytes) }, size)),
        _ => ("staff", Filled(bytes => new ListLicenseCopiesRequest { CreditCode = new string('x', bytes) }, size)),
    };

    private static IMessage Filled(Func<int, IMessage> make, int size)
    {
        var whole = make(size);
        var filled = make(size - (whole.CalculateSize() - size));
        Assert.Equal(size, filled.CalculateSize());
        return filled;
    }
}
