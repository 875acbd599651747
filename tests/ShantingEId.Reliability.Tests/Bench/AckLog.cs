using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>What a client was told.</summary>
/// <param name="Deed">Name of the method.</param>
/// <param name="RequestId">Its request.</param>
/// <param name="LicenseId">The licence in the answer; of anything but a set, its name.</param>
/// <param name="Digest">The manifest digest in the answer, hexadecimal; of anything but a set, SHA-256 of the answer.</param>
public sealed record Ack(string Deed, string RequestId, string LicenseId, string Digest);

/// <summary>The client's own record of acknowledgements, flushed to disk one by one, so that nobody need believe the server.</summary>
public sealed class AckLog(string path) : IDisposable
{
    private readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);

    /// <summary>Writes down what was answered; a set under its licence and the digest of its manifest, anything else under its name and the digest of the answer.</summary>
    public void Add(Write write, IMessage reply)
    {
        var (subject, digest) = Write.SetOf(reply) is { } set
            ? (set.License.LicenseId, set.ManifestDigest.ToByteArray())
            : ((string)reply.Descriptor.FindFieldByName("name").Accessor.GetValue(reply), SHA256.HashData(reply.ToByteArray()));
        var line = $"{write.Deed} {write.RequestId} {subject} {Convert.ToHexStringLower(digest)}\n";
        lock (file)
        {
            file.Write(Encoding.ASCII.GetBytes(line));
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>Everything written so far, read back from the file.</summary>
    public static List<Ack> Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Select(part => new Ack(part[0], part[1], part[2], part[3]))];
    }

    public void Dispose() => file.Dispose();
}
