using System.Net;
using System.Text.Json.Nodes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Server.Callers;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment with tight quotas and a clock that only the test moves.</summary>
public sealed class QuotaFixture : ServerFixture
{
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    protected override TimeProvider Clock => Time;

    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var caller in file["callers"]!.AsArray())
        {
            caller!.AsObject().Remove("quota"); // The defaults, where nothing else is said below.
        }

        Quota("tax-bureau", new JsonObject { ["calls_per_second"] = 1, ["burst"] = 3 });
        Quota("bank", new JsonObject { ["misses_per_minute"] = 2 });
        Quota("auditor", new JsonObject { ["streams"] = 1 });
        Quota("social-security", new JsonObject { ["calls_per_second"] = 100, ["burst"] = 5 });
        File.WriteAllText(path, file.ToJsonString());

        void Quota(string caller, JsonObject quota) => file["callers"]!.AsArray().Single(each => (string?)each!["name"] == caller)!["quota"] = quota;
    }
}

/// <summary>What a caller uses up is refused with when and why; others do not feel it.</summary>
public sealed class QuotaTests(QuotaFixture server) : IClassFixture<QuotaFixture>
{
    private const string Question = """{"code":"样例","purpose":"PURPOSE"}""";

    [Fact]
    public async Task Too_many_calls_are_refused_until_it_is_time_again()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        var tax = new VerificationService.VerificationServiceClient(server.Channel("tax-bureau"));
        var question = new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" };
        for (var i = 0; i < 3; i++)
        {
            await tax.VerifyCodeAsync(question);
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () => await tax.VerifyCodeAsync(question));
        var refusal = Refusal.Of(error.GetRpcStatus()!, error.StatusCode);

        Assert.Equal((StatusCode.ResourceExhausted, "RATE_LIMITED"), (refusal.Status, refusal.Reason));
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        var violation = Assert.Single(error.GetRpcStatus()!.GetDetail<QuotaFailure>()!.Violations);
        Assert.Equal(("caller:tax-bureau", "calls_per_second"), (violation.Subject, violation.QuotaId));

