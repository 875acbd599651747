using System.Diagnostics;
using Npgsql;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>A cluster of its own, to be stopped and started.</summary>
public sealed class OwnPostgres : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Obstacle.Length == 0)
        {
            Server = await PostgresServer.StartAsync();
        }
    }

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? default;
}

/// <summary>PostgreSQL that restarts, stops, or is not what it must be.</summary>
public sealed class PostgresOutageTests : IClassFixture<OwnPostgres>, IClassFixture<SampleSets>
{
    private readonly OwnPostgres own;
    private readonly SampleSets sets;

    public PostgresOutageTests(OwnPostgres own, SampleSets sets)
    {
        PostgresRegisters.Need();
        (this.own, this.sets) = (own, sets);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restarted_server_is_found_again_by_reads_and_writes()
    {
        await using var registers = new PostgresRegisters(own.Server, await own.Server.CreateDatabaseAsync());
        var store = registers.Open();
        var set = sets.Next();
        await store.AddSetAsync(set, SampleSets.Started, SampleSets.Request());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.FindAsync(RegisterKey.Of(set.TypedCode), TimeSpan.Zero, Cancel).AsTask()));

        await own.Server.RestartAsync();

        Assert.NotNull((await store.FindAsync(RegisterKey.Of(set.TypedCode), TimeSpan.Zero, Cancel)).Entry);
        Assert.Equal(2, (await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position);
    }

    [Fact]
    public async Task A_stopped_server_is_unavailable_and_a_change_is_settled_when_every_cache_has_run_out()
    {
        await using var registers = new PostgresRegisters(own.Server, await own.Server.CreateDatabaseAsync());
        var (store, bound) = ((PostgresStore)registers.Open(), TimeSpan.FromSeconds(1));
        await using var feed = new PostgresFeed(store, bound);
        await feed.JoinAsync(bound * 2, Cancel);
        await feed.SettleAsync((await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position);
        var last = (await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position;

        await own.Server.StopAsync();
        try
        {
            EidException[] errors =
            [
                await Assert.ThrowsAsync<EidException>(async () => await store.FindAsync(RegisterKey.Of(TypedCode.Generate()), TimeSpan.Zero, Cancel)),
                await Assert.ThrowsAsync<EidException>(async () => await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())),
                await Assert.ThrowsAsync<EidException>(async () => await store.ReserveAsync("seal", 1, Cancel)),
                await Assert.ThrowsAsync<EidException>(async () => await feed.JoinAsync(bound, Cancel)),
            ];
            Assert.All(errors, error => Assert.Equal(ErrorReason.StoreUnavailable, error.Reason));
            Assert.All(errors, error => Assert.DoesNotContain(own.Server.Password, error.ToString(), StringComparison.Ordinal));

            // The longest bound it ever read, not its own.
            var clock = Stopwatch.StartNew();
            await feed.SettleAsync(last).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.True(clock.Elapsed >= bound * 2, clock.Elapsed.ToString());
        }
        finally
        {
            await own.Server.StartAgainAsync();
        }

        Assert.Equal(last + 1, (await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position);
    }

    [Fact]
    public async Task A_writer_that_froze_inside_its_transaction_does_not_stop_the_others_for_ever()
    {
        var database = await own.Server.CreateDatabaseAsync();
        await using var registers = new PostgresRegisters(own.Server, database);
        var store = registers.Open();
        // As a replica under SIGSTOP: it holds the head of the feed, with the same settings as every writer.
        await using var frozen = new NpgsqlConnection(own.Server.ConnectionString(0, database) + ";Pooling=false;Options=-c idle_in_transaction_session_timeout=5s");
        await frozen.OpenAsync(Cancel);
        await using var hold = new NpgsqlCommand("BEGIN; UPDATE feed_head SET position = position + 1", frozen);
        await hold.ExecuteNonQueryAsync(Cancel);

        var clock = Stopwatch.StartNew();
        Assert.Equal(1, (await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position);

        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(3), clock.Elapsed.ToString());
    }

    [Theory]
    [InlineData("off"), InlineData("local"), InlineData("remote_write")]
    public async Task A_server_that_does_not_keep_what_it_acknowledges_is_refused_by_name(string value)
    {
        var database = await own.Server.CreateDatabaseAsync();
        await SetAsync(database, $"ALTER DATABASE {database} SET synchronous_commit = {value}");

        var error = Assert.Throws<EidException>(() => PostgresStore.Open(own.Server.ConnectionString(0, database), TimeProvider.System));

        Assert.Contains("synchronous_commit", error.Message, StringComparison.Ordinal);
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
        await SetAsync(database, $"ALTER DATABASE {database} SET synchronous_commit = remote_apply");
        await using var store = PostgresStore.Open(own.Server.ConnectionString(0, database), TimeProvider.System);
    }

    // The configuration is changed under a running server: connections in use keep what they were opened with, new ones are refused.
    [Fact]
    public async Task A_setting_that_is_weakened_later_reaches_no_connection()
    {
        var database = await own.Server.CreateDatabaseAsync();
        await using var registers = new PostgresRegisters(own.Server, database);
        var store = registers.Open();
        Assert.Equal("on", await SettingAsync(store));
        await SetAsync(database, "ALTER SYSTEM SET synchronous_commit = off");
        try
        {
            await SetAsync(database, "SELECT pg_reload_conf()");
            await Task.Delay(200, Cancel);
            Assert.Equal("on", await SettingAsync(store));
            var error = Assert.Throws<EidException>(registers.Open);
            Assert.Contains("synchronous_commit", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            await SetAsync(database, "ALTER SYSTEM RESET synchronous_commit");
            await SetAsync(database, "SELECT pg_reload_conf()");
        }
    }

    // Its standby is away: COMMIT waits for it, whatever timeouts there are. Cancelled, it would be called done and be lost with the server.
    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_commit_that_waits_for_its_standby_is_never_called_done_and_never_called_undone(bool cancelledByHand)
    {
        var database = await own.Server.CreateDatabaseAsync();
        await using var registers = new PostgresRegisters(own.Server, database);
        var store = registers.Open();
        var (set, request) = (sets.Next(), SampleSets.Request());
        await SetAsync(database, $"ALTER DATABASE {database} SET statement_timeout = '300ms'");
        await SetAsync(database, "ALTER SYSTEM SET synchronous_standby_names = 'absent'");
        await SetAsync(database, "SELECT pg_reload_conf()");
        try
        {
            using var storm = new CancellationTokenSource();
            var cancelling = cancelledByHand ? CancelWaitsAsync(database, storm.Token) : Task.FromResult(0L);
            var error = await Assert.ThrowsAsync<EidException>(async () => await store.AddSetAsync(set, SampleSets.Started, request));
            await storm.CancelAsync();
            Assert.Equal(ErrorReason.OutcomeUnknown, error.Reason);
            Assert.Equal(cancelledByHand, await cancelling > 1);
            // It is seen by nobody yet (unless the wait was cut short), and the head of the feed is held; who comes next is told so, and holds no one up for ever.
            Assert.Equal(cancelledByHand, await registers.Open().FindReplyAsync("staff", request.RequestId, Cancel) is not null);
            error = await Assert.ThrowsAsync<EidException>(async () => await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request()));
            Assert.Equal(ErrorReason.StoreUnavailable, error.Reason);
        }
        finally
        {
            await SetAsync(database, "ALTER SYSTEM RESET synchronous_standby_names; ");
            await SetAsync(database, "SELECT pg_reload_conf()");
        }

        var again = await store.AddSetAsync(set, SampleSets.Started, request with { Reply = [1] });
        Assert.Equal(request.Reply, again.Earlier!.Reply);
        Assert.Equal(1, again.Position);
    }

    [Fact]
    public async Task Replicas_that_start_at_once_migrate_once()
    {
        var database = await own.Server.CreateDatabaseAsync();
        await using var registers = new PostgresRegisters(own.Server, database);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await PostgresStore.Open(registers.ConnectionString, TimeProvider.System).DisposeAsync())));

