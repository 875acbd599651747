using ShantingEId.Incidents;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>What must hold of incidents, as <see cref="RegisterCheck"/> rechecks it.</summary>
internal static class IncidentCheck
{
    // Deeds and states by their numbers: deed 1 prepare, 2 approve, 3 pause, 4 continue, 5 stop; state 1 prepared, 2 running, 3 paused,
    // 4 completed, 5 stopped.

    /// <summary>Each finds what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("批量处置的进度与结果不符",
            """
            SELECT i.number FROM incident i LEFT JOIN (SELECT incident_row, count(CASE outcome WHEN 2 THEN 1 END) AS skipped, count(CASE outcome WHEN 3 THEN 1 END) AS failed,
              max(ordinal) AS highest FROM incident_undone GROUP BY incident_row) u ON u.incident_row = i.id
            WHERE i.next <> i.done + i.skipped + i.failed OR i.next > i.set_count OR i.skipped <> coalesce(u.skipped, 0) OR i.failed <> coalesce(u.failed, 0)
              OR coalesce(u.highest, -1) >= i.next OR (i.state = 4) <> (i.next = i.set_count AND i.state <> 5) OR (i.state = 1 AND i.next > 0)
            """),
        ("批量处置没有经第二人批准",
            """
            SELECT i.number FROM incident i LEFT JOIN incident_event p ON p.incident_row = i.id AND p.deed = 1 LEFT JOIN incident_event a ON a.incident_row = i.id AND a.deed = 2
            WHERE p.id IS NULL OR p.actor <> i.prepared_by OR p.recorded_time <> i.prepared_time OR a.actor = p.actor
              OR coalesce(a.actor, '') <> i.approved_by OR coalesce(a.recorded_time, 0) <> i.approved_time OR (i.state IN (2, 3, 4) OR i.next > 0) AND a.id IS NULL
            """),
        ("批量处置的状态不是最后一次办理所成",
            """
            SELECT i.number FROM incident i LEFT JOIN incident_event e ON e.incident_row = i.id GROUP BY i.id
            HAVING count(e.id) <> i.revision OR max(e.revision) <> i.revision
              OR max(CASE WHEN e.revision = i.revision THEN e.deed * 10 + i.state END) NOT IN (11, 22, 24, 33, 34, 42, 44, 55)
            """),
        ("批量处置的经过时间倒退",
            """
            SELECT i.number FROM incident i JOIN (SELECT incident_row, recorded_time, lag(recorded_time) OVER w AS was FROM incident_event
              WINDOW w AS (PARTITION BY incident_row ORDER BY revision)) e ON e.incident_row = i.id WHERE e.recorded_time < e.was
            """),
        ("批量处置所记的完成数多于实际办理的执照",
            """
            SELECT i.number FROM incident i LEFT JOIN (SELECT substr(request_id, 1, 14) AS number, count(DISTINCT request_id) AS done FROM act
              WHERE actor = '#incidents' GROUP BY substr(request_id, 1, 14)) a ON a.number = i.number
            WHERE i.done > coalesce(a.done, 0) OR coalesce(a.done, 0) > i.set_count
            """),
        ("以批量处置名义办理的执照没有经批准的批量处置",
            """
            SELECT s.license_id FROM act a JOIN issued_set s ON s.id = a.set_id LEFT JOIN incident i ON i.number = substr(a.request_id, 1, 14) AND i.approved_by <> ''
            WHERE a.actor = '#incidents' AND i.id IS NULL
            """),
        ("批量处置的办理没有留存答复",
            """
            SELECT i.number FROM incident_event e JOIN incident i ON i.id = e.incident_row
            LEFT JOIN reply r ON r.actor = e.actor AND r.request_id = e.request_id WHERE r.id IS NULL
            """),
        ("批量处置的编号超出已预留的号段",
            "SELECT i.number FROM incident i LEFT JOIN counter k ON k.name = 'incident' WHERE k.next IS NULL OR CAST(substr(i.number, 7) AS BIGINT) >= k.next"),
    ];

    /// <summary>What is wrong with a frozen list; "" when it is the one that was prepared, and approved.</summary>
    public static string Problem(Incident incident, IReadOnlyList<LicenseId> licences) =>
        licences.Count == incident.SetCount && IncidentList.Digest(incident.Act, incident.Reason, incident.DecidedBy, licences).AsSpan().SequenceEqual(incident.Digest)
            ? "" : "批量处置的清单与摘要不符";
}
