using System.Data.Common;
using System.Globalization;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Stamping;

namespace ShantingEId.Server.Storage;

/// <summary>Grants of seals and their uses, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class SealUseRows
{
    private const string Grants =
        """
        SELECT number, credit_code, caller, kinds, uses, reference, until_time, granted_by, granted_time, withdrawn_time, withdrawn_by, withdraw_reason, use_count FROM seal_grant
        """;

    public static async ValueTask<SealGrant?> FindGrantAsync(SqlSession session, long number, CancellationToken cancel) =>
        await ReadGrantsAsync(session, new Sql(Grants + " WHERE number = @number", ("@number", number)), cancel) is [var grant] ? grant : null;

    public static ValueTask<IReadOnlyList<SealGrant>> ListGrantsAsync(SqlSession session, CreditCode holder, long before, int limit, CancellationToken cancel) =>
        ReadGrantsAsync(session, new Sql(Grants + " WHERE credit_code = @holder AND number < @before ORDER BY number DESC LIMIT @limit",
            ("@holder", holder.Value), ("@before", before), ("@limit", (long)limit)), cancel);

    public static ValueTask<IReadOnlyList<SealGrant>> FindGrantsAsync(SqlSession session, CreditCode holder, string caller, DateTimeOffset time, CancellationToken cancel) =>
        ReadGrantsAsync(session, new Sql(Grants + " WHERE credit_code = @holder AND caller = @caller AND withdrawn_time = 0 AND until_time > @time ORDER BY number",
            ("@holder", holder.Value), ("@caller", caller), ("@time", time.ToUnixTimeMilliseconds())), cancel);

    public static async ValueTask<byte[]?> LoadKeyAsync(SqlSession session, SealCode code, CancellationToken cancel) =>
        (byte[]?)await session.ScalarAsync(new Sql("SELECT sealed_key FROM seal WHERE seal_code = @code", ("@code", code.Value)), cancel);

    public static async ValueTask<IReadOnlyList<SealUse>> ListUsesAsync(SqlSession session, CreditCode holder, long before, int limit, CancellationToken cancel)
    {
        var uses = new List<SealUse>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT u.position, u.grant_number, s.license_id, u.seal_code, u.kind, u.purpose, u.caller, u.request_id, u.recorded_time, u.signed_time, u.title, u.digest, u.data_hash,
              u.property_info, u.pages, u.stamped_time
            FROM seal_use u JOIN issued_set s ON s.id = u.set_id WHERE u.credit_code = @holder AND u.position < @before ORDER BY u.position DESC LIMIT @limit
            """, ("@holder", holder.Value), ("@before", before), ("@limit", (long)limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            uses.Add(new SealUse(row.GetInt64(0), row.GetInt64(1), LicenseId.Parse(row.GetString(2)), SealCode.Parse(row.GetString(3)), (SealKind)row.GetInt32(4), row.GetString(5),
                row.GetString(6), row.GetString(7), Time(row.GetInt64(8)), Time(row.GetInt64(9)), row.GetString(10), row.GetFieldValue<byte[]>(11), row.GetFieldValue<byte[]>(12),
                row.GetString(13), row.GetString(14), row.GetInt64(15) is var stamped and > 0 ? Time(stamped) : null));
        }

        return uses;
    }

    /// <summary>Adds a grant.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddGrantAsync(SqlSession session, SealGrant grant, WriteRequest request) =>
        await EarlierAsync(session, request) is { } earlier ? (null, earlier) : (new Deed(request, position =>
        [
            new Sql(
                """
                INSERT INTO seal_grant (number, position, credit_code, caller, kinds, uses, reference, until_time, granted_by, grant_request, granted_time,
                  withdrawn_position, withdrawn_time, withdrawn_by, withdraw_request, withdraw_reason, use_count)
                VALUES (@number, @position, @holder, @caller, @kinds, @uses, @reference, @until, @by, @request, @time, 0, 0, '', '', '', 0)
                """,
                ("@number", grant.Number), ("@position", position), ("@holder", grant.Holder.Value), ("@caller", grant.Caller), ("@kinds", Join(grant.Kinds)),
                ("@uses", string.Join(',', grant.Uses)), ("@reference", grant.Reference), ("@until", grant.Until.ToUnixTimeMilliseconds()), ("@by", grant.GrantedBy),
                ("@request", request.RequestId.Value), ("@time", grant.GrantedTime.ToUnixTimeMilliseconds())),
        ]), null);

    /// <summary>Withdraws a grant; a stamp that holds it is waited for.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> WithdrawGrantAsync(SqlSession session, SealGrant grant, WriteRequest request)
    {
        if (await EarlierAsync(session, request) is { } earlier)
        {
            return (null, earlier);
        }

        var ended = await session.ScalarAsync(new Sql(
            """
            UPDATE seal_grant SET withdrawn_time = @time, withdrawn_by = @by, withdraw_request = @request, withdraw_reason = @reason
            WHERE number = @number AND withdrawn_time = 0 RETURNING number
            """,
            ("@time", grant.Withdrawal!.Time.ToUnixTimeMilliseconds()), ("@by", grant.Withdrawal.By), ("@request", request.RequestId.Value), ("@reason", grant.Withdrawal.Reason), ("@number", grant.Number)));
        return ended is null ? (null, await EarlierAsync(session, request) ?? throw new EidException(ErrorReason.VersionConflict, "这项用印授权在此期间已被撤回，未写入任何内容；请重新查看"))
            : (new Deed(request, position => [new Sql("UPDATE seal_grant SET withdrawn_position = @position WHERE number = @number", ("@position", position), ("@number", grant.Number))]), null);
    }

    /// <summary>Records a use, holding the set and then the grant; in this order everywhere.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddUseAsync(SqlSession session, SealUse use, StatedEntry judged, WriteRequest request)
    {
        if (await EarlierAsync(session, request) is { } earlier)
        {
            return (null, earlier);
        }

        // A state that is written as it was: whoever changes it waits for us, and whoever changed it before us is noticed.
        if (await SqlWrites.ChangeStateAsync(session, judged, judged.State) is not { } setId)
        {
            return (null, await EarlierAsync(session, request) ?? throw StoreErrors.Changed());
        }

        if (await session.ScalarAsync(new Sql(
            "UPDATE seal_grant SET use_count = use_count + 1 WHERE number = @number AND caller = @caller AND withdrawn_time = 0 AND until_time > @time RETURNING number",
            ("@number", use.Grant), ("@caller", use.Caller), ("@time", use.RecordedTime.ToUnixTimeMilliseconds()))) is null)
        {
            return (null, await EarlierAsync(session, request) ?? throw SealErrors.NotGranted());
        }

        return (new Deed(request, position =>
        [
            new Sql(
                """
                INSERT INTO seal_use (position, grant_number, set_id, credit_code, seal_code, kind, purpose, caller, request_id, recorded_time, signed_time, title, digest, data_hash,
                  property_info, pages, stamped_time)
                VALUES (@position, @grant, @set, @holder, @code, @kind, @purpose, @caller, @request, @time, @signed, @title, @digest, @hash, @property, @pages, @stamped)
                """,
                ("@position", position), ("@grant", use.Grant), ("@set", setId), ("@holder", use.License.Holder.Value), ("@code", use.Code.Value), ("@kind", (long)use.Kind), ("@purpose", use.Use),
                ("@caller", use.Caller), ("@request", use.RequestId), ("@time", use.RecordedTime.ToUnixTimeMilliseconds()), ("@signed", use.SignedTime.ToUnixTimeMilliseconds()), ("@title", use.Title),
                ("@digest", use.Digest), ("@hash", use.DataHash), ("@property", use.PropertyInfo), ("@pages", use.Pages), ("@stamped", use.StampedTime?.ToUnixTimeMilliseconds() ?? 0L)),
        ]), null);
    }

    private static ValueTask<StoredReply?> EarlierAsync(SqlSession session, WriteRequest request) =>
        SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None);

    private static async ValueTask<IReadOnlyList<SealGrant>> ReadGrantsAsync(SqlSession session, Sql question, CancellationToken cancel)
    {
        var grants = new List<SealGrant>();
        await using var row = await session.QueryAsync(question, cancel);
        while (await row.ReadAsync(cancel))
        {
            grants.Add(Grant(row));
        }

        return grants;
    }

    private static SealGrant Grant(DbDataReader row) => new(row.GetInt64(0), CreditCode.Parse(row.GetString(1)), row.GetString(2),
        [.. row.GetString(3).Split(',').Select(kind => (SealKind)int.Parse(kind, CultureInfo.InvariantCulture))], row.GetString(4).Split(','), row.GetString(5), Time(row.GetInt64(6)),
        row.GetString(7), Time(row.GetInt64(8)), row.GetInt64(9) is var time and > 0 ? new SealGrantWithdrawal(Time(time), row.GetString(10), row.GetString(11)) : null, row.GetInt64(12));

    private static string Join(IEnumerable<SealKind> kinds) => string.Join(',', kinds.Select(kind => ((int)kind).ToString(CultureInfo.InvariantCulture)));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
