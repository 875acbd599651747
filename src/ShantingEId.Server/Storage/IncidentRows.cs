using System.Data.Common;
using System.Text.Json;
using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>The incidents, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class IncidentRows
{
    /// <summary>Licences to a page of a list.</summary>
    internal const int PageSize = 500;

    private const string Columns =
        """
        SELECT number, act, query, reason, decided_by, set_count, digest, prepared_by, prepared_time, approved_by, approved_time, ended_time, state, revision, remark,
          next, done, skipped, failed, rate, worker, beat FROM incident
        """;

    // Parts that are not asked for are always true; both databases see the same statement.
    private const string List = Columns + " WHERE (@all = 1 OR state IN (@one, @two, @three)) AND (@before = '' OR number < @before) ORDER BY number DESC LIMIT @limit";

    private const string Page =
        "SELECT p.first, p.licences FROM incident_page p JOIN incident i ON i.id = p.incident_row WHERE i.number = @number AND p.first >= @low AND p.first < @high ORDER BY p.first";

    private static readonly string Scan = ScanStatement("''");
    private static readonly string ScanWithManifest = ScanStatement("manifest");

    public static async ValueTask<IReadOnlyList<FoundSet>> ScanAsync(
        SqlSession session, IncidentQuery query, IReadOnlyCollection<SetState> states, DateTimeOffset now, long after, int limit, CancellationToken cancel)
    {
        // A set whose newest state waits for its time is in force still.
        var wanted = states.Select(state => (long)state).Append(-1).Append(-1).ToArray();
        var found = new List<FoundSet>();
        await using var row = await session.QueryAsync(new Sql(query.NeedsManifest ? ScanWithManifest : Scan, ("@after", after), ("@one", wanted[0]), ("@two", wanted[1]),
            ("@now", now.ToUnixTimeMilliseconds()), ("@from", query.SignedFrom?.ToUnixTimeMilliseconds() ?? 0), ("@before", query.SignedBefore?.ToUnixTimeMilliseconds() ?? long.MaxValue),
            ("@division", query.Division), ("@limit", (long)limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new FoundSet(row.GetInt64(0), LicenseId.Parse(row.GetString(1)), row.GetString(2), (SetState)row.GetInt32(3), query.NeedsManifest ? row.GetFieldValue<byte[]>(4) : []));
        }

        return found;
    }

    public static async ValueTask<Incident?> FindAsync(SqlSession session, string number, CancellationToken cancel)
    {
        if (await ReadAsync(session, new Sql(Columns + " WHERE number = @number", ("@number", number)), cancel) is not [var incident])
        {
            return null;
        }

        var events = new List<IncidentEvent>();
        await using (var row = await session.QueryAsync(new Sql(
            "SELECT e.deed, e.recorded_time, e.actor, e.remark FROM incident_event e JOIN incident i ON i.id = e.incident_row WHERE i.number = @number ORDER BY e.revision", ("@number", number)), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                events.Add(new IncidentEvent((IncidentDeed)row.GetInt32(0), Time(row.GetInt64(1)), row.GetString(2), row.GetString(3)));
            }
        }

        var reasons = new List<ReasonCount>();
        await using (var row = await session.QueryAsync(new Sql(
            """
            SELECT u.outcome, u.reason, count(*) FROM incident_undone u JOIN incident i ON i.id = u.incident_row WHERE i.number = @number
            GROUP BY u.outcome, u.reason ORDER BY u.outcome, count(*) DESC, u.reason
            """, ("@number", number)), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                reasons.Add(new ReasonCount((SetOutcome)row.GetInt32(0), row.GetString(1), row.GetInt64(2)));
            }
        }

        return incident with { Events = events, Reasons = reasons };
    }

    public static async ValueTask<IReadOnlyList<Incident>> ListAsync(SqlSession session, IReadOnlyCollection<IncidentState> states, string before, int limit, CancellationToken cancel)
    {
        var wanted = states.Select(state => (long)state).Concat([-1, -1, -1]).ToArray();
        return await ReadAsync(session, new Sql(List, ("@all", states.Count == 0 ? 1L : 0L), ("@one", wanted[0]), ("@two", wanted[1]), ("@three", wanted[2]),
            ("@before", before), ("@limit", (long)limit)), cancel);
    }

    public static async ValueTask<IReadOnlyList<LicenseId>> SetsAsync(SqlSession session, string number, long from, int count, CancellationToken cancel)
    {
        var sets = new List<LicenseId>();
        await using var row = await session.QueryAsync(new Sql(Page, ("@number", number), ("@low", from - (from % PageSize)), ("@high", from + count)), cancel);
        while (await row.ReadAsync(cancel))
        {
            var first = row.GetInt64(0);
            sets.AddRange(row.GetString(1).Split('\n').Where((_, i) => first + i >= from && first + i < from + count).Select(LicenseId.Parse));
        }

        return sets;
    }

    public static async ValueTask<IReadOnlyList<UndoneSet>> UndoneAsync(SqlSession session, string number, long from, int limit, CancellationToken cancel)
    {
        var undone = new List<UndoneSet>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT u.ordinal, u.license_id, u.outcome, u.reason, u.message FROM incident_undone u JOIN incident i ON i.id = u.incident_row
            WHERE i.number = @number AND u.ordinal >= @from ORDER BY u.ordinal LIMIT @limit
            """, ("@number", number), ("@from", from), ("@limit", (long)limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            undone.Add(new UndoneSet(row.GetInt64(0), LicenseId.Parse(row.GetString(1)), (SetOutcome)row.GetInt32(2), row.GetString(3), row.GetString(4)));
        }

        return undone;
    }

    /// <summary>Adds an incident and its list.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddAsync(SqlSession session, Incident added, IReadOnlyList<LicenseId> licences, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        var row = (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO incident (number, act, query, reason, decided_by, set_count, digest, prepared_by, prepared_time, approved_by, approved_time, ended_time, state, revision, remark,
              next, done, skipped, failed, rate, worker, beat)
            VALUES (@number, @act, @query, @reason, @by, @count, @digest, @preparer, @prepared, @approver, @approved, @ended, @state, @revision, @remark, 0, 0, 0, 0, 0, '', 0) RETURNING id
            """,
            [("@number", added.Number), ("@act", (long)added.Act), ("@query", JsonSerializer.Serialize(added.Query)), ("@reason", added.Reason), ("@by", added.DecidedBy),
                ("@count", added.SetCount), ("@digest", added.Digest), ("@preparer", added.PreparedBy), ("@prepared", added.PreparedTime.ToUnixTimeMilliseconds()), .. Changing(added)])))!;
        await session.RunAllAsync(licences.Chunk(PageSize).Select((page, i) => new Sql(
            "INSERT INTO incident_page (incident_row, first, licences) VALUES (@incident, @first, @licences)",
            ("@incident", row), ("@first", (long)i * PageSize), ("@licences", string.Join('\n', page.Select(one => one.ToString()))))));
        return (await DeedAsync(session, row, added, request), null);
    }

    /// <summary>Replaces an incident that is still as it was read, but for its progress.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ChangeAsync(SqlSession session, Incident before, Incident changed, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // Whoever comes second waits here for the first, and then finds another revision; or that it was completed meanwhile.
        if (await session.ScalarAsync(new Sql(
            """
            UPDATE incident SET approved_by = @approver, approved_time = @approved, ended_time = @ended, state = @state, revision = @revision, remark = @remark
            WHERE number = @number AND revision = @seen AND state = @was RETURNING id
            """, [.. Changing(changed), ("@number", changed.Number), ("@seen", before.Revision), ("@was", (long)before.State)])) is not long row)
        {
            return await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin ? (null, twin) : throw IncidentErrors.Changed();
        }

        return (await DeedAsync(session, row, changed, request), null);
    }

    /// <summary>Takes it, if nobody gave a sign of life since it was read.</summary>
    public static async Task<bool> ClaimAsync(SqlSession session, Incident seen, string worker) => await session.RunAsync(
        "UPDATE incident SET worker = @worker, beat = beat + 1 WHERE number = @number AND state = 2 AND worker = @was AND beat = @beat",
        ("@worker", worker), ("@number", seen.Number), ("@was", seen.Worker), ("@beat", seen.Beat)) == 1;

    public static async Task<bool> BeatAsync(SqlSession session, string number, string worker) => await session.RunAsync(
        "UPDATE incident SET beat = beat + 1 WHERE number = @number AND worker = @worker", ("@number", number), ("@worker", worker)) == 1;

    public static Task<int> ReleaseAsync(SqlSession session, string worker) => session.RunAsync("UPDATE incident SET worker = '' WHERE worker = @worker", ("@worker", worker));

    /// <summary>Counts a stretch; also of an incident that was paused or stopped while it was being worked on, for it was done.</summary>
    public static async Task<IncidentState?> AdvanceAsync(SqlSession session, IncidentProgress progress)
    {
        var (skipped, failed) = (progress.Undone.Count(one => one.Outcome == SetOutcome.Skipped), progress.Undone.Count(one => one.Outcome == SetOutcome.Failed));
        long row;
        IncidentState state;
        await using (var changed = await session.QueryAsync(new Sql(
            """
            UPDATE incident SET next = @to, done = done + @done, skipped = skipped + @skipped, failed = failed + @failed, rate = @rate, beat = beat + 1,
              state = CASE WHEN @to = set_count AND state IN (2, 3) THEN 4 ELSE state END, ended_time = CASE WHEN @to = set_count AND state IN (2, 3) THEN @now ELSE ended_time END,
              worker = CASE WHEN @to = set_count OR state <> 2 THEN '' ELSE worker END
            WHERE number = @number AND worker = @worker AND next = @from AND state IN (2, 3, 5) RETURNING id, state
            """,
            ("@to", progress.To), ("@done", progress.To - progress.From - progress.Undone.Count), ("@skipped", (long)skipped), ("@failed", (long)failed),
            ("@rate", (long)(progress.Rate * 1000)), ("@now", progress.Time.ToUnixTimeMilliseconds()), ("@number", progress.Number), ("@worker", progress.Worker), ("@from", progress.From))))
        {
            if (!await changed.ReadAsync())
            {
                return null;
            }

            (row, state) = (changed.GetInt64(0), (IncidentState)changed.GetInt32(1));
        }

        await session.RunAllAsync(progress.Undone.Select(one => new Sql(
            "INSERT INTO incident_undone (incident_row, ordinal, license_id, outcome, reason, message) VALUES (@incident, @ordinal, @license, @outcome, @reason, @message)",
            ("@incident", row), ("@ordinal", one.Ordinal), ("@license", one.License.ToString()), ("@outcome", (long)one.Outcome), ("@reason", one.Reason), ("@message", one.Message))));
        return state;
    }

    // It takes no place in the feed: nothing that anybody follows has changed.
    private static async Task<Deed> DeedAsync(SqlSession session, long row, Incident incident, WriteRequest request)
    {
        var last = incident.Events[^1];
        await session.RunAsync(
            """
            INSERT INTO incident_event (incident_row, revision, deed, actor, request_id, recorded_time, remark)
            VALUES (@incident, @revision, @deed, @actor, @request, @time, @remark)
            """,
            ("@incident", row), ("@revision", incident.Revision), ("@deed", (long)last.Deed), ("@actor", request.Actor), ("@request", request.RequestId.Value),
            ("@time", last.Time.ToUnixTimeMilliseconds()), ("@remark", last.Remark));
        return new Deed(request);
    }

    private static (string, object)[] Changing(Incident one) =>
    [
        ("@approver", one.ApprovedBy), ("@approved", one.ApprovedTime?.ToUnixTimeMilliseconds() ?? 0), ("@ended", one.EndedTime?.ToUnixTimeMilliseconds() ?? 0),
        ("@state", (long)one.State), ("@revision", one.Revision), ("@remark", one.Remark),
    ];

    private static async Task<List<Incident>> ReadAsync(SqlSession session, Sql question, CancellationToken cancel)
    {
        var found = new List<Incident>();
        await using var row = await session.QueryAsync(question, cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(Row(row));
        }

        return found;
    }

    private static Incident Row(DbDataReader row)
    {
        try
        {
            return new Incident
            {
                Number = row.GetString(0), Act = (IncidentAct)row.GetInt32(1), Query = JsonSerializer.Deserialize<IncidentQuery>(row.GetString(2))!, Reason = row.GetString(3),
                DecidedBy = row.GetString(4), SetCount = row.GetInt64(5), Digest = row.GetFieldValue<byte[]>(6), PreparedBy = row.GetString(7), PreparedTime = Time(row.GetInt64(8)),
                ApprovedBy = row.GetString(9), ApprovedTime = TimeOrNull(row.GetInt64(10)), EndedTime = TimeOrNull(row.GetInt64(11)), State = (IncidentState)row.GetInt32(12),
                Revision = row.GetInt64(13), Remark = row.GetString(14), Next = row.GetInt64(15), Done = row.GetInt64(16), Skipped = row.GetInt64(17), Failed = row.GetInt64(18),
                Rate = row.GetInt64(19) / 1000.0, Worker = row.GetString(20), Beat = row.GetInt64(21),
            };
        }
        catch (JsonException error)
        {
            throw new EidException(ErrorReason.InternalFault, "登记簿中的批量处置无法读取", error);
        }
    }

    private static string ScanStatement(string manifest) =>
        $"""
        SELECT id, license_id, name, state, {manifest} FROM issued_set
        WHERE id > @after AND (state IN (@one, @two) OR state_effective > @now) AND start_recorded >= @from AND start_recorded < @before
          AND (@division = '' OR substr(credit_code, 3, length(@division)) = @division)
        ORDER BY id LIMIT @limit
        """;

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? TimeOrNull(long milliseconds) => milliseconds == 0 ? null : Time(milliseconds);
}
