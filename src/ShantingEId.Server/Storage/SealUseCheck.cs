using ShantingEId.Seals;

namespace ShantingEId.Server.Storage;

/// <summary>What must hold of grants and uses of seals, as <see cref="RegisterCheck"/> rechecks it.</summary>
internal static class SealUseCheck
{
    /// <summary>Each finds what must not exist.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("用印授权的使用次数与用印记录不符",
            """
            SELECT '授权 ' || g.number FROM seal_grant g LEFT JOIN seal_use u ON u.grant_number = g.number GROUP BY g.number, g.use_count HAVING count(u.position) <> g.use_count
            """),
        ("用印记录超出其授权",
            """
            SELECT '用印 ' || u.position FROM seal_use u LEFT JOIN seal_grant g ON g.number = u.grant_number
            WHERE g.number IS NULL OR g.credit_code <> u.credit_code OR g.caller <> u.caller OR u.position < g.position OR u.recorded_time >= g.until_time
              OR (g.withdrawn_position > 0 AND u.position > g.withdrawn_position)
              OR ',' || g.kinds || ',' NOT LIKE '%,' || u.kind || ',%' OR ',' || g.uses || ',' NOT LIKE '%,' || u.purpose || ',%'
            """),
        // By what the register knew then, in the order in which it knew it: the last state before it that held at its time.
        ("用印时执照不在有效状态",
            """
            SELECT '用印 ' || u.position FROM seal_use u LEFT JOIN issued_set s ON s.id = u.set_id AND s.credit_code = u.credit_code
            LEFT JOIN feed f ON f.position = (SELECT max(p.position) FROM feed p WHERE p.set_id = u.set_id AND p.permit = '' AND p.position < u.position AND p.state_effective <= u.recorded_time)
            WHERE s.id IS NULL OR f.state IS NULL OR f.state <> 1
            """),
        ("所用的印章不属于该企业、章型不符或当时已被替换",
            """
            SELECT '用印 ' || u.position FROM seal_use u LEFT JOIN seal c ON c.seal_code = u.seal_code LEFT JOIN issued_set m ON m.id = c.set_id LEFT JOIN issued_set r ON r.id = c.replaced_by
            LEFT JOIN feed f ON f.position = (SELECT min(p.position) FROM feed p WHERE p.set_id = r.id)
            WHERE c.seal_code IS NULL OR c.kind <> u.kind OR m.credit_code <> u.credit_code OR (f.position < u.position AND r.start_time <= u.recorded_time)
            """),
        ("用印授权或用印记录没有留存答复",
            """
            SELECT '用印 ' || e.position FROM (SELECT position, caller AS actor, request_id FROM seal_use UNION ALL SELECT position, granted_by, grant_request FROM seal_grant
              UNION ALL SELECT withdrawn_position, withdrawn_by, withdraw_request FROM seal_grant WHERE withdrawn_time > 0) e
            LEFT JOIN reply r ON r.actor = e.actor AND r.request_id = e.request_id AND r.position = e.position WHERE r.id IS NULL
            """),
        ("用印授权的撤回不完整或时间颠倒",
            """
            SELECT '授权 ' || number FROM seal_grant WHERE until_time <= granted_time OR (withdrawn_time = 0) <> (withdrawn_position = 0)
              OR (withdrawn_time > 0 AND (withdrawn_time < granted_time OR withdrawn_position < position)) OR kinds = '' OR uses = ''
            """),
        ("用印的序号超出已记的最新序号",
            "SELECT '用印 ' || e.position FROM (SELECT position FROM seal_use UNION ALL SELECT position FROM seal_grant UNION ALL SELECT withdrawn_position FROM seal_grant) e JOIN feed_head h ON e.position > h.position"),
        ("用印授权的编号超出已预留的号段",
            "SELECT '授权 ' || max(g.number) FROM seal_grant g LEFT JOIN counter k ON k.name = 'seal_grant' GROUP BY k.next HAVING k.next IS NULL OR max(g.number) >= k.next"),
    ];

    /// <summary>Uses with the reply that was kept, in order.</summary>
    public const string Uses =
        """
        SELECT u.position, r.reply, u.seal_code, u.signed_time, u.data_hash, u.property_info, u.digest, u.title, u.stamped_time, c.ses_seal
        FROM seal_use u LEFT JOIN reply r ON r.actor = u.caller AND r.request_id = u.request_id LEFT JOIN seal c ON c.seal_code = u.seal_code
        WHERE u.position > @after ORDER BY u.position LIMIT @limit
        """;

    /// <summary>What is wrong with a row of <see cref="Uses"/>: the signature that was kept must be good, and of what the log says.</summary>
    public static string Problem(object[] row)
    {
        SesSignature signature;
        V1.StampResponse reply;
        try
        {
            reply = V1.StampResponse.Parser.ParseFrom(row[1] as byte[] ?? []);
            signature = SesSignature.Parse(reply.SesSignature.Memory);
        }
        catch (Exception error) when (error is EidException or Google.Protobuf.InvalidProtocolBufferException)
        {
            return "留存的签章无法读取";
        }

        var toSign = signature.ToSign;
        return !signature.SignatureIsGood ? "留存的签章签名值不正确"
            : toSign.Seal.Info.SealId != (string)row[2] || !toSign.Seal.Der.SequenceEqual((row[9] as byte[] ?? []).AsSpan()) ? "留存的签章不是这枚印章的"
            : toSign.Time.ToUnixTimeMilliseconds() != (long)row[3] || !toSign.DataHash.AsSpan().SequenceEqual((byte[])row[4]) || toSign.PropertyInfo != (string)row[5] ? "留存的签章与用印记录不符"
            : !reply.Use.Digest.Span.SequenceEqual((byte[])row[6]) || reply.Use.Title != (string)row[7] || signature.TimeStamp.IsEmpty != ((long)row[8] == 0) ? "留存的答复与用印记录不符" : "";
    }
}
