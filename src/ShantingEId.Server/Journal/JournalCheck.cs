using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Journal;

/// <summary>Whether a register is the one its journal tells of, to the last acknowledged act. Asked before a server serves it.</summary>
internal static class JournalCheck
{
    /// <summary>Lets a register pass or refuses it.</summary>
    /// <param name="readHead">Reads where the register stands; called twice, because other replicas go on writing.</param>
    /// <param name="folder">The journal; null when the server was started without one.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.RegisterOutdated"/>.</exception>
    public static async Task RequireAsync(Func<Task<JournalHead>> readHead, string? folder)
    {
        // 1. A register that never had a journal may have one from now on.
        var head = await readHead();
        if (head.Epoch < 0)
        {
            throw new EidException(ErrorReason.RegisterOutdated, "登记簿的恢复没有完成；请运行 eid recover 完成恢复和复查");
        }

        var frames = folder is null ? [] : JournalFiles.Newest(folder);
        if (folder is null)
        {
            if (head.Position > 0)
            {
                throw new EidException(ErrorReason.RegisterOutdated, "这个登记簿记有登记日志，启动时须用 --journal 指明日志所在目录");
            }

            return;
        }

        // 2. What the register says it wrote last is in the journal: this is its journal, and none of it is missing at the end.
        // The newest files nearly always have it; while others write on, it may lie in one that was finished a moment ago.
        bool IsLast(FoundFrame found) => found.Frame.Position == head.Position && found.Frame.Digest.AsSpan().SequenceEqual(head.Digest);
        if (head.Position > 0 && !frames.Exists(IsLast) && !JournalFiles.Frames(folder, head.Position).Exists(IsLast))
        {
            throw new EidException(ErrorReason.RegisterOutdated, $"登记日志中没有登记簿的第 {head.Position} 笔；--journal 指的不是它的日志，或日志不全");
        }

        // 3. Nothing in the journal is newer than the register. A frame without its mark, right behind it, is a transaction that a crash cut off.
        var newest = frames.Where(found => found.IsMarked).Select(found => found.Frame.Position)
            .Concat(frames.Where(found => !found.IsMarked).Select(found => found.Frame.Position - 1)).Append(0).Max();
        var now = await readHead();
        if (newest > now.Position || frames.Any(found => found.Frame.Epoch > now.Epoch))
        {
            throw Outdated(now.Position, newest);
        }
    }

    /// <summary>The refusal where the register was replaced under a running process.</summary>
    public static EidException Replaced() => new(ErrorReason.RegisterOutdated, "登记簿被换成了较旧的副本，已停止服务；请停止全部服务，运行 eid recover 后重新启动");

    /// <summary>The refusal.</summary>
    public static EidException Outdated(long register, long journal) => new(ErrorReason.RegisterOutdated,
        $"登记簿停在第 {register} 笔，比登记日志（第 {journal} 笔）旧：多半是从备份恢复的。已停止服务，以免已吊销的执照复活、编号重发；请运行 eid recover");
}
