using Google.Protobuf;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using Act = ShantingEId.V1.ChangePermitRequest.Types.Act;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I1, I8: what was acknowledged survives the death of the process, a rename, a comprehensive licence and its next version whole or not at all, again and again on one register. EID_KILL_CYCLES counts the kills
/// over a file (16), EID_KILL_CYCLES_POSTGRES those over PostgreSQL, which stays up (5). A campaign:
/// <c>EID_KILL_CYCLES=1000 EID_KILL_CYCLES_POSTGRES=1000 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.KillLoopTests</c>
/// </summary>
public sealed class KillLoopTests
{
    private static readonly KillWork Sets = new(_ => Write.Issue(), Next, (audit, acks, afterRow, whole) => audit.Check(acks, afterRow, whole));

    [Fact]
    public async Task No_acknowledged_write_is_lost_or_doubled_when_the_process_is_killed_under_load()
    {
        using var folders = new Folders();
        await KillLoop.RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data), () => new RegisterAudit(folders.Database), Sets, "kill", Figures.Count("EID_KILL_CYCLES", 16));

        var deeds = AckLog.Read(folders.Other("acks")).CountBy(ack => ack.Deed).ToDictionary();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", deeds.Select(each => $"{each.Key} {each.Value}").Order()));
        Assert.All((string[])["IssueSet", "ChangeRegistration", "RevokeSet", "IssueTradeLicense"], deed => Assert.True(deeds.GetValueOrDefault(deed) > 0, $"no {deed} at all"));
    }

    [Fact]
    public async Task Nor_when_the_register_is_in_postgres()
    {
        Cluster.RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        using var folders = new Folders();
        await KillLoop.RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = postgres.ConnectionString(0, database), Journal = folders.Other("journal") },
            () => new RegisterAudit(postgres.Connect(database)), Sets, "kill_postgres", Figures.Count("EID_KILL_CYCLES_POSTGRES", 5));
    }

    // One set in four is ended again, one in four replaced under a new name, and one in four gets a comprehensive licence, so that every kind of write is in
    // flight when the kill comes. A permit is paused, and goes on or ends, in the same version or the next.
    private static Write Next(Write write, IMessage reply, Dice dice) => write.Deed switch
    {
        "IssueSet" or "ChangeRegistration" => dice.Next(4) switch
        {
            0 => Write.Revoke(Write.SetOf(reply)!), 1 => Write.Rename(Write.SetOf(reply)!), 2 => Write.IssueTrade(Write.SetOf(reply)!), _ => Write.Issue(),
        },
        "IssueTradeLicense" => Write.ChangePermit(Write.SetOf(reply)!, Act.Suspend),
        "SuspendPermit" when dice.Next(3) == 0 => Write.ChangeTrade(Write.SetOf(reply)!),
        "SuspendPermit" or "ChangeTradeLicense" => Write.ChangePermit(Write.SetOf(reply)!, dice.Next(2) == 0 ? Act.Resume : Act.Revoke),
        _ => Write.Issue(),
    };
}
