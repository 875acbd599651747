using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Crypto;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Journal;

/// <summary>
/// The register's journal: every transaction that changed it, on another disk than the database, flushed before COMMIT. With it a restored backup is brought
/// back to the last acknowledged act, so no number is given out twice and nothing that was revoked comes back; without it no server serves a register that once had one.
/// </summary>
/// <remarks>One writer, used by one thread at a time; other replicas write files of their own into the same folder.</remarks>
internal sealed class RegisterJournal : IDisposable
{
    private const long FileBytes = 16 * 1024 * 1024;
    private readonly byte[] key;
    private readonly string folder;
    private readonly string writer = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
    private SafeFileHandle? file;
    private string path = "";
    private long first;
    private long last;
    private long end;
    private long before;
    private long epoch;

    private RegisterJournal(string folder, byte[] key) => (this.folder, this.key) = (folder, key);

    /// <summary>Where it is.</summary>
    public string Folder => folder;

    /// <summary>Position of the newest transaction of this process that is known to be committed.</summary>
    public long Committed { get; private set; }

    /// <summary>Key of the digests, from a secret that only the authority's processes have.</summary>
    public static byte[] Key(byte[] secret) => Sm3.Hmac(secret, "shanting-eid register journal"u8);

    /// <summary>Opens a folder to write to; it is made when missing.</summary>
    /// <param name="folder">Shared by all replicas of a register.</param>
    /// <param name="secret">The deployment's <c>status.secret</c>.</param>
    public static RegisterJournal Open(string folder, byte[] secret)
    {
        Directory.CreateDirectory(folder);
        return new RegisterJournal(folder, Key(secret));
    }

    /// <summary>Makes the frame of a transaction, not written yet.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RegisterOutdated"/>: the register is behind what this process has committed to it.</exception>
    public (JournalFrame Frame, byte[] Bytes) Make(JournalHead head, long feedAfter, JournalTape tape)
    {
        if (head.Position < Committed)
        {
            throw JournalCheck.Outdated(head.Position, Committed);
        }

        // What this process remembers, numbers set aside above all, is of the life in which it began.
        epoch = epoch == 0 ? head.Epoch : epoch;
        return head.Epoch == epoch && epoch > 0 ? JournalFrame.Make(head, feedAfter, tape.Statements, key)
            : throw new EidException(ErrorReason.RegisterOutdated, "登记簿已经恢复或正在恢复，未写入任何内容；请重新启动本服务");
    }

    /// <summary>Writes a frame and flushes it: after this the transaction may be committed.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.StorageFull"/> or <see cref="ErrorReason.StoreUnavailable"/>: nothing may be committed.</exception>
    public void Write(JournalFrame frame, byte[] bytes)
    {
        try
        {
            if (file is not null && end + bytes.Length > FileBytes)
            {
                Finish();
            }

            if (file is null)
            {
                path = JournalFiles.OpenPath(folder, frame.Position, writer);
                file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
                LedgerFolder.FlushNames(folder);
                (first, end) = (frame.Position, 0);
            }

            before = end;
            RandomAccess.Write(file, bytes, end);
            RandomAccess.FlushToDisk(file);
            (end, last) = (end + bytes.Length, frame.Position);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            CutTo(end); // Half a frame must not lie behind a shorter one that takes its place.
            throw LedgerSegment.IsNoSpace(error)
                ? new EidException(ErrorReason.StorageFull, "登记日志所在磁盘已满，未写入任何内容；腾出空间后用同一 request_id 重试", error)
                : new EidException(ErrorReason.StoreUnavailable, "登记日志无法写入，未写入任何内容；请稍后用同一 request_id 重试", error) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    /// <summary>Marks the frame that was written last: its transaction is committed.</summary>
    public void Mark(JournalFrame frame)
    {
        Committed = frame.Position;
        try
        {
            // Not flushed: it serves who looks after this process died, and the next frame carries it to the disk.
            RandomAccess.Write(file!, [1], end - 1);
        }
        catch (IOException)
        {
            // It is committed all the same, and the next frame will name it.
        }
    }

    /// <summary>Takes back the frame that was written last: its transaction was not committed, and whoever asked for it has been told so.</summary>
    public void TakeBack() => CutTo(before);

    /// <inheritdoc/>
    public void Dispose() => Finish();

    private void CutTo(long length)
    {
        try
        {
            if (file is not null)
            {
                RandomAccess.SetLength(file, length);
                RandomAccess.FlushToDisk(file);
                end = length;
            }
        }
        catch (IOException)
        {
            // It stays, without its mark; the frame that takes its place says which of the two counts.
        }
    }

    private void Finish()
    {
        if (file is null)
        {
            return;
        }

        if (end > 0)
        {
            RandomAccess.FlushToDisk(file);
            File.Move(path, JournalFiles.FinishedPath(folder, first, last, writer));
        }
        else
        {
            File.Delete(path);
        }

        file.Dispose();
        file = null;
    }
}
