using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Tests;

/// <summary>The counter behind every quota, on a clock of the test.</summary>
public sealed class PaceTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void A_rested_pace_lets_a_burst_through_and_then_one_each_interval()
    {
        var pace = new Pace(10, TimeSpan.FromSeconds(1), 3, clock);

        Assert.Equal(3, Enumerable.Range(0, 9).Count(_ => pace.TryTake(out TimeSpan _)));
        Assert.False(pace.TryTake(out var wait));
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);

        clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(pace.TryTake(out wait));
        Assert.Equal(TimeSpan.FromMilliseconds(1), wait);
        clock.Advance(wait);
        Assert.True(pace.TryTake(out _));
        Assert.False(pace.TryTake(out _));

        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(3, Enumerable.Range(0, 9).Count(_ => pace.TryTake(out TimeSpan _)));
    }

    [Fact]
    public void Whoever_waits_as_told_gets_the_count_and_no_more()
    {
        var pace = new Pace(50, TimeSpan.FromSeconds(1), 1, clock);
        var (taken, end) = (0, clock.GetUtcNow() + TimeSpan.FromSeconds(10));
        while (clock.GetUtcNow() < end)
        {
            if (pace.TryTake(out var wait))
            {
                taken++;
            }
            else
            {
                clock.Advance(wait);
            }
        }

        Assert.Equal(500, taken);
    }

    [Fact]
    public void Looking_takes_nothing_and_taking_too_much_delays_by_two_windows_at_most()
    {
        var misses = new Pace(60, TimeSpan.FromMinutes(1), 60, clock);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.True(misses.HasRoom(out TimeSpan _)));

        for (var i = 0; i < 60; i++)
        {
            misses.Take();
        }

        Assert.False(misses.HasRoom(out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
        for (var i = 0; i < 1000; i++)
        {
            misses.Take();
        }

        Assert.False(misses.HasRoom(out wait));
        Assert.Equal(TimeSpan.FromSeconds(61), wait);
        clock.Advance(wait);
        Assert.True(misses.HasRoom(out _));
    }

    [Fact]
    public async Task Many_threads_take_no_more_than_one_could()
    {
        var pace = new Pace(1, TimeSpan.FromHours(1), 10_000, clock);

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 5_000).Count(_ => pace.TryTake(out TimeSpan _)))));

        Assert.Equal(10_000, taken.Sum());
    }

    // The path of a hot look-up takes one of these. The limit is wide for a busy machine; the figure is in the diagnostics.
    [Fact]
    public void Taking_costs_next_to_nothing_and_allocates_nothing()
    {
        var caller = new Caller("tax", "样例", CallerRole.RelyingParty, [], [], []);
        var quotas = new CallerQuotas([caller], TimeProvider.System, unlimited: true);
        var take = BestOf.Nanoseconds(() => quotas.TryTake(caller, out _));
        var look = BestOf.Nanoseconds(() => quotas.RequireLookup(caller));

        TestContext.Current.SendDiagnosticMessage($"{take:F0} ns to take a call, {look:F0} ns to look at misses");
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            quotas.TryTake(caller, out _);
            quotas.RequireLookup(caller);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 10_000);
        Assert.True(take + look < 2_000, $"{take:F0} ns, {look:F0} ns");
    }
}

/// <summary>What something costs: the best of many short runs, so that what else the machine does matters little.</summary>
internal static class BestOf
{
    public static double Nanoseconds(Action work)
    {
        const int Runs = 400, Each = 1_000;
        var best = double.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < Each; i++)
            {
                work();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / Each);
        }

        return best;
    }
}
