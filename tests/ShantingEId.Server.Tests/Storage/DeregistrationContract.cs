using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Calendar;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Storage;

public sealed class SqliteDeregistrationTests(SampleSets sets) : DeregistrationContract(sets)
{
    protected override ValueTask<Registers> CreateAsync() => new(new SqliteRegisters());
}

public sealed class PostgresDeregistrationTests(SampleSets sets) : DeregistrationContract(sets)
{
    protected override async ValueTask<Registers> CreateAsync() => await PostgresRegisters.CreateAsync();
}

/// <summary>Simple deregistration on both stores: dates by the wall calendar of 2026, and what two writers at once may do.</summary>
public abstract class DeregistrationContract(SampleSets sets) : RegisterContract, IClassFixture<SampleSets>
{
    private static readonly Impediment[] Absent = [.. Impediments.Declared];
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.FromHours(8)));
    private readonly RecordedFeed feed = new();

    private CreditCode Holder => sets.Real.License.Facts.CreditCode;

    [Fact]
    public async Task Every_period_ends_on_its_day_and_the_set_ends_in_the_same_place_of_the_feed()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk());
        var one = await FindAsync(number);
        Assert.Equal(("2026-03-23", "2026-04-13", "2026-03-24"), (LastDay(one.PeriodEnd), LastDay(one.ConfirmUntil), LastDay(one.CancelUntil)));

        time.SetUtcNow(one.PeriodEnd.AddTicks(-1));
        Assert.Equal(ErrorReason.PublicationNotOver, (await Assert.ThrowsAsync<EidException>(() => Desk().ConfirmAsync(By("staff"), number, Cancel))).Reason);
        time.SetUtcNow(one.PeriodEnd);
        await Desk().ConfirmAsync(By("staff"), number, Cancel);

        var ended = await FindAsync(number);
        Assert.Equal((DeregistrationState.Cancelled, 2L, one.PeriodEnd), (ended.Recorded, ended.Revision, ended.UpdatedTime));
        var entry = (await Store.FindAsync(RegisterKey.Of(Holder), TimeSpan.Zero, Cancel)).Entry!;
        Assert.Equal((SetState.Cancelled, one.PeriodEnd, "样例机关"), (entry.State.State, entry.State.EffectiveTime, entry.State.DecidedBy));
        var change = Assert.Single((await Store.ReadFeedAsync(null, 2, 10, Cancel)).Changes);
        Assert.Equal((3, SetState.Cancelled), (change.Position, change.State.State));
        Assert.Equal(3, Assert.Single((await Store.ReadNoticesAsync(2, 10, Cancel)).Rows).Position);
        Assert.Equal([3L], feed.Settled);
        Assert.Equal(3, await Registers.NumberAsync("SELECT position FROM feed_head"));
    }

    [Fact]
    public async Task A_proceeding_is_read_as_it_was_written()
    {
        await FoundAsync();
        var commitment = new Commitment([.. Enumerable.Range(0, 32).Select(i => (byte)i)], "样例承诺书", 3);
        var number = await ApplyAsync(Desk(), commitment, itself: true);
        time.Advance(TimeSpan.FromDays(1));
        await Desk().ObjectAsync(By("tax-bureau"), number, "税务局", Impediment.TaxesOutstanding, "样例：尚有欠税", Cancel);
        await Desk().ObjectAsync(By("staff"), number, "样例债权人", Impediment.DebtsOutstanding, "样例：尚欠货款", Cancel);
        time.Advance(TimeSpan.FromDays(1));
        await Desk().WithdrawObjectionAsync(By("tax-bureau"), number, 1, "样例：已经结清", Cancel);
        await Desk().ReturnAsync(By("staff"), number, "样例：漏填日期", Cancel);

        var one = await FindAsync(number);

        Assert.Equal((Holder, sets.Real.License.Id, sets.Real.License.Facts.Name, "staff", true, true), (one.Holder, one.License, one.Name, one.Applicant, one.IsPublished, one.ConfirmsItself));
        Assert.Equal(commitment.Digest, one.Commitment!.Digest);
        Assert.Equal((commitment.Reference, commitment.Investors), (one.Commitment.Reference, one.Commitment.Investors));
        Assert.Equal((DeregistrationState.Returned, 5L, "样例：漏填日期", "2026-04-13"), (one.Recorded, one.Revision, one.Remark, LastDay(one.MendUntil!.Value)));
        Assert.Equal(
            [
                new Objection(1, "tax-bureau", "税务局", Impediment.TaxesOutstanding, "样例：尚有欠税", one.AppliedTime.AddDays(1), one.AppliedTime.AddDays(2)),
                new Objection(2, "staff", "样例债权人", Impediment.DebtsOutstanding, "样例：尚欠货款", one.AppliedTime.AddDays(1), null),
            ], one.Objections);
        Assert.Equal([DeregistrationAct.Apply, DeregistrationAct.RaiseObjection, DeregistrationAct.RaiseObjection, DeregistrationAct.WithdrawObjection, DeregistrationAct.Return], one.Events.Select(each => each.Act));
        Assert.Equal(new DeregistrationEvent(DeregistrationAct.WithdrawObjection, one.AppliedTime.AddDays(2), "tax-bureau", "样例：已经结清"), one.Events[3]);
        Assert.Equal("JZ202600000001", number);
        Assert.Null(await Registers.Open().FindDeregistrationAsync("JZ202600000002", Cancel));
    }

    [Fact]
    public async Task Two_clerks_at_two_stores_open_one_and_the_loser_hears_which()
    {
        await FoundAsync();
        var other = Registers.Open();
        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => EndOf(() => Desk(n % 2 == 0 ? Store : other).ApplyAsync(By("staff"), Holder, Promise, Absent, false, Cancel))));

        var number = Encoding.UTF8.GetString(Assert.Single(ends, end => end.Done is not null).Done!.Reply).Split(' ')[0];
        Assert.All(ends.Where(end => end.Done is null), end =>
            Assert.Equal((ErrorReason.DeregistrationOpen, "deregistrations/" + number), (end.Error!.Reason, end.Error.Metadata["deregistration"])));
        Assert.Equal(1, await Registers.NumberAsync("SELECT count(*) FROM deregistration"));
        Assert.Equal(1, await Registers.NumberAsync("SELECT count(*) FROM deregistration_event"));
    }

    // An act rests on what it was judged by: of several at once one is committed, and no objection is lost.
    [Fact]
    public async Task Acts_at_once_at_two_stores_rest_on_one_another_or_are_refused()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk());
        var other = Registers.Open();
        var committed = 0;
        for (var round = 0; round < 3; round++)
        {
            var ends = await Task.WhenAll(Enumerable.Range(0, 4).Select(n => EndOf(() => Desk(n % 2 == 0 ? Store : other).ObjectAsync(
                By("staff"), number, string.Create(CultureInfo.InvariantCulture, $"样例债权人{round}-{n}"), Impediment.DebtsOutstanding, "样例：尚欠货款", Cancel))));
            Assert.Contains(ends, end => end.Done is not null);
            Assert.All(ends.Where(end => end.Done is null), end => Assert.Equal(ErrorReason.VersionConflict, end.Error!.Reason));
            committed += ends.Count(end => end.Done is not null);
        }

        var one = await FindAsync(number);
        Assert.Equal((committed, committed + 1L, committed + 1), (one.Objections.Count, one.Revision, one.Events.Count));
        Assert.Equal(Enumerable.Range(1, committed), one.Objections.Select(each => each.Number));
        Assert.Equal(committed, await Registers.NumberAsync("SELECT count(*) FROM objection"));
    }

    [Fact]
    public async Task Two_replicas_that_find_it_due_cancel_it_once()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk(), itself: true);
        var due = await FindAsync(number);
        time.SetUtcNow(due.PeriodEnd.AddMinutes(1));
        var other = Registers.Open();

        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => EndOf(async () =>
        {
            await Desk(n % 2 == 0 ? Store : other).ConfirmDueAsync(due, Cancel);
            return new IssueOutcome([], false);
        })));

        Assert.All(ends, end => Assert.True(end.Done is not null || end.Error!.Reason == ErrorReason.VersionConflict, end.Error?.Message));
        Assert.Equal(1, await Registers.NumberAsync("SELECT count(*) FROM deregistration_event WHERE act = 8"));
        Assert.Equal(1, await Registers.NumberAsync("SELECT count(*) FROM feed WHERE state = 5"));
        Assert.Equal(SimpleDeregistration.Clock, (await FindAsync(number)).Events[^1].Actor);
    }

    // The same id for acts in two companies' proceedings: nothing but the reply is common to them.
    [Fact]
    public async Task One_id_for_two_proceedings_is_written_once()
    {
        await FoundAsync();
        var one = await FindAsync(await ApplyAsync(Desk()));
        var set = sets.Next();
        await Store.AddSetAsync(set, new StateRecord(SetState.Active, one.AppliedTime, one.AppliedTime, "", ""), SampleSets.Request());
        var other = one with { Number = "JZ202600000009", Holder = set.License.Facts.CreditCode, License = set.License.Id };
        var request = SampleSets.Request();
        Assert.Null((await Store.AddDeregistrationAsync(other, request)).Earlier);
        Assert.Equal(request.Reply, (await Store.ChangeDeregistrationAsync(Returned(one), null, request)).Earlier!.Reply);
        var second = SampleSets.Request();
        Assert.Null((await Store.ChangeDeregistrationAsync(Returned(one), null, second)).Earlier);

        Assert.Equal(second.Reply, (await Registers.Open().ChangeDeregistrationAsync(Returned(other), null, second)).Earlier!.Reply);
        Assert.Equal(second.Reply, (await Store.AddDeregistrationAsync(other with { Number = "JZ202600000010" }, second)).Earlier!.Reply);

        Assert.Equal((2L, 1L), ((await FindAsync(one.Number)).Revision, (await FindAsync(other.Number)).Revision));
        static SimpleDeregistration Returned(SimpleDeregistration one) => one with
        {
            Recorded = DeregistrationState.Returned, Revision = 2, MendUntil = one.ConfirmUntil, Events = [.. one.Events, new DeregistrationEvent(DeregistrationAct.Return, one.AppliedTime, "staff", "样例：漏填日期")],
        };
    }

    // Whatever is done to the set between judging and committing: both end, or neither.
    [Fact]
    public async Task A_set_that_was_changed_meanwhile_keeps_the_proceeding_from_ending()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk());
        var one = await FindAsync(number);
        var now = one.PeriodEnd;
        var judged = Assert.Single(await Store.HistoryAsync(Holder.Value, Cancel));
        await Store.ChangeStatesAsync("SuspendSet", [(judged, new StateRecord(SetState.Suspended, now, now, "样例：歇业", "样例机关"))], SampleSets.Request());
        var changed = one with { Recorded = DeregistrationState.Cancelled, Revision = 2, Events = [.. one.Events, new DeregistrationEvent(DeregistrationAct.Confirm, now, "staff", "")] };

        var error = await Assert.ThrowsAsync<EidException>(async () => await Store.ChangeDeregistrationAsync(
            changed, new CancelledSet(judged, new StateRecord(SetState.Cancelled, now, now, "样例：注销", "样例机关")), SampleSets.Request()));

        Assert.Equal(ErrorReason.VersionConflict, error.Reason);
        Assert.Equal((DeregistrationState.Published, 1L), await FindAsync(number) is var still ? (still.Recorded, still.Revision) : default);
        Assert.Equal(SetState.Suspended, (await Store.FindAsync(RegisterKey.Of(Holder), TimeSpan.Zero, Cancel)).Entry!.State.State);
    }

    [Fact]
    public async Task What_time_has_ended_is_recorded_once_and_lists_find_what_is_due()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk());
        var one = await FindAsync(number);
        var all = new DeregistrationQuery(null, true, null, null, "", 10);
        Assert.Empty(await Store.ListDeregistrationsAsync(all with { EndedBefore = one.PeriodEnd.AddMilliseconds(-1) }, Cancel));
        Assert.Single(await Store.ListDeregistrationsAsync(all with { EndedBefore = one.PeriodEnd }, Cancel));
        Assert.Empty(await Store.ListDeregistrationsAsync(all with { CancelBefore = one.CancelUntil.AddDays(9) }, Cancel));
        Assert.Empty(await Store.ListDeregistrationsAsync(all with { After = number }, Cancel));
        Assert.Empty(await Store.ListDeregistrationsAsync(all with { Holder = CreditCode.Parse(SampleCompanies.CreditCode(7)) }, Cancel));
        Assert.False(await Desk().ExpireAsync(number, Cancel));
        time.SetUtcNow(one.ConfirmUntil);

        Assert.True(await Desk().ExpireAsync(number, Cancel));
        Assert.False(await Desk().ExpireAsync(number, Cancel));

        var lapsed = await FindAsync(number);
        Assert.Equal((DeregistrationState.Lapsed, "期满后逾期未申请注销", 2), (lapsed.Recorded, lapsed.Remark, lapsed.Events.Count));
        Assert.Empty(await Store.ListDeregistrationsAsync(all, Cancel));
        Assert.Single(await Store.ListDeregistrationsAsync(all with { OpenOnly = false, Holder = Holder }, Cancel));
    }

    [Fact]
    public async Task A_publication_in_working_days_counts_those()
    {
        await FoundAsync();
        var one = await FindAsync(await ApplyAsync(Desk(terms: new DeregistrationTerms { PublicationInWorkingDays = true })));
        Assert.Equal("2026-03-30", LastDay(one.PeriodEnd));
    }

    // 春节 of 2026 (15 to 23 February) lies at the end of the twenty days.
    [Fact]
    public async Task A_publication_that_ends_in_a_holiday_ends_after_it()
    {
        time.AdjustTime(new DateTimeOffset(2026, 1, 27, 23, 59, 0, TimeSpan.FromHours(8)));
        await FoundAsync();
        var one = await FindAsync(await ApplyAsync(Desk()));
        Assert.Equal(("2026-02-24", "2026-02-25"), (LastDay(one.PeriodEnd), LastDay(one.CancelUntil)));
    }

    // The clock of a second replica is behind: what was done first stays first.
    [Fact]
    public async Task Times_of_a_proceeding_never_go_back()
    {
        await FoundAsync();
        var number = await ApplyAsync(Desk());
        var applied = (await FindAsync(number)).AppliedTime;
        time.AdjustTime(applied.AddSeconds(-4));
        await Desk().ReturnAsync(By("staff"), number, "样例：漏填日期", Cancel);
        Assert.Equal(applied, (await FindAsync(number)).Events[1].Time);
    }

    private static Commitment Promise => new(new byte[32], "样例承诺书", 2);

    private static string LastDay(DateTimeOffset end) => end.ToOffset(TimeSpan.FromHours(8)).AddSeconds(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DeregistrationCaller By(string actor) =>
        new(actor, RequestId.Parse(SampleCompanies.NewRequestId()), _ => true, one => Encoding.UTF8.GetBytes($"{one.Number} {one.Revision}"));

    private static async Task<(IssueOutcome? Done, EidException? Error)> EndOf(Func<Task<IssueOutcome>> act)
    {
        try
        {
            return (await Task.Run(act), null);
        }
        catch (EidException error)
        {
            return (null, error);
        }
    }

    private DeregistrationDesk Desk(SqlStore? store = null, DeregistrationTerms? terms = null) =>
        new(store ?? Store, store ?? Store, feed, WorkCalendar.Announced, terms ?? new DeregistrationTerms(), "样例机关", new RegisterClock(time));

    private async Task FoundAsync()
    {
        var began = time.GetUtcNow().AddDays(-30);
        await Store.AddSetAsync(sets.Real, new StateRecord(SetState.Active, began, began, "", ""), SampleSets.Request());
    }

    private async Task<string> ApplyAsync(DeregistrationDesk desk, Commitment? commitment = null, bool itself = false) =>
        Encoding.UTF8.GetString((await desk.ApplyAsync(By("staff"), Holder, commitment ?? Promise, Absent, itself, Cancel)).Reply).Split(' ')[0];

    private async Task<SimpleDeregistration> FindAsync(string number) => (await Registers.Open().FindDeregistrationAsync(number, Cancel))!;

    /// <summary>Nobody follows; says for which places somebody would have been waited for.</summary>
    private sealed class RecordedFeed : IChangeFeed
    {
        public List<long> Settled { get; } = [];

        public ValueTask SettleAsync(long position)
        {
            lock (Settled)
            {
                Settled.Add(position);
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask<string?> JoinAsync(TimeSpan bound, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask ConfirmAsync(string member, long position, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask LeaveAsync(string member) => throw new NotSupportedException();

        public ValueTask WaitForChangeAsync(TimeSpan atMost, CancellationToken cancel) => throw new NotSupportedException();
    }
}
