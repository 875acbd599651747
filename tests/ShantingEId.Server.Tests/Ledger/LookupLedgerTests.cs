using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Receipts;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>What a look-up is promised: on disk before the answer, in one place for ever, and refused when that is not certain.</summary>
public sealed class LookupLedgerTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private readonly LedgerCase given = new();

    public void Dispose() => given.Dispose();

    [Fact]
    public async Task Every_record_gets_a_place_and_stands_there()
    {
        var places = new ConcurrentDictionary<int, (long Tick, int Index)>();
        using (var ledger = given.Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => Task.Run(async () =>
            {
                var place = await ledger.AppendAsync(LedgerCase.Record(i).Encode(), withReceipt: false);
                Assert.True(places.TryAdd(i, (place.Tick, place.Index)));
                Assert.Equal($"lookups/{ledger.Name}/{place.Tick}/{place.Index}", place.Name);
            })));
            LedgerCheckpoints.Append(given.Checkpoints, ledger.Newest!, LedgerCase.Authority.ReceiptSigner);
        }

        var rows = Rows();
        Assert.Equal(5000, rows.Count);
        Assert.All(places, place => Assert.Equal($"样例 {place.Key}", rows[place.Value]));
        Assert.True(places.Values.Max(place => place.Tick) < 5000, "no two records shared a tick");
        Assert.Empty(given.Check().Problems);
    }

    [Fact]
    public async Task Receipts_of_one_tick_share_a_signature_and_each_holds()
    {
        var facts = new ReceiptFacts(new Dictionary<string, string> { ["name"] = "枣庄市山亭区样例有限公司" });
        using var ledger = given.Open();
        var receipts = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(async () =>
        {
            var record = LedgerCase.Record(i) with { FactsDigest = facts.Digest() };
            var place = await ledger.AppendAsync(record.Encode(), withReceipt: true);
            var bytes = place.Receipt(facts.Encode());
            Assert.Equal(bytes.Length, place.ReceiptSize(facts.Encode().Length));
            Assert.True(Receipt.TryParse(bytes, out var receipt));
            Assert.Equal((place.Tick, place.Index, place.Name), (receipt.Root.Tick, receipt.Index, receipt.Name));
            Assert.Equal(record.Encode(), receipt.Record.Encode());
            return receipt;
        })));

        Assert.All(receipts, receipt => Assert.Equal("", receipt.Problem(LedgerCase.Keys)));
        var signatures = receipts.Select(receipt => Convert.ToHexString(receipt.SignedRoot.Signature.Raw)).Distinct().Count();
        Assert.Equal(receipts.Select(receipt => receipt.Root.Tick).Distinct().Count(), signatures);
        Assert.True(signatures < 500, $"{signatures} signatures for 1000 receipts");
    }

    [Fact]
    public async Task A_record_that_asked_for_no_receipt_gets_none_unless_its_tick_was_signed()
    {
        using var ledger = given.Open();
        var place = await ledger.AppendAsync(LedgerCase.Record(1).Encode(), withReceipt: false);

        Assert.Throws<InvalidOperationException>(() => place.Receipt([]));
    }

    [Fact]
    public async Task A_prepared_record_is_patched_in_its_copy_alone()
    {
        var prepared = LedgerCase.Record(1).Encode();
        var original = prepared.ToArray();
        var (time, asOf) = (DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123), DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_001));
        using var ledger = given.Open();
        var pending = ledger.AppendAsync(prepared, time, asOf, withReceipt: true);
        prepared.AsSpan().Clear(); // The bytes were copied before the call returned.

        Assert.True(Receipt.TryParse((await pending).Receipt([]), out var receipt));
        Assert.Equal((time, asOf), (receipt.Record.Time, receipt.Record.StatusAsOf));
        LookupRecord.Patch(original, time, asOf);
        Assert.Equal(original, receipt.Record.Encode());
    }

    [Fact]
    public async Task An_append_does_not_complete_before_its_flush_has_returned()
    {
        using var flush = new HeldFlush();
        using var ledger = LookupLedger.Open(given.Options with { Flush = flush.Flush });
        await ledger.AppendAsync(LedgerCase.Record(0).Encode(), false); // The segment exists from here on.

        flush.Hold();
        var first = ledger.AppendAsync(LedgerCase.Record(1).Encode(), true).AsTask();
        await flush.Reached;
        var second = ledger.AppendAsync(LedgerCase.Record(2).Encode(), false).AsTask();
        await Task.Delay(150, TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        // The frame itself is in the file, and that is not enough.
        Assert.Contains("样例 1", Text(given.Segments[^1]), StringComparison.Ordinal);

        flush.Release();
        var (one, two) = (await first.WaitAsync(Soon), await second.WaitAsync(Soon));
        Assert.Equal(one.Tick + 1, two.Tick); // What came during the flush is the next tick.
    }

    [Fact]
    public async Task Those_who_wait_do_not_go_on_on_the_writers_thread()
    {
        using var ledger = given.Open();
        var threads = new ConcurrentBag<string?>();
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(async i =>
        {
            await ledger.AppendAsync(LedgerCase.Record(i).Encode(), i % 7 == 0).ConfigureAwait(false);
            threads.Add(Thread.CurrentThread.Name);
        }));

        Assert.DoesNotContain("look-up ledger", threads);
    }

    // I50: what the system says about a file is for the log; callers and health get a sentence.
    [Fact]
    public async Task A_failing_flush_tells_neither_callers_nor_health_where_the_file_is()
    {
        const string Internal = "Input/output error : '/srv/样例/ledger/00000001.ledger'";
        using var log = new LogRecorder();
        using var flush = new HeldFlush();
        using var ledger = LookupLedger.Open(given.Options with { Flush = flush.Flush, Log = log.CreateLogger("ledger") });
        await LedgerCase.AppendTicksAsync(ledger, 1);
        flush.Hold(error: new IOException(Internal, 5));
        var pending = ledger.AppendAsync(LedgerCase.Record(1).Encode(), false).AsTask();
        await flush.Reached;
        flush.Release();

        var waiting = await Assert.ThrowsAsync<EidException>(() => pending.WaitAsync(Soon));
        var late = await Assert.ThrowsAsync<EidException>(() => ledger.AppendAsync(LedgerCase.Record(2).Encode(), false).AsTask());

        Assert.All([waiting.Message, late.Message, ledger.Health.Text], text =>
        {
            Assert.Contains("查询账本写入出错", text, StringComparison.Ordinal);
            Assert.DoesNotContain("/srv", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Input/output", text, StringComparison.Ordinal);
        });
        var line = Assert.Single(log.Lines, line => line.EventName == "LedgerWriteFailed");
        Assert.Equal(Internal, line.Error!.Message);
    }

    [Fact]
    public async Task A_flush_that_fails_fails_all_who_wait_and_all_who_come_until_a_restart()
    {
        using var flush = new HeldFlush();
        using (var ledger = LookupLedger.Open(given.Options with { Flush = flush.Flush }))
        {
            await LedgerCase.AppendTicksAsync(ledger, 3);
            flush.Hold(error: new IOException("Input/output error", 5));
            var first = ledger.AppendAsync(LedgerCase.Record(1).Encode(), true).AsTask();
            await flush.Reached;
            var second = ledger.AppendAsync(LedgerCase.Record(2).Encode(), false).AsTask();
            flush.Release();

            await RefusedAsync(first);
            await RefusedAsync(second);
            await RefusedAsync(ledger.AppendAsync(LedgerCase.Record(3).Encode(), false).AsTask());
            Assert.Equal(LedgerState.Failed, ledger.Health.State);
            Assert.Contains("重启", ledger.Health.Text, StringComparison.Ordinal);
            // A second flush would say that all is well; the ledger does not ask.
            await Task.Delay(400, TestContext.Current.CancellationToken);
            await RefusedAsync(ledger.AppendAsync(LedgerCase.Record(4).Encode(), false).AsTask());
        }

        using var again = given.Open();
        Assert.Equal(LedgerState.Working, again.Health.State);
        var place = await again.AppendAsync(LedgerCase.Record(5).Encode(), false);
        // The frame whose flush failed was written all the same: it counts, unanswered.
        Assert.Equal(5, place.Tick);
    }

    [Fact]
    public async Task A_flush_that_takes_too_long_sends_those_who_wait_away_and_goes_on_when_it_ends()
    {
        using var flush = new HeldFlush();
        using var ledger = LookupLedger.Open(given.Options with { Flush = flush.Flush, FlushLimit = TimeSpan.FromMilliseconds(300) });
        await LedgerCase.AppendTicksAsync(ledger, 1);
        flush.Hold();
        var watch = Stopwatch.StartNew();
        var first = ledger.AppendAsync(LedgerCase.Record(1).Encode(), true).AsTask();
        await flush.Reached;
        var second = ledger.AppendAsync(LedgerCase.Record(2).Encode(), true).AsTask();

        await RefusedAsync(first);
        await RefusedAsync(second);
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(300));
        Assert.Equal(LedgerState.Slow, ledger.Health.State);
        await RefusedAsync(ledger.AppendAsync(LedgerCase.Record(3).Encode(), true).AsTask());

        flush.Release();
        Assert.True(SpinWait.SpinUntil(() => ledger.Health.State == LedgerState.Working, Soon));
        var place = await ledger.AppendAsync(LedgerCase.Record(4).Encode(), true);
        Assert.Equal(3, place.Tick); // Tick 2 stands, though nobody was answered.
        Assert.True(Receipt.TryParse(place.Receipt([]), out var receipt));
        Assert.Equal("", receipt.Problem(LedgerCase.Keys));
    }

    [Fact]
    public async Task Stopping_writes_what_was_appended_and_refuses_what_comes_later()
    {
        var ledger = given.Open();
        var pending = Enumerable.Range(0, 500).Select(i => ledger.AppendAsync(LedgerCase.Record(i).Encode(), i % 2 == 0).AsTask()).ToArray();
        ledger.Dispose();

        Assert.Equal(500, (await Task.WhenAll(pending)).Length);
        await RefusedAsync(ledger.AppendAsync(LedgerCase.Record(0).Encode(), false).AsTask());
        Assert.Equal(500, Rows().Count);
        ledger.Dispose();
    }

    [Fact]
    public async Task A_folder_has_one_ledger_at_a_time_and_keeps_its_name()
    {
        string name;
        using (var ledger = given.Open())
        {
            name = ledger.Name;
            Assert.Equal(ErrorReason.AuditUnavailable, Assert.Throws<EidException>(given.Open).Reason);
            await LedgerCase.AppendTicksAsync(ledger, 2);
        }

        using (var again = given.Open())
        {
            Assert.Equal(name, again.Name);
            Assert.Equal(2, again.DurableTick);
            Assert.Equal(3, (await again.AppendAsync(LedgerCase.Record(3).Encode(), false)).Tick);
        }

        File.Delete(Path.Combine(given.Folder, "ledger.id"));
        Assert.Contains("ledger.id", Assert.Throws<EidException>(given.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Segments_are_closed_by_size_and_the_chain_goes_on_over_them()
    {
        await given.WriteAsync(60, given.Options with { SegmentBytes = 2000 });

        Assert.True(given.Segments.Count > 5);
        Assert.Equal(60, Rows().Count);
        var report = given.Check();
        Assert.Empty(report.Problems);
        Assert.Equal((1, 60, 60, 1), (report.Ledgers, report.Ticks, report.Records, report.Checkpoints));
    }

    // I48
    [Fact]
    public async Task The_times_of_ticks_never_go_back_whatever_the_clock_does()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var times = new List<DateTimeOffset>();
        foreach (var hours in new[] { 0, -1, -2 })
        {
            // Set back while it is open, and set back once more before the next start.
            using var ledger = LookupLedger.Open(given.Options with { Clock = clock });
            foreach (var minutes in new[] { 0, -10 })
            {
                clock.AdjustTime(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(hours) + TimeSpan.FromMinutes(minutes));
                await LedgerCase.AppendTicksAsync(ledger, 1);
                times.Add(ledger.Newest!.Time);
            }

            LedgerCheckpoints.Append(given.Checkpoints, ledger.Newest!, LedgerCase.Authority.ReceiptSigner);
        }

        Assert.Equal(times.Order(), times);
        Assert.Empty(given.Check().Problems);
    }

    [Fact]
    public void Records_that_are_too_long_are_a_fault_of_ours()
    {
        using var ledger = given.Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = ledger.AppendAsync(new byte[LookupRecord.MaxSize + 1], false).AsTask(); });
    }

    private static async Task RefusedAsync(Task append)
    {
        var error = await Assert.ThrowsAsync<EidException>(() => append.WaitAsync(Soon));
        Assert.Equal((ErrorReason.AuditUnavailable, TimeSpan.FromSeconds(1)), (error.Reason, error.RetryAfter));
    }

    private Dictionary<(long, int), string> Rows()
    {
        var rows = new Dictionary<(long, int), string>();
        using var reader = new LedgerReader(given.Folder, LedgerFolder.ReadName(given.Folder)!);
        reader.Seek(0);
        var last = given.Segments.Max(path => SegmentScan.Read(File.ReadAllBytes(path), LedgerCase.Authority.Environment, LedgerFolder.ReadName(given.Folder)!, Number(path), null, true).End.Tick);
        while (reader.Next(last) is { } tick)
        {
            foreach (var row in tick.Rows)
            {
                rows.Add((row.Tick, row.Index), row.Reference);
            }
        }

        return rows;
    }

    private static int Number(string path) => int.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    /// <summary>A disk whose flush can be held up and made to fail.</summary>
    private sealed class HeldFlush : IDisposable
    {
        private readonly ManualResetEventSlim open = new(true);
        private TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Exception? fault;

        public Task Reached => reached.Task.WaitAsync(Soon);

        public void Hold(Exception? error = null)
        {
            fault = error;
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            open.Reset();
        }

        public void Release() => open.Set();

        public void Flush(SafeFileHandle file)
        {
            if (!open.IsSet)
            {
                reached.TrySetResult();
                open.Wait();
                if (fault is not null)
                {
                    throw fault;
                }
            }

            RandomAccess.FlushToDisk(file);
        }

        public void Dispose() => open.Dispose();
    }
}
