namespace ShantingEId.Issuing;

/// <summary>What a write came to.</summary>
/// <param name="Reply">The answer's bytes.</param>
/// <param name="Committed">How the commit ended.</param>
/// <param name="IsCached">Whether replicas may answer from before it; a first licence is cached nowhere.</param>
internal readonly record struct Written(byte[] Reply, Committed Committed, bool IsCached = true);

/// <summary>A write that happens once, however often and wherever it is asked for.</summary>
internal static class Once
{
    /// <summary>Does it, or gives the earlier answer.</summary>
    /// <param name="store">Keeps the answers.</param>
    /// <param name="feed">Tells when every replica has seen a change.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="requestId">Under which name.</param>
    /// <param name="content">SM3 of what is asked.</param>
    /// <param name="write">Judges, prepares and commits.</param>
    /// <param name="cancel">Gives up before <paramref name="write"/> commits.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.RequestIdReused"/>; whatever <paramref name="write"/> refuses.</exception>
    public static async Task<IssueOutcome> RunAsync(
        ILicenseStore store, IChangeFeed feed, string actor, RequestId requestId, byte[] content, Func<Task<Written>> write, CancellationToken cancel)
    {
        // 1. Seen before? The same content gives the earlier answer, other content is refused.
        if (await store.FindReplyAsync(actor, requestId, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, content, feed);
        }

        // 2. Judged and written.
        Written written;
        try
        {
            written = await write();
        }
        catch (EidException error) when (error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.AlreadyExists)
        {
            // What stands in its way may be this very request's own doing, committed since step 1.
            if (await store.FindReplyAsync(actor, requestId, cancel) is { } twin)
            {
                return await IssueOutcome.RepeatAsync(twin, content, feed);
            }

            throw;
        }

        if (written.Committed.Earlier is { } raced)
        {
            return await IssueOutcome.RepeatAsync(raced, content, feed);
        }

        // 3. Acknowledged means that nobody answers from before: every replica has seen it, or may not use its cache any more.
        if (written.IsCached)
        {
            await feed.SettleAsync(written.Committed.Position);
        }

        return new IssueOutcome(written.Reply, false);
    }
}
