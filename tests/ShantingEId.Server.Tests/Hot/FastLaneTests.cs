using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Issuing;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Hot;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>The fast lane gives the answer of the ordinary way, to the same callers, as durably recorded, and never an older one.</summary>
public sealed class FastLaneTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private VerificationService.VerificationServiceClient Tax { get; } = server.Tax();

    private HotAnswers Answers => server.Services.GetRequiredService<HotAnswers>();

    private Caller TaxBureau => server.Services.GetRequiredService<CallerDirectory>().FindByName("tax-bureau")!;

    [Fact]
    public async Task A_finished_answer_says_what_the_ordinary_way_says()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        foreach (var code in new[] { set.LicenseCode, set.TypedCode })
        {
            var first = await Ask(code);
            Assert.NotNull(Finished(code));

            // A read mask of all that is granted takes the ordinary way.
            var ordinary = await Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION", MaxStateAge = new Duration { Seconds = 1 } });
            var fast = await Ask(code);

            Assert.Equal(Verdict.Valid, fast.Verdict);
            // A reading of the register may be younger than the last reading of the feed.
            Assert.InRange(fast.StatusAsOfTime.ToDateTimeOffset(), first.StatusAsOfTime.ToDateTimeOffset() - TimeSpan.FromSeconds(1), TimeProvider.System.GetUtcNow());
            Assert.Equal(Timeless(ordinary), Timeless(fast));
        }
    }

    [Fact]
    public async Task Each_caller_and_purpose_has_its_own_answer()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var bank = new VerificationService.VerificationServiceClient(server.Channel("social-security"));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(4, (await Ask(set.LicenseCode)).Seals.Count);
            var other = await bank.VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "SOCIAL_SECURITY_REGISTRATION" });
            Assert.Equal((Verdict.Valid, 0, ""), (other.Verdict, other.Seals.Count, other.License.Enterprise.Capital));
            // The other's purpose is refused, however well its answer is known.
            Assert.Equal("PURPOSE_NOT_GRANTED", (await Refusal.Of(bank.VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" }))).Reason);
        }
    }

    [Fact]
    public async Task A_revocation_ends_a_finished_answer_at_once()
    {
        for (var i = 0; i < 20; i++)
        {
            var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
            await Ask(set.LicenseCode);
            Assert.NotNull(Finished(set.LicenseCode));

            await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" });

            Assert.Null(Finished(set.LicenseCode));
            Assert.Equal(Verdict.Revoked, (await Ask(set.LicenseCode)).Verdict);
            Assert.Equal(Verdict.Revoked, (await Ask(set.LicenseCode)).Verdict);
            Assert.NotNull(Finished(set.LicenseCode));
        }
    }

    [Fact]
    public async Task A_receipt_of_a_finished_answer_holds_and_names_the_callers_file()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await Ask(set.LicenseCode);
        var keys = server.Services.GetRequiredService<IssuingAuthority>().BuildKeyRing(TimeProvider.System.GetUtcNow());
        foreach (var reference in new[] { "", "case 2026-0042", new string('x', 64), "样例案卷" })
        {
            var answer = await Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION", WithReceipt = true, Reference = reference });

            Assert.True(Receipt.TryParse(answer.Receipt.Memory, out var receipt));
            Assert.Equal("", receipt.Problem(keys));
            Assert.Equal((reference, "tax-bureau", "TAX_REGISTRATION", "VerifyCode", 1, set.License.Enterprise.CreditCode),
                (receipt.Record.Reference, receipt.Record.Caller, receipt.Record.Purpose, receipt.Record.Method, receipt.Record.Verdict, receipt.Record.Holder));
            Assert.Equal(LookupRecord.DigestRequest("VerifyCode", set.LicenseCode), receipt.Record.RequestDigest);
            Assert.Equal(answer.License.Enterprise.Name, receipt.Facts.Facts["name"]);
            Assert.Equal(answer.StatusAsOfTime.ToDateTimeOffset().ToUnixTimeMilliseconds(), receipt.Record.StatusAsOf.ToUnixTimeMilliseconds());
        }
    }

    // What is not simple must reach the protobuf library untouched: the answer is the same or the refusal is.
    [Fact]
    public async Task Forms_that_are_not_simple_are_left_to_the_ordinary_way()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await Ask(set.LicenseCode);
        var plain = new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" }.ToByteArray();
        byte[] twice = [.. plain, .. new VerifyCodeRequest { Purpose = "TAX_REGISTRATION" }.ToByteArray()];
        byte[] longPurpose = [.. new VerifyCodeRequest { Code = set.LicenseCode }.ToByteArray(), 0x12, 0x90, 0x80, 0x00, .. "TAX_REGISTRATION"u8];
        byte[] unknown = [.. plain, 0x7A, 0x01, 0x41];
        foreach (var message in new[] { plain, twice, longPurpose, unknown })
        {
            var answer = await RawCall.As(server, "tax-bureau").Post(FastLane.Path, RawCall.Frame(message));
            Assert.Equal(Grpc.Core.StatusCode.OK, answer.Status);
        }

        foreach (var body in new byte[][] { [], [0], [0, 0, 0, 0], RawCall.Frame(plain)[..^1], [.. RawCall.Frame(plain), 0], [.. RawCall.Frame(plain), .. RawCall.Frame(plain)], [1, .. RawCall.Frame(plain)[1..]], RawCall.Frame([0xFF, .. plain]) })
        {
            var answer = await RawCall.As(server, "tax-bureau").Post(FastLane.Path, body);
            Assert.NotEqual(Grpc.Core.StatusCode.OK, answer.Status);
            Assert.False(string.IsNullOrEmpty(answer.Reason));
        }
    }

    // A body that comes in pieces is put together, whatever the pieces are.
    [Fact]
    public async Task A_body_in_pieces_is_answered_like_one_in_one_piece()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await Ask(set.LicenseCode);
        var frame = RawCall.Frame(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" }.ToByteArray());
        using var client = new HttpClient(server.Handler(server.Certificate("tax-bureau")));
        foreach (var (cut, pause) in new[] { (1, 5), (4, 60), (5, 5), (6, 60), (100, 5), (frame.Length - 1, 60) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, FastLane.Path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            request.Content = new Pieces(frame, cut, pause);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            using var response = await client.SendAsync(request);
            var body = await response.Content.ReadAsByteArrayAsync();

            Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
            Assert.Equal(Verdict.Valid, Verification.Parser.ParseFrom(body, 5, body.Length - 5).Verdict);
        }
    }

    // What a timer throws ends the process, and on a connection that is gone the pipe throws.
    [Fact]
    public async Task A_connection_that_goes_while_its_body_is_waited_for_harms_nobody_else()
    {
        var time = new OneTimer();
        var lane = new FastLane(Answers, server.Services.GetRequiredService<FeedFollower>(), new RegisterClock(time));
        var body = new LostBody();
        var context = new DefaultHttpContext { Request = { ContentType = "application/grpc" } };
        context.Features.Set<IRequestBodyPipeFeature>(body);

        var answering = lane.TryAnswerAsync(context, TaxBureau).AsTask();
        Assert.False(answering.IsCompleted);
        time.Fire!();
        Assert.True(body.WasCancelled);
        body.End();

        await Assert.ThrowsAsync<IOException>(() => answering);
    }

    // A cancelling that came too late for its read must not be found by the next one: the caller would be told that its request is broken.
    [Fact]
    public async Task A_body_that_comes_just_when_its_time_is_over_is_left_whole_to_the_ordinary_way()
    {
        var body = new SlowBody();
        var lane = new FastLane(Answers, server.Services.GetRequiredService<FeedFollower>(), new RegisterClock(new LateTimer()));
        var context = new DefaultHttpContext { Request = { ContentType = "application/grpc" } };
        context.Features.Set<IRequestBodyPipeFeature>(body);

        var answering = lane.TryAnswerAsync(context, TaxBureau).AsTask();
        Assert.False(answering.IsCompleted);
        await body.Pipe.Writer.WriteAsync(new byte[5], TestContext.Current.CancellationToken); // A frame with no message in it: nothing simple.
        await body.Pipe.Writer.CompleteAsync();

        Assert.False(await answering);
        Assert.True(body.Reader.TryRead(out var rest));
        Assert.Equal((false, true, 5), (rest.IsCanceled, rest.IsCompleted, rest.Buffer.Length));
    }

    private async Task<Verification> Ask(string code) => await Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" });

    private HotView? Finished(string code) => Answers.Find(System.Text.Encoding.UTF8.GetBytes(code), TaxBureau, "TAX_REGISTRATION"u8);

    private static Verification Timeless(Verification answer)
    {
        var copy = answer.Clone();
        copy.StatusAsOfTime = null;
        return copy;
    }

    private sealed class Pieces(byte[] body, int cut, int pause) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, cut));
            await stream.FlushAsync();
            await Task.Delay(pause);
            await stream.WriteAsync(body.AsMemory(cut));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class OneTimer : TimeProvider
    {
        public Action? Fire { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Fire = () => callback(state);
            return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class SlowBody : IRequestBodyPipeFeature
    {
        public Pipe Pipe { get; } = new();

        public PipeReader Reader => Pipe.Reader;
    }

    /// <summary>A timer whose time is over in the very moment in which it is no longer needed.</summary>
    private sealed class LateTimer : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Late(() => callback(state));

        private sealed class Late(Action fire) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => fire();

            public ValueTask DisposeAsync()
            {
                fire();
                return default;
            }
        }
    }

    private sealed class LostBody : PipeReader, IRequestBodyPipeFeature
    {
        private readonly TaskCompletionSource<ReadResult> reading = new();

        public bool WasCancelled { get; private set; }

        public PipeReader Reader => this;

        public void End() => reading.SetException(new IOException("the connection is gone"));

        public override void CancelPendingRead()
        {
            WasCancelled = true;
            throw new IOException("the connection is gone");
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(reading.Task);

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();
    }
}
