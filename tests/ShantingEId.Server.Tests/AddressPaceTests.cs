using System.Net;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Server.Public;

namespace ShantingEId.Server.Tests;

/// <summary>Who counts as one visitor of the public pages.</summary>
public sealed class AddressPaceTests : IDisposable
{
    private readonly AddressPace pace = new(new FakeTimeProvider());

    public void Dispose() => pace.Dispose();

    // One household, or one attacker, has a /64 at the least; an address of IPv4 is the same one however the connection writes it.
    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1")]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8")]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", "::ffff:203.0.113.8")]
    public void Misses_count_for_all_that_one_visitor_has_and_for_nobody_else(string address, string same, string other)
    {
        for (var miss = 0; miss < 20; miss++)
        {
            pace.Take(IPAddress.Parse(same));
            pace.CountMiss(IPAddress.Parse(miss % 2 == 0 ? address : same));
        }

        Assert.All([address, same], each => Assert.Equal(ErrorReason.RateLimited, Assert.Throws<EidException>(() => pace.Take(IPAddress.Parse(each))).Reason));
        pace.Take(IPAddress.Parse(other));
        pace.TakeList(IPAddress.Parse(address)); // Lists find nothing and count apart.
    }

    [Fact]
    public void Pages_looks_lists_and_packs_have_a_pace_each()
    {
        var from = IPAddress.Parse("203.0.113.7");
        foreach (var (take, most) in ((Action<IPAddress?>, int)[])[(pace.Take, 300), (pace.TakeLook, 3000), (pace.TakeList, 600), (pace.TakePack, 60)])
        {
            var taken = 0;
            var error = Assert.Throws<EidException>(() =>
            {
                for (; taken <= most; taken++)
                {
                    take(from);
                }
            });
            Assert.Equal((most, TimeSpan.FromMinutes(1) / most), (taken, error.RetryAfter));
        }
    }
}
