using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Journal;

/// <summary>What an audit of the journal found.</summary>
/// <param name="Problems">What is wrong; none when the journal is whole and the register's own.</param>
/// <param name="First">Position of the oldest transaction there; older files may lie in an archive. 0 without a journal.</param>
/// <param name="Last">Position of the newest.</param>
public sealed record JournalFindings(IReadOnlyList<RegisterProblem> Problems, long First, long Last);

/// <summary>Rechecks the journal from its bytes, from where the register stands back to the oldest file there. Reads only, and may run beside working servers.</summary>
public static class JournalAudit
{
    /// <summary>Audits.</summary>
    /// <param name="options">Whose register and journal.</param>
    public static JournalFindings Run(EidServerOptions options)
    {
        var head = RegisterCheck.ReadHead(options);
        if (options.JournalPath is not { } folder || head is null)
        {
            return new JournalFindings([], 0, 0);
        }

        // 1. Backwards, each frame by the digest that its successor, or the register, has of it.
        var key = RegisterJournal.Key(AuthorityFiles.Bytes(options.CertificatesDirectory, AuthorityFiles.StatusSecret));
        var frames = JournalFiles.Frames(folder, 0).ToLookup(found => found.Frame.Position);
        var problems = new List<RegisterProblem>();
        var (position, digest) = (head.Position, head.Digest);
        for (; position > 0; position--)
        {
            if (frames[position].FirstOrDefault(found => found.Frame.Digest.AsSpan().SequenceEqual(digest)) is not { } found)
            {
                break;
            }

            if (found.Read(key) is null)
            {
                problems.Add(new RegisterProblem($"登记日志 {position}", "被改动过，或不是本机关写的"));
            }

            digest = found.Frame.Previous;
        }

        // 2. Where it ends, nothing older may be there: files go to an archive from the oldest on.
        if ((position > 0 && position == head.Position) || frames.Any(each => each.Key <= position && each.Any(found => found.IsMarked)))
        {
            problems.Add(new RegisterProblem($"登记日志 {position}", "缺少这一笔"));
        }

        // 3. Nothing is newer than the register is by now.
        var newest = frames.Where(each => each.Any(found => found.IsMarked)).Select(each => each.Key).DefaultIfEmpty().Max();
        if (RegisterCheck.ReadHead(options) is { } now && newest > now.Position)
        {
            problems.Add(new RegisterProblem("register", $"停在第 {now.Position} 笔，比登记日志（第 {newest} 笔）旧"));
        }

        return new JournalFindings(problems, Math.Min(position + 1, head.Position), head.Position);
    }
}
