using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Ledger;
using ShantingEId.V1;
using Serving = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ShantingEId.Server.Tests;

/// <summary>Health as a probe sees it: a certificate that is not registered, and nothing but health.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private const string Whole = "", Verification = "shanting.eid.v1.VerificationService", Issuance = "shanting.eid.v1.IssuanceService";
    private readonly HealthFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_server_that_can_do_everything_says_so_to_an_unregistered_probe_and_to_nobody_without_a_certificate()
    {
        foreach (var service in (string[])[Whole, Verification, Issuance, "shanting.eid.v1.ChangeService", "register", "feed", "ledger", "disk"])
        {
            await Becomes(service, Serving.Serving);
        }

        var nobody = new Health.HealthClient(server.Channel(null));
        Assert.Equal("CLIENT_CERT_INVALID", (await Refusal.Of(nobody.CheckAsync(new HealthCheckRequest()))).Reason);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Probe().CheckAsync(new HealthCheckRequest { Service = "nothing" }));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task A_register_that_cannot_be_read_is_told_and_named()
    {
        await Becomes(Whole, Serving.Serving);
        await server.StopAsync();
        await server.StartAsync();
        await using (var file = new FileStream(server.RegisterPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(new byte[file.Length], TestContext.Current.CancellationToken);
        }

        await Becomes(Whole, Serving.NotServing);
        await Becomes(Verification, Serving.NotServing);
        await Becomes("register", Serving.NotServing);
        await Becomes("ledger", Serving.Serving);
        Assert.Single(server.Log.Lines, line => line.EventName == "HealthDown" && line.Text.StartsWith("Health of register", StringComparison.Ordinal));
    }

    // What is not recorded is not answered; issuing records nothing there.
    [Fact]
    public async Task A_ledger_that_takes_nothing_ends_verifying_and_not_issuing()
    {
        await Becomes(Whole, Serving.Serving);

        server.Services.GetRequiredService<LookupLedger>().Dispose();

        await Becomes("ledger", Serving.NotServing);
        await Becomes(Verification, Serving.NotServing);
        await Becomes(Whole, Serving.NotServing);
        await Becomes(Issuance, Serving.Serving);
    }

    // Verifying needs no space for new sets.
    [Fact]
    public async Task Too_little_space_ends_issuing_and_not_verifying()
    {
        await Becomes(Issuance, Serving.Serving);
        await server.StopAsync();
        server.NoSpace = true;
        await server.StartAsync();

        await Becomes("disk", Serving.NotServing);
        await Becomes(Issuance, Serving.NotServing);
        await Becomes(Whole, Serving.Serving);
        await Becomes(Verification, Serving.Serving);
    }

    [Fact]
    public async Task Who_watches_is_told_that_the_server_stops()
    {
        await Becomes(Whole, Serving.Serving);
        using var watch = Probe().Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(Serving.Serving, watch.ResponseStream.Current.Status);

        var stopping = server.StopServingAsync();
        var last = Serving.Unknown;
        try
        {
            while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
                last = watch.ResponseStream.Current.Status;
            }
        }
        catch (RpcException)
        {
            // The connection ends with the server.
        }

        await stopping;
        Assert.Equal(Serving.NotServing, last);
    }

    [Fact]
    public async Task Probes_of_nobody_registered_are_limited_together()
    {
        await Becomes(Whole, Serving.Serving);
        var probe = Probe();
        var refused = false;
        for (var i = 0; i < 2000 && !refused; i++)
        {
            try
            {
                await probe.CheckAsync(new HealthCheckRequest());
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.ResourceExhausted)
            {
                refused = true;
            }
        }

        Assert.True(refused);
    }

    private Health.HealthClient Probe() => new(server.Channel("stranger"));

    private async Task Becomes(string service, Serving expected)
    {
        var (last, end) = (Serving.Unknown, TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(20));
        while (last != expected && TimeProvider.System.GetUtcNow() < end)
        {
            last = (await Probe().CheckAsync(new HealthCheckRequest { Service = service })).Status;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal((service, expected), (service, last));
    }
}

/// <summary>A deployment whose disk can be said to be full.</summary>
public sealed class HealthFixture : ServerFixture
{
    public bool NoSpace { get; set; }

    public override EidServerOptions Options() => base.Options() with { MinFreeBytes = NoSpace ? long.MaxValue : 0 };
}
