using System.Diagnostics.Metrics;
using Grpc.Health.V1;
using Serving = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ShantingEId.Server.Tests;

/// <summary>What is measured counts for the whole process, so this runs while no other test does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a probe costs.</summary>
[Collection(nameof(Alone))]
public sealed class HealthProbeTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // Probes are answered from what was last seen: a hundred a second read nothing.
    [Fact]
    public async Task Probing_does_not_touch_the_register()
    {
        var probe = new Health.HealthClient(server.Channel("stranger"));
        for (var patience = System.Diagnostics.Stopwatch.StartNew(); (await probe.CheckAsync(new HealthCheckRequest())).Status != Serving.Serving;)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(20), "not serving");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        var reads = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument == Telemetry.EidMeters.StoreDuration)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref reads));
        listener.Start();
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < 90; i++)
        {
            Assert.Equal(Serving.Serving, (await probe.CheckAsync(new HealthCheckRequest())).Status);
        }

        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.True(Interlocked.Read(ref reads) <= 2 + (2 * seconds), $"{Interlocked.Read(ref reads)} reads in {seconds:F1} s");
    }
}
