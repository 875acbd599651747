using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Storage;

public sealed class SqliteLookupLogTests : LookupLogContract
{
    protected override ValueTask<Registers> CreateAsync() => new(new SqliteRegisters());
}

public sealed class PostgresLookupLogTests : LookupLogContract
{
    protected override async ValueTask<Registers> CreateAsync() => await PostgresRegisters.CreateAsync();
}

/// <summary>What <see cref="ILookupLog"/> promises, asked of both stores.</summary>
public abstract class LookupLogContract : RegisterContract
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 9, 4, 0, 0, TimeSpan.Zero);
    private readonly CreditCode company = CreditCode.Parse(SampleCompanies.CreditCode(SampleCompanies.Next()));

    [Fact]
    public async Task Ticks_are_taken_in_once_however_often_they_come()
    {
        await Store.TakeInAsync("one", 2, Noon, [Row(1, 0), Row(1, 1), Row(2, 0)]);
        await Store.TakeInAsync("one", 2, Noon, [Row(1, 0), Row(1, 1), Row(2, 0)]);
        await Registers.Open().TakeInAsync("one", 3, Noon, [Row(2, 0), Row(3, 0)]);
        await Store.TakeInAsync("one", 4, Noon, []);
        await Store.TakeInAsync("two", 1, Noon, [Row(1, 0) with { Ledger = "two" }]);
        // Older ticks move nothing back.
        await Store.TakeInAsync("one", 1, Noon.AddHours(-1), [Row(1, 0)]);

        Assert.Equal(
            (new LedgerMark(4, true), new LedgerMark(1, true), new LedgerMark(0, false)),
            (await Store.TakenInAsync("one", Cancel), await Store.TakenInAsync("two", Cancel), await Store.TakenInAsync("none", Cancel)));
        Assert.Equal(5, await Registers.NumberAsync("SELECT count(*) FROM lookup"));
        Assert.Equal(Noon, (await ListAsync()).CompleteUntil);
    }

    [Fact]
    public async Task One_ledger_taken_in_twice_at_once_stands_once()
    {
        var other = Registers.Open();
        var rows = Enumerable.Range(0, 1200).Select(i => Row((i / 100) + 1, i % 100)).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => (n % 2 == 0 ? Store : other).TakeInAsync("one", 12, Noon, rows).AsTask())));

        Assert.Equal(1200, await Registers.NumberAsync("SELECT count(*) FROM lookup"));

        // And again when the ledger is no stranger: its row is there already, and must be held all the same.
        var later = Enumerable.Range(0, 1200).Select(i => Row((i / 100) + 13, i % 100)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => (n % 2 == 0 ? Store : other).TakeInAsync("one", 24, Noon, later).AsTask())));

        Assert.Equal(2400, await Registers.NumberAsync("SELECT count(*) FROM lookup"));
    }

    [Fact]
    public async Task The_list_is_the_companys_own_newest_first_and_goes_on_where_it_ended()
    {
        var others = CreditCode.Parse(SampleCompanies.CreditCode(SampleCompanies.Next()));
        var rows = Enumerable.Range(0, 25).Select(i => Row(1, i) with { Holder = i % 5 == 4 ? others.Value : company.Value }).ToArray();
        await Store.TakeInAsync("one", 1, Noon, rows);

        var first = (await ListAsync(limit: 12)).Rows;
        var rest = (await ListAsync(first[^1].Id, limit: 12)).Rows;

        Assert.Equal(rows.Where(row => row.Holder == company.Value).Reverse(), first.Concat(rest).Select(listed => listed.Row));
        Assert.Equal((12, 8), (first.Count, rest.Count));
        Assert.Empty((await ListAsync(rest[^1].Id)).Rows);
    }

    [Fact]
    public async Task It_is_complete_as_far_as_the_slowest_open_ledger()
    {
        Assert.Null((await ListAsync()).CompleteUntil);
        await Store.TakeInAsync("quick", 9, Noon, []);
        await Store.TakeInAsync("slow", 5, Noon.AddMinutes(-3), []);
        Assert.Equal(Noon.AddMinutes(-3), (await ListAsync()).CompleteUntil);

        // Closed by its owner, it holds nothing back; opened again, it does.
        await Store.TakeInAsync("slow", 5, DateTimeOffset.MaxValue, []);
        Assert.Equal(Noon, (await ListAsync()).CompleteUntil);
        Assert.Equal(new LedgerMark(5, false), await Store.TakenInAsync("slow", Cancel));
        await Store.TakeInAsync("slow", 5, Noon.AddMinutes(-1), []);
        Assert.Equal(new LedgerMark(5, true), await Store.TakenInAsync("slow", Cancel));
        Assert.Equal(Noon.AddMinutes(-1), (await ListAsync()).CompleteUntil);
        await Store.TakeInAsync("slow", 5, DateTimeOffset.MaxValue, []);
        await Store.TakeInAsync("quick", 9, DateTimeOffset.MaxValue, []);
        Assert.Null((await ListAsync()).CompleteUntil);
    }

    [Fact]
    public async Task A_ledger_that_never_comes_back_is_given_up_after_a_week()
    {
        await Store.TakeInAsync("lost", 5, Noon, []);
        await Store.TakeInAsync("here", 5, Noon + LookupRows.GivenUpAfter, []);
        Assert.Equal(Noon, (await ListAsync()).CompleteUntil);

        await Store.TakeInAsync("here", 6, Noon + LookupRows.GivenUpAfter + TimeSpan.FromSeconds(1), []);

        Assert.Equal(Noon + LookupRows.GivenUpAfter + TimeSpan.FromSeconds(1), (await ListAsync()).CompleteUntil);
        Assert.False((await Store.TakenInAsync("lost", Cancel)).IsCounted);
    }

    private ValueTask<(IReadOnlyList<ListedLookup> Rows, DateTimeOffset? CompleteUntil)> ListAsync(long? before = null, int limit = 100) =>
        Store.ListLookupsAsync(company, before, limit, Cancel);

    private LookupRow Row(long tick, int index) =>
        new("one", tick, index, Noon.AddMilliseconds(index), company.Value, "tax-bureau", "TAX_REGISTRATION", "VerifyCode", 1, "", $"样例-{tick}-{index}");
}
