using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using EidError = ShantingEId.Client.EidError;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A place in which one replica stands after another.</summary>
internal sealed class Place
{
    private volatile EidClient? client;
    private volatile bool isLeaving;

    /// <summary>Clients of the replica that stands here.</summary>
    public EidClient Client { get => client!; set => client = value; }

    /// <summary>From the signal to stop until the next one answers: the only time in which UNAVAILABLE may be heard here.</summary>
    public bool IsLeaving { get => isLeaving; set => isLeaving = value; }
}

/// <summary>
/// Clerks who found, rename and revoke at one place or the other, one who prepares changes and takes some back, the one window with cases and deregistrations, and departments
/// that never stop asking at both. Whoever hears UNAVAILABLE goes to the other place with the same request, as every client may. What nobody may hear is kept as a problem.
/// </summary>
internal sealed partial class UpgradeLoad
{
    private const int Clerks = 4;
    private const int DepartmentsPerPlace = 2;
    private const int Watched = 24;

    private readonly IReadOnlyList<Place> places;
    private readonly AckLog acks;
    private readonly AckLog windowAcks;
    private readonly ConcurrentDictionary<string, long> ended = new(); // Codes, with the time of the acknowledgement.
    private readonly string?[] watched = new string?[Watched]; // Codes that departments ask about, the newest in the place of the oldest.
    private readonly ConcurrentDictionary<string, int> heard = new();
    private readonly Task[] all;
    private volatile bool stopped;
    private int newest;
    private int cutOff;
    private int crossed;

    private UpgradeLoad(IReadOnlyList<Place> places, AckLog acks, AckLog windowAcks)
    {
        (this.places, this.acks, this.windowAcks) = (places, acks, windowAcks);
        all =
        [
            .. Enumerable.Range(0, Clerks).Select(clerk => Task.Run(() => ServeCountersAsync(clerk))),
            Task.Run(PrepareOnAsync),
            Task.Run(ServeWindowAsync),
            .. Enumerable.Range(0, places.Count * DepartmentsPerPlace).Select(department => Task.Run(() => AskOnAsync(department))),
        ];
    }

    /// <summary>What must not happen, with its reason.</summary>
    public ConcurrentBag<string> Problems { get; } = [];

    /// <summary>Calls whose connection went although the replica that left had accepted them.</summary>
    public int CutOff => Volatile.Read(ref cutOff);

    /// <summary>Calls that crossed the farewell of the replica that left: one in tens of thousands, when the machine is busy.</summary>
    public int Crossed => Volatile.Read(ref crossed);

    /// <summary>How often what was done or heard.</summary>
    public IReadOnlyDictionary<string, int> Heard => heard;

    /// <summary>Begins.</summary>
    /// <param name="places">Where.</param>
    /// <param name="acks">Acknowledgements of sets.</param>
    /// <param name="windowAcks">Those of cases and deregistrations.</param>
    public static UpgradeLoad Start(IReadOnlyList<Place> places, AckLog acks, AckLog windowAcks) => new(places, acks, windowAcks);

    public async Task StopAsync()
    {
        stopped = true;
        await Task.WhenAll(all);
    }

    // The life of a company, each deed at another place than the one before; what was told must hold at both at once.
    private async Task ServeCountersAsync(int clerk)
    {
        for (var turn = clerk; !stopped; turn++)
        {
            if (await SendAsync(turn, Write.Issue()) is not { } first)
            {
                continue;
            }

            Watch(first.LicenseCode);
            await ExpectAsync(first, Verdict.Valid);
            if (await SendAsync(turn + 1, Write.Rename(first)) is not { } second)
            {
                continue;
            }

            ended[first.LicenseCode] = Stopwatch.GetTimestamp();
            Watch(second.LicenseCode);
            await ExpectAsync(first, Verdict.Superseded);
            await ExpectAsync(second, Verdict.Valid);
            // One in three lives on.
            if (turn % 3 != 0 && await SendAsync(turn + (turn % 2), Write.Revoke(second)) is not null)
            {
                ended[second.LicenseCode] = Stopwatch.GetTimestamp();
                await ExpectAsync(second, Verdict.Revoked);
            }
        }
    }

