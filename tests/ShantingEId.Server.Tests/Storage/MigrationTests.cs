using System.Text.RegularExpressions;
using Npgsql;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>
/// What a migration must leave to replicas of the version before, which go on serving while it runs and afterwards (docs/upgrading.md). That two
/// versions really do is shown by RollingUpgradeTests in ShantingEId.Reliability.Tests.
/// </summary>
public sealed partial class MigrationTests
{
    // The last scripts from before there was a rule; no replica of a version that old is to be upgraded while it serves.
    private static readonly Dictionary<string, int> Before = new() { ["Postgres"] = 5, ["Sqlite"] = 6 };

    [Theory, InlineData("Postgres"), InlineData("Sqlite")]
    public void Numbers_have_no_gaps_because_the_version_is_their_count(string dialect)
    {
        var numbers = Scripts(dialect).Select(script => script.Number).ToArray();

        Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);
    }

    [Theory, InlineData("Postgres"), InlineData("Sqlite")]
    public void A_migration_only_adds(string dialect) =>
        Assert.Empty(Scripts(dialect).Where(script => script.Number > Before[dialect]).SelectMany(script => Refused(script.Text).Select(statement => $"{script.Number:d4}: {statement}")));

    [Theory]
    [InlineData("DROP TABLE act")]
    [InlineData("DROP INDEX one_open_set")]
    [InlineData("ALTER TABLE feed DROP COLUMN state")]
    [InlineData("ALTER TABLE feed RENAME COLUMN state TO states")]
    [InlineData("ALTER TABLE feed RENAME TO changes")]
    [InlineData("ALTER TABLE feed ADD COLUMN place TEXT NOT NULL")]
    [InlineData("ALTER TABLE feed ADD COLUMN place TEXT UNIQUE")]
    [InlineData("ALTER TABLE feed ADD COLUMN place BIGINT NOT NULL DEFAULT random()")]
    [InlineData("ALTER TABLE feed ADD COLUMN place TEXT NOT NULL DEFAULT '' CHECK (place <> '')")]
    [InlineData("ALTER TABLE issued_set ADD COLUMN folded TEXT GENERATED ALWAYS AS (lower(name)) STORED")]
    [InlineData("ALTER TABLE feed ALTER COLUMN state TYPE TEXT")]
    [InlineData("ALTER TABLE feed ADD CONSTRAINT known CHECK (state < 9)")]
    [InlineData("CREATE UNIQUE INDEX one_name ON issued_set (name)")]
    [InlineData("UPDATE issued_set SET state = 2")]
    [InlineData("INSERT INTO counter VALUES ('x', 1)")]
    public void What_takes_something_away_or_asks_for_more_is_refused(string statement) => Assert.Single(Refused($"-- a remark; of two parts\n{statement};\n"));

    [Fact]
    public async Task A_migration_lets_those_pass_who_write_while_it_waits_for_them()
    {
        await using var registers = await PostgresRegisters.CreateAsync();
        foreach (var script in Scripts("Postgres").Where(script => script.Number <= 6))
        {
            await registers.RunAsync(script.Text);
        }

        await registers.RunAsync("CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES (6)");

        // Number 7 alters feed and then issued_set. A writer holds what the migration wants next, and then wants what the migration holds.
        await using var writer = new NpgsqlConnection(registers.ConnectionString + ";Pooling=false");
        await writer.OpenAsync(TestContext.Current.CancellationToken);
        await using var writing = await writer.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await RunAsync("LOCK TABLE issued_set IN ROW EXCLUSIVE MODE");
        var migrating = Task.Run(() => PostgresStore.Open(registers.ConnectionString, TimeProvider.System));
        while (await registers.NumberAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'issued_set'::regclass") == 0)
        {
            Assert.False(migrating.IsCompleted, "nobody waited");
        }

        await RunAsync("LOCK TABLE feed IN ROW EXCLUSIVE MODE");
        await writing.CommitAsync(TestContext.Current.CancellationToken);

        await (await migrating).DisposeAsync();
        Assert.Equal(Scripts("Postgres").Count(), await registers.NumberAsync("SELECT version FROM schema_version"));

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, writer);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private static IEnumerable<(int Number, string Text)> Scripts(string dialect) =>
        from name in typeof(SqlStore).Assembly.GetManifestResourceNames()
        where name.Contains($".Migrations.{dialect}.", StringComparison.Ordinal)
        orderby name
        select (int.Parse(name.Split('.')[^2][..4], System.Globalization.CultureInfo.InvariantCulture), new StreamReader(typeof(SqlStore).Assembly.GetManifestResourceStream(name)!).ReadToEnd());

    // Statements that are not known to be harmless. A table of the script's own is nobody else's yet.
    private static IEnumerable<string> Refused(string script)
    {
        var statements = Remark().Replace(script, "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var own = statements.Select(statement => NewTable().Match(statement)).Where(match => match.Success).Select(match => match.Groups[1].Value).ToHashSet();
        return statements.Where(statement => !(NewTable().IsMatch(statement) || NewIndex().IsMatch(statement) || NewColumn().IsMatch(statement)
            || (OwnTable().Match(statement) is { Success: true } match && own.Contains(match.Groups[1].Value))));
    }

    [GeneratedRegex("--[^\n]*")]
    private static partial Regex Remark();

    [GeneratedRegex("^CREATE TABLE (\\w+) \\(")]
    private static partial Regex NewTable();

    [GeneratedRegex("^CREATE INDEX \\w+ ON ")]
    private static partial Regex NewIndex();

    // May be absent, or has a value of its own that is the same in every row: then no row is touched, and whoever does not know it can write.
    [GeneratedRegex("^ALTER TABLE \\w+ ADD COLUMN \\w+ \\w+( COLLATE \"C\")?( NOT NULL DEFAULT (x?'[^']*'|-?[0-9]+)| REFERENCES \\w+ \\(id\\))?$")]
    private static partial Regex NewColumn();

    [GeneratedRegex("^(?:CREATE UNIQUE INDEX \\w+ ON|INSERT INTO) (\\w+)")]
    private static partial Regex OwnTable();
}
