using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Neighbours;

/// <summary>
/// The neighbours by now: the signed list as its file has it, read again when the file changes. A file that cannot be read or believed, or is not
/// approved, changes nothing: the last good list goes on, no longer than its own term. Safe for concurrent use.
/// </summary>
internal sealed partial class NeighbourDirectory : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly string path;
    private readonly IReadOnlyCollection<Sm2Certificate> certificates;
    private readonly IssuingAuthority authority;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly Action<byte[]> requireApproved;
    private readonly Lock gate = new();
    private volatile NeighbourSet current;
    private (DateTime Written, long Length) seen;
    private (byte[] Bytes, NeighbourList List)? waiting;
    private string said = "";
    private long looked;

    /// <summary>Reads the list for the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Where the signer's certificate is.</param>
    /// <param name="authority">Whose neighbours they are.</param>
    /// <param name="clock">Measures when to look again.</param>
    /// <param name="log">Told of every list.</param>
    /// <param name="requireApproved">Throws for a list that nobody approved, and is asked again about one that waits; null takes every one.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TrustListInvalid"/>: no list, not signed by whom it should be, or one that makes a neighbour of ourselves.</exception>
    public NeighbourDirectory(string path, EidServerOptions options, IssuingAuthority authority, TimeProvider clock, ILogger<NeighbourDirectory> log, Action<byte[]>? requireApproved = null)
    {
        (this.path, this.authority, this.clock, this.log, this.requireApproved) = (path, authority, clock, log, requireApproved ?? (_ => { }));
        certificates = [.. authority.Roots, .. authority.Intermediates, AuthorityFiles.ReadCertificate(options.CertificatesDirectory, AuthorityFiles.TrustListSigner)];
        looked = clock.GetTimestamp();
        seen = Mark();
        var (bytes, list) = Read(null);
        this.requireApproved(bytes);
        current = new NeighbourSet(bytes, new NeighbourCodes(list), clock, log);
    }

    /// <summary>Refuses a list that cannot be used, before a port is opened.</summary>
    public static void Check(EidServerOptions options, IssuingAuthority authority)
    {
        if (options.Neighbours is { } path)
        {
            new NeighbourDirectory(path, options, authority, options.Clock, NullLogger<NeighbourDirectory>.Instance).Dispose();
        }
    }

    /// <summary>Adds it, where the deployment has a list.</summary>
    public static void Add(IServiceCollection services, EidServerOptions options)
    {
        if (options.Neighbours is { } path)
        {
            services.AddSingleton(provider => new NeighbourDirectory(
                path, options, provider.GetRequiredService<IssuingAuthority>(), provider.GetRequiredService<RegisterClock>(), provider.GetRequiredService<ILogger<NeighbourDirectory>>(),
                list => provider.GetRequiredService<ApprovedLists>().Require(Deployment.Neighbours, list)));
            services.AddSingleton<NeighbourDesk>();
        }
    }

    /// <summary>The neighbours by now.</summary>
    public NeighbourSet Current
    {
        get
        {
            if (clock.GetElapsedTime(Volatile.Read(ref looked)) >= Pause)
            {
                LookAgain();
            }

            return current;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => current.Dispose();

    private void LookAgain()
    {
        lock (gate)
        {
            if (clock.GetElapsedTime(looked) < Pause)
            {
                return;
            }

            Volatile.Write(ref looked, clock.GetTimestamp());
            try
            {
                if (Mark() is var mark && mark != seen)
                {
                    (seen, waiting, said) = (mark, null, "");
                    waiting = Read(current.Codes.List);
                }

                if (waiting is { } next)
                {
                    requireApproved(next.Bytes); // May come after the file.
                    var before = current;
                    current = new NeighbourSet(next.Bytes, new NeighbourCodes(next.List), clock, log);
                    waiting = null;
                    before.Dispose();
                    Renewed(next.List.Number, next.List.Neighbours.Count);
                }
            }
            catch (Exception error) when (error is EidException or IOException or UnauthorizedAccessException)
            {
                if (error.Message != said)
                {
                    said = error.Message;
                    NotRenewed(path, error);
                }
            }
        }
    }

    private (DateTime, long) Mark() => new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    private (byte[] Bytes, NeighbourList List) Read(NeighbourList? before)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.TrustListInvalid, $"邻区互认名单 {path} 无法读取", error);
        }

        var list = NeighbourList.Open(bytes, certificates);
        if (list.Number < before?.Number)
        {
            throw new EidException(ErrorReason.TrustListInvalid, $"邻区互认名单第 {list.Number} 号比现用的第 {before.Number} 号旧");
        }

        // Nobody else vouches for companies that are ours, nor under our address.
        return list.Neighbours.FirstOrDefault(one => one.CodePrefix.StartsWith(authority.CodePrefix, StringComparison.Ordinal) || authority.CodePrefix.StartsWith(one.CodePrefix, StringComparison.Ordinal)
                || one.Regions.Any(region => authority.Division.StartsWith(region, StringComparison.Ordinal))) is { } self
            ? throw new EidException(ErrorReason.TrustListInvalid, $"邻区互认名单中的“{self.Name}”使用了本机关的网址或区划")
            : (bytes, list);
    }

    [LoggerMessage(EventName = "NeighboursRenewed", Level = LogLevel.Information, Message = "List of neighbours {Number} is in use, with {Count} neighbours")]
    private partial void Renewed(long number, int count);

    [LoggerMessage(EventName = "NeighboursNotRenewed", Level = LogLevel.Error, Message = "List of neighbours {Path} changed and cannot be used; the one before goes on to its end")]
    private partial void NotRenewed(string path, Exception error);
}

/// <summary>One list of neighbours and where their states come from.</summary>
internal sealed class NeighbourSet(byte[] bytes, NeighbourCodes codes, TimeProvider clock, ILogger log) : IDisposable
{
    private readonly Dictionary<string, NeighbourSource> sources = codes.List.Neighbours.ToDictionary(one => one.CodePrefix, one => new NeighbourSource(one, clock, log));

    /// <summary>The list as it was signed.</summary>
    public byte[] Bytes => bytes;

    /// <summary>Reads codes by it.</summary>
    public NeighbourCodes Codes => codes;

    /// <summary>Where states of a neighbour come from.</summary>
    public NeighbourSource SourceOf(Neighbour neighbour) => sources[neighbour.CodePrefix];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in sources.Values)
        {
            source.Dispose();
        }
    }
}