    private async Task AskOnAsync(int department)
    {
        for (var (dice, count) = (new Dice((ulong)department + 1), 0); !stopped; count++)
        {
            if (watched[dice.Next(Watched)] is { } code)
            {
                var began = Stopwatch.GetTimestamp();
                var verdict = await AskAsync(department, code);
                if (verdict == Verdict.Valid && ended.TryGetValue(code, out var time) && time < began)
                {
                    Problems.Add($"place {department % places.Count}: VALID {Stopwatch.GetElapsedTime(time, began).TotalMilliseconds:0} ms after its end was acknowledged");
                }
            }

            await Task.Delay(3);
        }
    }

    private async Task ExpectAsync(IssuedSet set, Verdict expected)
    {
        for (var place = 0; place < places.Count; place++)
        {
            if (await AskAsync(place, set.LicenseCode) is { } verdict && verdict != expected)
            {
                Problems.Add($"place {place}: {verdict} where {expected} had been acknowledged");
            }
        }
    }

    private async Task<Verdict?> AskAsync(int at, string code) => await TryAsync(at, "verify", async client => (Verdict?)(await client.AskAsync(code)).Verdict);

    private async Task<IssuedSet?> SendAsync(int at, Write write, Func<RpcException, bool>? mayRefuse = null) =>
        await SendAsync(at, write, acks, mayRefuse) is { } reply ? Write.SetOf(reply) : null;

    private async Task<IMessage?> SendAsync(int at, Write write, AckLog log, Func<RpcException, bool>? mayRefuse)
    {
        // Done or not done: the same request, put to the other place, settles it.
        for (var attempt = 0; attempt < 50; attempt++)
        {
            var refused = false;
            if (await TryAsync(at + attempt, write.Deed, client => write.AnySendAsync(client, log), error => refused = mayRefuse?.Invoke(error) == true, () => refused = true) is { } reply)
            {
                return reply;
            }

            if (refused)
            {
                return null;
            }

            await Task.Delay(20);
        }

        Problems.Add($"{write.Deed}: neither place took it");
        return null;
    }

    private async Task<T?> TryAsync<T>(int at, string deed, Func<EidClient, Task<T>> call, Func<RpcException, bool>? mayRefuse = null, Action? onProblem = null)
    {
        var place = places[at % places.Count];
        var wasLeaving = place.IsLeaving;
        try
        {
            var result = await call(place.Client);
            heard.AddOrUpdate(deed, 1, (_, count) => count + 1);
            return result;
        }
        catch (RpcException error) when (mayRefuse?.Invoke(error) == true)
        {
            heard.AddOrUpdate($"{deed} {EidClient.Reason(error)}", 1, (_, count) => count + 1);
            return default;
        }
        catch (RpcException error)
        {
            var text = $"{error.StatusCode} {EidClient.Reason(error)}".TrimEnd();
            heard.AddOrUpdate(text, 1, (_, count) => count + 1);
            var isLeaving = wasLeaving || place.IsLeaving;
            if (isLeaving && error.StatusCode == StatusCode.Internal && EidClient.Reason(error).Length == 0)
            {
                // A call that crossed the replica's farewell (GOAWAY without error) is not taken in, by the protocol; .NET's client gives it no code of its own. Else
                // the connection went in the middle of the call.
                Interlocked.Increment(ref error.Status.Detail.Contains("'NO_ERROR' (0x0)", StringComparison.Ordinal) ? ref crossed : ref cutOff);
                if (!EidError.From(error).IsTransient)
                {
                    Problems.Add($"{deed}: who uses the SDK is not told to try again: {error.Status.Detail}");
                }
            }
            else if (error.StatusCode != StatusCode.Unavailable || !isLeaving)
            {
                Problems.Add($"{deed} at place {at % places.Count}{(isLeaving ? ", leaving" : "")}: {text}: {error.Status.Detail}");
                onProblem?.Invoke();
            }

            return default;
        }
    }

    private void Watch(string code) => watched[(int)((uint)Interlocked.Increment(ref newest) % Watched)] = code;
}
