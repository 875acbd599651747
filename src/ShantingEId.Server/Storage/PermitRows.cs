using System.Data.Common;
using System.Globalization;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Server.Storage;

/// <summary>Permits of comprehensive licences in the register, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class PermitRows
{
    /// <summary>Everything recorded about the permits of a licence, whichever version it was said of.</summary>
    public static async ValueTask<IReadOnlyList<PermitEvent>> EventsAsync(SqlSession session, string serial, CancellationToken cancel)
    {
        var events = new List<PermitEvent>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT f.permit, f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by
            FROM issued_set s JOIN feed f ON f.set_id = s.id WHERE s.credit_code = @serial AND f.permit <> '' ORDER BY f.position
            """, ("@serial", serial)), cancel);
        while (await row.ReadAsync(cancel))
        {
            events.Add(Event(row, 0));
        }

        return events;
    }

    /// <summary>An event from a row: number, state, its times, reason and authority.</summary>
    public static PermitEvent Event(DbDataReader row, int at) => new(row.GetString(at), (PermitState)row.GetInt32(at + 1), Time(row.GetInt64(at + 2)),
        Time(row.GetInt64(at + 3)), row.GetString(at + 4), row.GetString(at + 5));

    /// <summary>Newest version of each comprehensive licence of a company.</summary>
    public static async ValueTask<IReadOnlyList<RegisterEntry>> FindLicensesAsync(SqlSession session, CreditCode holder, DateTimeOffset now, CancellationToken cancel)
    {
        var serials = new List<string>();
        await using (var row = await session.QueryAsync(new Sql(
            "SELECT DISTINCT credit_code FROM issued_set WHERE credit_code > @first AND credit_code <= @last ORDER BY credit_code",
            ("@first", holder.Value), ("@last", holder.Value + "999")), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                serials.Add(row.GetString(0));
            }
        }

        var entries = new List<RegisterEntry>();
        foreach (var serial in serials)
        {
            if ((await SqlReads.FindEntryAsync(session, new RegisterKey(RegisterKeyKind.Serial, serial), now, isNow: true, now, cancel)).Entry is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>What is due, of licences in force or paused.</summary>
    public static async ValueTask<IReadOnlyList<DuePermit>> ListDueAsync(SqlSession session, DuePermitQuery query, CancellationToken cancel)
    {
        // A check is done once it was found kept; nothing is due of a permit that has ended.
        var (day, done) = query.IsFollowUp ? ("check_day", "2, 5, 9") : ("expire_day", "2, 5");
        var due = new List<DuePermit>();
        await using var row = await session.QueryAsync(new Sql(
            $"""
            SELECT p.id, s.license_id, s.name, p.number, p.code, p.department, p.{day} FROM permit p JOIN issued_set s ON s.id = p.set_id
            WHERE p.{day} > 0 AND p.{day} <= @through AND p.id > @after AND s.state IN (1, 4) AND (@department = '' OR p.department = @department)
              AND NOT EXISTS (SELECT 1 FROM issued_set v JOIN feed f ON f.set_id = v.id WHERE v.credit_code = s.credit_code AND f.permit = p.number AND f.state IN ({done}))
            ORDER BY p.id LIMIT @limit
            """,
            ("@through", (long)Number(query.Through)), ("@after", query.After), ("@department", query.Department), ("@limit", (long)query.Limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            due.Add(new DuePermit(row.GetInt64(0), LicenseId.Parse(row.GetString(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
                DateOnly.ParseExact(row.GetInt64(6).ToString(CultureInfo.InvariantCulture), "yyyyMMdd", CultureInfo.InvariantCulture)));
        }

        return due;
    }

    /// <summary>The rows of a version's permits.</summary>
    public static IEnumerable<Sql> Insert(long setId, TradeFacts trade) => trade.Permits.Select(permit => new Sql(
        "INSERT INTO permit (set_id, number, code, department, expire_day, check_day) VALUES (@set, @number, @code, @department, @expire, @check)",
        ("@set", setId), ("@number", permit.Number), ("@code", permit.Code), ("@department", permit.Department),
        ("@expire", (long)Number(permit.ExpireDate)), ("@check", (long)Number(permit.CheckBy))));

    /// <summary>Records what was done to a permit.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ChangeAsync(
        SqlSession session, string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // Only if nothing was done to the licence or to one of its permits since it was judged. What others of the same transaction did is
        // not in the feed yet, so the number of events stands with the licence.
        var setId = await SqlWrites.ChangeStateAsync(session, judged, judged.State);
        if (setId is null || await session.RunAsync("UPDATE issued_set SET permit_events = permit_events + @new WHERE id = @set AND permit_events = @known",
            ("@new", (long)events.Count), ("@set", setId.Value), ("@known", (long)known)) == 0)
        {
            return (null, await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) ?? throw StoreErrors.Changed());
        }

        return (new Deed(request, [.. events.Select(one => SqlWrites.Entry(deed, setId.Value, State(one), request, one.Number))]), null);
    }

    /// <summary>A day as the rows have it.</summary>
    public static int Number(DateOnly? day) => day is { } date ? (date.Year * 10000) + (date.Month * 100) + date.Day : 0;

    // In the feed a permit's state stands where a set's would; the number says whose it is.
    private static StateRecord State(PermitEvent one) => new((SetState)one.State, one.EffectiveTime, one.RecordedTime, one.Reason, one.DecidedBy);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
