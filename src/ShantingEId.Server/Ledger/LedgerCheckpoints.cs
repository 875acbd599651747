using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>A line of a checkpoint file.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Envelope">The signed root; null when the line is none.</param>
/// <param name="Root">What was signed.</param>
internal sealed record CheckpointLine(int Number, Envelope? Envelope, LedgerRoot? Root);

/// <summary>
/// Signed roots kept outside the ledger's folder, one Base64 line each: what finds a tail that was cut between two ticks, or a
/// whole chain that was made anew. The lines of several ledgers may be brought together in one file.
/// </summary>
internal static class LedgerCheckpoints
{
    /// <summary>The lines of a file, unchecked. A last line without its end was cut off by a crash and is left out.</summary>
    public static IEnumerable<CheckpointLine> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), Encoding.ASCII);
        var isEnded = EndsWithLine(path);
        var number = 0;
        for (var line = reader.ReadLine(); line is not null; line = reader.ReadLine())
        {
            number++;
            if (line.Length > 0 && (isEnded || reader.Peek() >= 0))
            {
                yield return Parse(line, number);
            }
        }
    }

    /// <summary>The newest checkpoint of a ledger, unchecked: looked for near the end of the file.</summary>
    public static LedgerRoot? Newest(string path, string environment, string ledger)
    {
        const int near = 256 * 1024;
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[Math.Min(near, RandomAccess.GetLength(file))];
        var read = RandomAccess.Read(file, bytes, RandomAccess.GetLength(file) - bytes.Length);
        return Encoding.ASCII.GetString(bytes, 0, read).Split('\n').Reverse().Select(line => Parse(line, 0).Root)
            .FirstOrDefault(root => root?.Environment == environment && root.Ledger == ledger);
    }

    /// <summary>Signs a root and appends it, durably.</summary>
    public static void Append(string path, LedgerRoot root, SigningKey signer)
    {
        var isNew = !File.Exists(path);
        // A line that a crash or a full disk cut off is ended first; it names nothing.
        var line = (isNew || EndsWithLine(path) ? "" : "\n") + Convert.ToBase64String(Sign(root, signer)) + "\n";
        using (var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))
        {
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(line), RandomAccess.GetLength(file));
            RandomAccess.FlushToDisk(file);
        }

        if (isNew)
        {
            LedgerFolder.FlushNames(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    /// <summary>The signed root, checked as anybody will check it.</summary>
    public static byte[] Sign(LedgerRoot root, SigningKey signer)
    {
        var envelope = Envelope.Sign(ContentType.LookupTick, root.Encode(), signer);
        return envelope.Verify(signer.Certificate.PublicKey) ? envelope.Encode() : throw new EidException(ErrorReason.SelfCheckFailed, "账本签名自检未通过");
    }

    private static CheckpointLine Parse(string line, int number)
    {
        var bytes = new byte[line.Length];
        return Convert.TryFromBase64String(line, bytes, out var length) && Envelope.TryParse(bytes.AsMemory(0, length), out var envelope) && LedgerRoot.TryRead(envelope, out var root)
            ? new CheckpointLine(number, envelope, root)
            : new CheckpointLine(number, null, null);
    }

    private static bool EndsWithLine(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var length = RandomAccess.GetLength(file);
        var last = new byte[1];
        return length == 0 || RandomAccess.Read(file, last, length - 1) == 1 && last[0] == (byte)'\n';
    }
}
