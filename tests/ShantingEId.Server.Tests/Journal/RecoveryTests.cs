using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Tests.Cases;
using ShantingEId.Server.Tests.Incidents;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Server.Tests.Storage;
using ShantingEId.V1;
using Act = ShantingEId.V1.Incident.Types.Act;
using IssuedSet = ShantingEId.V1.IssuedSet;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Journal;

public sealed class RecoveryTests(RestoreFixture server) : RecoveryContract(server, server), IClassFixture<RestoreFixture>;

public sealed class PostgresRecoveryTests(PostgresRestoreFixture server) : RecoveryContract((PostgresRestoreFixture)server.Needed, server), IClassFixture<PostgresRestoreFixture>
{
    [Fact]
    public async Task A_register_that_is_replaced_under_a_running_server_answers_nobody_and_takes_nothing()
    {
        // 1. The server runs on while an older copy is put in the place of its register.
        var life = LifeClient.Of(server);
        var (set, other) = (await life.FoundAsync(), await life.FoundAsync());
        await server.StopAsync();
        await server.BackUpAsync();
        await server.StartAsync();
        life = LifeClient.Of(server);
        await life.DoAsync("Revoke", set);
        await server.RestoreAsync();
        await Task.Delay(2 * server.Options().StateBound, TestContext.Current.CancellationToken);

        // 2. There the revoked licence is in force; here nobody hears so.
        await UnavailableAsync(() => life.AskAsync(set.LicenseCode));
        await UnavailableAsync(() => life.DoAsync("Suspend", other));

        // 3. Recovered, a process from before still takes nothing: what it remembers is of another life.
        Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Rebuilt.Approved(server.Options(), (await RegisterRecovery.PlanAsync(server.Options())).ToApprove())));
        await UnavailableAsync(() => life.DoAsync("Suspend", other));
        await server.StopAsync();
        await server.StartAsync();
        life = LifeClient.Of(server);
        Assert.Equal(Verdict.Revoked, (await life.AskAsync(set.LicenseCode)).Verdict);
        await life.DoAsync("Suspend", other);
    }

    [Fact]
    public async Task A_process_that_slept_through_a_recovery_writes_nothing()
    {
        // 1. It set numbers aside, and saw nothing of what came then.
        await server.StopAsync();
        await server.BackUpAsync();
        var secret = AuthorityFiles.Bytes(server.Certificates, AuthorityFiles.StatusSecret);
        await using (var store = PostgresStore.Open(server.Options().Postgres!, TimeProvider.System, RegisterJournal.Open(server.Options().JournalPath!, secret)))
        {
            await store.ReserveAsync("seal", 10, CancellationToken.None);
            await server.RestoreAsync();
            Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Rebuilt.Approved(server.Options(), (await RegisterRecovery.PlanAsync(server.Options())).ToApprove())));

            // 2. The register has gone no place back, but it lives another life.
            Assert.Equal(ErrorReason.RegisterOutdated, (await Assert.ThrowsAsync<EidException>(async () => await store.ReserveAsync("seal", 10, CancellationToken.None))).Reason);
        }

        await server.StartAsync();
    }

    private static async Task UnavailableAsync<T>(Func<Task<T>> call)
    {
        var refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await call());
        Assert.Equal((Grpc.Core.StatusCode.Unavailable, "REGISTER_OUTDATED"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason));
    }
}

/// <summary>I7 and I16: an old backup serves nobody before the journal brought it up to date, and then nothing acknowledged is missing.</summary>
public abstract class RecoveryContract(ServerFixture server, IRestorable copies)
{
    /// <summary><c>EID_RESTORES</c> and <c>EID_RESTORE_REVOKED</c>: how many restores, and how many revocations fall behind each backup.</summary>
    private static readonly int Restores = Count("EID_RESTORES", 2), Revoked = Count("EID_RESTORE_REVOKED", 4);

    [Fact]
    public async Task A_restored_backup_revives_nothing_repeats_no_number_and_serves_nobody_before()
    {
        var numbers = new HashSet<string>();
        for (var round = 0; round < Restores; round++)
        {
            // 1. Before the backup.
            var life = LifeClient.Of(server);
            var sets = new List<IssuedSet>();
            for (var i = 0; i <= Revoked; i++)
            {
                sets.Add(Fresh(await life.FoundAsync()));
            }

            await server.StopAsync();
            await copies.BackUpAsync();
            await server.StartAsync();

            // 2. After it, acknowledged all the same.
            life = LifeClient.Of(server);
            var issue = ServerFixture.ValidRequest();
            var founded = Fresh(await life.Staff.IssueSetAsync(issue));
            var renamed = Fresh((await life.ChangeAsync(LifeClient.Rename(sets[^1], "枣庄市山亭区样例恢复食品有限公司"))).IssuedSet);
            foreach (var set in sets.Take(Revoked))
            {
                await life.DoAsync("Revoke", set);
            }

            // 3. The backup in its place: nobody serves it, however often it is tried.
            await server.StopAsync();
            await copies.RestoreAsync();
            for (var attempt = 0; attempt < 2; attempt++)
            {
                Assert.Equal(ErrorReason.RegisterOutdated, Assert.Throws<EidException>(() => EidServer.Build(server.Options())).Reason);
            }

            // 4. Up to date again.
            var plan = await RegisterRecovery.PlanAsync(server.Options());
            Assert.True(plan.Count >= Revoked + 2, $"{plan.Count} transactions");
            Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Approved(plan)));
            await server.StartAsync();
            life = LifeClient.Of(server);
            foreach (var set in sets.Take(Revoked))
            {
                Assert.Equal(Verdict.Revoked, (await life.AskAsync(set.LicenseCode)).Verdict);
            }

