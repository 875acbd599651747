using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
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
        HttpVersion = version, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact, DisposeHttpClient = true,
    });

    private static async Task<(StatusCode, string)> Reason<T>(AsyncUnaryCall<T> call)
    {
        var refusal = await Refusal.Of(call);
        return (refusal.Status, refusal.Reason);
    }
}
