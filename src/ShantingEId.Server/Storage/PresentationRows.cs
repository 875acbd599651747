using System.Data.Common;
using ShantingEId.Licenses;
using ShantingEId.Presenting;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Storage;

/// <summary>Device sessions and presentations, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class PresentationRows
{
    // What a new one takes away of what is old: more than it adds, so that the tables do not grow.
    private const long TakenAwayAtOnce = 20;

    private const string Session = "SELECT digest, credit_code, app, device, request_id, open_time, expire_time, end_time FROM holder_session";

    private const string Select =
        """
        SELECT p.id, p.token, p.session_id, p.credit_code, p.app, p.request_id, p.content_digest, p.scope, p.audience, p.purpose, p.code, p.assertion, p.certificate,
          p.issue_time, p.expire_time, p.presented_time, p.presented_by, p.presented_purpose, coalesce(h.end_time, 0)
        FROM presentation p LEFT JOIN holder_session h ON h.session_id = p.session_id
        """;

    public static async Task<HolderSession> AddSessionAsync(SqlSession session, HolderSession added)
    {
        await TakeAwayAsync(session, "holder_session", added.OpenTime);
        _ = await session.RunAsync(
            """
            INSERT INTO holder_session (session_id, digest, credit_code, app, request_id, device, open_time, expire_time, end_time)
            VALUES (@session, @digest, @holder, @app, @request, @device, @open, @expires, 0) ON CONFLICT (app, request_id) DO NOTHING
            """,
            ("@session", added.Id.Value), ("@digest", added.Digest), ("@holder", added.Holder.Value), ("@app", added.App), ("@request", added.RequestId), ("@device", added.Device),
            ("@open", added.OpenTime.ToUnixTimeMilliseconds()), ("@expires", added.ExpireTime.ToUnixTimeMilliseconds()));
        return await FindSessionAsync(session, added.Digest, CancellationToken.None) ?? throw new EidException(ErrorReason.InternalFault, "设备会话没有写入");
    }

    public static async ValueTask<HolderSession?> FindSessionAsync(SqlSession session, byte[] digest, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(Session + " WHERE digest = @digest", ("@digest", digest)), cancel);
        return await row.ReadAsync(cancel)
            ? new HolderSession(row.GetFieldValue<byte[]>(0), CreditCode.Parse(row.GetString(1)), row.GetString(2), row.GetString(3), row.GetString(4), Time(row.GetInt64(5)), Time(row.GetInt64(6)),
                row.GetInt64(7) == 0 ? null : Time(row.GetInt64(7)))
            : null;
    }

    public static async Task<HolderSession?> EndSessionAsync(SqlSession session, byte[] digest, DateTimeOffset time)
    {
        _ = await session.RunAsync("UPDATE holder_session SET end_time = @time WHERE digest = @digest AND end_time = 0", ("@time", time.ToUnixTimeMilliseconds()), ("@digest", digest));
        return await FindSessionAsync(session, digest, CancellationToken.None);
    }

    public static async Task<Presentation> AddAsync(SqlSession session, Presentation added)
    {
        await TakeAwayAsync(session, "presentation", added.Code.IssueTime);
        _ = await session.RunAsync(
            """
            INSERT INTO presentation (token, session_id, credit_code, app, request_id, content_digest, scope, audience, purpose, code, assertion, certificate, issue_time, expire_time,
              presented_time, presented_by, presented_purpose)
            SELECT @token, session_id, credit_code, app, @request, @content, @scope, @audience, @purpose, @code, @assertion, @certificate, @issue, @expires, 0, '', ''
            FROM holder_session WHERE session_id = @session AND credit_code = @holder AND app = @app AND end_time = 0 ON CONFLICT (app, request_id) DO NOTHING
            """,
            ("@token", added.Code.Id.Value), ("@session", added.Code.Session.Value), ("@holder", added.Code.Holder.Value), ("@app", added.App), ("@request", added.RequestId),
            ("@content", added.ContentDigest), ("@scope", (long)added.Code.Scope), ("@audience", added.Code.Audience), ("@purpose", added.Purpose), ("@code", added.Text),
            ("@assertion", added.Assertion?.Token ?? []), ("@certificate", added.Assertion?.Certificate ?? []),
            ("@issue", added.Code.IssueTime.ToUnixTimeMilliseconds()), ("@expires", added.Code.ExpireTime.ToUnixTimeMilliseconds()));
        var found = await RowsAsync(session, new Sql(Select + " WHERE p.app = @app AND p.request_id = @request", ("@app", added.App), ("@request", added.RequestId)), CancellationToken.None);
        return found is [var (_, one)] ? one : throw PresentErrors.NoProof();
    }

    public static async ValueTask<Presentation?> FindAsync(SqlSession session, PresentationId id, CancellationToken cancel) =>
        await RowsAsync(session, new Sql(Select + " WHERE p.token = @token", ("@token", id.Value)), cancel) is [var (_, one)] ? one : null;

    public static async ValueTask<IReadOnlyList<(long, Presentation)>> ListAsync(SqlSession session, CreditCode holder, long before, int limit, CancellationToken cancel) =>
        await RowsAsync(session, new Sql(Select + " WHERE p.credit_code = @holder AND p.id < @before ORDER BY p.id DESC LIMIT @limit",
            ("@holder", holder.Value), ("@before", before), ("@limit", (long)limit)), cancel);

    /// <summary>Takes the one use. Whoever comes second waits here for the first, in both databases, and then finds it taken.</summary>
    public static async Task<TakenUse> TakeUseAsync(SqlSession session, PresentationId id, Scan scan)
    {
        var taken = await session.RunAsync(
            """
            UPDATE presentation SET presented_time = @time, presented_by = @by, presented_purpose = @purpose
            WHERE token = @token AND presented_time = 0 AND expire_time > @time
              AND EXISTS (SELECT 1 FROM holder_session h WHERE h.session_id = presentation.session_id AND h.end_time = 0)
            """,
            ("@time", scan.Time.ToUnixTimeMilliseconds()), ("@by", scan.By), ("@purpose", scan.Purpose), ("@token", id.Value));
        return new TakenUse(taken == 1, await FindAsync(session, id, CancellationToken.None));
    }

    private static Task<int> TakeAwayAsync(SqlSession session, string table, DateTimeOffset now) => session.RunAsync(
        $"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expire_time < @old ORDER BY expire_time LIMIT @most)",
        ("@old", (now - IPresentationStore.Kept).ToUnixTimeMilliseconds()), ("@most", TakenAwayAtOnce));

    private static async ValueTask<List<(long Place, Presentation Presentation)>> RowsAsync(SqlSession session, Sql query, CancellationToken cancel)
    {
        var rows = new List<(long, Presentation)>();
        await using var row = await session.QueryAsync(query, cancel);
        while (await row.ReadAsync(cancel))
        {
            rows.Add((row.GetInt64(0), Row(row)));
        }

        return rows;
    }

    private static Presentation Row(DbDataReader row)
    {
        var code = new LiveCode(PresentationId.Parse(row.GetString(1)) ?? throw Unreadable(), CreditCode.Parse(row.GetString(3)),
            SessionId.FromBytes(Convert.FromHexString(row.GetString(2))) ?? throw Unreadable(), (LicenseFields)row.GetInt64(7), row.GetString(8), Time(row.GetInt64(13)), Time(row.GetInt64(14)));
        var (assertion, presented, ended) = (row.GetFieldValue<byte[]>(11), row.GetInt64(15), row.GetInt64(18));
        return new Presentation(code, row.GetString(10), row.GetString(4), row.GetString(5), row.GetFieldValue<byte[]>(6), row.GetString(9),
            assertion.Length == 0 ? null : new CarriedAssertion(assertion, row.GetFieldValue<byte[]>(12)), presented == 0 ? null : new Scan(Time(presented), row.GetString(16), row.GetString(17)))
        {
            ExpireTime = ended > 0 && ended < row.GetInt64(14) ? Time(ended) : code.ExpireTime,
        };
    }

    private static EidException Unreadable() => new(ErrorReason.InternalFault, "登记簿中的动态码记录无法读取");

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
