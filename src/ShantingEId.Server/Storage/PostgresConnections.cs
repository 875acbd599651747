using Npgsql;

namespace ShantingEId.Server.Storage;

/// <summary>
/// Opens connections to PostgreSQL on which an acknowledged commit is durable, and refuses any other. The server is asked anew
/// on each connection, because its settings, or the server behind the address, may have changed since the last one.
/// </summary>
internal sealed class PostgresConnections : IAsyncDisposable
{
    // Waiting writers outlive one that froze inside its transaction: the server ends that one first.
    private const string Settings =
        "-c statement_timeout=0 -c idle_in_transaction_session_timeout=5s -c lock_timeout=8s -c default_transaction_isolation=read\\ committed -c client_min_messages=warning";

    // Read and pinned in one: a later change of the configuration does not weaken a connection in use.
    private const string Check =
        """
        SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false), current_setting('fsync'), current_setting('full_page_writes'),
          pg_is_in_recovery()::text
        """;

    private readonly NpgsqlDataSource source;

    /// <summary>Reads the connection string.</summary>
    /// <exception cref="EidException">It cannot be read; the text never repeats it, because it may hold a password.</exception>
    public PostgresConnections(string connectionString)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new EidException(ErrorReason.StoreUnavailable, "PostgreSQL 连接串无法读取；格式如 Host=db;Database=eid;Username=eid");
        }

        // Connections are kept by the store, with their prepared statements.
        (settings.Pooling, settings.Enlist, settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (false, false, 100, 2);
        (settings.Timeout, settings.CommandTimeout, settings.CancellationTimeout) = (3, 10, 2000);
        (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, 5, 1);
        (settings.IncludeErrorDetail, settings.LogParameters, settings.PersistSecurityInfo) = (false, false, false);
        settings.ApplicationName ??= "eid";
        settings.Options = string.IsNullOrEmpty(settings.Options) ? Settings : settings.Options + " " + Settings;
        var builder = new NpgsqlDataSourceBuilder(settings.ToString());
        builder.UsePhysicalConnectionInitializer(connection => CheckAsync(connection).GetAwaiter().GetResult(), CheckAsync);
        source = settings.Host?.Contains(',', StringComparison.Ordinal) == true
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
    }

    /// <summary>A connection of its own, checked.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => await source.OpenConnectionAsync(cancel);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static async Task CheckAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Check, connection);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        (string Name, string Value, bool Good)[] found =
        [
            ("synchronous_commit", row.GetString(0), row.GetString(0) is "on" or "remote_apply"),
            ("fsync", row.GetString(1), row.GetString(1) == "on"),
            ("full_page_writes", row.GetString(2), row.GetString(2) == "on"),
            ("pg_is_in_recovery", row.GetString(3), row.GetString(3) == "false"),
        ];
        if (found.FirstOrDefault(setting => !setting.Good) is { Name: { } name, Value: var value })
        {
            throw new EidException(ErrorReason.StoreUnavailable, $"PostgreSQL 的 {name} 为 {value}：已确认的写入可能丢失，拒绝使用");
        }
    }
}
