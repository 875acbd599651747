using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Crypto;

namespace ShantingEId.Server.Ledger;

/// <summary>How a replica keeps its look-up ledger.</summary>
internal sealed record LedgerOptions
{
    /// <summary>The ledger's own folder; created when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>File of signed checkpoints. In production on another machine's disk: who can rewrite both can hide a cut tail.</summary>
    public required string CheckpointFile { get; init; }

    /// <summary>Name of the deployment; stands in every root.</summary>
    public required string Environment { get; init; }

    /// <summary>Signs roots and checkpoints.</summary>
    public required SigningKey Signer { get; init; }

    /// <summary>The one clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Signed ticks begin at least this far apart: the most that a single caller waits for a signature to be shared.</summary>
    public TimeSpan SignedGather { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>A flush that takes longer is taken for a failure by those who wait.</summary>
    public TimeSpan FlushLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A segment is closed when it has grown to this size…</summary>
    public long SegmentBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>…or has been written to for so long.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A checkpoint is due after so long…</summary>
    public TimeSpan CheckpointAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>…or after so many ticks.</summary>
    public int CheckpointTicks { get; init; } = 1000;

    /// <summary>Segments that have been taken into the register and are older than this are deleted; null keeps all, they are the evidence.</summary>
    public TimeSpan? Keep { get; init; }

    /// <summary>Where failures are told in full; callers and health hear a plain sentence.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Makes a file durable; only tests have another.</summary>
    public Action<SafeFileHandle> Flush { get; init; } = RandomAccess.FlushToDisk;
}
