using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Neighbours;

/// <summary>A list of a neighbour as it was fetched.</summary>
/// <param name="Token">The list, its signature checked with the keys that our own list names.</param>
/// <param name="Tag">Its entity tag.</param>
internal sealed record NeighbourState(StatusToken Token, EntityTagHeaderValue? Tag);

/// <summary>
/// The status lists of one neighbour. The rules, in the order in which they protect:
/// <list type="number">
/// <item>A list counts when a status key of this very neighbour signed it, for this very address; how it came does not matter. Over TLS no
/// certificate is believed but the one our list names, and no redirect is followed.</item>
/// <item>It counts for twice its ttl from when the neighbour made it, of which a cache in front of the neighbour may take one, and five minutes
/// are the most that is granted to a ttl: an old list played again, though signed, says nothing.</item>
/// <item>It is asked for anew when half of its ttl is over, in the background, and is waited for only when there is none young enough.</item>
/// <item>A neighbour that does not answer in time, or not with that list, is left alone with it for 5 s, then longer, a minute at most: who
/// asks meanwhile is told at once that the state is not known.</item>
/// <item>A list never takes the place of a later one. Of an answer no more is read than a list can have.</item>
/// </list>
/// Safe for concurrent use.
/// </summary>
internal sealed partial class NeighbourSource : IDisposable
{
    // The entries, and what does not get smaller by packing; the envelope beside it.
    private const int MaxBytes = ((1 << StatusIndex.Bits) * StatusList.OurBits / 8) + (16 * 1024);
    private const int MostLists = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MostTtl = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<int, NeighbourState> held = new();
    private readonly ConcurrentDictionary<int, Task> flights = new();
    private readonly ConcurrentDictionary<int, long> asked = new();
    private readonly Neighbour neighbour;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly HttpClient http;
    private readonly Dictionary<int, (int Failures, long From)> rests = [];
    private readonly Lock gate = new();

    /// <summary>The source that the list of neighbours names.</summary>
    public NeighbourSource(Neighbour neighbour, TimeProvider clock, ILogger log)
    {
        (this.neighbour, this.clock, this.log) = (neighbour, clock, log);
#pragma warning disable CA2000 // The client closes it.
        http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = Patience, MaxResponseHeadersLength = 16, MaxConnectionsPerServer = 4,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, errors) => IsPinned(shown, errors) },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
