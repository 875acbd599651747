using System.Text;
using Google.Protobuf;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>What a client was told.</summary>
/// <param name="Deed">IssueSet, ChangeRegistration or RevokeSet.</param>
/// <param name="RequestId">Its request.</param>
/// <param name="LicenseId">The licence in the answer.</param>
/// <param name="Digest">The manifest digest in the answer, hexadecimal.</param>
public sealed record Ack(string Deed, string RequestId, string LicenseId, string Digest);

/// <summary>The client's own record of acknowledgements, flushed to disk one by one, so that nobody need believe the server.</summary>
public sealed class AckLog(string path) : IDisposable
{
    private readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);

    public void Add(string deed, string requestId, IssuedSet answer)
    {
        var line = $"{deed} {requestId} {answer.License.LicenseId} {Convert.ToHexStringLower(answer.ManifestDigest.Span)}\n";
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

/// <summary>A write that was sent; kept by the client until it is acknowledged.</summary>
/// <param name="Deed">IssueSet, ChangeRegistration or RevokeSet.</param>
/// <param name="Message">The request as sent.</param>
public sealed record Write(string Deed, IMessage Message)
{
    public string RequestId => Message switch
    {
        IssueSetRequest issue => issue.RequestId,
        ChangeRegistrationRequest change => change.RequestId,
        _ => ((RevokeSetRequest)Message).RequestId,
    };

    public static Write Issue() => new("IssueSet", Samples.Issue(Samples.NextCompany()));

    public static Write Revoke(IssuedSet set) => new("RevokeSet", Samples.Revoke(set.Name));

    public static Write Rename(IssuedSet set) => new("ChangeRegistration", Samples.Rename(set, $"枣庄市山亭区样例{set.License.Version + 1}次定名食品有限公司"));

    /// <summary>Sends it, and writes the acknowledgement down.</summary>
    public async Task<IssuedSet> SendAsync(EidClient client, AckLog acks)
    {
        if (Message is IssueSetRequest issue)
        {
            var issued = await client.Staff.IssueSetAsync(issue);
            acks.Add(Deed, issue.RequestId, issued);
            return issued;
        }

        if (Message is ChangeRegistrationRequest change)
        {
            var changed = (await client.Staff.ChangeRegistrationAsync(change)).IssuedSet;
            acks.Add(Deed, change.RequestId, changed);
            return changed;
        }

        var revoke = (RevokeSetRequest)Message;
        var ended = await client.Staff.RevokeSetAsync(revoke);
        acks.Add(Deed, revoke.RequestId, ended);
        return ended;
    }
}
