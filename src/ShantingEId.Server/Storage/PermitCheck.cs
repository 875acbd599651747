using Google.Protobuf;
using ShantingEId.Calendar;
using ShantingEId.Trades;

namespace ShantingEId.Server.Storage;

/// <summary>What must hold of permits in a register.</summary>
internal static class PermitCheck
{
    /// <summary>What was done to permits, with the answer that was given: its last place in the feed, and the one before that.</summary>
    public const string Changes =
        """
        SELECT a.id, s.license_id, r.reply, f.permit, f.state, f.state_effective, f.recorded_time, b.permit, b.state, b.state_effective FROM act a
        JOIN issued_set s ON s.id = a.set_id JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id
        JOIN feed f ON f.position = r.position AND f.set_id = a.set_id LEFT JOIN feed b ON b.position = r.position - 1 AND b.set_id = a.set_id
        WHERE a.id > @after AND a.deed LIKE '%Permit' ORDER BY a.id LIMIT @limit
        """;

    /// <summary>The permits of a version as rows.</summary>
    public const string Borne = "SELECT number, code, department, expire_day, check_day FROM permit WHERE set_id = @set";

    // A credit code; behind it stands the number of the comprehensive licence.
    private const int HolderLength = 18;

    /// <summary>Problems and the queries that find what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("许可的变更不属于所在的综合许可证",
            """
            SELECT s.license_id FROM feed f JOIN issued_set s ON s.id = f.set_id LEFT JOIN permit p ON p.set_id = f.set_id AND p.number = f.permit
            WHERE f.permit <> '' AND p.id IS NULL
            """),
        ("许可的状态无法识别或登记时间倒退",
            """
            SELECT s.license_id FROM (SELECT set_id, state, recorded_time, state_effective, lag(recorded_time) OVER (PARTITION BY set_id ORDER BY position) AS told
              FROM feed WHERE permit <> '') f JOIN issued_set s ON s.id = f.set_id
            WHERE f.state NOT IN (1, 2, 4, 5, 9) OR f.recorded_time < f.told OR f.state_effective < f.recorded_time
            """),
        ("许可终止后又有变更",
            """
            SELECT min(s.license_id) FROM feed f JOIN issued_set s ON s.id = f.set_id JOIN issued_set v ON v.credit_code = s.credit_code
            JOIN feed g ON g.set_id = v.id AND g.permit = f.permit AND g.position > f.position WHERE f.permit <> '' AND f.state IN (2, 5) GROUP BY f.position
            """),
        ("许可变更的数目与变更流不符",
            """
            SELECT s.license_id FROM issued_set s WHERE s.state IN (1, 4) AND length(s.credit_code) = 21
              AND s.permit_events <> (SELECT count(*) FROM feed f JOIN issued_set v ON v.id = f.set_id WHERE v.credit_code = s.credit_code AND f.permit <> '')
            """),
        ("许可记在没有综合许可证的行上", "SELECT s.license_id FROM permit p JOIN issued_set s ON s.id = p.set_id WHERE length(s.credit_code) <> 21"),
    ];

    /// <summary>Whether this is the serial of a comprehensive licence; the rules see to permits of others.</summary>
    public static bool BearsPermits(string serial) => serial.Length > HolderLength;

    /// <summary>The rows are what the signed licence bears.</summary>
    /// <param name="trade">What it bears; null where it is no comprehensive licence.</param>
    /// <param name="rows">Rows of <see cref="Borne"/>.</param>
    /// <returns>"" when they are.</returns>
    public static string Problem(TradeFacts? trade, IEnumerable<object[]> rows) =>
        (trade?.Permits ?? []).Select(permit => (permit.Number, permit.Code, permit.Department, (long)PermitRows.Number(permit.ExpireDate), (long)PermitRows.Number(permit.CheckBy))).Order()
            .SequenceEqual(rows.Select(row => ((string)row[0], (string)row[1], (string)row[2], (long)row[3], (long)row[4])).Order()) ? "" : "许可登记行与清单不符";

    /// <summary>What was recorded of a permit is what was answered: no signature bears its state, so the answer is what is left to hold it against.</summary>
    /// <param name="row">A row of <see cref="Changes"/>.</param>
    /// <returns>"" when it is.</returns>
    public static string Problem(object[] row)
    {
        // Of two entries the second is the end of a suspension, which lies ahead; what was done stands in the first.
        var (last, effective) = ((string)row[3], (long)row[5]);
        var isEnd = effective > (long)row[6];
        var (number, state, since) = isEnd ? (row[7] as string, row[8] as long?, row[9] as long?) : (last, (long)row[4], effective);
        var answered = Answered((byte[])row[2])?.Permits.FirstOrDefault(permit => permit.Number == number);
        return answered is not null && (long)answered.State == state && answered.StateEffectiveTime.ToDateTimeOffset().ToUnixTimeMilliseconds() == since
            && (!isEnd || (last == number && (PermitState)(long)row[4] is PermitState.Active or PermitState.Confirmed && IsUntil(answered, effective))) ? "" : "许可的变更与当时的答复不符";
    }

    // The answer names what comes first, the end of the suspension or that of the term.
    private static bool IsUntil(V1.Permit answered, long end) => answered.StateUntilTime?.ToDateTimeOffset().ToUnixTimeMilliseconds() is { } until
        && (until == end || (answered.ExpireDate is { } last && until == WorkCalendar.EndOf(new DateOnly(last.Year, last.Month, last.Day)).ToUnixTimeMilliseconds() && end > until));

    private static V1.IssuedSet? Answered(byte[] reply)
    {
        try
        {
            return V1.IssuedSet.Parser.ParseFrom(reply);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
