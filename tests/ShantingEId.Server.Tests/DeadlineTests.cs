using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Every call ends in time (I43): asked for, cut to the ceiling, or refused before work begins.</summary>
public sealed class DeadlineTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static byte[] Question => RawCall.Frame(Google.Protobuf.MessageExtensions.ToByteArray(new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" }));

    [Fact]
    public void Every_method_has_the_ceiling_its_service_promises()
    {
        Assert.All(MethodRule.All.Where(rule => rule.Key.Contains("VerificationService", StringComparison.Ordinal) && !rule.Key.EndsWith("VerifyCodes", StringComparison.Ordinal) && !rule.Key.EndsWith("ListLookups", StringComparison.Ordinal)), rule => Assert.Equal(TimeSpan.FromSeconds(2), rule.Value.Ceiling));
        Assert.All(MethodRule.All.Where(rule => rule.Key.Contains("IssuanceService", StringComparison.Ordinal) && !rule.Key.EndsWith("/ImportSets", StringComparison.Ordinal)),
            rule => Assert.Equal(TimeSpan.FromSeconds(10), rule.Value.Ceiling));
        Assert.All(MethodRule.All.Values, rule => Assert.InRange(rule.Ceiling, TimeSpan.FromSeconds(1), TimeSpan.FromHours(4)));
    }

    [Theory]
    [InlineData("0S")]
    [InlineData("0n")]
    [InlineData("1n")]
    [InlineData("19m")]
    [InlineData("19999u")]
    [InlineData("19999999n")]
    public async Task A_deadline_too_short_for_any_answer_is_refused_before_work(string timeout)
    {
        var answer = await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, Question, ("grpc-timeout", timeout));

        Assert.Equal((StatusCode.DeadlineExceeded, "DEADLINE_TOO_SHORT"), (answer.Status!.Value, answer.Reason));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("1 S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    [InlineData("99999999999999999999S")]
    public async Task A_deadline_that_cannot_be_read_is_refused(string timeout)
    {
        var answer = await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, Question, ("grpc-timeout", timeout));

        Assert.Equal((StatusCode.InvalidArgument, "MALFORMED_REQUEST"), (answer.Status!.Value, answer.Reason));
    }

    [Theory]
    [InlineData("1S")]
    [InlineData("1500m")]
    [InlineData("1500000u")]
    [InlineData("99999999H")]
    [InlineData("1M")]
    public async Task A_deadline_that_is_long_enough_is_taken(string timeout)
    {
        var answer = await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, Question, ("grpc-timeout", timeout));

        Assert.Equal(StatusCode.OK, answer.Status);
    }

    // The body begins and never ends. Nobody but the server's own ceiling can end this call.
    [Theory]
    [InlineData(null)]
    [InlineData("1H")]
    [InlineData("99999999H")]
    public async Task A_call_whose_client_sets_no_deadline_or_a_long_one_ends_at_the_ceiling(string? timeout)
    {
        var endless = new EndlessContent(Question[..^1]);
        var watch = Stopwatch.StartNew();

        StatusCode? status;
        try
        {
            status = (await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, endless, timeout is null ? [] : [("grpc-timeout", timeout)])).Status;
        }
        catch (HttpRequestException)
        {
            status = null; // The stream was reset: ended all the same.
        }

        endless.End();
        Assert.True(status is null or StatusCode.DeadlineExceeded, status.ToString());
        // Before the web server's own patience with a slow body (5 s) could be what ended it.
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4));
        Assert.Empty(server.Log.Faults);
    }

    [Fact]
    public async Task A_clients_own_shorter_deadline_holds()
    {
        var endless = new EndlessContent(Question[..^1]);
        var watch = Stopwatch.StartNew();

        try
        {
            Assert.Equal(StatusCode.DeadlineExceeded, (await RawCall.As(server, "tax-bureau").Post(RawCall.VerifyCode, endless, ("grpc-timeout", "200m"))).Status);
        }
        catch (HttpRequestException)
        {
            // Reset.
        }

        endless.End();
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.15), TimeSpan.FromSeconds(1.9));
    }

    // The commit is never cancelled: a client that gave up and asks again under the same id gets the set, once.
    [Fact]
    public async Task A_client_that_gives_up_while_issuing_can_ask_again()
    {
        for (var milliseconds = 21; milliseconds <= 61; milliseconds += 4)
        {
            var request = ServerFixture.ValidRequest();
            try
            {
                await server.Staff().IssueSetAsync(request, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(milliseconds));
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.DeadlineExceeded)
            {
                // Done or not done: only asking again tells.
            }

            Assert.Equal(4, (await server.Staff().IssueSetAsync(request)).Seals.Count);
        }

        using var register = new RegisterFile(server.RegisterPath);
        register.AssertWhole();
        Assert.Empty(server.Log.Faults);
    }
}
