using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Server.Ledger;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The ledger or the register fails under a running server.</summary>
public sealed class DeskFailureTests : IAsyncLifetime
{
    private readonly DeskFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    // Fail closed: whatever the answer would have been, it does not leave; refusals neither.
    [Fact]
    public async Task Without_the_ledger_nothing_is_answered()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        server.Services.GetRequiredService<LookupLedger>().Dispose();
        var tax = server.Tax();

        Refusal[] refusals =
        [
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = "", Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "" })),
            await Refusal.Of(tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "TAX_REGISTRATION", WithReceipt = true })),
            await Refusal.Of(tax.AskQuestionsAsync(new AskQuestionsRequest { Code = issued.TypedCode, Purpose = "TAX_REGISTRATION", Questions = { new Question { Active = true } } })),
        ];

        Assert.All(refusals, refusal => Assert.Equal((StatusCode.Unavailable, "AUDIT_UNAVAILABLE"), (refusal.Status, refusal.Reason)));
        using var batch = tax.VerifyCodes();
        await batch.RequestStream.WriteAsync(new VerifyCodesRequest { Item = 1, Verify = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" } });
        await batch.RequestStream.CompleteAsync();
        Assert.True(await batch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal((int)StatusCode.Unavailable, batch.ResponseStream.Current.Error.Code);
    }

    [Fact]
    public async Task An_unreadable_register_is_recorded_as_a_refusal_with_a_receipt()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.StopAsync();
        await server.StartAsync();
        await using (var file = new FileStream(server.RegisterPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(new byte[file.Length]);
        }

        var (refusal, receipt) = await server.Refused(server.Tax().LookupLicenseAsync(new LookupLicenseRequest
        {
            CreditCode = issued.License.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION", WithReceipt = true, MaxStateAge = new Duration(),
        }));

        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (refusal.Status, refusal.Reason));
        Assert.Equal((0, "STORE_UNAVAILABLE", issued.License.Enterprise.CreditCode), (receipt.Record.Verdict, receipt.Record.Reason, receipt.Record.Holder));
    }
}
