using System.Data.Common;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Storage;

/// <summary>What the status lists need of one set.</summary>
/// <param name="Row">Rising number of the set in this register.</param>
/// <param name="Place">Its place in the lists.</param>
/// <param name="Serial">Credit code of the company; with three digits more for a comprehensive licence.</param>
/// <param name="State">Its state now.</param>
/// <param name="LicenseId">证照标识.</param>
/// <param name="Next">What the state will be without anybody doing anything, and when; null when nothing waits.</param>
internal sealed record StatusRow(long Row, StatusReference Place, string Serial, SetState State, string LicenseId, (SetState State, DateTimeOffset Time)? Next);

/// <summary>What the status lists need of one seal, of a company that has had more than one licence.</summary>
/// <param name="Holder">Credit code of the company.</param>
/// <param name="Place">Place of the licence for which it was made.</param>
/// <param name="Version">Version of that licence.</param>
/// <param name="Start">When that licence took or takes force.</param>
/// <param name="HasBegun">Whether it has, and was not taken back before.</param>
/// <param name="Kind">章型; unspecified in the row of a licence for which none was made.</param>
/// <param name="IsReplaced">Whether another seal has its place by now.</param>
internal sealed record SealRow(string Holder, StatusReference Place, int Version, DateTimeOffset Start, bool HasBegun, SealKind Kind, bool IsReplaced);

/// <summary>The register as the status lists see it, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class StatusRows
{
    // The state at an instant as SqlReads has it for "now".
    private const string Columns =
        """
        SELECT s.id, s.status_list, s.status_index, s.credit_code, f.state, f.state_effective, s.state, s.state_effective, s.license_id
        FROM issued_set s LEFT JOIN feed f ON f.position =
          (SELECT max(g.position) FROM feed g WHERE g.set_id = s.id AND g.permit = '' AND (g.state_effective <= @at OR g.state_effective <= g.recorded_time))
        """;

    private const string All = Columns + " WHERE s.id > @after ORDER BY s.id LIMIT @limit";
    private const string Changed = Columns + " WHERE s.id IN (SELECT c.set_id FROM feed c WHERE c.position > @after AND c.position <= @head)";

    // Companies that have had one licence alone are left out: the state of that one says all.
    private const string Seals =
        """
        SELECT s.credit_code, s.status_list, s.status_index, s.version, s.start_time, coalesce(c.kind, 0),
          CASE WHEN s.state <> 7 AND (s.start_time <= @at OR s.start_time <= s.start_recorded) THEN 1 ELSE 0 END,
          CASE WHEN r.id IS NOT NULL AND (r.start_time <= @at OR r.start_time <= r.start_recorded) THEN 1 ELSE 0 END
        FROM issued_set s LEFT JOIN seal c ON c.set_id = s.id LEFT JOIN issued_set r ON r.id = c.replaced_by
        """;

    private const string AllSeals = Seals + " WHERE s.credit_code IN (SELECT o.credit_code FROM issued_set o WHERE o.state = 3) AND length(s.credit_code) = 18 ORDER BY s.credit_code";
    private const string HolderSeals = Seals + " WHERE s.credit_code = @holder";

    // By what each replaced licence's company goes now: its newest that has taken force.
    private const string Successions =
        """
        SELECT o.status_list, o.status_index, n.version, n.name FROM issued_set o JOIN issued_set n ON n.id =
          (SELECT c.id FROM issued_set c WHERE c.credit_code = o.credit_code AND c.state <> 7 AND (c.start_time <= @at OR c.start_time <= c.start_recorded)
            ORDER BY c.start_time DESC, c.version DESC LIMIT 1)
        WHERE o.state = 3 AND n.version > o.version ORDER BY o.status_list, o.status_index
        """;

    /// <summary>Newest place of the feed.</summary>
    public static async ValueTask<long> HeadAsync(SqlSession session, CancellationToken cancel) => (long)(await session.ScalarAsync(new Sql("SELECT position FROM feed_head"), cancel))!;

    /// <summary>A page of all sets.</summary>
    public static ValueTask<List<StatusRow>> PageAsync(SqlSession session, DateTimeOffset now, long after, int limit, CancellationToken cancel) =>
        ReadAsync(session, new Sql(All, ("@at", now.ToUnixTimeMilliseconds()), ("@after", after), ("@limit", (long)limit)), now, cancel);

    /// <summary>The sets that changes of a stretch of the feed were about.</summary>
    public static ValueTask<List<StatusRow>> ChangedAsync(SqlSession session, DateTimeOffset now, long after, long head, CancellationToken cancel) =>
        ReadAsync(session, new Sql(Changed, ("@at", now.ToUnixTimeMilliseconds()), ("@after", after), ("@head", head)), now, cancel);

    /// <summary>Seals of a company; or of all companies, each company's together.</summary>
    public static async ValueTask<List<SealRow>> SealsAsync(SqlSession session, DateTimeOffset now, string? holder, CancellationToken cancel)
    {
        var rows = new List<SealRow>();
        var at = ("@at", (object)now.ToUnixTimeMilliseconds());
        await using var row = await session.QueryAsync(holder is null ? new Sql(AllSeals, at) : new Sql(HolderSeals, at, ("@holder", holder)), cancel);
        while (await row.ReadAsync(cancel))
        {
            rows.Add(new SealRow(row.GetString(0), new StatusReference(row.GetInt32(1), row.GetInt32(2)), row.GetInt32(3), Time(row, 4), row.GetInt32(6) == 1, (SealKind)row.GetInt32(5), row.GetInt32(7) == 1));
        }

        return rows;
    }

    /// <summary>What took the place of replaced licences, in the order of places.</summary>
    public static async ValueTask<IReadOnlyList<PackedSuccession>> SuccessionsAsync(SqlSession session, DateTimeOffset now, CancellationToken cancel)
    {
        var found = new List<PackedSuccession>();
        await using var row = await session.QueryAsync(new Sql(Successions, ("@at", now.ToUnixTimeMilliseconds())), cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new PackedSuccession(new StatusReference(row.GetInt32(0), row.GetInt32(1)), row.GetInt32(2), row.GetString(3)));
        }

        return found;
    }

    private static async ValueTask<List<StatusRow>> ReadAsync(SqlSession session, Sql statement, DateTimeOffset now, CancellationToken cancel)
    {
        var rows = new List<StatusRow>();
        await using var row = await session.QueryAsync(statement, cancel);
        while (await row.ReadAsync(cancel))
        {
            // At most one change waits for its time, and it is the newest.
            var (state, since) = row.IsDBNull(4) ? (SetState.Scheduled, DateTimeOffset.MinValue) : ((SetState)row.GetInt32(4), Time(row, 5));
            var newest = Time(row, 7);
            (SetState, DateTimeOffset)? next = newest > now && newest > since ? ((SetState)row.GetInt32(6), newest) : null;
            rows.Add(new StatusRow(row.GetInt64(0), new StatusReference(row.GetInt32(1), row.GetInt32(2)), row.GetString(3), state, row.GetString(8), next));
        }

        return rows;
    }

    private static DateTimeOffset Time(DbDataReader row, int at) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(at));
}
