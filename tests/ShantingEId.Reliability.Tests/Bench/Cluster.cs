using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Server processes over one PostgreSQL and one Redis, all of them real and all of them on this machine.</summary>
public sealed class Cluster : IAsyncDisposable
{
    private readonly List<Replica> replicas = [];

    private readonly string database;

    private Cluster(PostgresServer postgres, string database, RedisServer redis) => (Postgres, this.database, Redis) = (postgres, database, redis);

    public Folders Folders { get; } = new();

    public PostgresServer Postgres { get; }

    public RedisServer Redis { get; }

    public IReadOnlyList<Replica> Replicas => replicas;

    public Replica this[int index] => replicas[index % replicas.Count];

    /// <summary>Starts everything and returns when every replica answers.</summary>
    /// <param name="count">How many replicas.</param>
    /// <param name="adjust">Changes the settings of a numbered replica.</param>
    public static async Task<Cluster> StartAsync(int count, Func<int, ReplicaSettings, ReplicaSettings>? adjust = null)
    {
        RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var cluster = new Cluster(postgres, await postgres.CreateDatabaseAsync(), await RedisServer.StartAsync());
        try
        {
            for (var i = 0; i < count; i++)
            {
                cluster.Add(adjust);
            }

            // The first one makes the tables; the others find them.
            await cluster[0].StartAsync();
            await Task.WhenAll(cluster.replicas.Skip(1).Select(replica => replica.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Skips the test where PostgreSQL is missing; with CI set, a missing program fails it.</summary>
    public static void RequirePostgres()
    {
        Assert.SkipWhen(PostgresServer.Obstacle.Length > 0 && Environment.GetEnvironmentVariable("CI") is null, PostgresServer.Obstacle);
        Assert.Equal("", PostgresServer.Obstacle);
    }

    /// <summary>The independent reader, past every proxy.</summary>
    public RegisterAudit Audit() => new(Postgres.Connect(database));

    /// <summary>Issues a set on one replica.</summary>
    public async Task<V1.IssuedSet> IssueAsync(int on = 0) => await this[on].Client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()), deadline: EidClient.In(20));

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await Redis.DisposeAsync();
        Folders.Dispose();
    }

    private void Add(Func<int, ReplicaSettings, ReplicaSettings>? adjust)
    {
        var number = replicas.Count;
        var data = Directory.CreateDirectory(Folders.Other($"replica{number}")).FullName;
        var (toPostgres, toRedis) = (FaultProxy.Start(Postgres.Port), FaultProxy.Start(Redis.Port));
        var settings = new ReplicaSettings(Folders.Certificates, data)
        {
            Postgres = Postgres.ConnectionString(toPostgres.Port, database), Redis = Redis.AddressThrough(toRedis.Port), Journal = Folders.Other("journal"),
        };
        replicas.Add(new Replica(Folders, adjust?.Invoke(number, settings) ?? settings, toPostgres, toRedis));
    }
}

/// <summary>A cluster for all tests of a class, started by the first of them, so that a machine without the programs can skip them.</summary>
public abstract class SharedCluster(int count, Func<int, ReplicaSettings, ReplicaSettings>? adjust = null) : IAsyncDisposable
{
    private Task<Cluster>? started;

    public Task<Cluster> GetAsync() => started is null or { IsFaulted: true } ? started = Cluster.StartAsync(count, adjust) : started;

    public async ValueTask DisposeAsync()
    {
        if (started is { IsCompletedSuccessfully: true })
        {
            await (await started).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
