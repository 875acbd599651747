using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <content>What keeps the register and its journal together.</content>
public abstract partial class SqlStore
{
    private long newest;
    private volatile bool isOutdated;

    // The feed never goes back. Where it did, somebody put an older copy in the place of the register, and nothing of it may be told or added to.
    private void RequireForward(long head, long seen)
    {
        if (head < seen)
        {
            isOutdated = true;
            throw JournalCheck.Replaced();
        }

        for (var was = Volatile.Read(ref newest); was < head; was = Volatile.Read(ref newest))
        {
            Interlocked.CompareExchange(ref newest, head, was);
        }
    }

    private JournalFrame? WriteJournal(JournalHead head, long feedAfter, JournalTape? tape, long seen)
    {
        RequireForward(head.Feed, seen);
        if (tape is null)
        {
            return null;
        }

        var (frame, bytes) = journal!.Make(head, feedAfter, tape);
        journal.Write(frame, bytes);
        return frame;
    }

    // Who is told that nothing was written must not find it written after a restore; where that cannot be known, both may happen.
    private async Task<bool> IsUndoneAsync(JournalFrame frame, EidException told)
    {
        try
        {
            return told.Reason != ErrorReason.OutcomeUnknown && (await ReadHeadAsync()).Position < frame.Position;
        }
        catch (EidException)
        {
            return false;
        }
    }

    /// <summary>Where the register stands in its journal.</summary>
    private protected async Task<JournalHead> ReadHeadAsync() => await ReadAsync(session => SqlReads.JournalHeadAsync(session), CancellationToken.None);
}
