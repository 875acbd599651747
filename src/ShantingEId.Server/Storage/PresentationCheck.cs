namespace ShantingEId.Server.Storage;

/// <summary>What must hold of device sessions and presentations, as <see cref="RegisterCheck"/> rechecks it; each query finds what must not exist.</summary>
internal static class PresentationCheck
{
    /// <summary>Problems and the queries that find them.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("动态码在有效时间之外出示",
            // 5 s of tolerance for clocks, in milliseconds.
            "SELECT '出示 ' || token FROM presentation WHERE presented_time <> 0 AND (presented_time < issue_time - 5000 OR presented_time >= expire_time)"),
        ("动态码出示给了其他单位", "SELECT '出示 ' || token FROM presentation WHERE presented_time <> 0 AND audience <> '' AND presented_by <> audience"),
        ("动态码的有效时间不合规定", "SELECT '出示 ' || token FROM presentation WHERE expire_time < issue_time + 10000 OR expire_time > issue_time + 120000 OR scope < 1 OR scope > 1023"),
        ("动态码的出示记录残缺", "SELECT '出示 ' || token FROM presentation WHERE (presented_time = 0) <> (presented_by = '') OR (length(assertion) = 0) <> (length(certificate) = 0)"),
        ("动态码不属于其设备会话",
            "SELECT '出示 ' || p.token FROM presentation p JOIN holder_session h ON h.session_id = p.session_id WHERE h.credit_code <> p.credit_code OR h.app <> p.app OR p.issue_time >= h.expire_time"),
    ];
}
