namespace ShantingEId.Server.Ledger;

/// <summary>Whether look-ups can be answered, as far as the ledger is concerned.</summary>
internal enum LedgerState
{
    /// <summary>Records become durable.</summary>
    Working,

    /// <summary>The register does not know yet that this ledger is being written; goes on by itself when it does.</summary>
    Unannounced,

    /// <summary>The disk is full; goes on by itself when there is space.</summary>
    Full,

    /// <summary>The disk does not answer; goes on by itself when it does.</summary>
    Slow,

    /// <summary>A record could not be made durable; only a restart, which reads what is really there, helps.</summary>
    Failed,

    /// <summary>Stopped with the server.</summary>
    Stopped,
}

/// <summary>State of the ledger in words.</summary>
/// <param name="State">Look-ups are answered in <see cref="LedgerState.Working"/> alone.</param>
/// <param name="Text">For the operator, in Chinese; also says when only the checkpoints are in trouble.</param>
internal readonly record struct LedgerHealth(LedgerState State, string Text);
