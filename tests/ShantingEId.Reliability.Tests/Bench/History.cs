using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>
/// What clients saw of one company, and whether it fits one order. The order of writes is given by the feed; a write takes effect between its
/// beginning and its acknowledgement, one without an answer at any time or never. Each look-up must find a place in that order: not before
/// what was acknowledged when it began, nor before what an earlier look-up had seen, nor after what began when it had ended.
/// </summary>
public sealed class History
{
    private readonly ConcurrentBag<(long Began, long Ended, string Value)> reads = [];
    private readonly ConcurrentBag<(long Began, long Ended, string Entry)> writes = [];
    private readonly List<string> feed = [];

    /// <summary>A state as the feed and an acknowledgement both name it.</summary>
    public static string Entry(int version, IssuedSet.Types.State state, Timestamp since) => $"{version} {state.ToString().ToUpperInvariant()} {since.ToDateTimeOffset().ToUnixTimeMilliseconds()}";

    /// <summary>A look-up that was answered.</summary>
    public void Read(long began, long ended, string value) => reads.Add((began, ended, value));

    /// <summary>A write that was acknowledged.</summary>
    public void Wrote(long began, long ended, string entry) => writes.Add((began, ended, entry));

    /// <summary>The next change in the order of the feed. That a version was replaced is told by the one that replaces it.</summary>
    public void Committed(Change change)
    {
        if (change.State != IssuedSet.Types.State.Superseded)
        {
            Committed(Entry(change.Version, change.State, change.EffectiveTime));
        }
    }

    /// <summary>The next entry.</summary>
    public void Committed(string entry) => feed.Add(entry);

    /// <summary>Everything that fits no order.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        var places = new (long Began, long Ended)[feed.Count];
        Array.Fill(places, (long.MinValue, long.MaxValue));

        // 1. Every acknowledged write stands in the feed, once.
        foreach (var (began, ended, entry) in writes)
        {
            var at = feed.IndexOf(entry);
            if (at < 0 || feed.LastIndexOf(entry) != at)
            {
                problems.Add($"acknowledged, and not once in the feed: {entry}");
                continue;
            }

            places[at] = (began, ended);
        }

        // 2. No write stands before one that was acknowledged before it began.
        for (var at = 1; at < places.Length; at++)
        {
            if (places.Take(at).Any(earlier => places[at].Ended < earlier.Began))
            {
                problems.Add($"too late in the feed: {feed[at]}");
            }
        }

        // 3. Every look-up finds its place, the earliest that it may have.
        var seen = new List<(long Ended, int At)>();
        foreach (var (began, ended, value) in reads.OrderBy(read => read.Ended))
        {
            var from = Math.Max(Math.Max(0, Array.FindLastIndex(places, place => place.Ended < began)), seen.Where(one => one.Ended < began).Select(one => one.At).DefaultIfEmpty(0).Max());
            var until = Array.FindIndex(places, place => place.Began > ended) is var first && first < 0 ? feed.Count : first;
            var found = Enumerable.Range(from, Math.Max(0, until - from)).Where(at => feed[at].StartsWith(value + " ", StringComparison.Ordinal)).DefaultIfEmpty(-1).First();
            if (found < 0)
            {
                problems.Add($"no place for the answer {value}, which may be from {(from < feed.Count ? feed[from] : "nothing")} on");
                continue;
            }

            seen.Add((ended, found));
        }

        return problems;
    }
}