        Assert.Equal(1, await registers.NumberAsync("SELECT count(*) FROM schema_version"));
        Assert.Equal(1, await registers.NumberAsync("SELECT count(*) FROM feed_head"));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Nonsense=1;Password=hunter2"), InlineData("Host=127.0.0.1;Port=hunter2"), InlineData("hunter2")]
    public void A_connection_string_that_cannot_be_read_is_not_repeated(string connection)
    {
        var error = Assert.Throws<EidException>(() => PostgresStore.Open(connection, TimeProvider.System));

        Assert.Equal(ErrorReason.StoreUnavailable, error.Reason);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_addresses_the_one_that_answers_is_used()
    {
        using var closed = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        closed.Start();
        var dead = ((System.Net.IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        var connection = new NpgsqlConnectionStringBuilder(own.Server.ConnectionString(0, await own.Server.CreateDatabaseAsync()))
        {
            Host = $"127.0.0.1:{dead},127.0.0.1:{own.Server.Port}",
        };

        await using var store = PostgresStore.Open(connection.ToString(), TimeProvider.System);

        Assert.Equal(1, (await store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_without_repeating_it()
    {
        var connection = own.Server.ConnectionString(0, await own.Server.CreateDatabaseAsync()).Replace(own.Server.Password, "hunter2", StringComparison.Ordinal);

        var error = Assert.Throws<EidException>(() => PostgresStore.Open(connection, TimeProvider.System));

        Assert.Equal(ErrorReason.StoreUnavailable, error.Reason);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string?> SettingAsync(SqlStore store) =>
        await store.ReadAsync(async session => (string?)await session.ScalarAsync(new Sql("SELECT current_setting('synchronous_commit')"), Cancel), Cancel);

    // Ends every wait for the standby, over and over; how many.
    private async Task<long> CancelWaitsAsync(string database, CancellationToken stop)
    {
        long cancelled = 0;
        await using var connection = own.Server.Connect(database);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", connection);
        while (!stop.IsCancellationRequested)
        {
            cancelled += (long)(await command.ExecuteScalarAsync(Cancel))!;
            await Task.Delay(100, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return cancelled;
    }

    private async Task SetAsync(string database, string sql)
    {
        await using var connection = own.Server.Connect(database);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
