using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>I14: a full disk costs new sets only. It is said plainly, verification goes on, and space alone mends it.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly Folders folders = new();
    private readonly SmallDisk? disk;
    private readonly string obstacle;

    public DiskFullTests() => disk = SmallDisk.TryMount(folders.Data, 12, out obstacle);

    // The ledger is on another disk: on the full one it would stop every answer, as it must (LedgerDiskTests).
    private ReplicaSettings Settings => new(folders.Certificates, folders.Data) { Ledger = folders.Other("ledger"), LedgerCheckpoints = folders.Other("checkpoints") };

    public void Dispose()
    {
        disk?.Dispose();
        folders.Dispose();
    }

    [Fact]
    public async Task A_full_disk_loses_no_acknowledged_set_keeps_verifying_and_recovers_without_a_restart()
    {
        Assert.SkipWhen(disk is null, obstacle);
        await using var server = await ServerProcess.StartAsync(Settings);
        using var client = new EidClient(server, folders);
        using var acks = new AckLog(folders.Other("acks"));
        var first = await Write.Issue().SendAsync(client, acks);
        using var stop = new CancellationTokenSource();
        var verifying = VerifyUntilAsync(client, first.LicenseCode, stop.Token);

        // 1. Until nothing more fits, and on: every refusal must say so.
        var refusals = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => IssueUntilRefusedAsync(client, acks, refusals, times: 10)));

        // 2. Space comes back.
        disk!.Grow(40);
        var watch = Stopwatch.StartNew();
        while (!await TryIssueAsync(client, acks, refusals) && watch.Elapsed < TimeSpan.FromSeconds(20))
        {
            await Task.Delay(20);
        }

        var resumed = watch.Elapsed;
        await stop.CancelAsync();
        var verified = await verifying;
        var told = AckLog.Read(folders.Other("acks"));
        var problems = RegisterAudit.CheckAll(folders.Database, told);
        Figures.Print("full_acked", told.Count, "acks", "> 0");
        Figures.Print("full_lost", problems.Count, "sets", "<= 0");
        Figures.Print("full_verified_meanwhile", verified.Good, "calls", "> 0");
        Figures.Print("full_verify_failed", verified.Bad.Count, "calls", "<= 0");
        Figures.Print("full_resume_time", resumed.TotalSeconds, "s", "<= 2");
        Assert.Empty(problems);
        Assert.Equal(["ResourceExhausted STORAGE_FULL"], refusals.Distinct());
        Assert.Empty(verified.Bad.Distinct());
        Assert.True(resumed < TimeSpan.FromSeconds(2), $"resumed after {resumed}");
    }

    [Fact]
    public async Task Space_that_ends_at_any_point_of_a_write_is_called_by_its_name()
    {
        Assert.SkipWhen(disk is null, obstacle);
        await using var server = await ServerProcess.StartAsync(Settings);
        using var client = new EidClient(server, folders);
        using var acks = new AckLog(folders.Other("acks"));
        disk!.Grow(24);
        var first = await Write.Issue().SendAsync(client, acks);
        var dice = new Dice(3);
        var refusals = new ConcurrentBag<string>();
        for (var round = 0; round < 40 && disk.Free > 2_000_000; round++)
        {
            // So many pages are left that the end comes in the log, in its index or in the file itself, a different place each time.
            var filler = Path.Combine(folders.Data, "filler");
            var leave = dice.Next(120) * 4096L;
            await using (var file = File.Create(filler))
            {
                file.Write(new byte[Math.Max(0, disk.Free - leave)]);
            }

            await IssueUntilRefusedAsync(client, acks, refusals, times: 1);
            Assert.Equal(Verification.Types.Verdict.Valid, await client.VerifyAsync(first.LicenseCode));
            File.Delete(filler);
            Assert.True(await TryIssueAsync(client, acks, refusals), $"not resumed in round {round}: {string.Join(", ", refusals.Distinct())}");
        }

        var told = AckLog.Read(folders.Other("acks"));
        Figures.Print("full_points", refusals.Count, "refusals", ">= 20");
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, told));
        Assert.Equal(["ResourceExhausted STORAGE_FULL"], refusals.Distinct());
    }

    [Fact]
    public async Task A_server_that_is_killed_on_a_full_disk_comes_back_and_verifies()
    {
        Assert.SkipWhen(disk is null, obstacle);
        using var acks = new AckLog(folders.Other("acks"));
        var refusals = new ConcurrentBag<string>();
        IssuedSet first;
        await using (var server = await ServerProcess.StartAsync(Settings))
        {
            using var client = new EidClient(server, folders);
            first = await Write.Issue().SendAsync(client, acks);
            // With an empty log there is no old room in it: a start that writes one page fails.
            SoundRegister.Execute(folders.Database, "PRAGMA wal_checkpoint(TRUNCATE)");
            await server.KillAsync();
        }

        await File.WriteAllBytesAsync(Path.Combine(folders.Data, "filler"), new byte[Math.Max(0, disk!.Free)]);
        await using var second = await ServerProcess.StartAsync(Settings);
        using var again = new EidClient(second, folders);
        Assert.Equal(Verification.Types.Verdict.Valid, await again.VerifyAsync(first.LicenseCode));
        Assert.False(await TryIssueAsync(again, acks, refusals));
        disk.Grow(40);
        Assert.True(await TryIssueAsync(again, acks, refusals));
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, AckLog.Read(folders.Other("acks"))));
        Assert.Equal(["ResourceExhausted STORAGE_FULL"], refusals.Distinct());
    }

    [Fact]
    public void Also_when_the_index_of_the_log_cannot_grow_the_disk_is_said_to_be_full()
    {
        Assert.SkipWhen(disk is null, obstacle);
        disk!.Grow(60);
        using var writer = Open();
        using var reader = Open();
        Execute(writer, "PRAGMA journal_mode = WAL");
        Execute(writer, "CREATE TABLE t (x)");
        // A reader in its transaction keeps the log from starting over, so that it outgrows the first page of its index (4062 frames).
        Execute(reader, "BEGIN");
        Execute(reader, "SELECT count(*) FROM t");
        while (new FileInfo(folders.Database + "-wal").Length < 4045 * 4120L)
        {
            Execute(writer, "INSERT INTO t VALUES (zeroblob(4000))");
        }

        var errors = new List<SqliteException>();
        for (var pages = 0; pages < 40; pages++)
        {
            File.WriteAllBytes(Path.Combine(folders.Data, "filler"), new byte[Math.Max(0, disk.Free - (pages * 4096))]);
            try
            {
                Execute(writer, "INSERT INTO t VALUES (zeroblob(60000))");
            }
            catch (SqliteException error)
            {
                errors.Add(error);
            }

            File.Delete(Path.Combine(folders.Data, "filler"));
        }

        Assert.Contains(errors, error => error.SqliteExtendedErrorCode == 4874);
        Assert.All(errors, error => Assert.Equal(ErrorReason.StorageFull, SqliteErrors.Translate(error).Reason));

        SqliteConnection Open()
        {
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folders.Database, Pooling = false }.ToString());
            connection.Open();
            return connection;
        }

        static void Execute(SqliteConnection connection, string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static async Task IssueUntilRefusedAsync(EidClient client, AckLog acks, ConcurrentBag<string> refusals, int times)
    {
        for (var refused = 0; refused < times;)
        {
            refused += await TryIssueAsync(client, acks, refusals) ? 0 : 1;
        }
    }

    private static async Task<bool> TryIssueAsync(EidClient client, AckLog acks, ConcurrentBag<string> refusals)
    {
        try
        {
            await Write.Issue().SendAsync(client, acks);
            return true;
        }
        catch (RpcException error)
        {
            refusals.Add($"{error.StatusCode} {EidClient.Reason(error)}");
            return false;
        }
    }

    private static async Task<(int Good, List<string> Bad)> VerifyUntilAsync(EidClient client, string code, CancellationToken stop)
    {
        var (good, bad) = (0, new List<string>());
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Assert.Equal(Verification.Types.Verdict.Valid, await client.VerifyAsync(code));
                good++;
            }
            catch (RpcException error)
            {
                bad.Add($"{error.StatusCode} {EidClient.Reason(error)}");
            }

            await Task.Delay(5, CancellationToken.None);
        }

        return (good, bad);
    }
}
