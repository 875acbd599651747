using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Tests.Ledger;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>The fast lane between its steps: what happens while the body comes, and while the disk is busy.</summary>
public sealed class FastLaneTimeTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly LedgerCase given = new();

    public void Dispose() => given.Dispose();

    // The answer was found before the revocation and leaves after it. That is right, as long as it says as of when it holds.
    [Fact]
    public async Task An_answer_that_waits_for_the_disk_says_as_of_when_it_was_found()
    {
        var set = await FinishedAsync();
        using var open = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ledger = LookupLedger.Open(given.Options with
        {
            FlushLimit = TimeSpan.FromMinutes(1), Flush = _ =>
            {
                reached.TrySetResult();
                open.Wait();
            },
        });
        var follower = server.Services.GetRequiredService<FeedFollower>();
        var lane = new FastLane(server.Services.GetRequiredService<HotAnswers>(), follower, server.Services.GetRequiredService<RegisterClock>(), ledger);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Frame(set));
        await pipe.Writer.CompleteAsync();
        var (context, body) = Call(pipe);

        var answering = lane.TryAnswerAsync(context, TaxBureau).AsTask();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" });
        var acknowledged = TimeProvider.System.GetUtcNow();
        await UntilAsync(() => follower.Current.AsOf > acknowledged);
        open.Set();

        Assert.True(await answering);
        await context.Response.BodyWriter.FlushAsync();
        var answer = Verification.Parser.ParseFrom(body.ToArray().AsSpan(5));
        Assert.Equal(Verdict.Valid, answer.Verdict);
        Assert.True(answer.StatusAsOfTime.ToDateTimeOffset() < acknowledged, $"VALID as of {answer.StatusAsOfTime}, but the revocation was acknowledged at {acknowledged}");
    }

    // The allowance is taken before the body is there; a body that takes longer than it lasts finds nothing in the fast lane.
    [Fact]
    public async Task A_body_that_outlives_the_allowance_is_left_to_the_ordinary_way()
    {
        var set = await FinishedAsync();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var feed = new MemoryRegister();
        var options = new EidServerOptions { CertificatesDirectory = "", DataDirectory = "", StateBound = TimeSpan.FromSeconds(1) };
        using var follower = new FeedFollower(feed, new RecentChanges(), new RegisterClock(time), options, NullLogger<FeedFollower>.Instance);
        await follower.StartAsync(CancellationToken.None);
        await UntilAsync(() => follower.IsFollowing);
        feed.IsFeedDown = true;
        await UntilAsync(() => feed.FeedFailures > 0);
        // The lane's own clock stands still: its patience with slow bodies must not decide here.
        var lane = new FastLane(server.Services.GetRequiredService<HotAnswers>(), follower, new RegisterClock(new FakeTimeProvider()));
        foreach (var isLate in new[] { false, true })
        {
            var pipe = new Pipe();
            var (context, _) = Call(pipe);
            var answering = lane.TryAnswerAsync(context, TaxBureau).AsTask();
            await pipe.Writer.WriteAsync(Frame(set));
            if (isLate)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }

            await pipe.Writer.CompleteAsync();

            Assert.Equal(!isLate, await answering);
        }

        await follower.StopAsync(CancellationToken.None);
    }

    private Caller TaxBureau => server.Services.GetRequiredService<CallerDirectory>().FindByName("tax-bureau")!;

    private async Task<IssuedSet> FinishedAsync()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" });
        Assert.NotNull(server.Services.GetRequiredService<HotAnswers>().Find(System.Text.Encoding.UTF8.GetBytes(set.LicenseCode), TaxBureau, "TAX_REGISTRATION"u8));
        return set;
    }

    private static byte[] Frame(IssuedSet set) => RawCall.Frame(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" }.ToByteArray());

    private static (DefaultHttpContext Context, MemoryStream Body) Call(Pipe pipe)
    {
        var context = new DefaultHttpContext();
        var body = new MemoryStream();
        context.Request.ContentType = "application/grpc";
        context.Features.Set<IRequestBodyPipeFeature>(new PipedBody(pipe.Reader));
        context.Features.Set<IHttpResponseTrailersFeature>(new Trailers());
        context.Response.Body = body;
        return (context, body);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 5000, "did not happen within five seconds");
            await Task.Delay(1);
        }
    }

    private sealed class PipedBody(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }

    private sealed class Trailers : IHttpResponseTrailersFeature
    {
        IHeaderDictionary IHttpResponseTrailersFeature.Trailers { get; set; } = new HeaderDictionary();
    }
}
