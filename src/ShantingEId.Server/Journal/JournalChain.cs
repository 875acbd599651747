using ShantingEId.Crypto;

namespace ShantingEId.Server.Journal;

/// <summary>What follows a place in the journal, frame by frame, each naming the one before.</summary>
/// <param name="Frames">In order, without a gap.</param>
/// <param name="Missing">Position that is missing although later ones are there; null when nothing is.</param>
internal sealed record JournalChain(IReadOnlyList<FoundFrame> Frames, long? Missing)
{
    /// <summary>Follows the journal from where a register stands.</summary>
    public static JournalChain After(string folder, JournalHead head) => After(folder, head.Position, head.Digest);

    /// <summary>Follows all of it.</summary>
    public static JournalChain Whole(string folder) => After(folder, 0, new byte[Sm3.Size]);

    // Of several frames for one place only one was committed: the one that the next names. At the end it is the one with the mark;
    // without any mark the last transaction is one whose outcome nobody was told, and it may as well have happened.
    private static JournalChain After(string folder, long position, byte[] digest)
    {
        var found = JournalFiles.Frames(folder, position + 1).ToLookup(each => each.Frame.Position);
        var last = found.Count == 0 ? 0 : found.Max(each => each.Key);
        var frames = new List<FoundFrame>();
        while (position < last)
        {
            var claims = found[++position].Where(each => each.Frame.Previous.AsSpan().SequenceEqual(digest)).ToArray();
            var next = claims.FirstOrDefault(claim => found[position + 1].Any(later => later.Frame.Previous.AsSpan().SequenceEqual(claim.Frame.Digest)))
                ?? claims.FirstOrDefault(claim => claim.IsMarked) ?? claims.LastOrDefault();
            if (next is null)
            {
                // Frames that follow nothing we have: leftovers of a crash when none of them is committed, else something is lost.
                return new JournalChain(frames, found.Where(each => each.Key >= position).Any(each => each.Any(one => one.IsMarked)) ? position : null);
            }

            frames.Add(next);
            digest = next.Frame.Digest;
        }

        return new JournalChain(frames, null);
    }
}