            Assert.Equal((Verdict.Superseded, Verdict.Valid, Verdict.Valid),
                ((await life.AskAsync(sets[^1].LicenseCode)).Verdict, (await life.AskAsync(renamed.LicenseCode)).Verdict, (await life.AskAsync(founded.TypedCode)).Verdict));
            Assert.Equal(founded.ToByteString(), (await life.Staff.IssueSetAsync(issue)).ToByteString()); // The same request: the same answer, byte for byte.

            // 5. And on from there: no number a second time.
            Fresh(await life.FoundAsync());
            Fresh((await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市山亭区样例再恢复食品有限公司"))).IssuedSet);
        }

        IssuedSet Fresh(IssuedSet set)
        {
            Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(set.LicenseCode, "HTTPS://EID.SHANTING.EXAMPLE/", out var envelope));
            // Its place in the status lists too: given twice, one would be revoked with the other.
            string[] fresh = [set.License.LicenseId, set.TypedCode, set.LicenseCode, LicenseCode.Read(envelope!)!.Status.ToString(), .. set.Seals.Select(seal => seal.SealCode)];
            Assert.All(fresh, number => Assert.True(numbers.Add(number), $"{number} twice"));
            return set;
        }
    }

    [Fact]
    public async Task The_journal_alone_makes_the_same_register_of_an_empty_one()
    {
        // 1. Everything that is written, some of it by many at once.
        var incidents = new IncidentClient(server);
        var life = incidents.Life;
        if (server is PostgresServerFixture)
        {
            // As a transaction that failed leaves it: a number of a row that no row has.
            using var register = server.OpenRegister();
            register.Number("SELECT nextval(pg_get_serial_sequence('issued_set', 'id'))");
        }

        var sets = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => life.FoundAsync()));
        await Task.WhenAll(
            life.ChangeAsync(LifeClient.Rename(sets[0], "枣庄市山亭区样例日志食品有限公司")),
            life.ChangeAsync(LifeClient.Change(sets[1], face => face.Representative = "样例丙", "representative")),
            life.DoAsync("Revoke", sets[2]), life.DoAsync("Rescind", sets[3]), life.DoAsync("Cancel", sets[4]), life.DoAsync("Suspend", sets[5]));
        await Task.WhenAll(life.DoAsync("Restore", sets[3]), life.DoAsync("Resume", sets[5]));
        await incidents.EndAsync((await incidents.StartAsync(IncidentClient.Prepare(Act.Reissue, sets[6], sets[7]))).Name);
        await incidents.EndAsync((await incidents.StartAsync(IncidentClient.Prepare(Act.Revoke, sets[8], sets[9]))).Name);
        await new CaseService.CaseServiceClient(server.Channel("staff")).OpenCaseAsync(SampleCases.Application(Step.Types.Kind.Tax, Step.Types.Kind.BankAppointment));
        // A refusal leaves nothing, and neither does its share of a transaction with others.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            var refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => life.DoAsync("Revoke", sets[2]));
            Assert.Equal(Grpc.Core.StatusCode.FailedPrecondition, refused.StatusCode);
            await life.FoundAsync();
        }));
        // Nor what a write had written before it was refused: the second of two changes was judged as it is not.
        var store = server.Services.GetRequiredService<ILicenseStore>();
        var (good, stale) = ((await JudgedAsync(sets[10])), await JudgedAsync(sets[11]));
        await Assert.ThrowsAsync<EidException>(async () => await store.ChangeStatesAsync("RevokeSet",
            [(good, Revoked(good)), (stale with { State = stale.State with { RecordedTime = stale.State.RecordedTime.AddSeconds(1) } }, Revoked(stale))], SampleSets.Request()));
        await server.StopAsync();

        // 2. Row by row the same, and sound.
        Assert.Empty(await server.RebuildAsync());
        Assert.Empty(RegisterCheck.Run(server.Options()));
        await server.StartAsync();

        async Task<StatedEntry> JudgedAsync(IssuedSet set) => (await store.HistoryAsync(set.License.Enterprise.CreditCode, TestContext.Current.CancellationToken))[^1];
        static StateRecord Revoked(StatedEntry judged) => judged.State with { State = SetState.Revoked, Reason = "样例", DecidedBy = "样例机关" };
    }

    [Fact]
    public async Task A_recovery_that_was_cut_off_is_continued_and_nobody_serves_what_is_half_done()
    {
        await LiveBehindABackupAsync();
        var plan = await RegisterRecovery.PlanAsync(server.Options());
        await Assert.ThrowsAsync<InvalidOperationException>(() => RegisterRecovery.RunAsync(server.Options(), Approved(plan), _ => throw new InvalidOperationException("cut off")));

        var refused = Assert.Throws<EidException>(() => EidServer.Build(server.Options()));

        Assert.Contains("恢复没有完成", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Approved(await RegisterRecovery.PlanAsync(server.Options()))));
        await server.StartAsync();
    }

    private ApprovalFile Approved(RecoveryPlan plan) => Rebuilt.Approved(server.Options(), plan.ToApprove());

    private Task LiveBehindABackupAsync() => Backups.LiveBehindAsync(server, copies);

    private static int Count(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var count) ? count : otherwise;
}
