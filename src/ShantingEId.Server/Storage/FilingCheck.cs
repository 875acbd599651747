using Google.Protobuf;
using ShantingEId.Companies;

namespace ShantingEId.Server.Storage;

/// <summary>What must hold of filed items, as <see cref="RegisterCheck"/> rechecks it.</summary>
internal static class FilingCheck
{
    /// <summary>Each finds what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("备案事项与所随执照的主体不符", "SELECT i.credit_code FROM filed_item i LEFT JOIN issued_set s ON s.id = i.set_id AND s.credit_code = i.credit_code WHERE s.id IS NULL"),
        // With a licence it takes effect when that does; by itself never later than it is told.
        ("备案事项的生效时间与一并办理的变更不符，或者晚于登记时间",
            """
            SELECT i.credit_code FROM filed_item i LEFT JOIN feed f ON f.position = i.position
            WHERE CASE WHEN f.position IS NULL THEN i.effective_time > i.recorded_time ELSE f.set_id <> i.set_id OR f.state <> 1 OR f.state_effective <> i.effective_time END
            """),
        ("备案事项的次序有误，或者登记时间倒退",
            """
            SELECT i.credit_code FROM (SELECT credit_code, revision, position, recorded_time, lag(revision) OVER w AS before, lag(position) OVER w AS place, lag(recorded_time) OVER w AS told
              FROM filed_item WINDOW w AS (PARTITION BY credit_code ORDER BY revision, kind)) i
            WHERE i.recorded_time < i.told OR i.revision > coalesce(i.before, 0) + 1 OR (i.revision = i.before) <> (i.position = i.place)
              OR i.position < i.place
            """),
        ("备案事项的序号超出已记的最新序号", "SELECT 'feed ' || i.position FROM filed_item i JOIN feed_head h ON i.position > h.position"),
        ("同一序号上既有备案又有办件变更", "SELECT 'feed ' || i.position FROM filed_item i JOIN case_event e ON e.position = i.position"),
        ("同一序号上既有备案又有简易注销", "SELECT 'feed ' || i.position FROM filed_item i JOIN deregistration_event d ON d.position = i.position"),
        ("备案没有留存答复",
            """
            SELECT i.credit_code FROM filed_item i
            LEFT JOIN reply r ON r.actor = i.actor AND r.request_id = i.request_id AND r.position = i.position WHERE r.id IS NULL
            """),
    ];

    /// <summary>Items with the answer that was given when they were recorded, of one filing together.</summary>
    public const string Filings =
        """
        SELECT i.credit_code, i.position, i.kind, i.text, r.reply FROM filed_item i
        JOIN reply r ON r.actor = i.actor AND r.request_id = i.request_id AND r.position = i.position ORDER BY i.position, i.kind
        """;

    /// <summary>What was recorded is what was answered: no licence bears these texts, so the answer is what is left to hold them against.</summary>
    /// <param name="rows">Rows of <see cref="Filings"/>.</param>
    public static IEnumerable<RegisterProblem> Problems(IEnumerable<object[]> rows) =>
        from filing in rows.GroupBy(row => (long)row[1])
        let recorded = filing.Select(row => ((FiledItemKind)(long)row[2], (string)row[3]))
        where Answered((byte[])filing.First()[4]) is not { } answered || !answered.SequenceEqual(recorded)
        select new RegisterProblem((string)filing.First()[0], "备案事项与当时的答复不符");

    private static IEnumerable<(FiledItemKind, string)>? Answered(byte[] reply)
    {
        try
        {
            return V1.ChangeRegistrationResponse.Parser.ParseFrom(reply).FiledItems.Select(item => ((FiledItemKind)item.Kind, item.Text)).Order();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
