using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Server.Storage;

/// <summary>Lends reading connections; as many exist as were ever needed at once.</summary>
internal sealed class SqliteReaders(Func<SqliteConnection> open) : IDisposable
{
    private readonly ConcurrentBag<SqliteReader> idle = [];

    public T Use<T>(Func<SqliteReader, T> read)
    {
        if (!idle.TryTake(out var reader))
        {
            reader = new SqliteReader(open());
        }

        try
        {
            return read(reader);
        }
        catch (EidException error) when (error.Reason.Kind() == ErrorKind.InvalidArgument)
        {
            // It was checked when it was written: that it cannot be read now is no fault of who asks.
            throw new EidException(ErrorReason.InternalFault, "登记簿中的数据无法读取", error);
        }
        finally
        {
            idle.Add(reader);
        }
    }

    public void Dispose()
    {
        foreach (var reader in idle)
        {
            reader.Dispose();
        }
    }
}

/// <summary>One reading connection with its statements prepared once.</summary>
internal sealed class SqliteReader(SqliteConnection connection) : IDisposable
{
    private const string Entry =
        """
        SELECT license_id, manifest, manifest_digest, license_code, typed_code,
          state, state_effective, state_recorded, state_reason, state_decided_by,
          (SELECT position FROM feed_head) FROM issued_set
        """;

    private const string ByManifest = Entry + " WHERE manifest_digest = $key";
    private const string ByTypedCode = Entry + " WHERE typed_code = $key";
    private const string ByLicenseId = Entry + " WHERE license_id = $key";

    // In force first, else the newest.
    private const string ByHolder = Entry + " WHERE credit_code = $key ORDER BY state = 1 DESC, version DESC LIMIT 1";

    private readonly Dictionary<string, SqliteCommand> prepared = [];

    public Reading FindEntry(RegisterKey key, DateTimeOffset asOf)
    {
        using var row = (key.Kind switch
        {
            RegisterKeyKind.Manifest => Prepared(ByManifest, Convert.FromHexString(key.Value)),
            RegisterKeyKind.TypedCode => Prepared(ByTypedCode, key.Value),
            RegisterKeyKind.License => Prepared(ByLicenseId, key.Value),
            _ => Prepared(ByHolder, key.Value),
        }).ExecuteReader();
        if (!row.Read())
        {
            return new Reading(null, asOf, 0);
        }

        var entry = new RegisterEntry(
            LicenseId.Parse(row.GetString(0)), row.GetFieldValue<byte[]>(1), Digest(row.GetFieldValue<byte[]>(2)), row.GetString(3),
            Typed(row.GetString(4)),
            new StateRecord((SetState)row.GetInt32(5), Time(row.GetInt64(6)), Time(row.GetInt64(7)), row.GetString(8), row.GetString(9)));
        return new Reading(entry, asOf, row.GetInt64(10));
    }

    public StoredReply? FindReply(string actor, string requestId)
    {
        var command = Prepared("SELECT content_digest, reply, position FROM reply WHERE actor = $actor AND request_id = $key", requestId);
        if (!command.Parameters.Contains("$actor"))
        {
            command.Parameters.Add("$actor", SqliteType.Text);
        }

        command.Parameters["$actor"].Value = actor;
        using var row = command.ExecuteReader();
        return row.Read() ? new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)) : null;
    }

    /// <summary>Head first: a change committed between the two readings is then in the list and beyond the head, never the reverse.</summary>
    public FeedPage ReadFeed(long after, int limit)
    {
        var head = (long)Prepared("SELECT position FROM feed_head WHERE id = $key", 1).ExecuteScalar()!;
        var command = Prepared(
            """
            SELECT f.position, s.license_id, s.credit_code, s.manifest_digest, s.typed_code,
              f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by
            FROM feed f JOIN issued_set s ON s.id = f.set_id WHERE f.position > $key ORDER BY f.position LIMIT
            """ + " " + limit.ToString(System.Globalization.CultureInfo.InvariantCulture), after);
        using var row = command.ExecuteReader();
        var changes = new List<FeedChange>();
        while (row.Read())
        {
            changes.Add(new FeedChange(row.GetInt64(0), LicenseId.Parse(row.GetString(1)), CreditCode.Parse(row.GetString(2)), Digest(row.GetFieldValue<byte[]>(3)),
                Typed(row.GetString(4)), new StateRecord((SetState)row.GetInt32(5), Time(row.GetInt64(6)), Time(row.GetInt64(7)), row.GetString(8), row.GetString(9))));
        }

        return new FeedPage(changes, Math.Max(head, changes.Count > 0 ? changes[^1].Position : 0), false, null);
    }

    public IssuedSet? LoadSet(LicenseId id)
    {
        long setId;
        byte[] manifestBytes;
        string code, typed;
        StatusReference status;
        using (var row = Prepared("SELECT id, manifest, license_code, typed_code, status_list, status_index FROM issued_set WHERE license_id = $key", id.ToString()).ExecuteReader())
        {
            if (!row.Read())
            {
                return null;
            }

            setId = row.GetInt64(0);
            manifestBytes = row.GetFieldValue<byte[]>(1);
            code = row.GetString(2);
            typed = row.GetString(3);
            status = new StatusReference(row.GetInt32(4), row.GetInt32(5));
        }

        var seals = new List<IssuedSeal>();
        using (var row = Prepared("SELECT kind, seal_code, ses_seal, certificate FROM seal WHERE set_id = $key", setId).ExecuteReader())
        {
            while (row.Read())
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

    public void Dispose()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private SqliteCommand Prepared(string sql, object key)
    {
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddWithValue("$key", key);
            prepared.Add(sql, command);
        }

        command.Parameters["$key"].Value = key;
        return command;
    }

    private static ManifestDigest Digest(byte[] bytes) =>
        ManifestDigest.FromBytes(bytes) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单摘要无法读取");

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static TypedCode Typed(string text) =>
        TypedCode.TryParse(text, out var code) ? code : throw new EidException(ErrorReason.InternalFault, "登记簿中的校验短码无法读取");
}
