using System.Data.Common;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>Simple deregistrations, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class DeregistrationRows
{
    private const string Columns =
        """
        d.number, d.credit_code, s.license_id, d.company_name, d.published, d.applicant, d.commitment_digest, d.commitment_reference, d.investors,
          d.confirms_itself, d.state, d.revision, d.applied_time, d.period_end, d.confirm_until, d.cancel_until, d.mend_until, d.remark, d.updated_time, d.id, d.position
        """;

    private const string From = " FROM deregistration d JOIN issued_set s ON s.id = d.set_id ";

    // Parts that are not asked for are always true; both databases see the same statement.
    private const string List =
        $"""
        SELECT {Columns}{From}WHERE (@holder = '' OR d.credit_code = @holder) AND (@open = 0 OR d.state IN (1, 3))
          AND (@ended = 0 OR d.period_end <= @ended) AND (@cancel = 0 OR (d.confirms_itself = 1 AND d.cancel_until <= @cancel)) AND d.number > @after
        ORDER BY d.number LIMIT @limit
        """;

    private const string Notices = $"SELECT {Columns}{From}WHERE d.position > @after ORDER BY d.position LIMIT @limit";

    public static async ValueTask<SimpleDeregistration?> FindAsync(SqlSession session, string number, CancellationToken cancel)
    {
        var found = await ReadAsync(session, new Sql($"SELECT {Columns}{From}WHERE d.number = @number", ("@number", number)), cancel);
        if (found is not [var (id, _, row)])
        {
            return null;
        }

        var events = new List<DeregistrationEvent>();
        await using var reader = await session.QueryAsync(new Sql(
            "SELECT act, recorded_time, actor, remark FROM deregistration_event WHERE deregistration_id = @id ORDER BY revision", ("@id", id)), cancel);
        while (await reader.ReadAsync(cancel))
        {
            events.Add(new DeregistrationEvent((DeregistrationAct)reader.GetInt32(0), Time(reader.GetInt64(1)), reader.GetString(2), reader.GetString(3)));
        }

        return row with { Events = events };
    }

    public static async ValueTask<IReadOnlyList<SimpleDeregistration>> ListAsync(SqlSession session, DeregistrationQuery query, CancellationToken cancel) =>
        [.. (await ReadAsync(session, new Sql(List, ("@holder", query.Holder?.Value ?? ""), ("@open", query.OpenOnly ? 1L : 0L),
            ("@ended", query.EndedBefore?.ToUnixTimeMilliseconds() ?? 0L), ("@cancel", query.CancelBefore?.ToUnixTimeMilliseconds() ?? 0L),
            ("@after", query.After), ("@limit", (long)query.Limit)), cancel)).Select(each => each.Row)];

    // The head is read first: what is committed between the two is told next time, and told twice at worst.
    public static async ValueTask<NoticePage> NoticesAsync(SqlSession session, long after, int limit, CancellationToken cancel)
    {
        var head = (long)(await session.ScalarAsync(new Sql("SELECT position FROM feed_head"), cancel))!;
        var rows = await ReadAsync(session, new Sql(Notices, ("@after", after), ("@limit", (long)limit)), cancel);
        return new NoticePage([.. rows.Select(each => (each.Position, each.Row))], head);
    }

    /// <summary>Adds a proceeding.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddAsync(SqlSession session, SimpleDeregistration added, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        if (await session.ScalarAsync(new Sql("SELECT number FROM deregistration WHERE credit_code = @holder AND state IN (1, 3)", ("@holder", added.Holder.Value))) is string open)
        {
            throw DeregistrationErrors.Open(open);
        }

        var id = (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO deregistration (number, credit_code, set_id, company_name, published, applicant, commitment_digest, commitment_reference, investors,
              confirms_itself, state, revision, applied_time, period_end, confirm_until, cancel_until, mend_until, remark, updated_time, position)
            SELECT @number, @holder, s.id, @name, @published, @applicant, @digest, @reference, @investors,
              @itself, @state, @revision, @applied, @end, @confirm, @cancel, @mend, @remark, @updated, 0 FROM issued_set s WHERE s.license_id = @license RETURNING id
            """,
            [("@number", added.Number), ("@holder", added.Holder.Value), ("@name", added.Name), ("@published", added.IsPublished ? 1L : 0L), ("@applicant", added.Applicant),
            ("@itself", added.ConfirmsItself ? 1L : 0L), ("@applied", Number(added.AppliedTime)), ("@end", Number(added.PeriodEnd)), ("@license", added.License.ToString()),
            .. Changing(added)])) ?? throw StoreErrors.NotFound());
        return (new Deed(request, Entry(id, added, request)), null);
    }

    /// <summary>Replaces a proceeding that is still at the revision the change rests on.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ChangeAsync(SqlSession session, SimpleDeregistration changed, CancelledSet? cancelled, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // Whoever comes second waits here for the first, and then finds another revision.
        if (await session.ScalarAsync(new Sql(
            """
            UPDATE deregistration SET commitment_digest = @digest, commitment_reference = @reference, investors = @investors, state = @state, revision = @revision,
              confirm_until = @confirm, cancel_until = @cancel, mend_until = @mend, remark = @remark, updated_time = @updated
            WHERE number = @number AND revision = @revision - 1 RETURNING id
            """,
            [("@number", changed.Number), .. Changing(changed)])) is not long id)
        {
            return await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin
                ? (null, twin) : throw new EidException(ErrorReason.VersionConflict, "这件简易注销在此期间已有变化，未写入任何内容；请重试");
        }

        await session.RunAllAsync(changed.Objections.Select(each => new Sql(
            """
            INSERT INTO objection (deregistration_id, number, caller, objector, ground, reason, raised_time, withdrawn_time)
            VALUES (@id, @number, @caller, @objector, @ground, @reason, @raised, @withdrawn)
            ON CONFLICT (deregistration_id, number) DO UPDATE SET withdrawn_time = @withdrawn
            """,
            ("@id", id), ("@number", (long)each.Number), ("@caller", each.Caller), ("@objector", each.Objector), ("@ground", (long)each.Ground), ("@reason", each.Reason),
            ("@raised", Number(each.RaisedTime)), ("@withdrawn", Number(each.WithdrawnTime)))));

        // Set and proceeding end at one place of the feed: nobody sees the one without the other.
        var entry = Entry(id, changed, request);
        if (cancelled is null)
        {
            return (new Deed(request, entry), null);
        }

        var end = await SqlWrites.ChangeStatesAsync(session, "CancelSet", [(cancelled.Judged, cancelled.State)], request);
        return end.Deed is { } deed ? (deed with { Entries = [.. deed.Entries.SkipLast(1), place => [.. deed.Entries[^1](place), .. entry(place)]] }, null) : end;
    }

    private static async Task<List<(long Id, long Position, SimpleDeregistration Row)>> ReadAsync(SqlSession session, Sql question, CancellationToken cancel)
    {
        var rows = new List<(long Id, long Position, SimpleDeregistration Row)>();
        await using (var row = await session.QueryAsync(question, cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                rows.Add((row.GetInt64(19), row.GetInt64(20), Row(row)));
            }
        }

        for (var i = 0; i < rows.Count; i++)
        {
            var objections = new List<Objection>();
            await using var row = await session.QueryAsync(new Sql(
                "SELECT number, caller, objector, ground, reason, raised_time, withdrawn_time FROM objection WHERE deregistration_id = @id ORDER BY number", ("@id", rows[i].Id)), cancel);
            while (await row.ReadAsync(cancel))
            {
                objections.Add(new Objection(row.GetInt32(0), row.GetString(1), row.GetString(2), (Impediment)row.GetInt32(3), row.GetString(4), Time(row.GetInt64(5)), TimeOrNull(row.GetInt64(6))));
            }

            rows[i] = (rows[i].Id, rows[i].Position, rows[i].Row with { Objections = objections });
        }

        return rows;
    }

    private static SimpleDeregistration Row(DbDataReader row)
    {
        var digest = row.GetFieldValue<byte[]>(6);
        return new SimpleDeregistration
        {
            Number = row.GetString(0), Holder = CreditCode.Parse(row.GetString(1)), License = LicenseId.Parse(row.GetString(2)), Name = row.GetString(3),
            IsPublished = row.GetInt64(4) == 1, Applicant = row.GetString(5),
            Commitment = digest.Length == 0 ? null : new Commitment(digest, row.GetString(7), row.GetInt32(8)), ConfirmsItself = row.GetInt64(9) == 1,
            Recorded = (DeregistrationState)row.GetInt32(10), Revision = row.GetInt64(11), AppliedTime = Time(row.GetInt64(12)), PeriodEnd = Time(row.GetInt64(13)),
            ConfirmUntil = Time(row.GetInt64(14)), CancelUntil = Time(row.GetInt64(15)), MendUntil = TimeOrNull(row.GetInt64(16)), Remark = row.GetString(17),
            UpdatedTime = Time(row.GetInt64(18)),
        };
    }

    private static (string, object)[] Changing(SimpleDeregistration one) =>
    [
        ("@digest", one.Commitment?.Digest ?? []), ("@reference", one.Commitment?.Reference ?? ""), ("@investors", (long)(one.Commitment?.Investors ?? 0)),
        ("@state", (long)one.Recorded), ("@revision", one.Revision), ("@confirm", Number(one.ConfirmUntil)), ("@cancel", Number(one.CancelUntil)),
        ("@mend", Number(one.MendUntil)), ("@remark", one.Remark), ("@updated", Number(one.UpdatedTime)),
    ];

    // The last event, at its place.
    private static Func<long, IEnumerable<Sql>> Entry(long id, SimpleDeregistration one, WriteRequest request) => position =>
    [
        new Sql(
            """
            INSERT INTO deregistration_event (position, deregistration_id, revision, act, actor, request_id, recorded_time, remark)
            VALUES (@position, @id, @revision, @act, @actor, @request, @time, @remark)
            """,
            ("@position", position), ("@id", id), ("@revision", one.Revision), ("@act", (long)one.Events[^1].Act), ("@actor", request.Actor),
            ("@request", request.RequestId.Value), ("@time", Number(one.Events[^1].Time)), ("@remark", one.Events[^1].Remark)),
        new Sql("UPDATE deregistration SET position = @position WHERE id = @id", ("@position", position), ("@id", id)),
    ];

    private static long Number(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? 0;

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? TimeOrNull(long milliseconds) => milliseconds == 0 ? null : Time(milliseconds);
}
