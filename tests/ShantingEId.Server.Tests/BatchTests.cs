using System.Collections.Concurrent;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment in which the tax bureau may send batches but may not look up by credit code.</summary>
public sealed class BatchFixture : DeskFixture
{
    protected override void Change()
    {
        var methods = CallerNode("social-security")["methods"]!.AsArray();
        methods.Remove(methods.Single(each => (string?)each == "VerificationService/LookupLicense"));
    }
}

/// <summary>VerifyCodes: one answer per item, in whatever order, no faster than the caller reads, and never more at work than the limit.</summary>
public sealed class BatchTests(BatchFixture server) : IClassFixture<BatchFixture>
{
    private const string Tax = "TAX_REGISTRATION";

    [Fact]
    public async Task Five_thousand_items_of_every_kind_have_each_their_own_answer_and_their_own_record()
    {
        var tag = ServerFixture.NewRequestId();
        var valid = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var revoked = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = revoked.Name, Reason = "样例理由", Authority = "样例机关" });
        (string Expected, Func<string, VerifyCodesRequest> Make)[] kinds =
        [
            ("VALID", reference => Verify(valid.LicenseCode, reference)),
            ("VALID", reference => Verify(valid.TypedCode, reference)),
            ("VALID", reference => Lookup(valid.License.Enterprise.CreditCode, reference)),
            ("REVOKED", reference => Verify(revoked.LicenseCode, reference)),
            ("NOT_FOUND", reference => Lookup(SampleCompanies.CreditCode(SampleCompanies.Next()), reference)),
            ("BAD_SIGNATURE", reference => Verify(valid.LicenseCode[..^9] + (valid.LicenseCode[^9] == 'A' ? 'B' : 'A') + valid.LicenseCode[^8..], reference)),
            ("NOT_OURS", reference => Verify("样例 " + reference, reference)),
            ("MALFORMED", reference => Verify(valid.LicenseCode + "1", reference)),
            ("QR_TEXT_INVALID", reference => Verify("", reference)),
            ("USCC_INVALID", reference => Lookup("91370406", reference)),
            ("PURPOSE_REQUIRED", reference => Change(Verify(valid.LicenseCode, reference), item => item.Verify.Purpose = "")),
            ("PURPOSE_NOT_GRANTED", reference => Change(Lookup(valid.License.Enterprise.CreditCode, reference), item => item.Lookup.Purpose = "AUDIT")),
            ("FIELD_NOT_GRANTED", reference => Change(Verify(valid.LicenseCode, reference), item => item.Verify.ReadMask = new() { Paths = { "nothing" } })),
            ("AGE_INVALID", reference => Change(Verify(valid.LicenseCode, reference), item => item.Verify.MaxStateAge = new() { Seconds = 61 })),
        ];
        var items = Enumerable.Range(0, 5000).Select(i => (Kind: kinds[i % kinds.Length], Item: i))
            .Select(each => (each.Kind.Expected, Request: Change(each.Kind.Make($"{tag}-{each.Item}"), item => item.Item = each.Item))).ToArray();
        var answers = new Dictionary<long, VerifyCodesResponse>();

        await Run(server.Tax(), items.Select(each => each.Request), answer => answers.Add(answer.Item, answer)); // A second answer to an item throws.

        Assert.Equal(5000, answers.Count);
        foreach (var (expected, request) in items)
        {
            var answer = answers[request.Item];
            if (expected.Contains("INVALID", StringComparison.Ordinal) || expected.Contains("GRANTED", StringComparison.Ordinal) || expected.Contains("REQUIRED", StringComparison.Ordinal))
            {
                Assert.Equal(expected, Refusal.Of(answer.Error, (StatusCode)answer.Error.Code).Reason);
            }
            else
            {
                Assert.Equal(expected, System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(answer.Verification.Verdict.ToString()));
            }
        }

        var rows = await Recorded.Where(server, "reference LIKE $value || '-%'", tag, 5000);
        Assert.Equal(items.Select(each => $"{tag}-{each.Request.Item}").Order(), rows.Select(row => row.Reference).Order());
        Assert.All(rows, row => Assert.Contains(row.Method, (string[])["VerifyCode", "LookupLicense"]));
        Assert.Equal(items.Count(each => each.Expected == "PURPOSE_REQUIRED"), rows.Count(row => row.Reason == "PURPOSE_REQUIRED"));
        Assert.Empty(server.Log.Faults);
    }

    // As a single call would have ended: also its receipts.
    [Fact]
    public async Task Items_carry_receipts_those_of_refusals_too()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var answers = new Dictionary<long, VerifyCodesResponse>();

        await Run(server.Tax(),
        [
            Change(Verify(issued.LicenseCode, ""), item => (item.Item, item.Verify.WithReceipt) = (1, true)),
            Change(Verify("", ""), item => (item.Item, item.Verify.WithReceipt) = (2, true)),
            new VerifyCodesRequest { Item = 3 },
        ], answer => answers.Add(answer.Item, answer));

        Assert.Equal((int)Verdict.Valid, server.Holds(answers[1].Verification.Receipt).Record.Verdict);
        Assert.Equal("QR_TEXT_INVALID", server.Holds(answers[2].Error.GetDetail<RefusalReceipt>()!.Receipt).Record.Reason);
        Refusal.Of(answers[3].Error, StatusCode.InvalidArgument).IsField(StatusCode.InvalidArgument, "QUESTION_INVALID", "question");
        Assert.Contains(await Recorded.Where(server, "method = $value", "VerifyCodes", 1), row => row is { Verdict: 0, Reason: "QUESTION_INVALID" });
    }

    // A batch is no way around the list of methods.
    [Fact]
    public async Task What_a_caller_may_not_ask_alone_it_may_not_ask_in_a_batch()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        const string Purpose = "SOCIAL_SECURITY_REGISTRATION";
        var code = issued.License.Enterprise.CreditCode;
        var answers = new Dictionary<long, VerifyCodesResponse>();

        await Run(server.Client("social-security"),
        [
            new VerifyCodesRequest { Item = 1, Verify = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Purpose } },
            new VerifyCodesRequest { Item = 2, Lookup = new LookupLicenseRequest { CreditCode = code, Purpose = Purpose } },
        ], answer => answers.Add(answer.Item, answer));

        Assert.Equal(Verdict.Valid, answers[1].Verification.Verdict);
        Assert.Equal("ACCESS_DENIED", Refusal.Of(answers[2].Error, StatusCode.PermissionDenied).Reason);
        Assert.Contains(await Recorded.Of(server, code, 2), row => row is { Method: "LookupLicense", Reason: "ACCESS_DENIED", Verdict: 0 });
    }

    // The stream itself, without a network in between: reading stops when the limit is reached, and goes on by one for one written.
    [Fact]
    public async Task No_further_item_is_taken_while_the_limit_is_unanswered()
    {
        var batch = server.Services.GetRequiredService<VerifyBatch>();
        var caller = server.Services.GetRequiredService<CallerDirectory>().Find(server.Certificate("tax-bureau").GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256))!;
        var items = new CountedItems(300, Verify("样例", ""));
        using var answers = new SlowAnswers();
        var run = batch.RunAsync(items, answers, caller, CancellationToken.None);
        for (var released = 0; released <= 40; released += 20)
        {
            await Until(() => items.Taken >= VerifyBatch.AtOnce + released);
            await Settled(() => items.Taken);
            Assert.Equal((VerifyBatch.AtOnce + released, released), (items.Taken, answers.Written));
            answers.Release(20);
        }

        answers.Release(300);
        await run;
        Assert.Equal((300, 300, 1), (items.Taken, answers.Written, answers.MostAtOnce));
    }

    // Six thousand items of 2 KB to a server that is not read from: it stops reading, and its memory stays what it was.
    [Fact]
    public async Task A_caller_that_does_not_read_is_not_read_from_and_costs_no_memory()
    {
        const int Count = 6000;
        var tag = ServerFixture.NewRequestId();
        using var call = server.Tax().VerifyCodes();
        var sent = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
            {
                await call.RequestStream.WriteAsync(Change(Verify(new string('x', 2048), $"{tag}-{i}"), item => item.Item = i));
                Volatile.Write(ref sent, i + 1);
            }

            await call.RequestStream.CompleteAsync();
        });

        await Settled(() => Volatile.Read(ref sent));
        var stalledAt = Volatile.Read(ref sent);
        Assert.True(stalledAt < Count / 2, $"{stalledAt} items were taken off an unread stream");
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 32 * 1024 * 1024);

        var answered = new HashSet<long>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync())
        {
            Assert.True(answered.Add(answer.Item));
        }

        await sending;
        Assert.Equal(Count, answered.Count);
    }

    [Fact]
    public async Task A_caller_that_goes_away_ends_its_batch_and_nothing_is_a_fault()
    {
        using (var call = server.Tax().VerifyCodes())
        {
            for (var i = 0; i < 200; i++)
            {
                await call.RequestStream.WriteAsync(Verify("样例", ""));
            }

            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }

        await Task.Delay(300);
        Assert.Empty(server.Log.Faults);
        Assert.Equal(Verdict.NotOurs, (await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = Tax })).Verdict);
    }

    [Fact]
    public async Task Bytes_that_are_no_item_end_the_stream_as_the_callers_mistake()
    {
        var answer = await RawCall.As(server, "tax-bureau").Post("/shanting.eid.v1.VerificationService/VerifyCodes", RawCall.Frame([0xFF, 0xFF, 0xFF, 0xFF]));

        Assert.Equal((StatusCode.InvalidArgument, "MALFORMED_REQUEST"), (answer.Status!.Value, answer.Reason));
    }

    internal static async Task Run(VerificationService.VerificationServiceClient client, IEnumerable<VerifyCodesRequest> items, Action<VerifyCodesResponse> answered)
    {
        using var call = client.VerifyCodes();
        var reading = Task.Run(async () =>
        {
            await foreach (var answer in call.ResponseStream.ReadAllAsync())
            {
                answered(answer);
            }
        });
        foreach (var item in items)
        {
            await call.RequestStream.WriteAsync(item);
        }

        await call.RequestStream.CompleteAsync();
        await reading;
    }

    internal static VerifyCodesRequest Verify(string code, string reference) => new() { Verify = new VerifyCodeRequest { Code = code, Purpose = Tax, Reference = reference } };

    private static VerifyCodesRequest Lookup(string code, string reference) => new() { Lookup = new LookupLicenseRequest { CreditCode = code, Purpose = Tax, Reference = reference } };

    private static VerifyCodesRequest Change(VerifyCodesRequest item, Action<VerifyCodesRequest> change)
    {
        change(item);
        return item;
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 200 && !condition(); i++)
        {
            await Task.Delay(100);
        }
    }

    // A number that has not moved for a while.
    private static async Task Settled(Func<int> number)
    {
        for (var (last, same) = (-1, 0); same < 8;)
        {
            await Task.Delay(100);
            (last, same) = number() == last ? (last, same + 1) : (number(), 0);
        }
    }

    private sealed class CountedItems(int count, VerifyCodesRequest item) : IAsyncStreamReader<VerifyCodesRequest>
    {
        public int Taken { get; private set; }

        public VerifyCodesRequest Current => item;

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (Taken == count)
            {
                return Task.FromResult(false);
            }

            Taken++;
            return Task.FromResult(true);
        }
    }

    private sealed class SlowAnswers : IServerStreamWriter<VerifyCodesResponse>, IDisposable
    {
        private readonly SemaphoreSlim released = new(0);
        private int writing, written, most;

        public int Written => Volatile.Read(ref written);

        public int MostAtOnce => most;

        public WriteOptions? WriteOptions { get; set; }

        public void Release(int count) => released.Release(count);

        public void Dispose() => released.Dispose();

        public Task WriteAsync(VerifyCodesResponse message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(VerifyCodesResponse message, CancellationToken cancellationToken)
        {
            most = Math.Max(most, Interlocked.Increment(ref writing));
            await released.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref writing);
            Interlocked.Increment(ref written);
        }
    }
}

/// <summary>The server stops under a batch.</summary>
public sealed class BatchStopTests : IAsyncLifetime
{
    private readonly DeskFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_was_taken_is_answered_and_the_rest_is_sent_away()
    {
        var tag = ServerFixture.NewRequestId();
        using var call = server.Tax().VerifyCodes();
        var answered = new ConcurrentBag<long>();
        var sending = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    var item = BatchTests.Verify("样例", $"{tag}-{i}");
                    item.Item = i;
                    await call.RequestStream.WriteAsync(item);
                }
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException or IOException)
            {
                // The stream ended, as it must.
            }
        });
        var refusal = await Refusal.Of(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                answered.Add(call.ResponseStream.Current.Item);
                if (answered.Count == 300)
                {
                    server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
                }
            }
        });
        await sending;

        Assert.Equal((StatusCode.Unavailable, "DRAINING"), (refusal.Status, refusal.Reason));
        // None without an answer: what stands in the ledger was told to the caller.
        var rows = await Recorded.Where(server, "reference LIKE $value || '-%'", tag, answered.Count);
        Assert.Equal(answered.Order().Select(item => $"{tag}-{item}"), rows.Select(row => row.Reference).OrderBy(reference => long.Parse(reference[(tag.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
