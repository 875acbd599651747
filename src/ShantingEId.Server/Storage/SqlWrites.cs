using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <summary>What goes with a write that the feed tells of: its places there, and its reply.</summary>
/// <param name="Request">Whose write it is; its reply belongs to the last of its places. Null when the request goes on, and has no reply yet.</param>
/// <param name="Entries">One for each place, in order: given the place, what is to be written.</param>
internal sealed record Deed(WriteRequest? Request, params IReadOnlyList<Func<long, IEnumerable<Sql>>> Entries);

/// <summary>Everything that is written to the register, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class SqlWrites
{
    // What two clerks may have done since the set was prepared; one row always.
    private const string Before =
        """
        SELECT r.content_digest, r.reply, r.position,
          (SELECT license_id FROM issued_set WHERE credit_code = @holder AND state IN (1, 4)),
          (SELECT coalesce(max(version), 0) FROM issued_set WHERE credit_code = @holder)
        FROM (SELECT 1 AS one) o LEFT JOIN reply r ON r.actor = @actor AND r.request_id = @request
        """;

    /// <summary>Sets numbers aside; returns the first.</summary>
    public static async Task<long> ReserveAsync(SqlSession session, string sequence, int count) =>
        (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO counter (name, next) VALUES (@name, 1 + @count)
            ON CONFLICT (name) DO UPDATE SET next = counter.next + @count RETURNING next - @count
            """, ("@name", sequence), ("@count", (long)count))))!;

    /// <summary>Adds a set and its seals.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddSetAsync(SqlSession session, IssuedSet set, StateRecord started, WriteRequest request)
    {
        var id = set.License.Id;
        await using (var row = await session.QueryAsync(new Sql(
            Before, ("@holder", set.License.Id.Serial), ("@actor", request.Actor), ("@request", request.RequestId.Value))))
        {
            await row.ReadAsync();
            if (!row.IsDBNull(0))
            {
                return (null, new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)));
            }

            if (!row.IsDBNull(3))
            {
                // The number of a comprehensive licence was free when it was chosen; by now it is taken, by this trade or another.
                throw id.IsTradeLicense ? StoreErrors.Changed() : StoreErrors.Exists(LicenseId.Parse(row.GetString(3)));
            }

            if (row.GetInt64(4) != id.Version - 1)
            {
                throw StoreErrors.Changed();
            }
        }

        var setId = await InsertAsync(session, set, SealKinds.All, started);
        return (new Deed(request, Entry("IssueSet", setId, started, request)), null);
    }

    /// <summary>Puts a set in the place of another.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ReplaceSetAsync(
        SqlSession session, IssuedSet set, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // The old one first: the company never has two open sets.
        if (await ChangeStateAsync(session, replaced, ended) is not { } oldId)
        {
            return (null, await TwinAsync(session, request) ?? throw StoreErrors.Changed());
        }

        var newId = await InsertAsync(session, set, fresh, started);
        if (set.License.Trade is not null)
        {
            await session.RunAsync("UPDATE issued_set SET permit_events = (SELECT permit_events FROM issued_set WHERE id = @old) WHERE id = @new", ("@old", oldId), ("@new", newId));
            return (new Deed(request, Entry("Supersede", oldId, ended, request), Entry("ChangeTradeLicense", newId, started, request)), null);
        }

        // Of the seals of this company that are still in use, those whose kind is made anew end here.
        await session.RunAsync(
            """
            UPDATE seal SET replaced_by = @new WHERE kind IN (@one, @two, @three, @four) AND replaced_by IS NULL AND set_id <> @new
              AND set_id IN (SELECT id FROM issued_set WHERE credit_code = @holder AND state <> 7)
            """,
            ("@new", newId), ("@one", Kind(SealKind.Official)), ("@two", Kind(SealKind.Finance)), ("@three", Kind(SealKind.Invoice)),
            ("@four", Kind(SealKind.LegalRepresentative)), ("@holder", set.License.Id.Serial));

        return (new Deed(request, Entry("Supersede", oldId, ended, request), Entry("ChangeRegistration", newId, started, request)), null);

        long Kind(SealKind kind) => fresh.Contains(kind) ? (long)kind : 0; // No seal is of kind 0.
    }

    /// <summary>Changes states together.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ChangeStatesAsync(
        SqlSession session, string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        var entries = new List<Func<long, IEnumerable<Sql>>>();
        foreach (var (judged, state) in changes)
        {
            if (await ChangeStateAsync(session, judged, state) is not { } setId)
            {
                return (null, await TwinAsync(session, request) ?? throw StoreErrors.Changed());
            }

            if (state.State == SetState.Withdrawn)
            {
                await session.RunAsync("UPDATE seal SET replaced_by = NULL WHERE replaced_by = @set", ("@set", setId));
            }

            entries.Add(Entry(deed, setId, state, request));
        }

        return (new Deed(request, entries), null);
    }

    /// <summary>Changes the state of a set, only if nothing was done since it was judged; whoever comes second waits here for the first.</summary>
    /// <returns>The set's row; null when something was done to it.</returns>
    public static async Task<long?> ChangeStateAsync(SqlSession session, StatedEntry judged, StateRecord state) =>
        (long?)await session.ScalarAsync(new Sql(
            """
            UPDATE issued_set SET state = @state, state_effective = @effective, state_recorded = @recorded
            WHERE license_id = @id AND state = @was AND state_effective = @since AND state_recorded = @told RETURNING id
            """,
            ("@id", judged.LicenseId.ToString()), ("@state", (long)state.State), ("@effective", state.EffectiveTime.ToUnixTimeMilliseconds()),
            ("@recorded", state.RecordedTime.ToUnixTimeMilliseconds()), ("@was", (long)judged.State.State),
            ("@since", judged.State.EffectiveTime.ToUnixTimeMilliseconds()), ("@told", judged.State.RecordedTime.ToUnixTimeMilliseconds())));

    // It may be this very request that changed it, committed while we waited.
    private static ValueTask<StoredReply?> TwinAsync(SqlSession session, WriteRequest request) =>
        SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None);

    private static async Task<long> InsertAsync(SqlSession session, IssuedSet set, IReadOnlyCollection<SealKind> fresh, StateRecord started)
    {
        var (start, recorded) = (started.EffectiveTime.ToUnixTimeMilliseconds(), started.RecordedTime.ToUnixTimeMilliseconds());
        var setId = (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO issued_set (license_id, credit_code, version, name, issue_time, start_time, start_recorded, manifest, manifest_digest, license_code, typed_code,
              status_list, status_index, state, state_effective, state_recorded)
            VALUES (@id, @holder, @version, @name, @issue, @start, @recorded, @manifest, @digest, @code, @typed, @list, @index, @state, @start, @recorded) RETURNING id
            """,
            ("@id", set.License.Id.ToString()), ("@holder", set.License.Id.Serial), ("@version", (long)set.License.Id.Version), ("@name", set.License.Facts.Name),
            ("@issue", set.License.IssueTime.ToUnixTimeMilliseconds()), ("@start", start), ("@recorded", recorded), ("@manifest", set.Manifest),
            ("@digest", set.ManifestDigest.Bytes.ToArray()), ("@code", set.LicenseCode), ("@typed", set.TypedCode.Value),
            ("@list", (long)set.Status.List), ("@index", (long)set.Status.Index), ("@state", (long)started.State))))!;
        await session.RunAllAsync(set.Seals.Seals.Where(seal => fresh.Contains(seal.Kind)).Select(seal => new Sql(
            "INSERT INTO seal (set_id, kind, seal_code, ses_seal, certificate, sealed_key) VALUES (@set, @kind, @code, @seal, @certificate, @key)",
            ("@set", setId), ("@kind", (long)seal.Kind), ("@code", seal.Code.Value), ("@seal", seal.Seal.Der.ToArray()),
            ("@certificate", seal.Certificate.Der.ToArray()), ("@key", seal.SealedKey))));
        if (set.License.Trade is { } trade)
        {
            await session.RunAllAsync(PermitRows.Insert(setId, trade));
        }

        return setId;
    }

    /// <summary>
    /// Gives the deeds their places in the feed and writes what goes with them: the last thing before COMMIT. The row of the
    /// head is held from here until then, by one writer of all, so that places rise in the order of commits.
    /// </summary>
    /// <param name="session">In its transaction.</param>
    /// <param name="deeds">What has a place in the feed; none where only the journal is written.</param>
    /// <param name="notice">Wakes who follows the feed; null when nobody needs to be woken.</param>
    /// <param name="journal">Puts what the transaction wrote into the journal, and returns its frame; null when there is none.</param>
    /// <returns>The last place of each deed.</returns>
    public static async Task<IReadOnlyList<long>> RecordAsync(SqlSession session, IReadOnlyList<Deed> deeds, Sql? notice, Func<JournalHead, long, JournalFrame?> journal)
    {
        var count = deeds.Sum(deed => (long)deed.Entries.Count);
        var tape = session.Tape;
        session.Tape = null;
        var head = await AdvanceAsync(session, count);
        var place = head.Feed;
        var statements = new List<Sql>();
        var last = new List<long>();
        foreach (var deed in deeds)
        {
            statements.AddRange(deed.Entries.SelectMany(entry => entry(++place)));
            if (deed.Request is { } request)
            {
                statements.Add(Reply(request, place));
            }

            last.Add(place);
        }

        foreach (var statement in statements)
        {
            tape?.Note(statement, null);
        }

        if (journal(head, place) is { } frame)
        {
            statements.Add(new Sql("UPDATE feed_head SET journal = @journal, journal_digest = @digest", ("@journal", frame.Position), ("@digest", frame.Digest)));
        }

        await session.RunAllAsync(notice is { } sql ? statements.Append(sql) : statements);
        return last;
    }

    // Where the register stood before.
    private static async Task<JournalHead> AdvanceAsync(SqlSession session, long count)
    {
        await using var row = await session.QueryAsync(new Sql(
            "UPDATE feed_head SET position = position + @count RETURNING journal, journal_digest, epoch, position - @count", ("@count", count)));
        return await row.ReadAsync() ? new JournalHead(row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2), row.GetInt64(3))
            : throw new EidException(ErrorReason.InternalFault, "登记簿缺少最新序号");
    }

    private static Sql Reply(WriteRequest request, long position) => new(
        "INSERT INTO reply (actor, request_id, content_digest, reply, position) VALUES (@actor, @request, @digest, @reply, @position)",
        ("@actor", request.Actor), ("@request", request.RequestId.Value), ("@digest", request.ContentDigest), ("@reply", request.Reply), ("@position", position));

    /// <summary>A change of a state, of a set or of one of its permits: for who follows the feed, and for who asks later what was done to it and by whom.</summary>
    public static Func<long, IEnumerable<Sql>> Entry(string deed, long setId, StateRecord state, WriteRequest request, string permit = "") => position =>
    [
        new Sql(
            """
            INSERT INTO feed (position, set_id, permit, state, recorded_time, state_effective, state_reason, state_decided_by, state_successor)
            VALUES (@position, @set, @permit, @state, @time, @effective, @reason, @by, @successor)
            """,
            ("@position", position), ("@set", setId), ("@permit", permit), ("@state", (long)state.State), ("@time", state.RecordedTime.ToUnixTimeMilliseconds()),
            ("@effective", state.EffectiveTime.ToUnixTimeMilliseconds()), ("@reason", state.Reason), ("@by", state.DecidedBy),
            ("@successor", state.Successor?.ToString() ?? "")),
        new Sql("INSERT INTO act (actor, request_id, deed, set_id, recorded_time) VALUES (@actor, @request, @deed, @set, @time)",
            ("@actor", request.Actor), ("@request", request.RequestId.Value), ("@deed", deed), ("@set", setId), ("@time", state.RecordedTime.ToUnixTimeMilliseconds())),
    ];
}