        // Over JSON the same, with HTTP's own words; it is one quota whichever way one comes.
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            var json = await JsonCall.As(server, "tax-bureau", version).Post("/v1/codes:verify", Question);
            Assert.Equal((HttpStatusCode.TooManyRequests, "RATE_LIMITED", StatusCode.ResourceExhausted, TimeSpan.FromSeconds(1)), (json.Http, json.Reason, json.Status, json.RetryAfter));
        }

        // Nobody else feels it.
        Assert.Equal(HttpStatusCode.OK, (await JsonCall.As(server, "holder-app").Post("/v1/codes:verify", Question.Replace("PURPOSE", "PUBLIC_SCAN", StringComparison.Ordinal))).Http);

        server.Time.Advance(TimeSpan.FromSeconds(1));
        await tax.VerifyCodeAsync(question);
    }

    [Fact]
    public async Task Over_quota_the_body_is_not_looked_at()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        var tax = RawCall.As(server, "tax-bureau");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("MALFORMED_REQUEST", (await tax.Post(RawCall.VerifyCode, RawCall.Frame([0xFF]))).Reason);
        }

        var endless = new EndlessContent(RawCall.Frame([], declared: 1000));
        Assert.Equal("RATE_LIMITED", (await tax.Post(RawCall.VerifyCode, endless)).Reason);
        endless.End();
    }

    [Fact]
    public async Task Look_ups_that_find_nothing_are_counted_and_then_every_look_up_is_refused()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var bank = new VerificationService.VerificationServiceClient(server.Channel("bank"));
        var hit = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "ACCOUNT_OPENING" };
        var miss = new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "ACCOUNT_OPENING" };

        // Hits, wrong codes and refusals are no misses.
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Verification.Types.Verdict.Valid, (await bank.VerifyCodeAsync(hit)).Verdict);
            Assert.Equal(Verification.Types.Verdict.NotOurs, (await bank.VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "ACCOUNT_OPENING" })).Verdict);
        }

        Assert.Equal(Verification.Types.Verdict.NotFound, (await bank.LookupLicenseAsync(miss)).Verdict);
        Assert.Equal(Verification.Types.Verdict.NotFound, (await bank.LookupLicenseAsync(miss)).Verdict);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await bank.VerifyCodeAsync(hit));
        Assert.Equal("RATE_LIMITED", Refusal.Of(error.GetRpcStatus()!, error.StatusCode).Reason);
        Assert.Equal("misses_per_minute", error.GetRpcStatus()!.GetDetail<QuotaFailure>()!.Violations[0].QuotaId);
        Assert.Equal(TimeSpan.FromSeconds(30), error.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());

        // What looks for nothing goes on; and after the time told, so does everything.
        var changes = new ChangeService.ChangeServiceClient(server.Channel("bank"));
        await changes.ListChangesAsync(new ListChangesRequest());
        server.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(Verification.Types.Verdict.Valid, (await bank.VerifyCodeAsync(hit)).Verdict);
    }

    // gRPC-Web is no way around either.
    [Fact]
    public async Task Calls_over_grpc_web_are_counted_with_the_others()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions
        {
            HttpHandler = new GrpcWebHandler(GrpcWebMode.GrpcWeb, server.Handler(server.Certificate("tax-bureau"))), DisposeHttpClient = true,
        });
        var web = new VerificationService.VerificationServiceClient(channel);
        var question = new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" };
        for (var i = 0; i < 3; i++)
        {
            await web.VerifyCodeAsync(question);
        }

        Assert.Equal("RATE_LIMITED", (await Refusal.Of(web.VerifyCodeAsync(question))).Reason);
        Assert.Equal("RATE_LIMITED", (await Refusal.Of(new VerificationService.VerificationServiceClient(server.Channel("tax-bureau")).VerifyCodeAsync(question))).Reason);
    }

    // A stream is no way around: its items miss like calls.
    [Fact]
    public async Task Misses_in_a_batch_are_counted_item_by_item()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        using var batch = new VerificationService.VerificationServiceClient(server.Channel("bank")).VerifyCodes();
        List<string> outcomes = [];
        for (var i = 0; i < 4; i++)
        {
            await batch.RequestStream.WriteAsync(new VerifyCodesRequest
            {
                Item = i, Lookup = new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "ACCOUNT_OPENING" },
            });
            Assert.True(await batch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            var answer = batch.ResponseStream.Current;
            outcomes.Add(answer.Verification?.Verdict.ToString() ?? answer.Error.GetDetail<ErrorInfo>()!.Reason);
        }

        await batch.RequestStream.CompleteAsync();
        Assert.Equal(["NotFound", "NotFound", "RATE_LIMITED", "RATE_LIMITED"], outcomes);
    }

    [Fact]
    public async Task Items_of_a_batch_take_their_turn_like_calls()
    {
        server.Time.Advance(TimeSpan.FromMinutes(5));
        const int Items = 25;
        using var batch = new VerificationService.VerificationServiceClient(server.Channel("social-security")).VerifyCodes();
        for (var i = 0; i < Items; i++)
        {
            await batch.RequestStream.WriteAsync(new VerifyCodesRequest { Item = i, Verify = new VerifyCodeRequest { Code = "样例", Purpose = "SOCIAL_SECURITY_REGISTRATION" } });
        }

        await batch.RequestStream.CompleteAsync();
        var answered = 0;
        var reading = Task.Run(async () =>
        {
            while (await batch.ResponseStream.MoveNext(CancellationToken.None))
            {
                Interlocked.Increment(ref answered);
            }
        }, TestContext.Current.CancellationToken);

        // The call itself took one of the burst of five; the rest waits for the clock, which stands still.
        while (Volatile.Read(ref answered) < 4)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal(4, Volatile.Read(ref answered));
        for (var i = 0; i < 1000 && !reading.IsCompleted; i++)
        {
            server.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await reading;
        Assert.Equal(Items, answered);
    }

    [Fact]
    public async Task One_stream_too_many_is_refused_and_a_closed_one_gives_its_place_back()
    {
        var auditor = new VerificationService.VerificationServiceClient(server.Channel("auditor"));
        for (var i = 0; i < 3; i++)
        {
            using var first = auditor.VerifyCodes();
            await first.RequestStream.WriteAsync(new VerifyCodesRequest { Item = 1 });
            Assert.True(await first.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

            using var second = auditor.VerifyCodes();
            var refusal = await Refusal.Of(async () => await second.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal((StatusCode.ResourceExhausted, "RATE_LIMITED", "streams"), (refusal.Status, refusal.Reason, refusal.Info.Metadata["quota"]));

            await first.RequestStream.CompleteAsync();
            while (await first.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
            }

            // The answer ends a moment before the server has left the call.
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    // The body of such a call may be 8 MiB, and is in memory before anything is known of it.
    [Fact]
    public async Task A_document_takes_its_place_before_its_body_has_come()
    {
        const string Verify = "/shanting.eid.v1.DocumentService/VerifyDocument";
        var auditor = RawCall.As(server, "auditor");
        var endless = new EndlessContent(RawCall.Frame([], declared: 1000));
        var first = auditor.Post(Verify, endless);
        RawAnswer second;
        for (var patience = 0; (second = await auditor.Post(Verify, RawCall.Frame([]))).Reason != "RATE_LIMITED"; patience++)
        {
            Assert.True(patience < 100 && second.Reason == "PURPOSE_REQUIRED", second.Reason);
            if (first.IsCompleted)
            {
                first = auditor.Post(Verify, endless = new EndlessContent(RawCall.Frame([], declared: 1000))); // The other one was there before it.
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal("streams", second.Refusal!.Info.Metadata["quota"]);
        endless.End();
        Assert.Equal("MALFORMED_FRAME", (await first).Reason);
        Assert.Equal("PURPOSE_REQUIRED", (await auditor.Post(Verify, RawCall.Frame([]))).Reason);
    }

    [Fact]
    public async Task Clerks_may_look_for_companies_that_do_not_exist_yet_as_often_as_they_must()
    {
        for (var i = 0; i < 100; i++)
        {
            var lookup = new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "COUNTER_CHECK" };
            Assert.Equal(Verification.Types.Verdict.NotFound, (await new VerificationService.VerificationServiceClient(server.Channel("staff")).LookupLicenseAsync(lookup)).Verdict);
        }
    }
}
