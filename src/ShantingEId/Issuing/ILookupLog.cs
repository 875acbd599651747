using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>One look-up as the register keeps it, taken from a replica's ledger (which alone is the evidence).</summary>
/// <param name="Ledger">Name of the replica's ledger.</param>
/// <param name="Tick">Number of the tick in that ledger, from 1.</param>
/// <param name="Index">Place in the tick, from 0.</param>
/// <param name="Time">When it was answered.</param>
/// <param name="Holder">Credit code of the company; empty where none was reached.</param>
/// <param name="Caller">Short name of the caller.</param>
/// <param name="Purpose">Purpose as named by the caller.</param>
/// <param name="Method">Method name, e.g. <c>VerifyCode</c>.</param>
/// <param name="Verdict">Number of the verdict; 0 for a refusal.</param>
/// <param name="Reason">Machine reason of verdict or refusal; empty when valid.</param>
/// <param name="Reference">The caller's own file number.</param>
public sealed record LookupRow(
    string Ledger, long Tick, int Index, DateTimeOffset Time, string Holder, string Caller, string Purpose, string Method, int Verdict, string Reason, string Reference);

/// <summary>A row of the list, with its place in it.</summary>
/// <param name="Id">Rises with the order in which rows reached the register.</param>
/// <param name="Row">The look-up.</param>
public sealed record ListedLookup(long Id, LookupRow Row);

/// <summary>How far a ledger has been taken into the register.</summary>
/// <param name="Tick">Number of the last tick; 0 when none.</param>
/// <param name="IsCounted">Whether the list is called complete only as far as this ledger goes: it is known, not closed, and not given up.</param>
public readonly record struct LedgerMark(long Tick, bool IsCounted);

/// <summary>Look-ups of all replicas in one place, so that a company can be shown who looked at it.</summary>
public interface ILookupLog
{
    /// <summary>
    /// Takes in whole ticks of one ledger, in one transaction, and notes how far it has got. Ticks already taken in are passed
    /// over, so that a crash between here and the ledger does no harm.
    /// </summary>
    /// <param name="ledger">Name of the ledger.</param>
    /// <param name="throughTick">Number of the last tick in <paramref name="rows"/>, also when it holds no row.</param>
    /// <param name="throughTime">Everything that ledger answered up to this time is in.</param>
    /// <param name="rows">The rows.</param>
    ValueTask TakeInAsync(string ledger, long throughTick, DateTimeOffset throughTime, IReadOnlyList<LookupRow> rows);

    /// <summary>How far a ledger has been taken in.</summary>
    ValueTask<LedgerMark> TakenInAsync(string ledger, CancellationToken cancel);

    /// <summary>Look-ups of a company, newest first.</summary>
    /// <param name="holder">The company.</param>
    /// <param name="before">Only rows with a smaller id; null from the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>The rows, and the time up to which every ledger's look-ups are in (the smallest over all ledgers not closed).</returns>
    ValueTask<(IReadOnlyList<ListedLookup> Rows, DateTimeOffset? CompleteUntil)> ListLookupsAsync(CreditCode holder, long? before, int limit, CancellationToken cancel);
}
