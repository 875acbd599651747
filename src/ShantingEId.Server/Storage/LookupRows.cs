using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The look-ups of all replicas, in the SQL that SQLite and PostgreSQL share. How far the list is complete is said by the open
/// ledger that is furthest behind. A ledger that its owner closed (<see cref="DateTimeOffset.MaxValue"/>) holds nothing back; nor does one
/// that fell behind the newest by <see cref="GivenUpAfter"/>: its machine is gone, and the list must not stand still for ever.
/// </summary>
internal static class LookupRows
{
    /// <summary>How long a silent ledger is waited for.</summary>
    public static readonly TimeSpan GivenUpAfter = TimeSpan.FromDays(7);

    private const int RowsAtOnce = 500;

    // Which ledgers the list waits for.
    private const string Counts = "through_time < @closed AND through_time >= (SELECT max(through_time) FROM ledger WHERE through_time < @closed) - @given";
    private static readonly long Closed = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static async Task<bool> TakeInAsync(SqlSession session, string ledger, long throughTick, DateTimeOffset throughTime, IReadOnlyList<LookupRow> rows)
    {
        // The row of the ledger is held from here, so that two who take in the same ledger come one after the other.
        var taken = (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO ledger (name, through_tick, through_time) VALUES (@name, 0, @time)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING through_tick
            """, ("@name", ledger), ("@time", throughTime.ToUnixTimeMilliseconds()))))!;
        foreach (var chunk in rows.Where(row => row.Tick > taken && row.Tick <= throughTick).Chunk(RowsAtOnce))
        {
            await session.RunAllAsync(chunk.Select(row => new Sql(
                """
                INSERT INTO lookup (ledger, tick, place, time, holder, caller, purpose, method, verdict, reason, reference)
                VALUES (@ledger, @tick, @place, @time, @holder, @caller, @purpose, @method, @verdict, @reason, @reference)
                """,
                ("@ledger", ledger), ("@tick", row.Tick), ("@place", (long)row.Index), ("@time", row.Time.ToUnixTimeMilliseconds()), ("@holder", row.Holder),
                ("@caller", row.Caller), ("@purpose", row.Purpose), ("@method", row.Method), ("@verdict", (long)row.Verdict), ("@reason", row.Reason),
                ("@reference", row.Reference))));
        }

        // A repetition of older ticks moves nothing back; the same tick again may say a later time, or that the ledger is closed.
        await session.RunAsync("UPDATE ledger SET through_tick = @tick, through_time = @time WHERE name = @name AND through_tick <= @tick",
            ("@name", ledger), ("@tick", throughTick), ("@time", throughTime.ToUnixTimeMilliseconds()));
        return true;
    }

    public static async ValueTask<LedgerMark> TakenInAsync(SqlSession session, string ledger, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(
            $"SELECT through_tick, CASE WHEN {Counts} THEN 1 ELSE 0 END FROM ledger WHERE name = @name",
            ("@name", ledger), ("@closed", Closed), ("@given", (long)GivenUpAfter.TotalMilliseconds)), cancel);
        return await row.ReadAsync(cancel) ? new LedgerMark(row.GetInt64(0), row.GetInt32(1) == 1) : default;
    }

    public static async ValueTask<(IReadOnlyList<ListedLookup>, DateTimeOffset?)> ListAsync(SqlSession session, string holder, long? before, int limit, CancellationToken cancel)
    {
        // How far it is complete is read first: what comes in between the two readings is then in the list and not promised, never the reverse.
        var complete = await session.ScalarAsync(new Sql(
            "SELECT min(through_time) FROM ledger WHERE " + Counts, ("@closed", Closed), ("@given", (long)GivenUpAfter.TotalMilliseconds)), cancel) as long?;
        var rows = new List<ListedLookup>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT id, ledger, tick, place, time, holder, caller, purpose, method, verdict, reason, reference FROM lookup
            WHERE holder = @holder AND id < @before ORDER BY id DESC LIMIT @limit
            """, ("@holder", holder), ("@before", before ?? long.MaxValue), ("@limit", (long)limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            rows.Add(new ListedLookup(row.GetInt64(0), new LookupRow(row.GetString(1), row.GetInt64(2), row.GetInt32(3),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)), row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8),
                row.GetInt32(9), row.GetString(10), row.GetString(11))));
        }

        return (rows, complete is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null);
    }
}
