using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>What is on disk gets into the register, whole and once, whatever happens in between; and checkpoints get written.</summary>
public sealed class LedgerKeeperTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private readonly LedgerCase given = new();
    private readonly MemoryLookups register = new();
    private readonly LogRecorder log = new();

    public void Dispose() => given.Dispose();

    [Fact]
    public async Task Look_ups_reach_the_register_in_batches_of_whole_ticks()
    {
        using var ledger = given.Open();
        await using var keeper = await StartAsync(ledger);
        await AppendAsync(ledger, 5000);

        Assert.True(SpinWait.SpinUntil(() => register.Count == 5000, Soon), $"{register.Count} rows");
        // A tick is never divided: one that is larger by itself goes alone.
        Assert.All(register.Batches, batch => Assert.True(batch.Rows <= LedgerKeeper.BatchRows || batch.Ticks == 1));
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"样例 {i}").Order(), register.Rows.Select(row => row.Reference).Order());
        Assert.Equal(5000, register.Rows.DistinctBy(row => (row.Tick, row.Index)).Count());
        var row = register.Rows.First(row => row.Reference == "样例 7");
        Assert.Equal((ledger.Name, "91370406MA3ABC127Q", "tax-bureau", "TAX_REGISTRATION", "VerifyCode", 1, ""),
            (row.Ledger, row.Holder, row.Caller, row.Purpose, row.Method, row.Verdict, row.Reason));
    }

    [Fact]
    public async Task Taking_in_goes_on_after_a_restart_where_it_stopped()
    {
        using (var ledger = LookupLedger.Open(given.Options with { SegmentBytes = 3000 }))
        {
            await LedgerCase.AppendTicksAsync(ledger, 40);
        }

        // A crash came between the register and whatever should have followed: 17 ticks are in.
        await register.TakeInAsync(LedgerFolder.ReadName(given.Folder)!, 17, DateTimeOffset.UnixEpoch, []);
        using (var again = given.Open())
        {
            await using var keeper = await StartAsync(again);
            await AppendAsync(again, 3);
            Assert.True(SpinWait.SpinUntil(() => register.Rows.Count(row => row.Tick > 40) == 3, Soon));
        }

        Assert.Equal(Enumerable.Range(18, 23), register.Rows.Where(row => row.Tick <= 40).Select(row => (int)row.Tick));
    }

    [Fact]
    public async Task A_register_that_fails_is_asked_again_and_nothing_is_lost_or_doubled()
    {
        using var ledger = given.Open();
        await using var keeper = await StartAsync(ledger);
        register.Failures = 2;
        await AppendAsync(ledger, 300);

        Assert.True(SpinWait.SpinUntil(() => register.Count == 300, Soon));
        Assert.Equal(300, register.Rows.DistinctBy(row => (row.Tick, row.Index)).Count());
        Assert.Contains(log.Lines, line => line.EventName == "LedgerTakeInFailed");
        Assert.Equal(LedgerState.Working, ledger.Health.State);
    }

    [Fact]
    public async Task The_register_is_told_how_far_the_list_is_complete_and_never_too_much()
    {
        var before = TimeProvider.System.GetUtcNow();
        using var ledger = given.Open();
        await using (var keeper = await StartAsync(ledger))
        {
            // Known from the start, before anything was looked up.
            Assert.InRange(register.ThroughTime, before, TimeProvider.System.GetUtcNow());
            await AppendAsync(ledger, 100);
            // Quiet, and complete up to a few seconds ago all the same.
            Assert.True(SpinWait.SpinUntil(() => register.Count == 100, Soon));
            var then = TimeProvider.System.GetUtcNow();
            Assert.True(SpinWait.SpinUntil(() => register.ThroughTime >= then, Soon));
            Assert.True(register.ThroughTime <= TimeProvider.System.GetUtcNow());
        }

        // Closed: nobody waits for it.
        Assert.Equal(DateTimeOffset.MaxValue, register.ThroughTime);
        using var again = given.Open();
        await using var reopened = await StartAsync(again);
        Assert.True(register.ThroughTime <= TimeProvider.System.GetUtcNow());
    }

    // A ledger that the register does not count must not answer: the list would be called complete without it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_answered_before_the_register_knows_that_the_ledger_is_open(bool wasClosed)
    {
        if (wasClosed)
        {
            using var before = given.Open();
            await using var closing = await StartAsync(before);
            await AppendAsync(before, 1);
        }

        using var ledger = given.Open();
        register.Failures = int.MaxValue;
        await using var keeper = await StartAsync(ledger);

        // What it promises now does not count this ledger.
        Assert.Equal(wasClosed ? DateTimeOffset.MaxValue : default, register.ThroughTime);
        Assert.Equal(LedgerState.Unannounced, ledger.Health.State);
        var refusal = await Assert.ThrowsAsync<EidException>(() => ledger.AppendAsync(LedgerCase.Record(1).Encode(), false).AsTask());
        Assert.Equal(ErrorReason.AuditUnavailable, refusal.Reason);
        Assert.Contains("登记簿暂不可写", refusal.Message, StringComparison.Ordinal);

        register.Failures = 0;
        Assert.True(SpinWait.SpinUntil(() => ledger.Health.State == LedgerState.Working, Soon));
        Assert.InRange(register.ThroughTime, DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow());
        await AppendAsync(ledger, 1);
        // A failure later on keeps nobody from being answered: the list is promised no further than it was.
        register.Failures = int.MaxValue;
        await AppendAsync(ledger, 1);
        Assert.Equal(LedgerState.Working, ledger.Health.State);
        register.Failures = 0;
    }

    [Fact]
    public async Task After_a_crash_a_ledger_that_still_counts_answers_at_once_also_while_the_register_cannot_be_written()
    {
        string name;
        using (var crashed = given.Open())
        {
            await AppendAsync(crashed, 1);
            name = crashed.Name;
        }

        var promised = DateTimeOffset.UnixEpoch.AddYears(50);
        await register.TakeInAsync(name, 0, promised, []);
        register.Failures = int.MaxValue;
        using var ledger = given.Open();
        await using var keeper = await StartAsync(ledger);

        await AppendAsync(ledger, 1);

        Assert.Equal((LedgerState.Working, promised), (ledger.Health.State, register.ThroughTime));
        register.Failures = 0;
    }

    [Fact]
    public async Task With_a_backlog_the_list_is_complete_up_to_the_next_tick_only()
    {
        DateTimeOffset between;
        using (var ledger = given.Open())
        {
            await LedgerCase.AppendTicksAsync(ledger, 1);
            await Task.Delay(20, TestContext.Current.CancellationToken);
            between = TimeProvider.System.GetUtcNow();
            await Task.Delay(20, TestContext.Current.CancellationToken);
            await AppendAsync(ledger, 3000);
            await AppendAsync(ledger, 3000);
        }

        register.Failures = int.MaxValue;
        register.FailAfter = 1; // The first batch goes in, nothing after it.
        using var again = given.Open();
        await using var keeper = await StartAsync(again);

        Assert.True(register.Count < 6000);
        Assert.True(register.ThroughTime > between && register.ThroughTime < TimeProvider.System.GetUtcNow());
        var lastIn = register.Rows.Max(row => row.Tick);
        using var reader = new LedgerReader(given.Folder, again.Name);
        reader.Seek(lastIn);
        Assert.Equal(reader.Next(again.DurableTick)!.Time, register.ThroughTime);
    }

    [Fact]
    public async Task Checkpoints_are_written_by_number_of_ticks_by_age_and_at_the_stop()
    {
        var options = given.Options with { CheckpointTicks = 10 };
        using (var ledger = LookupLedger.Open(options))
        {
            await using var keeper = await StartAsync(ledger, options);
            await LedgerCase.AppendTicksAsync(ledger, 5);
            await Task.Delay(1200, TestContext.Current.CancellationToken);
            Assert.Empty(LedgerCheckpoints.Read(given.Checkpoints));
            await LedgerCase.AppendTicksAsync(ledger, 5);
            Assert.True(SpinWait.SpinUntil(() => Roots().SequenceEqual([10L]), Soon));
            await LedgerCase.AppendTicksAsync(ledger, 2);
        }

        Assert.Equal([10L, 12L], Roots());
        options = given.Options with { CheckpointAge = TimeSpan.FromMilliseconds(700) };
        using (var ledger = LookupLedger.Open(options))
        {
            await using var keeper = await StartAsync(ledger, options);
            await LedgerCase.AppendTicksAsync(ledger, 1);
            Assert.True(SpinWait.SpinUntil(() => Roots().SequenceEqual([10L, 12L, 13L]), Soon));
        }

        Assert.Empty(given.Check().Problems);
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_written_is_said_and_stops_no_look_up()
    {
        var options = given.Options with { CheckpointTicks = 1, CheckpointFile = Path.Combine(given.Data, "missing", "checkpoints") };
        using var ledger = LookupLedger.Open(options);
        await using var keeper = await StartAsync(ledger, options);
        await LedgerCase.AppendTicksAsync(ledger, 1);

        Assert.True(SpinWait.SpinUntil(() => ledger.Health.Text.Contains("检查点", StringComparison.Ordinal), Soon));
        Assert.Equal((LedgerState.Working, "查询账本的检查点无法写入"), (ledger.Health.State, ledger.Health.Text)); // And not where it lies.
        Assert.True(SpinWait.SpinUntil(() => log.Lines.Any(line => line.EventName == "LedgerCheckpointFailed" && line.Error!.Message.Contains("missing", StringComparison.Ordinal)), Soon));
        await LedgerCase.AppendTicksAsync(ledger, 1);
        Directory.CreateDirectory(Path.Combine(given.Data, "missing"));
        Assert.True(SpinWait.SpinUntil(() => !ledger.Health.Text.Contains("检查点", StringComparison.Ordinal), Soon));
    }

    [Fact]
    public async Task Old_segments_go_when_told_to_and_what_is_left_still_proves_its_beginning()
    {
        var options = given.Options with { SegmentBytes = 3000, Keep = TimeSpan.FromMilliseconds(1) };
        using (var ledger = LookupLedger.Open(options))
        {
            await LedgerCase.AppendTicksAsync(ledger, 60);
            Assert.True(given.Segments.Count > 3);
            await using var keeper = await StartAsync(ledger, options);
            Assert.True(SpinWait.SpinUntil(() => given.Segments.Count == 1, Soon));
            Assert.Equal(60, register.Count);
        }

        Assert.NotEmpty(given.Check().Problems); // Nobody said that anything may be missing.
        var kept = LedgerCheck.Run(given.ServerOptions with { LedgerKeep = TimeSpan.FromMilliseconds(1) });
        Assert.Empty(kept.Problems);
        Assert.Single(kept.Remarks);
        // Something that is not old enough yet may not be missing either.
        Assert.NotEmpty(LedgerCheck.Run(given.ServerOptions with { LedgerKeep = TimeSpan.FromDays(1) }).Problems);

        using var again = LookupLedger.Open(options);
        Assert.Equal(61, (await again.AppendAsync(LedgerCase.Record(1).Encode(), false)).Tick);
    }

    private IEnumerable<long> Roots() => LedgerCheckpoints.Read(given.Checkpoints).Select(line => line.Root!.Tick);

    private static async Task AppendAsync(LookupLedger ledger, int count) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => ledger.AppendAsync(LedgerCase.Record(i).Encode(), false).AsTask()));

    private async Task<Running> StartAsync(LookupLedger ledger, LedgerOptions? options = null)
    {
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var keeper = new LedgerKeeper(ledger, options ?? given.Options, register, factory.CreateLogger<LedgerKeeper>());
        await keeper.StartAsync(TestContext.Current.CancellationToken);
        return new Running(keeper);
    }

    private sealed class Running(LedgerKeeper keeper) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await keeper.StopAsync(CancellationToken.None);
            keeper.Dispose();
        }
    }

    /// <summary>A register in memory that keeps the contract, and can fail.</summary>
    private sealed class MemoryLookups : ILookupLog
    {
        private readonly Lock gate = new();
        private readonly List<LookupRow> rows = [];
        private long through;

        public int Failures { get; set; }

        public int FailAfter { get; set; }

        public List<(int Rows, int Ticks)> Batches { get; } = [];

        public DateTimeOffset ThroughTime { get; private set; }

        public IReadOnlyList<LookupRow> Rows
        {
            get
            {
                lock (gate)
                {
                    return [.. rows];
                }
            }
        }

        public int Count => Rows.Count;

        public ValueTask TakeInAsync(string ledger, long throughTick, DateTimeOffset throughTime, IReadOnlyList<LookupRow> rows)
        {
            lock (gate)
            {
                if (Failures > 0 && FailAfter-- <= 0)
                {
                    Failures--;
                    throw new EidException(ErrorReason.StoreUnavailable, "登记簿暂不可用");
                }

                Batches.Add((rows.Count, rows.DistinctBy(row => row.Tick).Count()));
                this.rows.AddRange(rows.Where(row => row.Tick > through));
                (through, ThroughTime) = (Math.Max(through, throughTick), throughTime);
                return ValueTask.CompletedTask;
            }
        }

        public ValueTask<LedgerMark> TakenInAsync(string ledger, CancellationToken cancel) =>
            new(new LedgerMark(through, ThroughTime > DateTimeOffset.UnixEpoch && ThroughTime < DateTimeOffset.MaxValue));

        public ValueTask<(IReadOnlyList<ListedLookup> Rows, DateTimeOffset? CompleteUntil)> ListLookupsAsync(CreditCode holder, long? before, int limit, CancellationToken cancel) =>
            throw new NotSupportedException();
    }
}
