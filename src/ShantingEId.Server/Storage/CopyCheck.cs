namespace ShantingEId.Server.Storage;

/// <summary>What must hold of copies of licences, as <see cref="RegisterCheck"/> rechecks it; each query finds what must not exist.</summary>
internal static class CopyCheck
{
    /// <summary>Problems and the queries that find them.</summary>
    public static readonly (string Problem, string Sql)[] Rules =
    [
        ("加注件不属于所记的企业", "SELECT c.number FROM license_copy c JOIN issued_set s ON s.id = c.set_id WHERE c.credit_code <> substr(s.credit_code, 1, 18)"),
        ("加注件的期限或下载时间不合规定",
            // 10 minutes and 30 days, in milliseconds.
            """
            SELECT number FROM license_copy WHERE expire_time < created_time + 600000 OR expire_time > created_time + 2592000000
              OR (download_time <> 0 AND (download_time < created_time OR download_time >= expire_time)) OR form NOT IN (0, 1) OR length(download_digest) <> 32
            """),
        ("加注件的下载记录残缺",
            """
            SELECT number FROM license_copy WHERE (download_time <> 0) <> (length(download_request) > 0) OR length(document_digest) <> CASE WHEN download_time = 0 THEN 0 ELSE 32 END
            """),
        ("加注件的制作或下载没有留存答复",
            """
            SELECT c.number FROM license_copy c LEFT JOIN reply m ON m.actor = c.actor AND m.request_id = c.request_id
            LEFT JOIN reply d ON d.actor = c.receiver AND d.request_id = c.download_request WHERE m.id IS NULL OR (c.download_time <> 0 AND d.id IS NULL)
            """),
        ("加注件的编号超出已预留的号段",
            """
            SELECT c.number FROM license_copy c LEFT JOIN counter k ON k.name = 'copy' WHERE k.next IS NULL OR CAST(substr(c.number, 8) AS BIGINT) >= k.next
            """),
    ];

    /// <summary>Copies that were handed out, with the reply that carried them.</summary>
    public const string HandedOut =
        "SELECT c.number, c.document_digest, d.reply FROM license_copy c JOIN reply d ON d.actor = c.receiver AND d.request_id = c.download_request WHERE c.download_time <> 0";

    /// <summary>Whether what stands in the reply is the document that was recorded.</summary>
    public static IEnumerable<RegisterProblem> Problems(IEnumerable<object[]> handedOut) =>
        from row in handedOut
        where !Holds((byte[])row[1], (byte[])row[2])
        select new RegisterProblem((string)row[0], "留存的加注件不是下载时的那一份");

    private static bool Holds(byte[] digest, byte[] reply)
    {
        try
        {
            return Crypto.Sm3.Hash(V1.LicenseDocument.Parser.ParseFrom(reply).Content.Span).AsSpan().SequenceEqual(digest);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return false;
        }
    }
}
