namespace ShantingEId.Server.Storage;

/// <summary>What must hold of permits in a register; each query finds what must not exist.</summary>
internal static class PermitCheck
{
    /// <summary>Problems and the queries that find them.</summary>
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
}
