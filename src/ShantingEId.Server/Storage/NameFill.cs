using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>Names of sets from before the register kept them beside the manifest, where they are signed.</summary>
internal static class NameFill
{
    private const int RowsAtOnce = 500;

    /// <summary>Fills in what is missing; inside the migration, so that it happens whole and once.</summary>
    public static async Task RunAsync(SqlSession session)
    {
        for (long after = 0; ;)
        {
            var (rows, read) = (new List<(long Id, string Name)>(), 0);
            await using (var row = await session.QueryAsync(new Sql(
                "SELECT id, manifest FROM issued_set WHERE name = '' AND id > @after ORDER BY id LIMIT @limit", ("@after", after), ("@limit", (long)RowsAtOnce))))
            {
                while (await row.ReadAsync())
                {
                    (after, read) = (row.GetInt64(0), read + 1);
                    if (Manifest.TryRead(row.GetFieldValue<byte[]>(1)) is { } manifest)
                    {
                        rows.Add((after, manifest.License.Facts.Name));
                    }
                }
            }

            await session.RunAllAsync(rows.Select(one => new Sql("UPDATE issued_set SET name = @name WHERE id = @id", ("@name", one.Name), ("@id", one.Id))));
            if (read < RowsAtOnce)
            {
                return;
            }
        }
    }
}
