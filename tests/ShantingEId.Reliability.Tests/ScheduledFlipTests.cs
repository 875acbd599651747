using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas, the second with a wall clock of its own.</summary>
public sealed class FlipCluster() : SharedCluster(2, (number, settings) =>
{
    if (number == 0)
    {
        return settings;
    }

    var clock = Path.Combine(settings.Data, "clock");
    File.WriteAllText(clock, "+0");
    return settings with { ClockFile = clock };
});

/// <summary>
/// A change that was prepared for an instant takes force at both replicas at that instant: code, company and all seals together. Readers ask both
/// without pause from before to after; no answer mixes the two licences, and no replica goes back once it has changed over. EID_FLIPS (1) changes for each clock.
/// </summary>
public sealed class ScheduledFlipTests(FlipCluster shared) : IClassFixture<FlipCluster>
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_prepared_change_takes_force_everywhere_at_once(int clockOff)
    {
        var cluster = await shared.GetAsync();
        await cluster[1].SetClockAsync(TimeSpan.FromSeconds(clockOff));
        var (wrong, apart) = (new ConcurrentBag<string>(), 0.0);
        for (var flip = 0; flip < Figures.Count("EID_FLIPS", 1); flip++)
        {
            var old = await cluster.IssueAsync(on: flip);
            var change = Samples.Rename(old, $"枣庄市山亭区样例定时更名{clockOff}{flip}有限公司");
            change.EffectiveTime = TimeProvider.System.GetUtcNow().AddSeconds(3).ToTimestamp();
            var next = (await cluster[flip].Client.Staff.ChangeRegistrationAsync(change, deadline: EidClient.In(20))).IssuedSet;
            var flipped = await Task.WhenAll(cluster.Replicas.Select(replica => WatchAsync(replica.Client, old, next, wrong)));
            apart = Math.Max(apart, (flipped.Max() - flipped.Min()).TotalMilliseconds);
        }

        Figures.Print($"flip_apart_clock_off_{clockOff}_s", apart, "ms", "<= 1000");
        Figures.Print($"flip_mixed_clock_off_{clockOff}_s", wrong.Count, "answers", "<= 0");
        Assert.Empty(wrong.Take(5));
    }

    // Asks one replica until it has changed over for a second, and tells when it was first seen so.
    private static async Task<DateTimeOffset> WatchAsync(EidClient client, IssuedSet old, IssuedSet next, ConcurrentBag<string> wrong)
    {
        DateTimeOffset? flipped = null;
        var before = 0;
        for (var end = TimeProvider.System.GetUtcNow().AddSeconds(20); TimeProvider.System.GetUtcNow() < (flipped?.AddSeconds(1) ?? end);)
        {
            var wasOver = flipped is not null;
            var answers = new List<(string What, bool IsOver)>
            {
                ("code", Over(await client.AskAsync(old.LicenseCode), old, next, wrong)),
                ("short code", Over(await client.AskAsync(old.TypedCode), old, next, wrong)),
                ("company", OverByCompany(await client.LookupAsync(old.License.Enterprise.CreditCode), old, next, wrong)),
                ("next code", NewOver(await client.AskAsync(next.LicenseCode), "code", next, wrong)),
                ("next short code", NewOver(await client.AskAsync(next.TypedCode), "short code", next, wrong)),
            };
            foreach (var seal in old.Seals)
            {
                answers.Add(("seal", Over(await client.AskSealAsync(seal.SealCode), old, next, wrong)));
            }

            foreach (var seal in next.Seals)
            {
                answers.Add(("next seal", NewOver(await client.AskSealAsync(seal.SealCode), "seal", next, wrong)));
            }

            // What was asked later never knows less than what was asked before.
            if (wasOver ? !answers.TrueForAll(one => one.IsOver) : answers.SkipWhile(one => !one.IsOver).Any(one => !one.IsOver))
            {
                wrong.Add("went back: " + string.Join(' ', answers));
            }

            flipped ??= answers.Exists(one => one.IsOver) ? TimeProvider.System.GetUtcNow() : null;
            before += flipped is null ? 1 : 0;
        }

        Assert.True(flipped is not null && before > 0, $"{before} rounds before, changed over: {flipped}");
        return flipped.Value;
    }

    private static bool Over(Verification answer, IssuedSet old, IssuedSet next, ConcurrentBag<string> wrong)
    {
        var isOver = answer.Verdict == Verdict.Superseded;
        if (isOver ? answer.Succession?.LicenseId != next.License.LicenseId : answer.Verdict != Verdict.Valid || answer.License.LicenseId != old.License.LicenseId || answer.License.Enterprise.Name != old.License.Enterprise.Name)
        {
            wrong.Add($"old: {answer.Verdict} {answer.Reason} of {answer.License?.LicenseId}");
        }

        return isOver;
    }

    private static bool OverByCompany(Verification answer, IssuedSet old, IssuedSet next, ConcurrentBag<string> wrong)
    {
        var isOver = answer.License.LicenseId == next.License.LicenseId;
        var set = isOver ? next : old;
        if (answer.Verdict != Verdict.Valid || answer.License.LicenseId != set.License.LicenseId || answer.License.Enterprise.Name != set.License.Enterprise.Name
            || !answer.Seals.Select(seal => seal.SealCode).SequenceEqual(set.Seals.Select(seal => seal.SealCode)))
        {
            wrong.Add($"company: {answer.Verdict} of {answer.License.LicenseId} called {answer.License.Enterprise.Name}");
        }

        return isOver;
    }

    private static bool NewOver(Verification answer, string what, IssuedSet next, ConcurrentBag<string> wrong)
    {
        var isOver = answer.Verdict == Verdict.Valid;
        if (isOver ? answer.License.LicenseId != next.License.LicenseId : answer.Verdict != Verdict.NotFound || answer.License is not null)
        {
            wrong.Add($"next {what}: {answer.Verdict} {answer.Reason} of {answer.License?.LicenseId}");
        }

        return isOver;
    }
}
