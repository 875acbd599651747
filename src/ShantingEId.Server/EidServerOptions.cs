using Microsoft.Extensions.Logging;
using ShantingEId.Deregistering;
using ShantingEId.Incidents;

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

    /// <summary>Port of the public pages, for anybody who scans a code; 0 takes any free one, null opens none.</summary>
    public int? PublicPort { get; init; }

    /// <summary>Where the public reports a doubt, as the pages say it, e.g. a telephone number; empty names the authority alone.</summary>
    public string PublicContact { get; init; } = "";

    /// <summary>
    /// Gateways in front of the public port: who asks is then the last address in their <c>X-Forwarded-For</c> that is no gateway, and limits go by that. From
    /// anybody else the header says nothing.
    /// </summary>
    public IReadOnlyList<System.Net.IPAddress> PublicGateways { get; init; } = [];

    /// <summary>How long a live code may be scanned, 10 to 120 s.</summary>
    public TimeSpan LiveCodeLife { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a copy of a status list may be used before asking again; a change shows in what is fetched after at most a second.</summary>
    public TimeSpan StatusTtl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a status list counts at all.</summary>
    public TimeSpan StatusLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How often a pack for counters without network is made, when one is asked for.</summary>
    public TimeSpan PackEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a pack counts at all; longer than a day, so that who fetches one every day is never without.</summary>
    public TimeSpan PackLifetime { get; init; } = TimeSpan.FromHours(26);

    /// <summary>How many packs are kept, so that deltas can start from them.</summary>
    public int PacksKept { get; init; } = 168;

    /// <summary>Folder of the packs, which replicas should share, so that deltas of one fit packs of another; null is <c>packs</c> in <see cref="DataDirectory"/>.</summary>
    public string? PackDirectory { get; init; }

    /// <summary>SQLite's synchronous mode; anything but FULL is refused in production and exists for the test that must notice it.</summary>
    public string Synchronous { get; init; } = "FULL";

    /// <summary>How old a cached state may be at most, and how long a revocation waits for a replica that does not answer.</summary>
    public TimeSpan StateBound { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Register entries kept in memory, some 3 KB each; twice as many at most.</summary>
    public int CacheEntries { get; init; } = 20_000;

    /// <summary>Connection string of PostgreSQL, which then holds the register; null keeps it in SQLite in <see cref="DataDirectory"/>.</summary>
    public string? Postgres { get; init; }

    /// <summary>Address of Redis as StackExchange.Redis reads it; null does without.</summary>
    public string? Redis { get; init; }

    /// <summary>Folder of this replica's look-up ledger; null is <c>ledger</c> in <see cref="DataDirectory"/>.</summary>
    public string? LedgerDirectory { get; init; }

    /// <summary>
    /// File of the ledger's signed checkpoints; null is <c>ledger-checkpoints.txt</c> in <see cref="DataDirectory"/>. In production it
    /// belongs on another machine's disk: who can rewrite ledger and checkpoints together can hide that look-ups were taken away.
    /// </summary>
    public string? LedgerCheckpoints { get; init; }

    /// <summary>How long the ledger is kept after it was taken into the register; null keeps it for ever, it is the evidence.</summary>
    public TimeSpan? LedgerKeep { get; init; }

    /// <summary>
    /// Folder of the register's journal, shared by all replicas of a register; null is <c>journal</c> in <see cref="DataDirectory"/> for a register in a file, and none
    /// for PostgreSQL. In production it must be given, and belongs on another disk than the database: it is what a restored backup is brought up to date with.
    /// </summary>
    public string? JournalDirectory { get; init; }

    /// <summary>Whether look-ups are written to the ledger; false is refused in production and exists to measure the path without it.</summary>
    public bool Ledger { get; init; } = true;

    /// <summary>Address of an OpenTelemetry collector (OTLP); null asks <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, and sends nothing where that is not set either.</summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary>With less free space in <see cref="DataDirectory"/> health says that nothing should be issued here.</summary>
    public long MinFreeBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>File of holidays and make-up working days, in the form of <c>holidays.txt</c>; null takes those of this release.</summary>
    public string? Holidays { get; init; }

    /// <summary>File with the trades and permits of the district, in the form of <c>trades.txt</c>; null: those this release brings along.</summary>
    public string? Trades { get; init; }

    /// <summary>File with the uses of seals (用途), in the form of <c>seal-uses.txt</c>; null: those this release brings along.</summary>
    public string? SealUses { get; init; }

    /// <summary>Address of a time stamp service (RFC 3161 over HTTP) that stamps every use of a seal, the authority's own on licences and copies too; null does without.</summary>
    public Uri? TimeStampAuthority { get; init; }

    /// <summary>Whether a seal is not used while the time stamp service cannot be reached.</summary>
    public bool TimeStampRequired { get; init; } = true;

    /// <summary>Periods of simple deregistration; below the law's they are refused in production.</summary>
    public DeregistrationTerms Deregistration { get; init; } = new();

    /// <summary>How fast incidents are worked on, and when a replica that works on one counts as gone.</summary>
    public IncidentTerms Incidents { get; init; } = IncidentTerms.Default;

    /// <summary>CA 互认信任列表: whose certificates beside our own are believed on documents, and goes along in packs; read at the start, and again when the file is replaced; in production by what two people approved. Null believes nobody else.</summary>
    public string? TrustList { get; init; }

    /// <summary>邻区互认名单: neighbouring issuers whose codes are recognised; read at the start and whenever it changes, in production by what two people approved, and goes along in packs. Null recognises nobody.</summary>
    public string? Neighbours { get; init; }

    /// <summary>Folder of revocation lists (<c>*.crl</c>) of the CAs on <see cref="TrustList"/>; read again as its files are replaced. Null knows of no revocation by them.</summary>
    public string? RevocationLists { get; init; }

    /// <summary>Where the journal is; null when there is none.</summary>
    internal string? JournalPath => JournalDirectory ?? (Postgres is null ? Path.Combine(DataDirectory, "journal") : null);

    /// <summary>Where the packs are.</summary>
    internal string PackPath => PackDirectory ?? Path.Combine(DataDirectory, "packs");

    /// <summary>Where the ledger is.</summary>
    internal string LedgerPath => LedgerDirectory ?? Path.Combine(DataDirectory, "ledger");

    /// <summary>Where its checkpoints are.</summary>
    internal string LedgerCheckpointPath => LedgerCheckpoints ?? Path.Combine(DataDirectory, "ledger-checkpoints.txt");

    /// <summary>Adds where the log goes, after the server's own settings; null logs to the console alone.</summary>
    public Action<ILoggingBuilder>? ConfigureLogging { get; init; }

    /// <summary>The one clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// For benchmarks alone, refused in production: everybody is this caller, and no certificate is asked for (load generators
    /// have none). Null as everywhere else.
    /// </summary>
    internal string? FixedCaller { get; init; }

    /// <summary>For benchmarks alone, refused in production: HTTP/2 without TLS.</summary>
    internal bool PlainText { get; init; }

    /// <summary>Whether this is a production deployment.</summary>
    public bool IsProduction => Environment != "Development";
}
