using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using ShantingEId.Incidents;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using Incident = ShantingEId.V1.Incident;
using State = ShantingEId.V1.Incident.Types.State;

namespace ShantingEId.Server.Tests.Incidents;

/// <summary>Incidents are worked on slowly, so that a test can step in, and looked for often.</summary>
public static class Slowly
{
    public static readonly IncidentTerms Terms = new(60, 60, 4, TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(50));
}

public sealed class IncidentFixture : ServerFixture
{
    public override EidServerOptions Options() => base.Options() with { Incidents = Slowly.Terms };
}

public sealed class PostgresIncidentFixture : PostgresServerFixture
{
    public override EidServerOptions Options() => base.Options() with { Incidents = Slowly.Terms };
}

/// <summary>What tests of incidents do again and again: the desk prepares, the supervisor approves.</summary>
public sealed class IncidentClient(ServerFixture server)
{
    public const string Reason = "样例：签名密钥泄露";

    public ServerFixture Server => server;

    public LifeClient Life { get; } = LifeClient.Of(server);

    public IncidentService.IncidentServiceClient Desk { get; } = new(server.Channel("staff"));

    public IncidentService.IncidentServiceClient Supervisor { get; } = new(server.Channel("supervisor"));

    public async Task<List<IssuedSet>> FoundAsync(int count)
    {
        var sets = new List<IssuedSet>();
        for (var i = 0; i < count; i++)
        {
            sets.Add(await Life.FoundAsync());
        }

        return sets;
    }

    public static PrepareIncidentRequest Prepare(Incident.Types.Act act, params IEnumerable<IssuedSet> sets) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Act = act, Query = new V1.IncidentQuery { IssuedSets = { sets.Select(set => set.Name) } }, Reason = Reason, Authority = LifeClient.Authority,
    };

    public static PrepareIncidentRequest Prepare(Incident.Types.Act act, V1.IncidentQuery query) => new(Prepare(act)) { Query = query };

    /// <summary>Everything signed since an instant.</summary>
    public static V1.IncidentQuery Since(DateTimeOffset time) => new() { SignedFrom = time.ToTimestamp() };

    public static ApproveIncidentRequest Approve(Incident prepared) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = prepared.Name, Digest = prepared.Digest, SetCount = prepared.SetCount,
    };

    public async Task<Incident> StartAsync(PrepareIncidentRequest request) => await Supervisor.ApproveIncidentAsync(Approve(await Desk.PrepareIncidentAsync(request)));

    public async Task<Incident> GetAsync(string name) => await Desk.GetIncidentAsync(new GetIncidentRequest { Name = name });

    /// <summary>The incident as soon as it is as it is waited for.</summary>
    public async Task<Incident> UntilAsync(string name, Func<Incident, bool> reached)
    {
        for (var turn = 0; ; turn++)
        {
            var incident = await GetAsync(name);
            if (reached(incident))
            {
                return incident;
            }

            Assert.True(turn < 600, $"still {incident.State}, {incident.DoneCount} done, {incident.Remark}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    public Task<Incident> EndAsync(string name) => UntilAsync(name, one => one.State is State.Completed or State.Stopped);

    /// <summary>Another replica over the same register.</summary>
    public async Task<WebApplication> StartReplicaAsync()
    {
        var replica = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger"), LedgerCheckpoints = Path.Combine(server.Data, "second-checkpoints.txt") });
        await replica.StartAsync(TestContext.Current.CancellationToken);
        return replica;
    }
}
