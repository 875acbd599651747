using ShantingEId.Server.Tests.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests;

/// <summary>A server whose register is a fresh database of the shared PostgreSQL.</summary>
public class PostgresServerFixture : ServerFixture
{
    private PostgresServer? postgres;
    private string database = "";

    /// <summary>This, or the test is skipped because PostgreSQL is not installed.</summary>
    public PostgresServerFixture Needed
    {
        get
        {
            PostgresRegisters.Need();
            return this;
        }
    }

    protected PostgresServer Server => postgres!;

    protected string Database => database;

    public override async ValueTask InitializeAsync()
    {
        if (PostgresServer.Obstacle.Length > 0)
        {
            return; // Said by each test.
        }

        postgres = await PostgresServer.Shared;
        database = await postgres.CreateDatabaseAsync();
        await base.InitializeAsync();
    }

    public override EidServerOptions Options() => base.Options() with { Postgres = postgres!.ConnectionString(0, database), JournalDirectory = Path.Combine(Data, "journal") };

    public override RegisterFile OpenRegister() => Open(database);

    protected override async Task<(EidServerOptions Options, Func<RegisterFile> Open)> EmptyAsync()
    {
        var other = await postgres!.CreateDatabaseAsync();
        return (Options() with { Postgres = postgres.ConnectionString(0, other) }, () => Open(other));
    }

    private RegisterFile Open(string name)
    {
        var connection = postgres!.Connect(name);
        connection.Open();
        return new RegisterFile(connection);
    }
}
