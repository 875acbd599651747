using System.Data.Common;
using ShantingEId.Cases;
using ShantingEId.Companies;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Server.Storage;

/// <summary>Companies as a whole, and the items they file, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class CompanyRows
{
    /// <summary>Every item a company filed, in order.</summary>
    public static async ValueTask<IReadOnlyList<FiledRecord>> ReadFiledAsync(SqlSession session, string holder, CancellationToken cancel)
    {
        var records = new List<FiledRecord>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT s.license_id, i.kind, i.text, i.effective_time, i.recorded_time, i.reason, i.decided_by, s.state, i.revision, i.position
            FROM filed_item i JOIN issued_set s ON s.id = i.set_id WHERE i.credit_code = @holder ORDER BY i.revision, i.kind
            """, ("@holder", holder)), cancel);
        while (await row.ReadAsync(cancel))
        {
            records.Add(new FiledRecord(LicenseId.Parse(row.GetString(0)), FiledItem.Recorded((FiledItemKind)row.GetInt32(1), row.GetString(2)), Time(row.GetInt64(3)), Time(row.GetInt64(4)),
                row.GetString(5), row.GetString(6), (SetState)row.GetInt32(7) == SetState.Withdrawn, row.GetInt64(8), row.GetInt64(9)));
        }

        return records;
    }

    /// <summary>Records items, alone or with a set that takes another's place.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> FileAsync(SqlSession session, Filing filing, StatedEntry judged, Replacement? with, WriteRequest request)
    {
        // 1. The licence: replaced, or left as it is. Either way its row is held from here, so whoever comes second waits for the first.
        var (deed, earlier) = with is null ? await HoldAsync(session, judged, request)
            : await SqlWrites.ReplaceSetAsync(session, with.Set, with.Fresh, with.Started, judged, with.Ended, request);
        if (deed is null)
        {
            return (null, earlier);
        }

        // 2. The items, if nothing was filed since it was judged what differs: also not by one who is committed together with this.
        if ((long)(await session.ScalarAsync(new Sql("SELECT coalesce(max(revision), 0) FROM filed_item WHERE credit_code = @holder", ("@holder", filing.Holder.Value))))! != filing.Judged)
        {
            return await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin ? (null, twin) : throw StoreErrors.Changed();
        }

        await session.RunAllAsync(filing.Changes.Select(change => new Sql(
            """
            INSERT INTO filed_item (credit_code, set_id, revision, kind, text, effective_time, recorded_time, reason, decided_by, actor, request_id, position)
            SELECT s.credit_code, s.id, @revision, @kind, @text, @effective, @recorded, @reason, @by, @actor, @request, 0 FROM issued_set s WHERE s.license_id = @license
            """,
            ("@revision", filing.Judged + 1), ("@kind", (long)change.Item.Kind), ("@text", change.Item.Text), ("@effective", filing.EffectiveTime.ToUnixTimeMilliseconds()),
            ("@recorded", filing.RecordedTime.ToUnixTimeMilliseconds()), ("@reason", filing.Reason), ("@by", filing.DecidedBy), ("@actor", request.Actor),
            ("@request", request.RequestId.Value), ("@license", filing.License.ToString()))));

        // 3. Their place: that of the new licence, or one of their own.
        return (deed with { Entries = with is null ? [Place] : [.. deed.Entries.SkipLast(1), place => [.. deed.Entries[^1](place), .. Place(place)]] }, null);

        IEnumerable<Sql> Place(long position) => [new Sql("UPDATE filed_item SET position = @position WHERE credit_code = @holder AND revision = @revision",
            ("@position", position), ("@holder", filing.Holder.Value), ("@revision", filing.Judged + 1))];
    }

    /// <summary>Everything of one company. The head of the feed is read first: what is committed while the rest is read is left out of all parts.</summary>
    public static async ValueTask<CompanyLife> ReadLifeAsync(SqlSession session, CreditCode holder, CancellationToken cancel)
    {
        var head = (long)(await session.ScalarAsync(new Sql("SELECT position FROM feed_head"), cancel))!;
        var known = (await SqlReads.HistoryAsync(session, holder.Value, cancel)).Where(one => one.Position <= head).ToArray();
        var names = known.Select(one => one.LicenseId).ToHashSet();
        var by = ("@holder", (object)holder.Value);
        var versions = await ListAsync(session, new Sql("SELECT manifest FROM issued_set WHERE credit_code = @holder ORDER BY version", by), row => ReadManifest(row).License, cancel);
        var seals = await ListAsync(session, new Sql(
            """
            SELECT c.seal_code, c.kind, m.license_id, r.license_id FROM seal c JOIN issued_set m ON m.id = c.set_id LEFT JOIN issued_set r ON r.id = c.replaced_by
            WHERE m.credit_code = @holder ORDER BY m.version, c.kind
            """, by), row => new SealLife(SealCode.Parse(row.GetString(0)), (SealKind)row.GetInt32(1), LicenseId.Parse(row.GetString(2)), row.IsDBNull(3) ? null : LicenseId.Parse(row.GetString(3))), cancel);
        var acts = await ListAsync(session, new Sql(
            """
            SELECT e.position, d.number, e.act, e.recorded_time, e.actor, e.remark FROM deregistration d JOIN deregistration_event e ON e.deregistration_id = d.id
            WHERE d.credit_code = @holder AND e.position <= @head ORDER BY e.position
            """, by, ("@head", head)), row => new PlacedAct(row.GetInt64(0), row.GetString(1), new DeregistrationEvent((DeregistrationAct)row.GetInt32(2), Time(row.GetInt64(3)), row.GetString(4), row.GetString(5))), cancel);
        var filed = (await ReadFiledAsync(session, holder.Value, cancel)).Where(one => one.Position <= head).ToArray();
        var steps = await CaseRows.ReadOfAsync(session, holder, head, cancel);
        return new CompanyLife([.. versions.Where(one => names.Contains(one.Id))], known,
            [.. seals.Where(one => names.Contains(one.MadeFor)).Select(one => one.ReplacedBy is { } by && !names.Contains(by) ? one with { ReplacedBy = null } : one)], filed, steps, acts);
    }

    private static async Task<(Deed? Deed, StoredReply? Earlier)> HoldAsync(SqlSession session, StatedEntry judged, WriteRequest request) =>
        await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier ? (null, earlier)
        : await SqlWrites.ChangeStateAsync(session, judged, judged.State) is not null ? (new Deed(request), null)
        : await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } twin ? (null, twin) : throw StoreErrors.Changed();

    private static async ValueTask<List<T>> ListAsync<T>(SqlSession session, Sql question, Func<DbDataReader, T> read, CancellationToken cancel)
    {
        var list = new List<T>();
        await using var row = await session.QueryAsync(question, cancel);
        while (await row.ReadAsync(cancel))
        {
            list.Add(read(row));
        }

        return list;
    }

    private static Manifest ReadManifest(DbDataReader row) =>
        Manifest.TryRead(row.GetFieldValue<byte[]>(0)) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
