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

    [Fact]
    public async Task A_licence_and_a_copy_carry_a_time_stamp_and_without_one_there_is_none_unless_told_otherwise()
    {
        var set = await new SealClient(server).GrantedAsync();
        var staff = new DocumentService.DocumentServiceClient(server.Channel("staff"));
        var bank = new DocumentService.DocumentServiceClient(server.Channel("bank"));
        Task<LicenseDocument> LicenceAsync() => staff.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name }).ResponseAsync;
        async Task<DownloadLicenseCopyRequest> CopyAsync() => new()
        {
            RequestId = ServerFixture.NewRequestId(), Purpose = "ACCOUNT_OPENING",
            DownloadId = (await staff.CreateLicenseCopyAsync(new CreateLicenseCopyRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Receiver = "bank", PurposeText = "开立单位结算账户（样例）" })).DownloadId,
        };
        async Task Proves(LicenseDocument document, bool isProven)
        {
            var answer = await bank.VerifyDocumentAsync(new VerifyDocumentRequest { Document = document.Content, Purpose = "ACCOUNT_OPENING" });
            Assert.Equal((DocumentVerification.Types.Verdict.Valid, set.Name, isProven), (answer.Verdict, answer.License.IssuedSet, Assert.Single(answer.Signatures).ProvenTime is not null));
        }

        // 1. With the service.
        await Proves(await LicenceAsync(), true);
        await Proves(await bank.DownloadLicenseCopyAsync(await CopyAsync()), true);

        // 2. Without it, or with one that lies: nothing sealed goes out, what proves nothing does, and a copy is still there afterwards.
        var copy = await CopyAsync();
        await server.StopTimesAsync();
        async Task Refuses(string reason)
        {
            foreach (var refused in (Refusal[])[await Refusal.Of(LicenceAsync), await Refusal.Of(bank.DownloadLicenseCopyAsync(copy))])
            {
                Assert.Equal((StatusCode.Unavailable, reason), (refused.Status, refused.Reason));
            }
        }

        await Refuses("TIME_STAMP_UNAVAILABLE");
        Assert.NotEmpty((await staff.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Format = GetLicenseDocumentRequest.Types.Format.Png })).Content);
        await server.LieAboutTimesAsync();
        await Refuses("TIME_STAMP_INVALID");

        // 3. Where it is not required.
        await server.StopAsync();
        server.IsRequired = false;
        await server.StartAsync();
        (staff, bank) = (new DocumentService.DocumentServiceClient(server.Channel("staff")), new DocumentService.DocumentServiceClient(server.Channel("bank")));
        await Proves(await LicenceAsync(), false);
        await Proves(await bank.DownloadLicenseCopyAsync(copy), false);
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
