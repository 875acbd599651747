using ShantingEId.Companies;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>Searching by names that companies bear or bore, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class NameRows
{
    // Bytes compare in both databases, so a prefix is a range. What begins later than the time asked about is shown to nobody; a change
    // that was recorded for its own time counts for "now" as soon as it is seen, as everywhere.
    // Comprehensive licences bear their company's name too, and are no companies.
    private const string Begun = "state <> 7 AND length(credit_code) = 18 AND (start_time <= @at OR (@now = 1 AND start_time <= start_recorded))";

    private const string Search =
        $"""
        WITH hit AS (
          SELECT DISTINCT search_name, credit_code FROM issued_set
          WHERE search_name >= @from AND search_name <= @to AND (search_name > @after OR (search_name = @after AND credit_code > @code)) AND {Begun}
          ORDER BY search_name, credit_code LIMIT @limit
        )
        SELECT h.search_name, h.credit_code, s.search_name, s.name, s.start_time
        FROM hit h JOIN (SELECT credit_code, search_name, name, start_time, version FROM issued_set WHERE {Begun}) s ON s.credit_code = h.credit_code
        ORDER BY h.search_name, h.credit_code, s.start_time, s.version
        """;

    private sealed record Row(NamePlace Place, string Folded, string Name, DateTimeOffset Start);

    public static async ValueTask<NamePage> SearchAsync(SqlSession session, NameSearch search, CancellationToken cancel)
    {
        var rows = new List<Row>();
        await using (var row = await session.QueryAsync(new Sql(Search,
            ("@from", search.Name), ("@to", search.IsPrefix ? search.Name + "\U0010FFFF" : search.Name), ("@after", search.After?.Name ?? ""), ("@code", search.After?.Holder.Value ?? ""),
            ("@at", search.Time.ToUnixTimeMilliseconds()), ("@now", search.IsNow ? 1L : 0L), ("@limit", search.Limit + 1L)), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                rows.Add(new Row(new NamePlace(row.GetString(0), CreditCode.Parse(row.GetString(1))), row.GetString(2), row.GetString(3), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4))));
            }
        }

        // One name more than asked for says whether there is another page.
        var hits = rows.GroupBy(one => one.Place).Select(hit => hit.ToArray()).ToArray();
        return new NamePage([.. hits.Take(search.Limit).SelectMany(Periods)], hits.Length > search.Limit ? hits[search.Limit - 1][0].Place : null);
    }

    // Every version of one company in order: versions with the same name after each other are one period, also when the spelling of a bracket changed.
    private static IEnumerable<NamePeriod> Periods(Row[] versions)
    {
        for (var i = 0; i < versions.Length;)
        {
            var first = versions[i];
            while (++i < versions.Length && versions[i].Folded == first.Folded)
            {
            }

            if (first.Folded == first.Place.Name)
            {
                yield return new NamePeriod(first.Place.Holder, versions[i - 1].Name, first.Start, i < versions.Length ? versions[i].Start : null, versions[^1].Name);
            }
        }
    }
}
