using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Bytes that no gRPC client would send (I40, I41): each gets a refusal with a reason, and the server goes on.</summary>
public sealed class WireTests(ServerFixture server) : IClassFixture<ServerFixture>, IAsyncLifetime
{
    private const int Limit = 64 * 1024;

    private RawCall Tax => RawCall.As(server, "tax-bureau");

    private RawCall Staff => RawCall.As(server, "staff");

    private static byte[] GoodMessage => new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" }.ToByteArray();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    // After every case: still there, and nothing that would wake an operator.
    public async ValueTask DisposeAsync()
    {
        var answer = await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verification.Types.Verdict.NotOurs, answer.Verdict);
        Assert.Empty(server.Log.Faults);
    }

    public static TheoryData<string> NoMessages() =>
        ["truncated", "length beyond the end", "negative length", "unknown wire type", "field number zero", "bad UTF-8", "lone surrogate",
         "groups 3000 deep", "unclosed group", "endless varint"];

    [Theory]
    [MemberData(nameof(NoMessages))]
    public async Task Bytes_that_are_no_message_are_malformed(string what)
    {
        byte[] body = what switch
        {
            "truncated" => GoodMessage[..^3],
            "length beyond the end" => [0x0A, 0x7F, 0x41],
            "negative length" => [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            "unknown wire type" => [0x0F, 0x01],
            "field number zero" => [0x02, 0x01, 0x41],
            "bad UTF-8" => [0x0A, 0x02, 0xC3, 0x28],
            "lone surrogate" => [0x0A, 0x03, 0xED, 0xA0, 0x80],
            "groups 3000 deep" => [.. Enumerable.Repeat((byte)0x33, 3000), .. Enumerable.Repeat((byte)0x34, 3000)],
            "unclosed group" => [0x33],
            _ => [0x08, .. Enumerable.Repeat((byte)0xFF, 20)],
        };

        Malformed(await Tax.Post(RawCall.VerifyCode, RawCall.Frame(body)), "MALFORMED_REQUEST");
        Malformed(await Staff.Post(RawCall.IssueSet, RawCall.Frame(body)), "MALFORMED_REQUEST");
    }

    // Random bytes are sometimes a message with unknown fields; then a write refuses them all the same.
    [Fact]
    public async Task Random_bytes_never_get_further_than_a_refusal()
    {
        var staff = Staff;
        for (var i = 0; i < 300; i++)
        {
            var answer = await staff.Post(RawCall.IssueSet, RawCall.Frame(RandomNumberGenerator.GetBytes(1 + (i % 60))));

            Assert.Equal(StatusCode.InvalidArgument, answer.Status);
            Assert.Contains(answer.Reason, (string[])["MALFORMED_REQUEST", "REQUEST_ID_INVALID"]);
        }
    }

    [Fact]
    public async Task Every_prefix_of_a_good_request_is_answered_and_issues_nothing()
    {
        var request = ServerFixture.ValidRequest();
        var whole = request.ToByteArray();
        var staff = Staff;
        // The last field is the enterprise; without its end no prefix is a whole message that could be issued.
        for (var length = 0; length < whole.Length; length++)
        {
            var answer = await staff.Post(RawCall.IssueSet, RawCall.Frame(whole[..length]));

            Assert.Equal(StatusCode.InvalidArgument, answer.Status);
            Assert.NotNull(answer.Refusal);
        }

        Assert.Equal("LICENSE_NOT_FOUND", (await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + request.Enterprise.CreditCode }))).Reason);
    }

    [Theory]
    [InlineData("empty body")]
    [InlineData("half a header")]
    [InlineData("frame shorter than declared")]
    [InlineData("bytes after the message")]
    [InlineData("two messages")]
    [InlineData("length of two gigabytes and no body")]
    public async Task Frames_that_do_not_fit_are_malformed(string what)
    {
        var good = RawCall.Frame(GoodMessage);
        byte[] body = what switch
        {
            "empty body" => [],
            "half a header" => [0, 0, 0],
            "frame shorter than declared" => RawCall.Frame(GoodMessage, declared: GoodMessage.Length + 10),
            "bytes after the message" => [.. good, 0, 0],
            "two messages" => [.. good, .. good],
            _ => RawCall.Frame([], declared: int.MaxValue),
        };

        var answer = await Tax.Post(RawCall.VerifyCode, body);

        if (what == "length of two gigabytes and no body")
        {
            Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (answer.Status!.Value, answer.Reason));
        }
        else
        {
            Malformed(answer, "MALFORMED_FRAME");
        }
    }

    [Fact]
    public async Task A_message_of_exactly_the_limit_is_read_and_one_byte_more_is_too_large()
    {
        var request = new VerifyCodeRequest { Code = new string('x', Limit), Purpose = "TAX_REGISTRATION" };
        request.Code = request.Code[..^(request.CalculateSize() - Limit)];
        Assert.Equal(Limit, request.CalculateSize());

        Assert.Equal("QR_TEXT_INVALID", (await Tax.Post(RawCall.VerifyCode, RawCall.Frame(request.ToByteArray()))).Reason);
        request.Code += "x";
        var answer = await Tax.Post(RawCall.VerifyCode, RawCall.Frame(request.ToByteArray()));
        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (answer.Status!.Value, answer.Reason));
    }

    // A bomb of 32 MB in 32 KB, and then a body that never comes: the answer depends on the header alone, so nothing was opened.
    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("identity, gzip")]
    [InlineData("nonsense")]
    public async Task A_compressed_request_is_refused_unopened(string encoding)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[32 * 1024 * 1024]);
        }

        var endless = new EndlessContent(RawCall.Frame([], compressed: true, declared: 1000));
        RawAnswer[] answers =
        [
            await Tax.Post(RawCall.VerifyCode, RawCall.Frame(packed.ToArray(), compressed: true), ("grpc-encoding", encoding)),
            await Tax.Post(RawCall.VerifyCode, endless, ("grpc-encoding", encoding), ("grpc-timeout", "20S")),
        ];
        endless.End();

        Assert.All(answers, answer => Assert.Equal((StatusCode.Unimplemented, "COMPRESSION_NOT_SUPPORTED"), (answer.Status!.Value, answer.Reason)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    public async Task A_message_marked_as_compressed_without_an_encoding_is_refused(string? encoding)
    {
        (string, string)[] headers = encoding is null ? [] : [("grpc-encoding", encoding)];

        var answer = await Tax.Post(RawCall.VerifyCode, RawCall.Frame(GoodMessage, compressed: true), headers);

        Malformed(answer, "MALFORMED_FRAME");
    }

    [Theory]
    [InlineData("/shanting.eid.v1.VerificationService/Nothing")]
    [InlineData("/shanting.eid.v1.VerificationService/verifycode")]
    [InlineData("/shanting.eid.v1.VerificationService/VerifyCode/")]
    [InlineData("/grpc.reflection.v1alpha.ServerReflection/Nothing")]
    [InlineData("/grpc.health.v1.Health/Nothing")]
    [InlineData("/")]
    public async Task A_method_that_does_not_exist_is_refused_like_a_forbidden_one(string path)
    {
        var answer = await Staff.Post(path, RawCall.Frame(GoodMessage));

        Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), (answer.Status!.Value, answer.Reason));
    }

    // Not gRPC at all: said in the form a web client reads, and no method is entered.
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    [InlineData("")]
    public async Task Another_content_type_is_not_taken(string type)
    {
        using var content = new ByteArrayContent(RawCall.Frame(GoodMessage));
        using var request = new HttpRequestMessage(HttpMethod.Post, RawCall.VerifyCode) { Content = content };
        content.Headers.TryAddWithoutValidation("content-type", type);

        var answer = await Tax.Send(request);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "CONTENT_TYPE_NOT_SUPPORTED"), (answer.Http, answer.Reason));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Another_http_method_is_not_taken(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), RawCall.VerifyCode);

        var answer = await Tax.Send(request);

        Assert.Equal((HttpStatusCode.NotFound, "PATH_UNKNOWN"), (answer.Http, answer.Reason));
    }

    [Fact]
    public async Task A_header_beyond_the_limit_is_refused()
    {
        var call = () => Tax.Post(RawCall.VerifyCode, RawCall.Frame(GoodMessage), ("x-long", new string('a', 17 * 1024)));

        // Either answer ends it: status 431, or the stream is reset.
        try
        {
            Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await call()).Http);
        }
        catch (HttpRequestException)
        {
            // Reset.
        }
    }

    private static void Malformed(RawAnswer answer, string reason) =>
        Assert.Equal((HttpStatusCode.OK, StatusCode.InvalidArgument, reason), (answer.Http, answer.Status!.Value, answer.Reason));
}
