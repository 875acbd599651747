using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using ShantingEId.Seals;
using ShantingEId.Server.Tests.Stamping;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>gRPC-Web: the same calls for clients that cannot read trailers.</summary>
public sealed class GrpcWebTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(GrpcWebMode.GrpcWeb, "1.1")]
    [InlineData(GrpcWebMode.GrpcWebText, "1.1")]
    [InlineData(GrpcWebMode.GrpcWeb, "2.0")]
    public async Task Calls_streams_and_refusals_arrive_as_over_grpc(GrpcWebMode mode, string version)
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var channel = Channel("tax-bureau", mode, Version.Parse(version));
        var client = new VerificationService.VerificationServiceClient(channel);
        var question = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" };

        // Over gRPC the second of these would be answered in the fast lane.
        for (var i = 0; i < 3; i++)
        {
            var answer = await client.VerifyCodeAsync(question);
            Assert.Equal((Verification.Types.Verdict.Valid, issued.License.LicenseId), (answer.Verdict, answer.License.LicenseId));
        }

        using var watch = new ChangeService.ChangeServiceClient(channel).WatchChanges(new WatchChangesRequest());
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(1, watch.ResponseStream.Current.Change.Mark);

        // Of the method, of the gate, of the framework.
        Assert.Equal((StatusCode.PermissionDenied, "PURPOSE_NOT_GRANTED"), await Reason(client.VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "AUDIT" })));
        Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), await Reason(new IssuanceService.IssuanceServiceClient(channel).IssueSetAsync(ServerFixture.ValidRequest())));
        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), await Reason(client.VerifyCodeAsync(new VerifyCodeRequest { Code = new string('x', 70_000), Purpose = "TAX_REGISTRATION" })));
    }

    // The body of gRPC-Web cannot be looked at before it is read, so methods that take little are kept to it by its length.
    [Theory]
    [InlineData(GrpcWebMode.GrpcWeb, "1.1")]
    [InlineData(GrpcWebMode.GrpcWebText, "1.1")]
    [InlineData(GrpcWebMode.GrpcWeb, "2.0")]
    public async Task A_document_of_a_megabyte_is_stamped_and_what_is_too_large_is_told(GrpcWebMode mode, string version)
    {
        var seals = new SealClient(server);
        var set = await seals.GrantedAsync();
        using var holder = Channel("holder-app", mode, Version.Parse(version));
        using var staff = Channel("staff", mode, Version.Parse(version));
        // A line that does not compress.
        var document = SampleDocument.Create(line: Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(1024 * 1024)));
        Assert.True(document.Length > 1024 * 1024, $"{document.Length} bytes");

        var answer = await new SealService.SealServiceClient(holder).StampAsync(SealClient.OfDocument(set, document));
        Assert.Equal(SealVerdict.Valid, (await seals.VerifyAsync(answer.Ofd)).Verdict);

        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), await Reason(new SealService.SealServiceClient(holder).StampAsync(SealClient.OfDocument(set, new byte[9 * 1024 * 1024]))));
        foreach (var size in (int[])[70_000, 100_000, 1_000_000])
        {
            var grant = SealClient.Grant(set);
            grant.Reference = new string('x', size);
            Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), await Reason(new SealService.SealServiceClient(staff).GrantSealUseAsync(grant)));
        }
    }

    [Fact]
    public async Task Without_a_certificate_nothing_is_served_here_either()
    {
        using var channel = Channel(null, GrpcWebMode.GrpcWeb, HttpVersion.Version11);

        Assert.Equal((StatusCode.Unauthenticated, "CLIENT_CERT_INVALID"),
            await Reason(new VerificationService.VerificationServiceClient(channel).VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" })));
    }

    private GrpcChannel Channel(string? caller, GrpcWebMode mode, Version version) => GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions
    {
        HttpHandler = new GrpcWebHandler(mode, server.Handler(caller is null ? null : server.Certificate(caller))),
        HttpVersion = version, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact, DisposeHttpClient = true, MaxReceiveMessageSize = 16 * 1024 * 1024,
    });

    private static async Task<(StatusCode, string)> Reason<T>(AsyncUnaryCall<T> call)
    {
        var refusal = await Refusal.Of(call);
        return (refusal.Status, refusal.Reason);
    }
}
