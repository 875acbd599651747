using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>The change feed over broken lines: nothing missed, nothing twice, no end but the caller's.</summary>
public sealed class WatchTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>
{
    private CancellationToken Cancel { get; } = Patience.OneMinute();

    // Each connection repeats some changes, as a service may after a break, and then dies in its own way.
    [Fact]
    public async Task Changes_come_in_order_and_once_over_many_breaks()
    {
        await using var service = await certificates.StartAsync();
        var starts = new List<long>();
        service.Watch = async (request, stream, context, call) =>
        {
            starts.Add(request.AfterMark);
            for (var mark = Math.Max(1, request.AfterMark - 2); mark < request.AfterMark + 4; mark++)
            {
                await stream.WriteAsync(At(mark), Cancel);
            }

            switch (call % 3)
            {
                case 0:
                    throw ScriptedService.Error(ErrorReason.Draining);
                case 1:
                    context.GetHttpContext().Abort();
                    break;
            }
        };
        using var eid = EidClient.Connect(service.Options());

        var marks = await eid.WatchChangesAsync(0, cancel: Cancel).Take(20).Select(change => change.Mark).ToListAsync(Cancel);

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), marks);
        Assert.Equal(starts.Order(), starts);
        Assert.Equal(0, starts[0]);
    }

    [Fact]
    public async Task A_sign_of_life_moves_the_mark_although_nothing_passed_the_filter()
    {
        await using var service = await certificates.StartAsync();
        var requests = new List<WatchChangesRequest>();
        service.Watch = async (request, stream, _, call) =>
        {
            requests.Add(request);
            await stream.WriteAsync(call == 1 ? new WatchChangesResponse { Mark = 900 } : At(901), Cancel);
        };
        using var eid = EidClient.Connect(service.Options());
        var filter = new EidChangeFilter { Regions = ["3704"], Kinds = [Change.Types.Kind.Revoked] };

        Assert.Equal(901, (await eid.WatchChangesAsync(7, filter, Cancel).FirstAsync(Cancel)).Mark);
        Assert.Equal([7L, 900L], requests.Select(request => request.AfterMark));
        Assert.All(requests, request => Assert.Equal(["3704"], request.Regions));
        Assert.All(requests, request => Assert.Equal([Change.Types.Kind.Revoked], request.Kinds));
    }

    [Fact]
    public async Task A_mark_the_register_never_gave_ends_it()
    {
        await using var service = await certificates.StartAsync();
        service.Watch = (_, _, _, _) => throw ScriptedService.Error(ErrorReason.MarkInvalid);
        using var eid = EidClient.Connect(service.Options());

        var error = await Assert.ThrowsAsync<EidCallException>(async () => await eid.WatchChangesAsync(10, cancel: Cancel).FirstAsync(Cancel));
        Assert.Equal(("MARK_INVALID", 1), (error.Error.Reason, service.Calls));
    }

    // The line looks alive and nothing comes, not even a sign of life.
    [Fact]
    public async Task A_silent_connection_is_given_up()
    {
        await using var service = await certificates.StartAsync();
        var clock = new FakeTimeProvider();
        service.Watch = async (request, stream, context, _) =>
        {
            await stream.WriteAsync(At(request.AfterMark + 1), Cancel);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        using var eid = EidClient.Connect(service.Options() with { Clock = clock });

        var both = eid.WatchChangesAsync(0, cancel: Cancel).Take(2).Select(change => change.Mark).ToListAsync(Cancel).AsTask();
        while (!both.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(20, Cancel);
        }

        Assert.Equal([1L, 2L], await both);
        Assert.True(service.Calls >= 2);
    }

    [Fact]
    public async Task The_caller_ends_it()
    {
        await using var service = await certificates.StartAsync();
        service.Watch = async (_, stream, context, _) =>
        {
            await stream.WriteAsync(At(1), Cancel);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        using var eid = EidClient.Connect(service.Options());
        using var patience = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var change in eid.WatchChangesAsync(0, cancel: patience.Token))
            {
                patience.CancelAfter(50);
            }
        });
    }

    [Fact]
    public async Task Lookups_are_listed_over_their_pages()
    {
        await using var service = await certificates.StartAsync();
        service.Lookups = request =>
        {
            var from = request.PageToken.Length == 0 ? 0 : int.Parse(request.PageToken, System.Globalization.CultureInfo.InvariantCulture);
            var size = Math.Min(request.PageSize, 50);
            return new ListLookupsResponse
            {
                Lookups = { Enumerable.Range(from, size).Select(i => new Lookup { Name = $"lookups/sample/1/{i}" }) }, NextPageToken = from + size >= 500 ? "" : $"{from + size}",
                CompleteUntilTime = new Google.Protobuf.WellKnownTypes.Timestamp { Seconds = 1000 + from },
            };
        };
        using var eid = EidClient.Connect(service.Options());

        var some = await eid.ListLookupsAsync("样例", 120, Cancel);
        var all = await eid.ListLookupsAsync("样例", 10_000, Cancel);

        Assert.Equal((120, true, 1000L), (some.Newest.Count, some.HasMore, some.CompleteUntil!.Value.ToUnixTimeSeconds()));
        Assert.Equal((500, false, 500), (all.Newest.Count, all.HasMore, all.Newest.DistinctBy(lookup => lookup.Name).Count()));
    }

    private static WatchChangesResponse At(long mark) => new() { Mark = mark, Change = new Change { Name = $"changes/{mark}", Mark = mark, Kind = Change.Types.Kind.Issued } };
}
