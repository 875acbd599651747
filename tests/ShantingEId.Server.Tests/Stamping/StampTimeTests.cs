using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using ShantingEId.Seals;
using ShantingEId.Server.Storage;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Stamping;

/// <summary>Stamps with a time stamp of an authority; and what happens while there is none.</summary>
public sealed class StampTimeTests : IAsyncLifetime
{
    private readonly TimedServer server = new();

    public async ValueTask InitializeAsync() => await server.InitializeAsync();

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task A_stamp_carries_a_time_stamp_and_without_one_there_is_none_unless_told_otherwise()
    {
        var seals = new SealClient(server);
        var set = await seals.GrantedAsync();
        var answer = await seals.App.StampAsync(SealClient.OfDocument(set, SampleDocument.Create()));
        var report = await seals.VerifyAsync(answer.Ofd);
        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(report.Signatures[0].ProvenTime, answer.Use.ProvenTime.ToDateTimeOffset());
        Assert.Equal(answer.Use.ProvenTime, (await seals.UsesAsync(set))[0].ProvenTime);

        var (overJson, stamp) = (JsonCall.As(server, "holder-app"), SealService.Descriptor.FindMethodByName("Stamp"));
        await server.StopTimesAsync();
        var refused = await Refusal.Of(seals.App.StampAsync(SealClient.OfDocument(set, SampleDocument.Create())));
        Assert.Equal((StatusCode.Unavailable, "TIME_STAMP_UNAVAILABLE"), (refused.Status, refused.Reason));
        Assert.Equal("TIME_STAMP_UNAVAILABLE", (await overJson.Ask(stamp, SealClient.OfDocument(set, SampleDocument.Create()))).Reason);

        // One that answers with something else is no better.
        await server.LieAboutTimesAsync();
        refused = await Refusal.Of(seals.App.StampAsync(SealClient.OfDocument(set, SampleDocument.Create())));
        Assert.Equal((StatusCode.Unavailable, "TIME_STAMP_INVALID"), (refused.Status, refused.Reason));
        Assert.Equal("TIME_STAMP_INVALID", (await overJson.Ask(stamp, SealClient.OfDocument(set, SampleDocument.Create()))).Reason);
        Assert.Single(await seals.UsesAsync(set));

        await server.StopAsync();
        server.IsRequired = false;
        await server.StartAsync();
        var later = await new SealClient(server).App.StampAsync(SealClient.OfDocument(set, SampleDocument.Create()));
        Assert.Null(later.Use.ProvenTime);
        Assert.Equal(SealVerdict.Valid, (await seals.VerifyAsync(later.Ofd)).Verdict);
        await server.StopAsync();
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    private sealed class TimedServer : ServerFixture
    {
        private WebApplication? times;
        private Uri? address;

        public bool IsRequired { get; set; } = true;

        public override EidServerOptions Options() => base.Options() with { TimeStampAuthority = address, TimeStampRequired = IsRequired };

        protected override void Prepare()
        {
            times = DevTimeStamps.Build(Certificates, 0, TimeProvider.System);
            times.StartAsync().GetAwaiter().GetResult();
            address = new Uri(times.Urls.First());
        }

        public async Task StopTimesAsync()
        {
            await times!.StopAsync();
            await times.DisposeAsync();
            times = null;
        }

        public async Task LieAboutTimesAsync()
        {
            times = WebApplication.CreateSlimBuilder().Build();
            times.Urls.Add(address!.GetLeftPart(UriPartial.Authority));
            ((IApplicationBuilder)times).Run(async context => await context.Response.Body.WriteAsync(new byte[] { 0x30, 0x00 }));
            await times.StartAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            if (times is not null)
            {
                await StopTimesAsync();
            }

            await base.DisposeAsync();
        }
    }
}
