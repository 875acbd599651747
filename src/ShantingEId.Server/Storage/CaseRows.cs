using System.Data.Common;
using System.Text.Encodings.Web;
using System.Text.Json;
using ShantingEId.Calendar;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>The cases, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class CaseRows
{
    private const string Event =
        "e.position, e.kind, e.state, e.state_time, e.open_time, e.deadline, e.reason, e.evidence_text, e.evidence_reference, e.actor";

    private const string Case =
        $"""
        SELECT {Event}, c.case_id, c.progress_code, c.opened_by, c.open_request, c.content_digest, c.facts, c.facts_revision, c.open_time, c.license_id, c.findings
        FROM case_file c JOIN case_event e ON e.case_row = c.id
        """;

    private const string InOrder = " ORDER BY e.position";

    private static readonly string Steps = Page("1 = 1");
    private static readonly string Overdue = Page("e.newest = 1 AND e.state IN (2, 3, 8) AND e.deadline < @today");
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async ValueTask<CaseFile?> FindAsync(SqlSession session, CaseKey key, CancellationToken cancel)
    {
        var question = key.Kind switch
        {
            CaseKeyKind.Id => new Sql(Case + " WHERE c.case_id = @key" + InOrder, ("@key", key.Value)),
            CaseKeyKind.Progress => new Sql(Case + " WHERE c.progress_code = @key" + InOrder, ("@key", key.Value)),
            CaseKeyKind.Request => new Sql(Case + " WHERE c.opened_by = @actor AND c.open_request = @key" + InOrder, ("@actor", key.Actor), ("@key", key.Value)),
            _ => new Sql(Case + " WHERE c.id = (SELECT id FROM case_file WHERE credit_code = @key ORDER BY open_time DESC, id DESC LIMIT 1)" + InOrder, ("@key", key.Value)),
        };
        await using var row = await session.QueryAsync(question, cancel);
        var events = new List<StepEvent>();
        CaseFile? found = null;
        while (await row.ReadAsync(cancel))
        {
            events.Add(EventOf(row, 1));
            found ??= CaseOf(row);
        }

        return found is null ? null : found with { Events = events };
    }

    public static async Task<(Deed? Deed, StoredReply? Earlier)> WriteAsync(SqlSession session, CaseFile? before, CaseFile after, WriteRequest request, bool keepReply)
    {
        // 1. Has this request ended already?
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // 2. The case as it shall be, if it is still as it was read. Whoever comes second waits here for the first, and finds another version.
        var news = after.Events.Skip(before?.Events.Count ?? 0).ToArray();
        if (after.State == CaseState.Running && before?.State != CaseState.Running)
        {
            await RequireOnlyOneAsync(session, after);
        }

        var row = before is null ? await AddAsync(session, after) : news.Length == 0 ? 0 : await ChangeAsync(session, before, after);
        if (row is not { } known)
        {
            // It may be this very request that changed it, committed while we waited.
            return await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin ? (null, twin) : throw CaseErrors.Overtaken();
        }

        // 3. What was the newest event of a changed step is so no more.
        await session.RunAllAsync(news.Select(each => each.Step.Kind).Distinct().Select(kind => new Sql(
            "UPDATE case_event SET newest = 0 WHERE case_row = @case AND kind = @kind AND newest = 1", ("@case", known), ("@kind", (long)kind))));

        // 4. The events, each in its place; and the reply where the request ends here.
        return (new Deed(keepReply ? request : null, [.. news.Select((each, i) => Entry(known, each, !news.Skip(i + 1).Any(later => later.Step.Kind == each.Step.Kind), request))]), null);
    }

    public static ValueTask<StepPage> ReadStepsAsync(SqlSession session, long after, int limit, CancellationToken cancel) =>
        PageAsync(session, new Sql(Steps, ("@after", after), ("@limit", (long)limit)), cancel);

    public static ValueTask<StepPage> ReadOverdueAsync(SqlSession session, DateOnly today, long after, int limit, CancellationToken cancel) =>
        PageAsync(session, new Sql(Overdue, ("@today", (long)today.DayNumber), ("@after", after), ("@limit", (long)limit)), cancel);

    // A twin of this request goes on from the case it finds; another request for the company is told of it.
    private static async Task RequireOnlyOneAsync(SqlSession session, CaseFile subject)
    {
        await using var row = await session.QueryAsync(new Sql(
            "SELECT case_id, opened_by, open_request FROM case_file WHERE credit_code = @holder AND state = 1", ("@holder", subject.Facts.CreditCode.Value)));
        if (await row.ReadAsync())
        {
            throw row.GetString(1) == subject.OpenedBy && row.GetString(2) == subject.OpenRequest.Value ? CaseErrors.Overtaken() : CaseErrors.Exists(IdOf(row.GetString(0)));
        }
    }

    // Null where the request opened a case before, which may have ended.
    private static async Task<long?> AddAsync(SqlSession session, CaseFile added) =>
        await session.ScalarAsync(new Sql(
            """
            INSERT INTO case_file (case_id, progress_code, credit_code, opened_by, open_request, content_digest, open_time,
              facts, facts_revision, findings, license_id, state, version)
            VALUES (@id, @progress, @holder, @actor, @request, @digest, @time, @facts, @revision, @findings, @license, @state, @version)
            ON CONFLICT (opened_by, open_request) DO NOTHING RETURNING id
            """,
            [("@id", added.Id.Value), ("@progress", added.Progress.Value), ("@holder", added.Facts.CreditCode.Value), ("@actor", added.OpenedBy),
                ("@request", added.OpenRequest.Value), ("@digest", added.ContentDigest), ("@time", added.OpenTime.ToUnixTimeMilliseconds()), .. Changing(added)])) as long?;

    private static async Task<long?> ChangeAsync(SqlSession session, CaseFile before, CaseFile after) =>
        await session.ScalarAsync(new Sql(
            """
            UPDATE case_file SET facts = @facts, facts_revision = @revision, findings = @findings, license_id = @license, state = @state, version = @version
            WHERE case_id = @id AND version = @seen RETURNING id
            """, [.. Changing(after), ("@id", after.Id.Value), ("@seen", (long)before.Events.Count)])) as long?;

    private static IEnumerable<(string, object)> Changing(CaseFile subject) =>
    [
        ("@facts", JsonSerializer.Serialize(subject.Facts.ToInput(), Json)), ("@revision", (long)subject.FactsRevision), ("@findings", JsonSerializer.Serialize(subject.Findings, Json)),
        ("@license", subject.License?.ToString() ?? ""), ("@state", (long)subject.State), ("@version", (long)subject.Events.Count),
    ];

    private static Func<long, IEnumerable<Sql>> Entry(long row, StepEvent happened, bool newest, WriteRequest request) => position =>
    [
        new Sql(
            """
            INSERT INTO case_event (position, case_row, kind, state, state_time, open_time, deadline, reason, evidence_text, evidence_reference, actor, asked_by, request_id, newest)
            VALUES (@position, @case, @kind, @state, @time, @open, @deadline, @reason, @text, @reference, @actor, @by, @request, @newest)
            """,
            ("@position", position), ("@case", row), ("@kind", (long)happened.Step.Kind), ("@state", (long)happened.Step.State),
            ("@time", happened.Step.StateTime.ToUnixTimeMilliseconds()), ("@open", happened.Step.OpenTime?.ToUnixTimeMilliseconds() ?? 0),
            ("@deadline", (long)(happened.Step.Deadline?.DayNumber ?? 0)), ("@reason", happened.Step.Reason), ("@text", happened.Step.Evidence?.Text ?? ""),
            ("@reference", happened.Step.Evidence?.Reference ?? ""), ("@actor", happened.Actor), ("@by", request.Actor), ("@request", request.RequestId.Value), ("@newest", newest ? 1L : 0L)),
    ];

    // One statement is one snapshot, of the head and the events; the head is there also when nothing else is.
    private static string Page(string wanted) =>
        $"""
        SELECT h.position, c.* FROM feed_head h LEFT JOIN (
          SELECT {Event}, f.case_id, f.credit_code FROM case_event e JOIN case_file f ON f.id = e.case_row
          WHERE {wanted} AND e.position > @after ORDER BY e.position LIMIT @limit
        ) c ON 1 = 1 ORDER BY c.position
        """;

    private static async ValueTask<StepPage> PageAsync(SqlSession session, Sql question, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(question, cancel);
        var changes = new List<PlacedEvent>();
        long head = 0;
        while (await row.ReadAsync(cancel))
        {
            head = row.GetInt64(0);
            if (!row.IsDBNull(1))
            {
                var happened = EventOf(row, 2);
                changes.Add(new PlacedEvent(row.GetInt64(1), new StepName(IdOf(row.GetString(11)), happened.Step.Kind), CreditCode.Parse(row.GetString(12)), happened));
            }
        }

        return new StepPage(changes, head);
    }

    /// <summary>What happened in a company's cases up to a place of the feed.</summary>
    public static async ValueTask<IReadOnlyList<PlacedEvent>> ReadOfAsync(SqlSession session, CreditCode holder, long through, CancellationToken cancel)
    {
        var events = new List<PlacedEvent>();
        await using var row = await session.QueryAsync(new Sql(
            $"SELECT {Event}, f.case_id FROM case_event e JOIN case_file f ON f.id = e.case_row WHERE f.credit_code = @holder AND e.position <= @through{InOrder}",
            ("@holder", holder.Value), ("@through", through)), cancel);
        while (await row.ReadAsync(cancel))
        {
            var happened = EventOf(row, 1);
            events.Add(new PlacedEvent(row.GetInt64(0), new StepName(IdOf(row.GetString(10)), happened.Step.Kind), holder, happened));
        }

        return events;
    }

    private static StepEvent EventOf(DbDataReader row, int at)
    {
        var (open, deadline, text, reference) = (row.GetInt64(at + 3), row.GetInt64(at + 4), row.GetString(at + 6), row.GetString(at + 7));
        return new StepEvent(
            new CaseStep((StepKind)row.GetInt32(at), (StepState)row.GetInt32(at + 1), Time(row.GetInt64(at + 2)), open == 0 ? null : Time(open),
                deadline == 0 ? null : DateOnly.FromDayNumber((int)deadline), row.GetString(at + 5), text.Length + reference.Length == 0 ? null : new Evidence(text, reference)),
            row.GetString(at + 8));
    }

    private static CaseFile CaseOf(DbDataReader row)
    {
        var openTime = Time(row.GetInt64(17));
        try
        {
            return new CaseFile
            {
                Id = IdOf(row.GetString(10)), Progress = ProgressCode.TryParse(row.GetString(11), out var code) ? code : throw Unreadable(), OpenedBy = row.GetString(12),
                OpenRequest = RequestId.Parse(row.GetString(13)), ContentDigest = row.GetFieldValue<byte[]>(14), FactsRevision = row.GetInt32(16), OpenTime = openTime,
                // Mended facts are younger than the case; what was right on its day was checked then.
                Facts = EnterpriseFacts.Parse(JsonSerializer.Deserialize<EnterpriseInput>(row.GetString(15), Json)!, DateOnly.MaxValue),
                License = row.GetString(18) is { Length: > 0 } license ? LicenseId.Parse(license) : null,
                Findings = JsonSerializer.Deserialize<Finding[]>(row.GetString(19), Json)!, Events = [],
            };
        }
        catch (JsonException)
        {
            throw Unreadable();
        }
    }

    private static CaseId IdOf(string text) => CaseId.TryParse(text, out var id) ? id : throw Unreadable();

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static EidException Unreadable() => new(ErrorReason.InternalFault, "登记簿中的办件无法读取");
}
