using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Public;

/// <summary>
/// How often one address may ask, and how often in vain. An address is one of IPv4, or a /64 of IPv6, which is what one household or one attacker has at
/// least. Behind a gateway that terminates connections all would come from one address: it is named to the server, which then believes it whom it asks for
/// (<see cref="EidServerOptions.PublicGateways"/>). The limits themselves are nobody's to raise: for a crowd behind one address a guesser would go free.
/// </summary>
internal sealed class AddressPace(TimeProvider clock) : IDisposable
{
    // A crowd behind one address of a mobile network scans; nobody scans that fast alone.
    private const int PagesPerMinute = 300;
    private const int MissesPerMinute = 20;

    // A device that shows a live code looks every other second whether it was scanned: a hundred of them behind one address.
    private const int LooksPerMinute = 3000;

    // Who keeps copies as long as they may be kept asks for each list once in its ttl, and for a pack once an hour: these are for a crowd, or a shared
    // cache, behind one address. A pack has megabytes.
    private const int ListsPerMinute = 600;
    private const int PacksPerMinute = 60;

    // Some 300 bytes each. Who is pushed out begins anew: an attacker with so many addresses is not stopped by counting them.
    private const int MostAddresses = 50_000;
    private readonly MemoryCache seen = new(new MemoryCacheOptions { SizeLimit = MostAddresses });

    private sealed record Visitor(Pace Pages, Pace Misses, Pace Looks, Pace Lists, Pace Packs);

    /// <summary>Takes one page.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>: too many, or too many that found nothing.</exception>
    public void Take(IPAddress? address) => TakeUnlessMissed(Of(address), visitor => visitor.Pages);

    /// <summary>Takes one look of a device at what became of its live code.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>: too many, or too many that found nothing.</exception>
    public void TakeLook(IPAddress? address) => TakeUnlessMissed(Of(address), visitor => visitor.Looks);

    /// <summary>Takes one status list.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>.</exception>
    public void TakeList(IPAddress? address) => Take(Of(address).Lists);

    /// <summary>Takes one pack or delta.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>.</exception>
    public void TakePack(IPAddress? address) => Take(Of(address).Packs);

    /// <summary>Counts one that found nothing.</summary>
    public void CountMiss(IPAddress? address) => Of(address).Misses.Take();

    /// <summary>Says in the answer when to come again, where that is known; whole seconds, and none too early.</summary>
    public static void TellWait(HttpResponse response, EidException error)
    {
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => seen.Dispose();

    private static void TakeUnlessMissed(Visitor visitor, Func<Visitor, Pace> which)
    {
        if (!which(visitor).TryTake(out var wait) || !visitor.Misses.HasRoom(out wait))
        {
            throw new EidException(ErrorReason.RateLimited, "查询过于频繁，请稍后再试") { RetryAfter = wait };
        }
    }

    private static void Take(Pace pace)
    {
        if (!pace.TryTake(out var wait))
        {
            throw new EidException(ErrorReason.RateLimited, "取用过于频繁，请稍后再试") { RetryAfter = wait };
        }
    }

    private Visitor Of(IPAddress? address) => seen.GetOrCreate(KeyOf(address), entry =>
    {
        (entry.Size, entry.SlidingExpiration) = (1, TimeSpan.FromMinutes(5));
        Pace PerMinute(int count) => new(count, TimeSpan.FromMinutes(1), count, clock);
        return new Visitor(PerMinute(PagesPerMinute), PerMinute(MissesPerMinute), PerMinute(LooksPerMinute), PerMinute(ListsPerMinute), PerMinute(PacksPerMinute));
    })!;

    private static UInt128 KeyOf(IPAddress? address)
    {
        var bytes = (address ?? IPAddress.None).MapToIPv6().GetAddressBytes();
        return address?.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) : System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
