using System.Data.Common;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Server.Storage;

/// <summary>Everything that is read of the register, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class SqlReads
{
    private const string Entry =
        """
        SELECT license_id, manifest, manifest_digest, license_code, typed_code,
          state, state_effective, state_recorded, state_reason, state_decided_by,
          (SELECT position FROM feed_head) FROM issued_set
        """;

    private const string ByManifest = Entry + " WHERE manifest_digest = @key";
    private const string ByTypedCode = Entry + " WHERE typed_code = @key";
    private const string ByLicenseId = Entry + " WHERE license_id = @key";

    // In force first, else the newest.
    private const string ByHolder = Entry + " WHERE credit_code = @key ORDER BY (state = 1) DESC, version DESC LIMIT 1";

    public static async ValueTask<Reading> FindEntryAsync(SqlSession session, RegisterKey key, DateTimeOffset asOf, CancellationToken cancel)
    {
        var question = key.Kind switch
        {
            RegisterKeyKind.Manifest => new Sql(ByManifest, ("@key", Convert.FromHexString(key.Value))),
            RegisterKeyKind.TypedCode => new Sql(ByTypedCode, ("@key", key.Value)),
            RegisterKeyKind.License => new Sql(ByLicenseId, ("@key", key.Value)),
            _ => new Sql(ByHolder, ("@key", key.Value)),
        };
        await using var row = await session.QueryAsync(question, cancel);
        if (!await row.ReadAsync(cancel))
        {
            return new Reading(null, asOf, 0);
        }

        var entry = new RegisterEntry(
            LicenseId.Parse(row.GetString(0)), row.GetFieldValue<byte[]>(1), Digest(row.GetFieldValue<byte[]>(2)), row.GetString(3), Typed(row.GetString(4)), State(row, 5));
        return new Reading(entry, asOf, row.GetInt64(10));
    }

    public static async ValueTask<StoredReply?> FindReplyAsync(SqlSession session, string actor, string requestId, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(
            "SELECT content_digest, reply, position FROM reply WHERE actor = @actor AND request_id = @request", ("@actor", actor), ("@request", requestId)), cancel);
        return await row.ReadAsync(cancel) ? new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)) : null;
    }

    /// <summary>The statement for <see cref="ReadFeedAsync"/>: one statement is one snapshot, of the head, the changes and what else the store adds.</summary>
    /// <param name="membership">1 while the replica <c>@member</c> is a member.</param>
    /// <param name="clock">The store's own time in Unix milliseconds, or NULL.</param>
    public static string FeedStatement(string membership, string clock) =>
        $"""
        SELECT h.position, {membership}, {clock}, c.* FROM feed_head h LEFT JOIN (
          SELECT f.position AS place, s.license_id, s.credit_code, s.manifest_digest, s.typed_code,
            f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by
          FROM feed f JOIN issued_set s ON s.id = f.set_id WHERE f.position > @after ORDER BY f.position LIMIT @limit
        ) c ON 1 = 1 ORDER BY c.place
        """;

    public static async ValueTask<FeedPage> ReadFeedAsync(SqlSession session, string statement, string member, long after, int limit, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(statement, ("@member", member), ("@after", after), ("@limit", (long)limit)), cancel);
        var page = new FeedPage([], 0, false, null);
        var changes = new List<FeedChange>();
        while (await row.ReadAsync(cancel))
        {
            page = new FeedPage(changes, row.GetInt64(0), row.GetInt64(1) == 1, row.IsDBNull(2) ? null : Time(row.GetInt64(2)));
            if (!row.IsDBNull(3))
            {
                changes.Add(new FeedChange(row.GetInt64(3), LicenseId.Parse(row.GetString(4)), CreditCode.Parse(row.GetString(5)),
                    Digest(row.GetFieldValue<byte[]>(6)), Typed(row.GetString(7)), State(row, 8)));
            }
        }

        return page;
    }

    public static async ValueTask<IssuedSet?> LoadSetAsync(SqlSession session, LicenseId id, CancellationToken cancel)
    {
        long setId;
        byte[] manifestBytes;
        string code, typed;
        StatusReference status;
        await using (var row = await session.QueryAsync(new Sql(
            "SELECT id, manifest, license_code, typed_code, status_list, status_index FROM issued_set WHERE license_id = @key", ("@key", id.ToString())), cancel))
        {
            if (!await row.ReadAsync(cancel))
            {
                return null;
            }

            (setId, manifestBytes, code, typed) = (row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetString(2), row.GetString(3));
            status = new StatusReference(row.GetInt32(4), row.GetInt32(5));
        }

        var seals = new List<IssuedSeal>();
        await using (var row = await session.QueryAsync(new Sql("SELECT kind, seal_code, ses_seal, certificate FROM seal WHERE set_id = @set", ("@set", setId)), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                // Private keys stay behind: nobody who reads a set needs them.
                seals.Add(new IssuedSeal((SealKind)row.GetInt32(0), SealCode.Parse(row.GetString(1)), SesSeal.Parse(row.GetFieldValue<byte[]>(2)),
                    Sm2Certificate.Parse(row.GetFieldValue<byte[]>(3)), []));
            }
        }

        return Envelope.TryParse(manifestBytes, out var envelope) && Manifest.TryRead(envelope, out var manifest)
            ? new IssuedSet(manifest.License, SealSet.Create(seals), manifestBytes, code, Typed(typed), status)
            : throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");
    }

    private static StateRecord State(DbDataReader row, int at) =>
        new((SetState)row.GetInt32(at), Time(row.GetInt64(at + 1)), Time(row.GetInt64(at + 2)), row.GetString(at + 3), row.GetString(at + 4));

    private static ManifestDigest Digest(byte[] bytes) =>
        ManifestDigest.FromBytes(bytes) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单摘要无法读取");

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static TypedCode Typed(string text) =>
        TypedCode.TryParse(text, out var code) ? code : throw new EidException(ErrorReason.InternalFault, "登记簿中的校验短码无法读取");
}
