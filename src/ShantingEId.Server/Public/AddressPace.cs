using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Caching.Memory;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Public;

/// <summary>
/// How often one address may ask, and how often in vain. An address is one of IPv4, or a /64 of IPv6, which is what one household or one attacker has at
/// least. Behind a gateway that terminates connections all come from one address: then the gateway limits, and these limits are raised.
/// </summary>
internal sealed class AddressPace(TimeProvider clock) : IDisposable
{
    // A crowd behind one address of a mobile network scans; nobody scans that fast alone.
    private const int PagesPerMinute = 300;
    private const int MissesPerMinute = 20;

    // Some 200 bytes each. Who is pushed out begins anew: an attacker with so many addresses is not stopped by counting them.
    private const int MostAddresses = 50_000;
    private readonly MemoryCache seen = new(new MemoryCacheOptions { SizeLimit = MostAddresses });

    private sealed record Visitor(Pace Pages, Pace Misses);

    /// <summary>Takes one page.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>: too many, or too many that found nothing.</exception>
    public void Take(IPAddress? address)
    {
        var visitor = Of(address);
        if (!visitor.Pages.TryTake(out var wait) || !visitor.Misses.HasRoom(out wait))
        {
            throw new EidException(ErrorReason.RateLimited, "查询过于频繁，请稍后再试") { RetryAfter = wait };
        }
    }

    /// <summary>Counts one that found nothing.</summary>
    public void CountMiss(IPAddress? address) => Of(address).Misses.Take();

    /// <inheritdoc/>
    public void Dispose() => seen.Dispose();

    private Visitor Of(IPAddress? address) => seen.GetOrCreate(KeyOf(address), entry =>
    {
        (entry.Size, entry.SlidingExpiration) = (1, TimeSpan.FromMinutes(5));
        return new Visitor(new Pace(PagesPerMinute, TimeSpan.FromMinutes(1), PagesPerMinute, clock), new Pace(MissesPerMinute, TimeSpan.FromMinutes(1), MissesPerMinute, clock));
    })!;

    private static UInt128 KeyOf(IPAddress? address)
    {
        var bytes = (address ?? IPAddress.None).MapToIPv6().GetAddressBytes();
        return address?.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) : System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
