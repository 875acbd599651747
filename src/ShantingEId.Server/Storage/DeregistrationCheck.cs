namespace ShantingEId.Server.Storage;

/// <summary>What must hold of simple deregistrations, as <see cref="RegisterCheck"/> rechecks it.</summary>
internal static class DeregistrationCheck
{
    // Acts and states by their numbers: act 1 apply, 2 object, 3 withdraw objection, 4 return, 5 resubmit, 6 terminate, 7 withdraw, 8 confirm,
    // 9 expire; state 1 published, 3 returned, 5 cancelled, 6 terminated, 7 withdrawn, 8 lapsed.

    /// <summary>Each finds what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("简易注销与其办理经过不符",
            """
            SELECT d.number FROM deregistration d LEFT JOIN deregistration_event e ON e.deregistration_id = d.id GROUP BY d.id
            HAVING count(e.position) <> d.revision OR max(e.revision) <> d.revision OR max(e.position) <> d.position OR max(e.recorded_time) <> d.updated_time
              OR min(e.recorded_time) <> d.applied_time OR count(CASE e.act WHEN 1 THEN 1 END) <> 1
            """),
        ("简易注销的状态不是最后一次办理所成",
            """
            SELECT d.number FROM deregistration d LEFT JOIN deregistration_event e ON e.deregistration_id = d.id
              AND e.revision = (SELECT max(l.revision) FROM deregistration_event l WHERE l.deregistration_id = d.id AND l.act NOT IN (2, 3))
            WHERE e.act IS NULL OR e.act * 10 + d.state NOT IN (11, 43, 51, 66, 77, 85, 96, 98)
            """),
        ("简易注销的经过时间倒退",
            """
            SELECT d.number FROM deregistration d JOIN (SELECT deregistration_id, position, recorded_time, lag(position) OVER w AS before, lag(recorded_time) OVER w AS was
              FROM deregistration_event WINDOW w AS (PARTITION BY deregistration_id ORDER BY revision)) e ON e.deregistration_id = d.id
            WHERE e.position < e.before OR e.recorded_time < e.was
            """),
        ("已注销的简易注销没有同时终止执照",
            """
            SELECT d.number FROM deregistration d LEFT JOIN deregistration_event e ON e.deregistration_id = d.id AND e.act = 8
            LEFT JOIN feed f ON f.position = e.position AND f.state = 5 LEFT JOIN issued_set s ON s.id = f.set_id AND s.credit_code = d.credit_code
            WHERE (d.state = 5 AND s.id IS NULL) OR (d.state <> 5 AND e.position IS NOT NULL)
            """),
        ("简易注销与异议不符",
            """
            SELECT d.number FROM deregistration d
            LEFT JOIN (SELECT p.deregistration_id, count(*) AS raised, max(p.number) AS highest, count(CASE WHEN p.withdrawn_time > 0 THEN 1 END) AS gone,
              count(CASE WHEN p.raised_time >= q.period_end OR (p.withdrawn_time > 0 AND p.withdrawn_time < p.raised_time) THEN 1 END) AS wrong
              FROM objection p JOIN deregistration q ON q.id = p.deregistration_id GROUP BY p.deregistration_id) o ON o.deregistration_id = d.id
            LEFT JOIN (SELECT deregistration_id, count(CASE act WHEN 2 THEN 1 END) AS raised, count(CASE act WHEN 3 THEN 1 END) AS gone
              FROM deregistration_event GROUP BY deregistration_id) e ON e.deregistration_id = d.id
            WHERE coalesce(o.raised, 0) <> coalesce(e.raised, 0) OR coalesce(o.highest, 0) <> coalesce(o.raised, 0) OR coalesce(o.gone, 0) <> coalesce(e.gone, 0) OR o.wrong > 0
            """),
        ("简易注销的主体、承诺书或期限有误",
            """
            SELECT d.number FROM deregistration d LEFT JOIN issued_set s ON s.id = d.set_id AND s.credit_code = d.credit_code
            WHERE s.id IS NULL OR (d.published = 1 AND length(d.commitment_digest) <> 32) OR d.published NOT IN (0, 1) OR d.period_end <= d.applied_time
              OR d.confirm_until <= d.period_end OR (d.state = 3 AND d.mend_until <= d.updated_time)
            """),
        ("简易注销的办理没有留存答复",
            """
            SELECT d.number FROM deregistration_event e JOIN deregistration d ON d.id = e.deregistration_id
            LEFT JOIN reply r ON r.actor = e.actor AND r.request_id = e.request_id AND r.position = e.position WHERE r.id IS NULL
            """),
        ("简易注销的序号超出已记的最新序号", "SELECT 'feed ' || e.position FROM deregistration_event e JOIN feed_head h ON e.position > h.position"),
        ("简易注销的编号超出已预留的号段",
            """
            SELECT d.number FROM deregistration d LEFT JOIN counter k ON k.name = 'deregistration'
            WHERE k.next IS NULL OR CAST(substr(d.number, 7) AS BIGINT) >= k.next
            """),
    ];
}
