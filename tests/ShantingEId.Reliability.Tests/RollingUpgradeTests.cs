using System.Globalization;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I19: this version takes the place of the one before (previous-version.txt) on one register, replica by replica, while clients go on. Both are
/// started as the command <c>eid serve</c>, on keys that the version before made. EID_UPGRADE_SECONDS is how long both serve together (4). What
/// operators may rely on, and what migrations must not do, is said in docs/upgrading.md.
/// </summary>
public sealed class RollingUpgradeTests
{
    // Versions up to 0.3.0 are ended by their command line 2 s after the signal, whatever goes on: that is past, and clients must get over it.
    private const int CutOff = 128 + 15;

    private static readonly TimeSpan Together = TimeSpan.FromSeconds(Figures.Count("EID_UPGRADE_SECONDS", 4));

    [Fact]
    public async Task Replicas_are_exchanged_one_by_one_and_clients_hear_nothing_but_UNAVAILABLE_of_the_one_that_leaves()
    {
        Cluster.RequirePostgres();
        var previous = await PreviousVersion.BuildAsync();
        using var folders = CreateFolders(previous);
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        await using var redis = await RedisServer.StartAsync();
        var settings = Enumerable.Range(0, 2).Select(number => new ReplicaSettings(folders.Certificates, Directory.CreateDirectory(folders.Other($"replica{number}")).FullName)
        {
            Postgres = postgres.ConnectionString(0, database), Redis = redis.Address,
        }).ToArray();
        Place[] places = [new(), new()];
        var servers = new ServerProcess[2];
        var clients = new List<EidClient>();
        var mayCutOff = false;
        try
        {
            // 1. Two replicas of the version before, under load.
            await StartAsync(0, previous.Eid);
            await StartAsync(1, previous.Eid);
            var before = await SchemaAsync();
            using var acks = new AckLog(folders.Other("acks"));
            using var windowAcks = new AckLog(folders.Other("window-acks"));
            var load = UpgradeLoad.Start(places, acks, windowAcks);
            await Task.Delay(TimeSpan.FromSeconds(2));

            // 2. One leaves, and this version comes in its place: it migrates while the other serves.
            await ExchangeAsync(0);
            var after = await SchemaAsync();

            // 3. Both serve. Where the schema is another now, a replica of the version before that starts again is refused, in one sentence.
            if (after > before)
            {
                var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(previous.Eid, settings[1] with { Data = folders.Other("again") }));
                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"登记簿的结构版本 {after} 比本程序新，请升级程序"), refused.Message, StringComparison.Ordinal);
            }

            await Task.Delay(Together);

            // 4. The other one follows.
            await ExchangeAsync(1);
            await Task.Delay(TimeSpan.FromSeconds(1));
            await load.StopAsync();

            // 5. Nobody heard anything else, everything that was acknowledged is there, and nothing is amiss.
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", load.Heard.Select(each => $"{each.Key} {each.Value}").Order()));
            var told = AckLog.Read(folders.Other("acks"));
            Figures.Print("upgrade_acked", told.Count, "acks", "> 50");
            Figures.Print("upgrade_problems", load.Problems.Count, "answers", "<= 0");
            Assert.True(load.Problems.IsEmpty, string.Join('\n', load.Problems.GroupBy(text => text).Select(group => $"{group.Count()} x {group.Key}").Take(20)));
            Assert.True(mayCutOff || load.CutOff == 0, $"{load.CutOff} calls were cut off by a replica that stopped in order");
            Assert.True(told.Count > 50, "the load was too small to mean anything");
            Assert.Empty(RegisterAudit.CheckAll(postgres.Connect(database), told));
            using (var audit = new RegisterAudit(postgres.Connect(database)))
            {
                Assert.Empty(audit.CheckWindowAcks(AckLog.Read(folders.Other("window-acks"))));
            }

            Assert.All((string[])["RevokeSet", "WithdrawChange", "flip", "ReportStep", "WithdrawDeregistration"], deed => Assert.True(load.Heard.GetValueOrDefault(deed) > 0, $"no {deed} at all"));
            await CheckAsync(settings[0], Path.Combine(settings[1].Data, "ledger"));
            Assert.True(after >= before, "this version is older than the one before");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
            foreach (var server in servers.Where(server => server is not null))
            {
                await server.DisposeAsync();
            }
        }

        async Task StartAsync(int place, string program)
        {
            servers[place] = await ServerProcess.StartAsync(program, settings[place]);
            var client = new EidClient(servers[place], folders);
            clients.Add(client); // Those of the one that left have calls to end; they go with the test.
            await client.WaitUntilItAnswersAsync();
            places[place].Client = client;
        }

        async Task ExchangeAsync(int place)
        {
            places[place].IsLeaving = true;
            mayCutOff |= await StopAsync(servers[place]) == CutOff;
            await servers[place].DisposeAsync();
            await StartAsync(place, Programs.Eid);
            places[place].IsLeaving = false;
        }

        async Task<long> SchemaAsync()
        {
            await using var connection = postgres.Connect(database);
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand("SELECT version FROM schema_version", connection);
            return (long)(await command.ExecuteScalarAsync())!;
        }
    }

    [Fact]
    public async Task A_register_in_a_file_is_taken_over_whole()
    {
        var previous = await PreviousVersion.BuildAsync();
        using var folders = CreateFolders(previous);
        var settings = new ReplicaSettings(folders.Certificates, folders.Data);
        using var acks = new AckLog(folders.Other("acks"));
        var (renamed, revoked) = await UseAsync(previous.Eid, async client =>
        {
            var first = await Write.Issue().SendAsync(client, acks);
            var second = await Write.Rename(first).SendAsync(client, acks);
            var other = await Write.Issue().SendAsync(client, acks);
            return (second, await Write.Revoke(other).SendAsync(client, acks));
        });

        var verdicts = await UseAsync(Programs.Eid, async client =>
        {
            await Write.Rename(renamed).SendAsync(client, acks);
            return (await client.VerifyAsync(renamed.LicenseCode), await client.VerifyAsync(revoked.LicenseCode));
        });

        Assert.Equal((Verdict.Superseded, Verdict.Revoked), verdicts);
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, AckLog.Read(folders.Other("acks"))));
        await CheckAsync(settings);

        async Task<T> UseAsync<T>(string program, Func<EidClient, Task<T>> use)
        {
            await using var server = await ServerProcess.StartAsync(program, settings);
            using var client = new EidClient(server, folders);
            await client.WaitUntilItAnswersAsync();
            var result = await use(client);
            Assert.True(await StopAsync(server) == 0 || program != Programs.Eid);
            return result;
        }
    }

    [Fact]
    public async Task Migrations_that_were_released_stand_as_they_were_and_new_ones_follow_them()
    {
        var (before, now) = (await PreviousVersion.UnpackAsync()).Scripts;

        Assert.All(before, script => Assert.Equal(script.Value, now.GetValueOrDefault(script.Key)));
        Assert.All(now.Keys.Except(before.Keys), added => Assert.True(
            string.CompareOrdinal(added, before.Keys.Where(script => Path.GetDirectoryName(script) == Path.GetDirectoryName(added)).Max(StringComparer.Ordinal)) > 0, added));
    }

    private static async Task<int> StopAsync(ServerProcess server)
    {
        var (took, code) = await server.TerminateAsync();
        Assert.True(code is 0 or CutOff && took < TimeSpan.FromSeconds(10), $"the stop took {took.TotalSeconds:0.0} s, exit {code}:\n{server.Output}");
        return code;
    }

    private static Folders CreateFolders(PreviousVersion previous) =>
        new(certificates => Programs.DoAsync("dotnet", previous.Eid, "dev-certs", "--out", certificates).GetAwaiter().GetResult());

    // This version's own check of register and ledgers, as people start it.
    private static async Task CheckAsync(ReplicaSettings settings, params string[] otherLedgers)
    {
        var environment = settings.Postgres is { } postgres ? new Dictionary<string, string> { ["EID_POSTGRES"] = postgres } : null;
        var (code, output) = await Programs.RunAsync(environment,
            ["dotnet", Programs.Eid, "fsck", "--certs", settings.Certificates, "--data", settings.Data, .. otherLedgers.SelectMany(ledger => (string[])["--ledger", ledger])]);
        Assert.True(code == 0, output);
    }
}
