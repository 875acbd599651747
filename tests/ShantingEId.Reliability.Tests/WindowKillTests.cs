using System.Collections.Concurrent;
using System.Globalization;
using Google.Protobuf;
using ShantingEId.Calendar;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I1, I8 at the one window: cases that are granted at once, reports of a department, applications and confirmations of simple deregistration, while
/// the process is killed. Each is done once or not at all, and asked for again it is finished and answered as before. EID_WINDOW_KILL_CYCLES counts
/// the kills over a file (3), EID_WINDOW_KILL_CYCLES_POSTGRES those over PostgreSQL (3). A campaign:
/// <c>EID_WINDOW_KILL_CYCLES=300 EID_WINDOW_KILL_CYCLES_POSTGRES=300 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.WindowKillTests</c>
/// </summary>
public sealed class WindowKillTests
{
    // Beyond the 20 days of a publication, with every day off that may follow, and before the 20 days for confirming have passed.
    private static readonly TimeSpan Later = TimeSpan.FromDays(32);

    private const int PreparedPerCycle = 12;

    [Fact]
    public async Task Cases_and_deregistrations_are_done_once_when_the_process_is_killed_under_load()
    {
        using var folders = new Folders();
        await RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data), () => new RegisterAudit(folders.Database), _ => Task.CompletedTask,
            "window_kill", Figures.Count("EID_WINDOW_KILL_CYCLES", 3));
    }

    [Fact]
    public async Task So_they_are_when_the_register_is_in_postgres()
    {
        Cluster.RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        using var folders = new Folders();
        await RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = postgres.ConnectionString(0, database), Journal = folders.Other("journal") },
            () => new RegisterAudit(postgres.Connect(database)), MoveClockAsync, "window_kill_postgres", Figures.Count("EID_WINDOW_KILL_CYCLES_POSTGRES", 3));

        // Replicas sign nothing when the database's clock is not theirs: it goes along, by a function that is found before PostgreSQL's own.
        async Task MoveClockAsync(TimeSpan offset)
        {
            await using var connection = postgres.Connect(database);
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand(string.Create(CultureInfo.InvariantCulture,
                $"""
                CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '{offset.TotalSeconds} seconds' $$;
                ALTER DATABASE {database} SET search_path = public, pg_catalog
                """), connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task RunAsync(Folders folders, ReplicaSettings settings, Func<RegisterAudit> open, Func<TimeSpan, Task> moveClock, string name, int cycles)
    {
        // 1. Companies that applied for deregistration long enough ago, and others that may apply.
        settings = settings with { ClockFile = folders.Other("clock") };
        await File.WriteAllTextAsync(settings.ClockFile, "0");
        var (confirmable, founded) = await PrepareAsync(folders, settings, cycles * PreparedPerCycle);
        await moveClock(Later);
        await File.WriteAllTextAsync(settings.ClockFile, Later.TotalSeconds.ToString(CultureInfo.InvariantCulture));

        // 2. Kills, under a load of all four deeds; nothing is lost or doubled.
        var today = WorkCalendar.DayOf(TimeProvider.System.GetUtcNow() + Later);
        var companies = new ConcurrentDictionary<string, string>();
        await KillLoop.RunAsync(folders, settings, open, new KillWork(First, Next, (audit, acks, _, whole) => audit.CheckWindow(acks, whole)) { Life = 1500 }, name, cycles);

        // 3. Everything was asked for again until it was answered, so nothing is half done; and every deed was among it.
        using var audit = open();
        Assert.Empty(audit.CasesHalfDone());
        var deeds = AckLog.Read(folders.Other("acks")).CountBy(ack => ack.Deed).ToDictionary();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", deeds.Select(each => $"{each.Key} {each.Value}").Order()));
        Assert.All((string[])["OpenCase", "ReportStep", "ApplyDeregistration", "ConfirmDeregistration"], deed => Assert.True(deeds.GetValueOrDefault(deed) > 0, $"no {deed} at all"));

        Write First(Dice dice) => dice.Next(5) switch
        {
            0 when confirmable.TryTake(out var deregistration) => Write.ConfirmDeregistration(deregistration),
            1 when founded.TryTake(out var company) => Write.ApplyDeregistration(company),
            _ => Write.OpenCase(today),
        };

        Write Next(Write write, IMessage reply, Dice dice)
        {
            switch (reply)
            {
                case Case opened:
                    companies[opened.Name] = opened.Enterprise.CreditCode;
                    return Write.ReportTax(opened.Name, Report.Accept);
                case Step { State: Step.Types.State.Accepted } step:
                    return Write.ReportTax(CaseOf(step), Report.Complete);
                case Step step when dice.Next(2) == 0 && companies.TryGetValue(CaseOf(step), out var company):
                    return Write.ApplyDeregistration(company);
                default:
                    return First(dice);
            }
        }
    }

    private static string CaseOf(Step step) => step.Name[..step.Name.IndexOf("/steps/", StringComparison.Ordinal)];

    private static async Task<(ConcurrentBag<string> Confirmable, ConcurrentBag<string> Founded)> PrepareAsync(Folders folders, ReplicaSettings settings, int count)
    {
        var (applied, founded) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        await using var server = await ServerProcess.StartAsync(settings);
        using var client = new EidClient(server, folders);
        await client.WaitUntilItAnswersAsync();
        await Parallel.ForAsync(0, 2 * count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, cancel) =>
        {
            var company = (await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()), cancellationToken: cancel)).License.Enterprise.CreditCode;
            if (number % 2 == 0)
            {
                founded.Add(company);
            }
            else
            {
                applied.Add((await client.Deregistrations.ApplyDeregistrationAsync(Samples.Deregister(company), cancellationToken: cancel)).Name);
            }
        });
        return (applied, founded);
    }
}
