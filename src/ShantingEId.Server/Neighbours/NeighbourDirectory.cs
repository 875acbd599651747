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
    private readonly ReplacedFile<NeighbourList> file;
    private readonly Glance glance;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private volatile NeighbourSet current;

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
        (this.clock, this.log) = (clock, log);
        IReadOnlyCollection<Sm2Certificate> certificates = [.. authority.Roots, .. authority.Intermediates, AuthorityFiles.ReadCertificate(options.CertificatesDirectory, AuthorityFiles.TrustListSigner)];
        file = new ReplacedFile<NeighbourList>(path, bytes => Read(bytes, certificates, authority), (fresh, known) => fresh.Number >= known.Number);
        glance = new Glance(clock);
        var problem = "";
        glance.Take(() => problem = file.Look());
        if (file.Current is not { } list)
        {
            throw new EidException(ErrorReason.TrustListInvalid, problem.Length > 0 ? $"邻区互认名单 {problem}" : $"邻区互认名单 {path} 无法读取");
        }

        if (requireApproved is not null)
        {
            requireApproved(file.Bytes);
            file.RequireApproved = requireApproved;
        }

        current = new NeighbourSet(file.Bytes, new NeighbourCodes(list), clock, log);
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
            glance.Take(Look);
            return current;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => current.Dispose();

    private void Look()
    {
        if (file.Look() is { Length: > 0 } problem)
        {
            NotRenewed(problem);
        }

        var (list, before) = (file.Current!, current);
        if (!ReferenceEquals(list, before.Codes.List))
        {
            current = new NeighbourSet(file.Bytes, new NeighbourCodes(list), clock, log);
            before.Dispose();
            Renewed(list.Number, list.Neighbours.Count);
        }
    }

    private static NeighbourList Read(byte[] bytes, IReadOnlyCollection<Sm2Certificate> certificates, IssuingAuthority authority)
    {
        var list = NeighbourList.Open(bytes, certificates);

        // Nobody else vouches for companies that are ours, nor under our address.
        return list.Neighbours.FirstOrDefault(one => one.CodePrefix.StartsWith(authority.CodePrefix, StringComparison.Ordinal) || authority.CodePrefix.StartsWith(one.CodePrefix, StringComparison.Ordinal)
                || one.Regions.Any(region => authority.Division.StartsWith(region, StringComparison.Ordinal))) is { } self
            ? throw new EidException(ErrorReason.TrustListInvalid, $"邻区互认名单中的“{self.Name}”使用了本机关的网址或区划") : list;
    }

    [LoggerMessage(EventName = "NeighboursRenewed", Level = LogLevel.Information, Message = "List of neighbours {Number} is in use, with {Count} neighbours")]
    private partial void Renewed(long number, int count);

    [LoggerMessage(EventName = "NeighboursNotRenewed", Level = LogLevel.Error, Message = "List of neighbours changed and cannot be used; the one before goes on to its end: {Problem}")]
    private partial void NotRenewed(string problem);
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
