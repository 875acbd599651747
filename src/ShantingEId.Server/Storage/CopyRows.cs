using System.Data.Common;
using ShantingEId.Documents.Copies;
using ShantingEId.Documents.Faces;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>Copies of licences, in the SQL that SQLite and PostgreSQL share. They take no place in the feed: nothing that anybody follows has changed.</summary>
internal static class CopyRows
{
    private const string Select =
        """
        SELECT c.number, s.license_id, c.maker, c.receiver, c.receiver_title, c.purpose, c.form, c.download_digest, c.created_time, c.expire_time, c.download_time, c.document_digest
        FROM license_copy c JOIN issued_set s ON s.id = c.set_id
        """;

    public static async ValueTask<LicenseCopy?> FindAsync(SqlSession session, byte[] downloadDigest, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql($"{Select} WHERE c.download_digest = @digest", ("@digest", downloadDigest)), cancel);
        return await row.ReadAsync(cancel) ? Row(row) : null;
    }

    public static async ValueTask<IReadOnlyList<LicenseCopy>> ListAsync(SqlSession session, CreditCode holder, string before, int limit, CancellationToken cancel)
    {
        var copies = new List<LicenseCopy>();
        await using var row = await session.QueryAsync(new Sql(
            $"{Select} WHERE c.credit_code = @holder AND (@before = '' OR c.number < @before) ORDER BY c.number DESC LIMIT @limit",
            ("@holder", holder.Value), ("@before", before), ("@limit", (long)limit)), cancel);
        while (await row.ReadAsync(cancel))
        {
            copies.Add(Row(row));
        }

        return copies;
    }

    /// <summary>Adds a copy.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> AddAsync(SqlSession session, LicenseCopy added, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        _ = await session.ScalarAsync(new Sql(
            """
            INSERT INTO license_copy (number, set_id, credit_code, maker, receiver, receiver_title, purpose, form, download_digest, actor, request_id, created_time, expire_time,
              download_time, download_request, document_digest)
            SELECT @number, s.id, @holder, @maker, @receiver, @title, @purpose, @form, @digest, @actor, @request, @created, @expires, 0, '', @none
            FROM issued_set s WHERE s.license_id = @license RETURNING id
            """,
            ("@number", added.Number), ("@holder", added.License.Holder.Value), ("@maker", added.Maker), ("@receiver", added.Receiver), ("@title", added.ReceiverTitle),
            ("@purpose", added.Purpose), ("@form", (long)added.Form), ("@digest", added.DownloadDigest), ("@actor", request.Actor), ("@request", request.RequestId.Value),
            ("@created", added.CreatedTime.ToUnixTimeMilliseconds()), ("@expires", added.ExpireTime.ToUnixTimeMilliseconds()), ("@none", added.DocumentDigest),
            ("@license", added.License.ToString()))) ?? throw StoreErrors.NotFound();
        return (new Deed(request), null);
    }

    /// <summary>Marks a copy that nobody has fetched yet; whoever comes second waits here for the first.</summary>
    public static async Task<(Deed? Deed, StoredReply? Earlier)> MarkDownloadedAsync(SqlSession session, LicenseCopy downloaded, WriteRequest request)
    {
        if (await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None) is { } earlier)
        {
            return (null, earlier);
        }

        if (await session.RunAsync(
            "UPDATE license_copy SET download_time = @time, download_request = @request, document_digest = @document WHERE download_digest = @digest AND download_time = 0",
            ("@time", downloaded.DownloadTime!.Value.ToUnixTimeMilliseconds()), ("@request", request.RequestId.Value), ("@document", downloaded.DocumentDigest),
            ("@digest", downloaded.DownloadDigest)) == 0)
        {
            // It may be this very request that fetched it, committed while we waited.
            return (null, await SqlReads.FindReplyAsync(session, request.Actor, request.RequestId.Value, CancellationToken.None)
                ?? throw CopyErrors.Downloaded(await FindAsync(session, downloaded.DownloadDigest, CancellationToken.None) is { DownloadTime: not null } found ? found : downloaded));
        }

        return (new Deed(request), null);
    }

    private static LicenseCopy Row(DbDataReader row) => new()
    {
        Number = row.GetString(0), License = LicenseId.Parse(row.GetString(1)), Maker = row.GetString(2), Receiver = row.GetString(3), ReceiverTitle = row.GetString(4),
        Purpose = row.GetString(5), Form = (FaceForm)row.GetInt32(6), DownloadDigest = row.GetFieldValue<byte[]>(7), CreatedTime = Time(row.GetInt64(8)),
        ExpireTime = Time(row.GetInt64(9)), DownloadTime = row.GetInt64(10) == 0 ? null : Time(row.GetInt64(10)), DocumentDigest = row.GetFieldValue<byte[]>(11),
    };

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