#pragma warning restore CA2000
    }

    /// <summary>A list, not older than accepted.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="accepted">How old it may be; null for what its ttl allows.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <returns>The list that may be relied on; or null, and the newest there is.</returns>
    public async ValueTask<(StatusToken? Token, StatusToken? Newest)> FindAsync(int number, TimeSpan? accepted, CancellationToken cancel)
    {
        // 1. What is at hand; asked for anew in good time.
        var known = held.GetValueOrDefault(number)?.Token;
        if (known is not null && AgeOf(known) < Least(TtlOf(known), accepted) && clock.GetUtcNow() < known.ExpireTime)
        {
            if (AgeOf(known) >= TtlOf(known) / 2)
            {
                _ = FlyAsync(number);
            }

            return (known, known);
        }

        // 2. A newer one, unless the neighbour rests or was asked just now.
        if (FlyAsync(number) is { } flight)
        {
            await flight.WaitAsync(cancel);
            known = held.GetValueOrDefault(number)?.Token;
        }

        // 3. Still nothing young enough: nobody is told VALID by it.
        var isYoung = known is not null && AgeOf(known) < (accepted ?? (2 * TtlOf(known))) && clock.GetUtcNow() < known.ExpireTime;
        return (isYoung ? known : null, known);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    // Null while the neighbour is left alone.
    private Task? FlyAsync(int number)
    {
        if (flights.TryGetValue(number, out var running))
        {
            return running;
        }

        lock (gate)
        {
            if (flights.TryGetValue(number, out running))
            {
                return running;
            }

            if (neighbour.Source.Length == 0 || (rests.TryGetValue(number, out var rest) && clock.GetElapsedTime(rest.From) < Least(FirstRest * Math.Pow(2, Math.Min(rest.Failures - 1, 8)), LongestRest)) || (asked.TryGetValue(number, out var last) && clock.GetElapsedTime(last) < Pause)
                || (!held.ContainsKey(number) && held.Count >= MostLists))
            {
                return null;
            }

            asked[number] = clock.GetTimestamp();
            return flights[number] = Task.Run(() => FetchAsync(number));
        }
    }

    private async Task FetchAsync(int number)
    {
        try
        {
            // 1. Ask, and wait no longer than a person would.
            using var late = new CancellationTokenSource(Patience, clock);
            var known = held.GetValueOrDefault(number);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{neighbour.Source.TrimEnd('/')}/status/{number}");
            if (known?.Tag is { } tag)
            {
                request.Headers.IfNoneMatch.Add(tag);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, late.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                // 2. Read no more than a list can have, and believe the neighbour's status keys alone.
                var token = StatusToken.Open(await ReadAsync(response, late.Token), StatusReference.AddressOf(neighbour.CodePrefix, number), neighbour.Certificates);
                Take(number, token, response.Headers.ETag);
            }
            else if (response.StatusCode != HttpStatusCode.NotModified || known is null)
            {
                throw StatusInvalid($"答复为 {(int)response.StatusCode}");
            }

            lock (gate)
            {
                rests.Remove(number);
            }
        }
#pragma warning disable CA1031 // Whatever a neighbour sends ends here, and is no reason to fail.
        catch (Exception error)
#pragma warning restore CA1031
        {
            NotFetched(neighbour.Division, number, error);
            lock (gate)
            {
                rests[number] = (rests.GetValueOrDefault(number).Failures + 1, clock.GetTimestamp());
            }
        }
        finally
        {
            lock (gate)
            {
                flights.TryRemove(number, out _); // Not before it stands there.
            }
        }
    }

    // 3. Of now, and never older than what is at hand.
    private void Take(int number, StatusToken token, EntityTagHeaderValue? tag)
    {
        var now = clock.GetUtcNow();
        if (token.List is not { Bits: StatusList.OurBits, Count: 1 << StatusIndex.Bits } || token.IssueTime > now + StatusAge.ClockTolerance || token.ExpireTime <= now || AgeOf(token) >= 2 * TtlOf(token))
        {
            throw StatusInvalid("状态列表的时间或大小有误");
        }

        held.AddOrUpdate(number, new NeighbourState(token, tag), (_, before) => token.IssueTime >= before.Token.IssueTime ? new NeighbourState(token, tag) : before);
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > MaxBytes)
        {
            throw StatusInvalid("答复过大");
        }

        using var body = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[MaxBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        return length <= MaxBytes ? buffer[..length] : throw StatusInvalid("答复过大");
    }

    // The certificate that our list names: the server's own, or the CA that issued it for this name.
    private bool IsPinned(X509Certificate? shown, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var authority = X509CertificateLoader.LoadCertificate(neighbour.TlsAuthority);
        if (server.RawDataMemory.Span.SequenceEqual(neighbour.TlsAuthority))
        {
            return server.NotAfter.ToUniversalTime() > clock.GetUtcNow();
        }

        using var chain = new X509Chain
        {
            ChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority }, ApplicationPolicy = { new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1") }, DisableCertificateDownloads = true,
            },
        };
        return chain.Build(server);
    }

    private TimeSpan AgeOf(StatusToken token) => clock.GetUtcNow() - token.IssueTime;

    private static TimeSpan TtlOf(StatusToken token) => Least(token.Ttl, MostTtl);

    private static TimeSpan Least(TimeSpan one, TimeSpan? other) => other < one ? other.Value : one;

    private static EidException StatusInvalid(string message) => new(ErrorReason.StatusInvalid, message);

    [LoggerMessage(EventName = "NeighbourNotReached", Level = LogLevel.Warning, Message = "States of neighbour {Division} (list {List}) could not be had")]
    private partial void NotFetched(string division, int list, Exception error);
}
