using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I8: licence, four seals and code change together. A rename is done with the server killed after each of its steps in turn, the register in a file and
/// in PostgreSQL, up to the last, which sends the answer. The next server finds the old set whole or the new one; asked again,
/// the rename is done once and answered with that set; the register and its journal are whole. Of the pages of a log and the statements of a transaction
/// the first, the middle and the last are points; EID_FAIL_POINTS_EVERY=1 makes every one a point:
/// <c>EID_FAIL_POINTS_EVERY=1 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.FailPointTests</c>
/// </summary>
public sealed class FailPointTests
{
    private static readonly FailPoint Never = new(int.MaxValue, 0);

    [Fact]
    public async Task A_rename_is_whole_or_not_there_after_whichever_step_the_server_dies()
    {
        using var folders = new Folders();
        await RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data), null, () => new RegisterAudit(folders.Database), "fail_point");
    }

    [Fact]
    public async Task So_it_is_when_the_register_is_in_postgres()
    {
        Cluster.RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        using var folders = new Folders();
        await RunAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = postgres.ConnectionString(0, database), Journal = folders.Other("journal") },
            postgres.Port, () => new RegisterAudit(postgres.Connect(database)), "fail_point_postgres");
    }

    private static async Task RunAsync(Folders folders, ReplicaSettings settings, int? databasePort, Func<RegisterAudit> open, string name)
    {
        Assert.SkipWhen(SystemCallTrace.Obstacle() is { Length: > 0 }, SystemCallTrace.Obstacle());
        settings = settings with { HasLedger = false };
        var killed = new Dictionary<FailPoint, string>();
        var (old, renamed, traces) = (0, 0, 0);
        var server = await ServerProcess.StartAsync(settings);
        IReadOnlyList<CallKind> undisturbed;
        try
        {
            // 1. The steps of a rename that nobody disturbs.
            undisturbed = await RenameAsync(Never);

            // 2. A rename for each point, and the server dies there; again, when it got further on a busy machine, or went another way.
            foreach (var point in FailPoint.In(undisturbed, Figures.Count("EID_FAIL_POINTS_EVERY", 0)))
            {
                for (var attempt = 0; attempt < 4 && !killed.ContainsKey(point); attempt++)
                {
                    var steps = await RenameAsync(point);
                    if (FailPoint.IsSameWay(undisturbed, steps))
                    {
                        killed[FailPoint.After(steps)] = Tell(steps);
                    }
                }
            }
        }
        finally
        {
            await server.DisposeAsync();
        }

        // 3. It died in every row of steps, before the act was done and after; the register is whole.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', killed.Values));
        Figures.Print(name + "_points", killed.Count, "points", ">= 6");
        Figures.Print(name + "_kept_old", old, "renames", "> 0");
        Figures.Print(name + "_took_new", renamed, "renames", "> 0");
        Assert.Superset(Enumerable.Range(0, FailPoint.After(undisturbed).Marks).ToHashSet(), killed.Keys.Select(point => point.Marks).ToHashSet());
        Assert.True(old > 2 && renamed > 1, $"{old} kills left the old set, {renamed} the new");
        using var audit = open();
        Assert.Empty(audit.Check([], afterRow: 0, whole: true));
        var environment = settings.Postgres is { } postgres ? new Dictionary<string, string> { ["EID_POSTGRES"] = postgres } : null;
        var (code, output) = await Programs.RunAsync(environment,
            ["dotnet", Programs.Eid, "fsck", "--certs", settings.Certificates, "--data", settings.Data, .. settings.Journal is { } journal ? (string[])["--journal", journal] : []]);
        Assert.True(code == 0, output);

        async Task<IReadOnlyList<CallKind>> RenameAsync(FailPoint point)
        {
            // A company, and everything warm that a rename needs: another one is renamed first.
            using var client = new EidClient(server, folders);
            await client.WaitUntilItAnswersAsync();
            var spare = await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()));
            await client.Staff.ChangeRegistrationAsync(Samples.Rename(spare, "枣庄市山亭区样例先行更名有限公司"));
            var founded = await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()));
            var request = Samples.Rename(founded, "枣庄市山亭区样例中途更名有限公司");
            var (steps, answered) = await point.DieAtAsync(
                server, Classify(server.Address.Port), () => client.Staff.ChangeRegistrationAsync(request).ResponseAsync, folders.Other("trace" + traces++));
            if (!answered)
            {
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(settings);
            }

            // What the next server knows of it.
            using var after = new EidClient(server, folders);
            await after.WaitUntilItAnswersAsync();
            var isRenamed = await IsRenamedAsync(after, founded, request);
            Assert.True(isRenamed || !answered, "an answered rename is gone");
            if (point != Never)
            {
                (old, renamed) = isRenamed ? (old, renamed + 1) : (old + 1, renamed);
            }

            return steps;
        }

        Func<string, string, CallKind?> Classify(int port) => (call, target) => call switch
        {
            "fsync" or "fdatasync" => target.EndsWith(".open", StringComparison.Ordinal) ? CallKind.JournalFlush : target.Contains("/register.db", StringComparison.Ordinal) ? CallKind.LogFlush : null,
            _ when target.EndsWith(".open", StringComparison.Ordinal) => CallKind.JournalWrite,
            _ when target.Contains("/register.db", StringComparison.Ordinal) => CallKind.LogWrite,
            _ when !target.StartsWith("TCP", StringComparison.Ordinal) => null,
            _ when databasePort is { } database && target.Contains($":{database}]", StringComparison.Ordinal) => CallKind.Statement,
            _ when target.Contains($":{port}->", StringComparison.Ordinal) => CallKind.Send,
            _ => null,
        };
    }

    private static string Tell(IReadOnlyList<CallKind> steps)
    {
        var text = new System.Text.StringBuilder();
        for (var (from, to) = (0, 0); from < steps.Count; from = to)
        {
            while (to < steps.Count && steps[to] == steps[from])
            {
                to++;
            }

            text.Append(System.Globalization.CultureInfo.InvariantCulture, $" {steps[from]}×{to - from}");
        }

        return text.ToString();
    }

    // One whole set before it is asked for again, and the same one rename after, however often.
    private static async Task<bool> IsRenamedAsync(EidClient client, IssuedSet founded, ChangeRegistrationRequest request)
    {
        var found = await client.LookupAsync(founded.License.Enterprise.CreditCode);
        Assert.Equal(Verdict.Valid, found.Verdict);
        var isRenamed = found.License.Version != founded.License.Version;
        var oldCode = await client.AskAsync(founded.LicenseCode);
        Assert.Equal(isRenamed ? Verdict.Superseded : Verdict.Valid, oldCode.Verdict);
        Assert.Equal(Shown(founded.License, founded.Seals), Shown(oldCode.License, oldCode.Seals));

        var change = await client.Staff.ChangeRegistrationAsync(request);
        Assert.Equal(change, await client.Staff.ChangeRegistrationAsync(request));
        var (before, now) = (founded, change.IssuedSet);
        Assert.Equal((request.Enterprise.Name, founded.License.Version + 1, 4), (now.License.Enterprise.Name, now.License.Version, now.Seals.Select(seal => seal.SealCode).Except(before.Seals.Select(seal => seal.SealCode)).Count()));
        var whole = isRenamed ? now : before;
        Assert.Equal(Shown(whole.License, whole.Seals), Shown(found.License, found.Seals));

        var newest = await client.AskAsync(now.LicenseCode);
        Assert.Equal((Verdict.Valid, Shown(now.License, now.Seals)), (newest.Verdict, Shown(newest.License, newest.Seals)));
        Assert.Equal(Verdict.Superseded, (await client.AskAsync(before.LicenseCode)).Verdict);
        return isRenamed;
    }

    private static string Shown(License license, IEnumerable<Seal> seals) =>
        $"{license.LicenseId} {license.Enterprise.Name} {string.Join(' ', seals.Select(seal => seal.SealCode))}";
}
