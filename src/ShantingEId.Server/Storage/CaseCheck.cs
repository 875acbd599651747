using ShantingEId.Cases;

namespace ShantingEId.Server.Storage;

/// <summary>What must hold of the cases, as <see cref="RegisterCheck"/> rechecks it.</summary>
internal static class CaseCheck
{
    /// <summary>Each finds what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("办件与其事项变更的数目不符，或没有营业执照事项",
            """
            SELECT c.case_id FROM case_file c LEFT JOIN case_event e ON e.case_row = c.id GROUP BY c.id
            HAVING count(e.position) <> c.version OR count(CASE WHEN e.kind = 1 AND e.newest = 1 THEN 1 END) <> 1
            """),
        ("办件事项的现行变更不是最新的一次",
            """
            SELECT c.case_id FROM case_file c JOIN case_event e ON e.case_row = c.id GROUP BY c.id, e.kind
            HAVING count(CASE e.newest WHEN 1 THEN 1 END) <> 1 OR max(e.position) <> max(CASE e.newest WHEN 1 THEN e.position END)
            """),
        ("办件状态与其事项不符",
            """
            SELECT c.case_id FROM case_file c JOIN case_event e ON e.case_row = c.id AND e.newest = 1 GROUP BY c.id
            HAVING (c.state = 1) <> (count(CASE WHEN e.state NOT IN (4, 6, 7) THEN 1 END) > 0)
            """),
        ("办件所载执照与登记簿不符",
            """
            SELECT c.case_id FROM case_file c JOIN case_event e ON e.case_row = c.id AND e.kind = 1 AND e.newest = 1
            LEFT JOIN issued_set s ON s.license_id = c.license_id AND s.credit_code = c.credit_code
            WHERE (e.state = 4) <> (c.license_id <> '') OR (c.license_id <> '' AND s.id IS NULL)
            """),
        ("办件事项变更的序号超出已记的最新序号", "SELECT 'feed ' || e.position FROM case_event e JOIN feed_head h ON e.position > h.position"),
        ("同一序号上既有执照变更又有办件变更", "SELECT 'feed ' || e.position FROM case_event e JOIN feed f ON f.position = e.position"),
        ("同一序号上既有简易注销又有办件变更", "SELECT 'feed ' || e.position FROM case_event e JOIN deregistration_event d ON d.position = e.position"),
    ];

    /// <summary>Replies that belong to no act of a set, no change of a case, no deregistration, no filing and no incident.</summary>
    public const string OrphanReplies =
        """
        SELECT r.request_id, r.reply FROM reply r LEFT JOIN act a ON a.actor = r.actor AND a.request_id = r.request_id
        LEFT JOIN case_event e ON e.asked_by = r.actor AND e.request_id = r.request_id
        LEFT JOIN case_file c ON c.opened_by = r.actor AND c.open_request = r.request_id
        LEFT JOIN deregistration_event d ON d.actor = r.actor AND d.request_id = r.request_id
        LEFT JOIN filed_item i ON i.actor = r.actor AND i.request_id = r.request_id
        LEFT JOIN incident_event n ON n.actor = r.actor AND n.request_id = r.request_id
        LEFT JOIN license_copy m ON m.actor = r.actor AND m.request_id = r.request_id
        LEFT JOIN license_copy l ON l.receiver = r.actor AND l.download_request = r.request_id
        LEFT JOIN seal_use u ON u.caller = r.actor AND u.request_id = r.request_id
        LEFT JOIN seal_grant g ON g.granted_by = r.actor AND g.grant_request = r.request_id
        LEFT JOIN seal_grant w ON w.withdrawn_by = r.actor AND w.withdraw_request = r.request_id
        WHERE a.id IS NULL AND e.position IS NULL AND c.id IS NULL AND d.position IS NULL AND i.id IS NULL AND n.id IS NULL AND m.id IS NULL AND l.id IS NULL
          AND u.position IS NULL AND g.number IS NULL AND w.number IS NULL
        """;

    /// <summary>What is wrong with a case's history; "" when it went by the table.</summary>
    public static string Problem(CaseFile subject)
    {
        var steps = new Dictionary<StepKind, CaseStep>();
        foreach (var step in subject.Events.Select(each => each.Step))
        {
            if (!(steps.TryGetValue(step.Kind, out var before) ? StepTransition.Leads(step.Kind, before.State, step.State) && before.StateTime <= step.StateTime
                : StepTransition.Begins(step.Kind, step.State)))
            {
                return "办件事项的变更不合规定";
            }

            steps[step.Kind] = step;
        }

        return "";
    }
}
