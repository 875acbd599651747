using System.Text.Json;
using ShantingEId.Incidents;
using ShantingEId.Server;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>How a server process of the tests is run; goes to it as one argument.</summary>
/// <param name="Certificates">Folder of its keys.</param>
/// <param name="Data">Folder of its own: its register, where that is a file, and its ledger.</param>
public sealed record ReplicaSettings(string Certificates, string Data)
{
    /// <summary>SQLite's mode.</summary>
    public string Synchronous { get; init; } = "FULL";

    /// <summary>PostgreSQL; null keeps the register in a file.</summary>
    public string? Postgres { get; init; }

    /// <summary>Redis; null does without.</summary>
    public string? Redis { get; init; }

    /// <summary>Folder of the register's journal, shared by its replicas; null is the usual one, which PostgreSQL has none of.</summary>
    public string? Journal { get; init; }

    /// <summary>Folder of the ledger; null is the usual one.</summary>
    public string? Ledger { get; init; }

    /// <summary>Whether look-ups are recorded; false where only the register's own writes are to be seen.</summary>
    public bool HasLedger { get; init; } = true;

    /// <summary>How old a cached state may be, in milliseconds.</summary>
    public int BoundMilliseconds { get; init; } = 1000;

    /// <summary>Register entries kept in memory; few, where Redis is to be asked.</summary>
    public int CacheEntries { get; init; } = 20_000;

    /// <summary>A file with the offset of its wall clock, e.g. <c>+600</c>, which may be changed while it runs; null leaves the clock alone.</summary>
    public string? ClockFile { get; init; }

    /// <summary>File of the ledger's checkpoints; null is the usual one.</summary>
    public string? LedgerCheckpoints { get; init; }

    /// <summary>Sets of an incident a second; slowly, so that a kill comes in the middle.</summary>
    public int IncidentRate { get; init; } = 100;

    /// <summary>Port of the public pages; null opens none.</summary>
    public int? PublicPort { get; init; }

    public TimeSpan Bound => TimeSpan.FromMilliseconds(BoundMilliseconds);

    /// <summary>Another process over the register of these folders, with a ledger of its own.</summary>
    public static ReplicaSettings Beside(Folders folders) =>
        new(folders.Certificates, folders.Data) { Ledger = folders.Other("second-ledger"), LedgerCheckpoints = folders.Other("second-checkpoints") };

    public static ReplicaSettings Parse(string text) => JsonSerializer.Deserialize<ReplicaSettings>(text)!;

    public override string ToString() => JsonSerializer.Serialize(this);

    public EidServerOptions ToOptions() => new()
    {
        CertificatesDirectory = Certificates, DataDirectory = Data, Environment = "Development", Synchronous = Synchronous,
        Postgres = Postgres, Redis = Redis, JournalDirectory = Journal, Ledger = HasLedger, LedgerDirectory = Ledger, LedgerCheckpoints = LedgerCheckpoints, StateBound = Bound,
        Incidents = IncidentTerms.Default with { MostPerSecond = IncidentRate, Lease = TimeSpan.FromSeconds(2), Period = TimeSpan.FromMilliseconds(100) },
        CacheEntries = CacheEntries, PublicPort = PublicPort, PackEvery = TimeSpan.FromSeconds(1), Clock = ClockFile is { } clock && !FileClock.IsFaked ? new FileClock(clock) : TimeProvider.System,
    };
}
