using ShantingEId.Issuing;
using ShantingEId.Licenses;

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
          (SELECT license_id FROM issued_set WHERE credit_code = @holder AND state = 1),
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
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddSetAsync(SqlSession session, IssuedSet set, DateTimeOffset now, WriteRequest request)
    {
        var id = set.License.Id;
        var holder = set.License.Facts.CreditCode.Value;
        await using (var row = await session.QueryAsync(new Sql(Before, ("@holder", holder), ("@actor", request.Actor), ("@request", request.RequestId.Value))))
        {
            await row.ReadAsync();
            if (!row.IsDBNull(0))
            {
                return (null, new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)));
            }

            if (!row.IsDBNull(3))
            {
                throw StoreErrors.Exists(LicenseId.Parse(row.GetString(3)));
            }

            if (row.GetInt64(4) != id.Version - 1)
            {
                throw new EidException(ErrorReason.VersionConflict, "该企业的执照在此期间已有变化，请重试");
            }
        }

        var time = now.ToUnixTimeMilliseconds();
        var setId = (long)(await session.ScalarAsync(new Sql(
            """
            INSERT INTO issued_set (license_id, credit_code, version, issue_time, manifest, manifest_digest, license_code, typed_code,
              status_list, status_index, state, state_effective, state_recorded, state_reason, state_decided_by)
            VALUES (@id, @holder, @version, @time, @manifest, @digest, @code, @typed, @list, @index, 1, @time, @time, '', '') RETURNING id
            """,
            ("@id", id.ToString()), ("@holder", holder), ("@version", (long)id.Version), ("@time", time), ("@manifest", set.Manifest),
            ("@digest", set.ManifestDigest.Bytes.ToArray()), ("@code", set.LicenseCode), ("@typed", set.TypedCode.Value),
            ("@list", (long)set.Status.List), ("@index", (long)set.Status.Index))))!;
        await session.RunAllAsync(set.Seals.Seals.Select(seal => new Sql(
            "INSERT INTO seal (set_id, kind, seal_code, ses_seal, certificate, sealed_key) VALUES (@set, @kind, @code, @seal, @certificate, @key)",
            ("@set", setId), ("@kind", (long)seal.Kind), ("@code", seal.Code.Value), ("@seal", seal.Seal.Der.ToArray()),
            ("@certificate", seal.Certificate.Der.ToArray()), ("@key", seal.SealedKey))));
        return (new Deed(request, Entry("IssueSet", setId, new StateRecord(SetState.Active, now, now, "", ""), request)), null);
    }

    /// <summary>Ends a set that is active.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> ChangeStateAsync(SqlSession session, LicenseId id, StateRecord state, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        // Whoever comes second waits here for the first, and then finds no active set.
        var changed = await session.ScalarAsync(new Sql(
            """
            UPDATE issued_set SET state = @state, state_effective = @effective, state_recorded = @recorded, state_reason = @reason, state_decided_by = @by
            WHERE license_id = @id AND state = 1 RETURNING id
            """,
            ("@id", id.ToString()), ("@state", (long)state.State), ("@effective", state.EffectiveTime.ToUnixTimeMilliseconds()),
            ("@recorded", state.RecordedTime.ToUnixTimeMilliseconds()), ("@reason", state.Reason), ("@by", state.DecidedBy)));
        if (changed is long setId)
        {
            return (new Deed(request, Entry("RevokeSet", setId, state, request)), null);
        }

        // It may be this very request that ended it, committed while we waited.
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin)
        {
            return (null, twin);
        }

        throw await session.ScalarAsync(new Sql("SELECT id FROM issued_set WHERE license_id = @id", ("@id", id.ToString()))) is null
            ? StoreErrors.NotFound() : StoreErrors.AlreadyRevoked(id);
    }

    /// <summary>
    /// Gives the deeds their places in the feed and writes what goes with them: the last thing before COMMIT. The row of the
    /// head is held from here until then, by one writer of all, so that places rise in the order of commits.
    /// </summary>
    /// <returns>The last place of each deed.</returns>
    public static async Task<IReadOnlyList<long>> RecordAsync(SqlSession session, IReadOnlyList<Deed> deeds, Sql? notice)
    {
        var count = deeds.Sum(deed => (long)deed.Entries.Count);
        var place = (long)(await session.ScalarAsync(new Sql("UPDATE feed_head SET position = position + @count RETURNING position", ("@count", count))))! - count;
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

        await session.RunAllAsync(notice is { } sql ? statements.Append(sql) : statements);
        return last;
    }

    private static Sql Reply(WriteRequest request, long position) => new(
        "INSERT INTO reply (actor, request_id, content_digest, reply, position) VALUES (@actor, @request, @digest, @reply, @position)",
        ("@actor", request.Actor), ("@request", request.RequestId.Value), ("@digest", request.ContentDigest), ("@reply", request.Reply), ("@position", position));

    // A change of a set's state: for who follows the feed, and for who asks later what was done to it and by whom.
    private static Func<long, IEnumerable<Sql>> Entry(string deed, long setId, StateRecord state, WriteRequest request) => position =>
    [
        new Sql(
            """
            INSERT INTO feed (position, set_id, state, recorded_time, state_effective, state_reason, state_decided_by)
            VALUES (@position, @set, @state, @time, @effective, @reason, @by)
            """,
            ("@position", position), ("@set", setId), ("@state", (long)state.State), ("@time", state.RecordedTime.ToUnixTimeMilliseconds()),
            ("@effective", state.EffectiveTime.ToUnixTimeMilliseconds()), ("@reason", state.Reason), ("@by", state.DecidedBy)),
        new Sql("INSERT INTO act (actor, request_id, deed, set_id, recorded_time) VALUES (@actor, @request, @deed, @set, @time)",
            ("@actor", request.Actor), ("@request", request.RequestId.Value), ("@deed", deed), ("@set", setId), ("@time", state.RecordedTime.ToUnixTimeMilliseconds())),
    ];
}
