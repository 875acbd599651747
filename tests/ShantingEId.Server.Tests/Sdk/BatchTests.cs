using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>A batch gives each item one answer, whatever happens to the line, and never holds more than its places.</summary>
public sealed class BatchTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>
{
    private CancellationToken Cancel { get; } = Patience.OneMinute();

    [Fact]
    public async Task Every_item_is_answered_once()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = EchoAsync;
        using var eid = EidClient.Connect(service.Options());

        var answers = await eid.VerifyManyAsync(Codes(500), cancel: Cancel).ToListAsync(Cancel);

        AssertOnce(500, answers);
        Assert.Equal(1, service.Calls);
        Assert.All(answers, answer => Assert.True(answer.IsValid));
        Assert.Empty(await eid.VerifyManyAsync(Codes(0), cancel: Cancel).ToListAsync(Cancel));
    }

    // The line is cut again and again in the middle; items already answered are not asked again.
    [Fact]
    public async Task What_is_unanswered_after_a_cut_is_asked_again()
    {
        await using var service = await certificates.StartAsync();
        var asked = new ConcurrentDictionary<long, int>();
        var answered = new ConcurrentDictionary<long, int>();
        service.Batch = async (questions, answers, context) =>
        {
            var left = service.Calls < 5 ? 30 : int.MaxValue;
            await foreach (var question in questions.ReadAllAsync(context.CancellationToken))
            {
                asked.AddOrUpdate(question.Item, 1, (_, times) => times + 1);
                if (left-- == 0)
                {
                    context.GetHttpContext().Abort();
                    return;
                }

                await answers.WriteAsync(Answer(question));
                answered.TryAdd(question.Item, service.Calls);
            }
        };
        using var eid = EidClient.Connect(service.Options());

        var got = await eid.VerifyManyAsync(Codes(200), cancel: Cancel).ToListAsync(Cancel);

        AssertOnce(200, got);
        Assert.Equal(5, service.Calls);
        Assert.Contains(asked.Values, times => times > 1);
        Assert.All(got, answer => Assert.True(answer.IsValid));
    }

    // The server's process is gone, and another comes up on the same address.
    [Fact]
    public async Task A_restart_of_the_server_is_survived()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = EchoAsync;
        using var eid = EidClient.Connect(service.Options());
        var got = new List<EidBatchAnswer>();

        await foreach (var answer in eid.VerifyManyAsync(Codes(300), cancel: Cancel))
        {
            got.Add(answer);
            if (got.Count is 50 or 150)
            {
                await service.CrashAsync();
                await service.StartAsync();
            }
        }

        AssertOnce(300, got);
        Assert.InRange(service.Calls, 2, 6);
    }

    [Fact]
    public async Task A_repeated_answer_is_dropped_and_one_nobody_asked_for_too()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = async (questions, answers, context) =>
        {
            await answers.WriteAsync(Answer(new VerifyCodesRequest { Item = 4711 }));
            await foreach (var question in questions.ReadAllAsync(context.CancellationToken))
            {
                await answers.WriteAsync(Answer(question));
                await answers.WriteAsync(Answer(question));
            }
        };
        using var eid = EidClient.Connect(service.Options());

        AssertOnce(40, await eid.VerifyManyAsync(Codes(40), cancel: Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task The_source_is_read_only_as_fast_as_answers_are_taken()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = EchoAsync;
        using var eid = EidClient.Connect(service.Options());
        var read = 0;
        async IAsyncEnumerable<string> Source([EnumeratorCancellation] CancellationToken cancel = default)
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                Interlocked.Increment(ref read);
                yield return "样例";
                await Task.Yield();
            }
        }

        var taken = 0;
        await foreach (var answer in eid.VerifyManyAsync(Source(), cancel: Cancel))
        {
            // 64 places, and the one that waits for a place.
            Assert.InRange(Volatile.Read(ref read), taken, taken + 66);
            if (++taken % 40 == 0)
            {
                await Task.Delay(50, Cancel);
            }

            if (taken == 400)
            {
                break; // Leaving the loop ends source and connection.
            }
        }

        var then = Volatile.Read(ref read);
        await Task.Delay(100, Cancel);
        Assert.Equal(then, Volatile.Read(ref read));
    }

    [Fact]
    public async Task A_refused_item_is_an_answer_of_its_own_and_one_whose_trouble_passes_is_asked_again()
    {
        await using var service = await certificates.StartAsync();
        var asked = new ConcurrentDictionary<long, int>();
        service.Batch = async (questions, answers, context) =>
        {
            await foreach (var question in questions.ReadAllAsync(context.CancellationToken))
            {
                var times = asked.AddOrUpdate(question.Item, 1, (_, before) => before + 1);
                await answers.WriteAsync(question.Item switch
                {
                    3 => Refused(question, ErrorReason.QrTextInvalid, null),
                    5 when times < 3 => Refused(question, ErrorReason.RateLimited, TimeSpan.FromMilliseconds(50)),
                    7 when times < 2 => Refused(question, ErrorReason.StoreUnavailable, null),
                    _ => Answer(question),
                });
            }
        };
        using var eid = EidClient.Connect(service.Options());

        var got = await eid.VerifyManyAsync(Codes(20), cancel: Cancel).ToListAsync(Cancel);

        AssertOnce(20, got);
        Assert.Equal(["QR_TEXT_INVALID"], got.Where(answer => answer.Answer is null).Select(answer => answer.Error!.Reason));
        Assert.Equal((1, 3, 2, 1), (asked[3], asked[5], asked[7], asked[8]));
        Assert.Equal(1, service.Calls);
    }

    [Fact]
    public async Task A_batch_that_is_refused_as_a_whole_ends_at_once_and_one_that_meets_silence_ends_in_time()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = (_, _, _) => throw ScriptedService.Error(ErrorReason.AccessDenied);
        using var eid = EidClient.Connect(service.Options() with { BatchPatience = TimeSpan.FromSeconds(1) });
        Assert.Equal("ACCESS_DENIED", (await Assert.ThrowsAsync<EidCallException>(async () => await eid.VerifyManyAsync(Codes(3), cancel: Cancel).ToListAsync(Cancel))).Error.Reason);
        Assert.Equal(1, service.Calls);

        service.Batch = (_, _, _) => throw ScriptedService.Error(ErrorReason.Draining);
        Assert.Equal("DRAINING", (await Assert.ThrowsAsync<EidCallException>(async () => await eid.VerifyManyAsync(Codes(3), cancel: Cancel).ToListAsync(Cancel))).Error.Reason);
        Assert.InRange(service.Calls, 3, 12);
    }

    [Fact]
    public async Task A_source_that_fails_ends_the_batch_with_its_own_failure()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = EchoAsync;
        using var eid = EidClient.Connect(service.Options());
        async IAsyncEnumerable<string> Broken()
        {
            yield return "样例";
            await Task.Yield();
            throw new InvalidDataException("样例");
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await eid.VerifyManyAsync(Broken(), cancel: Cancel).ToListAsync(Cancel));
        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    // The answer was young when it came; the caller let it lie. What it then gets is no VALID.
    [Fact]
    public async Task An_answer_that_waited_for_the_caller_is_judged_when_it_is_taken()
    {
        await using var service = await certificates.StartAsync();
        service.Batch = EchoAsync;
        using var eid = EidClient.Connect(service.Options());
        var got = new List<EidBatchAnswer>();

        await foreach (var answer in eid.VerifyManyAsync(Codes(3), cancel: Cancel))
        {
            got.Add(answer);
            if (got.Count == 1)
            {
                await Task.Delay(TimeSpan.FromSeconds(4.5), Cancel);
            }
        }

        Assert.Equal([true, false, false], got.Select(answer => answer.IsValid));
        Assert.All(got.Skip(1), answer => Assert.Equal("STATE_TOO_OLD", answer.Answer!.Reason));
    }

    private static async IAsyncEnumerable<string> Codes(int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return $"样例{i}";
            await Task.Yield();
        }
    }

    private static async Task EchoAsync(IAsyncStreamReader<VerifyCodesRequest> questions, IServerStreamWriter<VerifyCodesResponse> answers, ServerCallContext context)
    {
        await foreach (var question in questions.ReadAllAsync(context.CancellationToken))
        {
            await answers.WriteAsync(Answer(question));
        }
    }

    private static VerifyCodesResponse Answer(VerifyCodesRequest question) => new() { Item = question.Item, Verification = ScriptedService.Valid() };

    private static VerifyCodesResponse Refused(VerifyCodesRequest question, ErrorReason reason, TimeSpan? after) =>
        new() { Item = question.Item, Error = ScriptedService.Status(reason, after) };

    private static void AssertOnce(int count, List<EidBatchAnswer> answers)
    {
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), answers.Select(answer => answer.Item).Order());
        Assert.All(answers, answer => Assert.Equal($"样例{answer.Item}", answer.Text));
    }
}
