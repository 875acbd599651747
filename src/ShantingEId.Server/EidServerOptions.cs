using Microsoft.Extensions.Logging;

namespace ShantingEId.Server;

/// <summary>How a server is run.</summary>
public sealed record EidServerOptions
{
    /// <summary>Folder with the authority's keys, the TLS files and <c>callers.json</c>.</summary>
    public required string CertificatesDirectory { get; init; }

    /// <summary>Folder of the register; created when missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>Production</c> refuses development keys; <c>Development</c> listens on the loopback address only.</summary>
    public string Environment { get; init; } = "Production";

    /// <summary>Port of the mTLS endpoint; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>SQLite's synchronous mode; anything but FULL is refused in production and exists for the test that must notice it.</summary>
    public string Synchronous { get; init; } = "FULL";

    /// <summary>Adds where the log goes, after the server's own settings; null logs to the console alone.</summary>
    public Action<ILoggingBuilder>? ConfigureLogging { get; init; }

    /// <summary>The one clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether this is a production deployment.</summary>
    public bool IsProduction => Environment != "Development";
}
