using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Who is calling is settled before a byte of the body is parsed (I44).</summary>
public sealed class AuthenticationTests(FaultyCertificatesFixture server) : IClassFixture<FaultyCertificatesFixture>
{
    private static readonly VerifyCodeRequest Question = new() { Code = "样例", Purpose = "COUNTER_CHECK" };

    [Fact]
    public async Task The_certificate_that_has_no_fault_is_let_in()
    {
        var client = new VerificationService.VerificationServiceClient(server.Channel(server.Made["good"], server.Address));

        Assert.Equal(Verification.Types.Verdict.NotOurs, (await client.VerifyCodeAsync(Question)).Verdict);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("of another CA of the same name")]
    [InlineData("for servers only")]
    [InlineData("self-signed")]
    public async Task A_certificate_with_one_fault_is_refused_although_it_is_registered(string which)
    {
        var client = new VerificationService.VerificationServiceClient(server.Channel(server.Made[which], server.Address));

        var refusal = await Refusal.Of(client.VerifyCodeAsync(Question));

        Assert.Equal((StatusCode.Unauthenticated, "CLIENT_CERT_INVALID"), (refusal.Status, refusal.Reason));
    }

    [Fact]
    public async Task No_certificate_is_unauthenticated_and_an_unregistered_one_is_denied()
    {
        var nobody = new VerificationService.VerificationServiceClient(server.Channel(null, server.Address));
        var stranger = new VerificationService.VerificationServiceClient(server.Channel(server.Made["good but not registered"], server.Address));

        var first = await Refusal.Of(nobody.VerifyCodeAsync(Question));
        var second = await Refusal.Of(stranger.VerifyCodeAsync(Question));

        Assert.Equal((StatusCode.Unauthenticated, "CLIENT_CERT_INVALID"), (first.Status, first.Reason));
        Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), (second.Status, second.Reason));
    }

    public static TheoryData<string?, string> StrangersAndBodies() =>
        [.. from caller in (string?[])[null, "expired", "good but not registered"] from body in (string[])["garbage", "too large", "compressed", "endless", "bad deadline"] select (caller, body)];

    // Whoever is not let in learns nothing about how we read: whatever the body, the answer is about the caller.
    [Theory]
    [MemberData(nameof(StrangersAndBodies))]
    public async Task The_body_of_somebody_who_is_not_let_in_is_not_looked_at(string? caller, string body)
    {
        using var client = new HttpClient(server.Handler(caller is null ? null : server.Made[caller])) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(10) };
        var call = new RawCall(client);
        var endless = new EndlessContent(RawCall.Frame([], declared: 1000));

        var answer = body switch
        {
            "garbage" => await call.Post(RawCall.IssueSet, RawCall.Frame([0xFF, 0xFF, 0xFF])),
            "too large" => await call.Post(RawCall.IssueSet, RawCall.Frame([0], declared: int.MaxValue)),
            "compressed" => await call.Post(RawCall.IssueSet, RawCall.Frame([0xFF], compressed: true), ("grpc-encoding", "gzip")),
            "bad deadline" => await call.Post(RawCall.IssueSet, RawCall.Frame([0xFF]), ("grpc-timeout", "soon")),
            _ => await call.Post(RawCall.IssueSet, endless),
        };
        endless.End();

        Assert.Equal(caller == "good but not registered" ? StatusCode.PermissionDenied : StatusCode.Unauthenticated, answer.Status);
        Assert.Equal(caller == "good but not registered" ? "ACCESS_DENIED" : "CLIENT_CERT_INVALID", answer.Reason);
    }

    // A registered caller who may not call this method is not read either.
    [Fact]
    public async Task The_body_of_a_call_that_is_not_granted_is_not_looked_at()
    {
        using var client = new HttpClient(server.Handler(server.Made["good"])) { BaseAddress = server.Address };

        var answer = await new RawCall(client).Post("/shanting.eid.v1.IssuanceService/Nothing", RawCall.Frame([0xFF, 0xFF, 0xFF]));

        Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), (answer.Status!.Value, answer.Reason));
    }
}
