using System.Collections.Concurrent;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Act = ShantingEId.V1.Incident.Types.Act;
using State = ShantingEId.V1.Incident.Types.State;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas.</summary>
public sealed class IncidentCluster() : SharedCluster(2);

/// <summary>
/// An incident outlives whoever works on it: killed in the middle again and again it goes on by itself, and does each set exactly once.
/// EID_INCIDENT_SETS (100) sets, EID_INCIDENT_KILLS (2) kills. A campaign:
/// <c>EID_INCIDENT_SETS=1000 EID_INCIDENT_KILLS=40 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.IncidentKillTests</c>
/// </summary>
public sealed class IncidentKillTests(IncidentCluster shared) : IClassFixture<IncidentCluster>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory, InlineData(Act.Revoke), InlineData(Act.Reissue)]
    public async Task An_incident_goes_on_by_itself_when_the_process_was_killed(Act act)
    {
        using var folders = new Folders();
        var settings = new ReplicaSettings(folders.Certificates, folders.Data);
        await using var replica = new Replica(folders, settings, null, null);
        await replica.StartAsync();
        var incident = await ApproveAsync(replica.Client, act);
        var dice = new Dice(1);
        var kills = 0;
        for (; kills < Figures.Count("EID_INCIDENT_KILLS", 2); kills++)
        {
            var before = await ProgressAsync(replica.Client, incident.Name);
            await UntilAsync(replica.Client, incident.Name, one => one.DoneCount > before || one.State == State.Completed);
            await Task.Delay(dice.Next(200), TestContext.Current.CancellationToken);
            if ((await GetAsync(replica.Client, incident.Name)).State == State.Completed)
            {
                break;
            }

            await replica.RestartAsync();
        }

        await CheckAsync(replica.Client, incident, act, () => new RegisterAudit(folders.Database), settings);
        Assert.True(kills > 0, "it was over before the first kill");
    }

    [Fact]
    public async Task Another_replica_goes_on_when_the_one_that_worked_was_killed()
    {
        var cluster = await shared.GetAsync();
        var incident = await ApproveAsync(cluster[0].Client, Act.Revoke);
        // Each in its turn; one of the two was at it.
        for (var turn = 0; turn < 2; turn++)
        {
            var (killed, other) = (cluster[turn], cluster[turn + 1]);
            await UntilAsync(other.Client, incident.Name, one => one.DoneCount > 0);
            await killed.KillAsync();
            var before = await ProgressAsync(other.Client, incident.Name);
            await UntilAsync(other.Client, incident.Name, one => one.DoneCount > before || one.State == State.Completed);
            await killed.StartAsync();
        }

        await CheckAsync(cluster[0].Client, incident, Act.Revoke, cluster.Audit, cluster[0].Settings);
    }

    private static async Task<Incident> ApproveAsync(EidClient client, Act act)
    {
        var sets = new ConcurrentBag<string>();
        await Parallel.ForAsync(0, Figures.Count("EID_INCIDENT_SETS", 100), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (_, cancel) => sets.Add((await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()), deadline: EidClient.In(30), cancellationToken: cancel)).Name));
        var prepared = await client.Incidents.PrepareIncidentAsync(new PrepareIncidentRequest
        {
            RequestId = Samples.NewRequestId(), Act = act, Reason = "样例：签名密钥泄露", Authority = "样例机关", Query = new IncidentQuery { IssuedSets = { sets.Take(1000) } },
        }, deadline: EidClient.In(30));
        return await client.Supervisor.ApproveIncidentAsync(
            new ApproveIncidentRequest { RequestId = Samples.NewRequestId(), Name = prepared.Name, Digest = prepared.Digest, SetCount = prepared.SetCount }, deadline: EidClient.In(30));
    }

    private static async Task CheckAsync(EidClient client, Incident approved, Act act, Func<RegisterAudit> open, ReplicaSettings settings)
    {
        var end = await UntilAsync(client, approved.Name, one => one.State == State.Completed);
        Assert.Equal((approved.SetCount, 0, 0), (end.DoneCount, end.SkippedCount, end.FailedCount));
        var sets = 0L;
        var request = new ListIncidentSetsRequest { Name = approved.Name, PageSize = 500 };
        do
        {
            var page = await client.Incidents.ListIncidentSetsAsync(request, deadline: EidClient.In(30));
            var expected = act == Act.Revoke ? IssuedSet.Types.State.Revoked : IssuedSet.Types.State.Superseded;
            Assert.All(page.Sets, one => Assert.Equal((expected, IncidentSet.Types.Outcome.Done), (one.State, one.Outcome)));
            sets += page.Sets.Count;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(approved.SetCount, sets);
        // Whole, each once, and by the register's own check nothing is amiss.
        using var audit = open();
        Assert.Empty(audit.Check([], afterRow: 0, whole: true));
        Assert.Equal(approved.SetCount * (act == Act.Revoke ? 1 : 2), audit.Acts(approved.Name["incidents/".Length..] + "-"));
        Assert.Empty(RegisterCheck.Run(settings.ToOptions()));
    }

    private static async Task<long> ProgressAsync(EidClient client, string name) => (await GetAsync(client, name)).DoneCount;

    private static async Task<Incident> GetAsync(EidClient client, string name) =>
        await client.Incidents.GetIncidentAsync(new GetIncidentRequest { Name = name }, deadline: EidClient.In(10));

    private static async Task<Incident> UntilAsync(EidClient client, string name, Func<Incident, bool> reached)
    {
        var began = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var incident = await GetAsync(client, name);
            if (reached(incident))
            {
                return incident;
            }

            Assert.True(began.Elapsed < Patience, $"still {incident.State} with {incident.DoneCount} done");
            await Task.Delay(20);
        }
    }
}
