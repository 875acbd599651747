using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>Documents by the SDK, of a real server: judged with a receipt that is checked, fetched once, refused by reason.</summary>
public sealed class DocumentTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_department_judges_a_licence_with_a_receipt_and_fetches_a_copy_once()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: Cancel);
        using var staff = Connect("staff", "COUNTER_CHECK", withReceipt: false);
        using var bank = Connect("bank", "ACCOUNT_OPENING", withReceipt: true);
        var licence = await staff.GetLicenseDocumentAsync(issued.Name, cancel: Cancel);

        var answer = await bank.VerifyDocumentAsync(licence.Content.Memory, new EidLookupOptions { Reference = "样例-7" }, Cancel);
        Assert.True(answer.IsValid, answer.Explanation);
        Assert.Equal(("样例-7", issued.License.Enterprise.CreditCode, Verifying.Verdict.Valid), (answer.Receipt!.Reference, answer.Receipt.Holder, answer.Receipt.Verdict));
        Assert.Equal(issued.License.LicenseId, answer.Receipt.Facts["license_id"]);

        var app = new DocumentService.DocumentServiceClient(server.Channel("holder-app"));
        var copy = await app.CreateLicenseCopyAsync(
            new CreateLicenseCopyRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Receiver = "bank", PurposeText = "开立单位结算账户（样例）" }, cancellationToken: Cancel);
        var id = ServerFixture.NewRequestId();
        var fetched = await bank.DownloadCopyAsync(id, copy.DownloadId, cancel: Cancel);
        Assert.Equal(fetched, await bank.DownloadCopyAsync(id, copy.DownloadId, cancel: Cancel));
        var again = await Assert.ThrowsAsync<EidCallException>(() => bank.DownloadCopyAsync(ServerFixture.NewRequestId(), copy.DownloadId, cancel: Cancel));
        Assert.Equal("ALREADY_DOWNLOADED", again.Error.Reason);

        // The licence ends: its document is as genuine as before, and no longer a yes.
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例：违法经营", Authority = "样例机关" }, cancellationToken: Cancel);
        answer = await bank.VerifyDocumentAsync(licence.Content.Memory, cancel: Cancel);
        Assert.Equal((false, DocumentVerification.Types.Verdict.Valid, Verifying.Verdict.Revoked), (answer.IsValid, answer.Verification.Verdict, answer.Receipt!.Verdict));
        Assert.Contains("吊销", answer.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_looked_at_is_refused_with_a_receipt_of_the_refusal()
    {
        using var bank = Connect("bank", "ACCOUNT_OPENING", withReceipt: true);

        var refused = await Assert.ThrowsAsync<EidCallException>(() => bank.VerifyDocumentAsync("PK, and nothing more"u8.ToArray(), cancel: Cancel));

        Assert.Equal(("CONTAINER_UNSAFE", "CONTAINER_UNSAFE"), (refused.Error.Reason, refused.Receipt!.Reason));
    }

    private EidClient Connect(string name, string purpose, bool withReceipt) => EidClient.Connect(new EidClientOptions
    {
        Address = server.Address, Certificate = EidCertificate.FromFolder(server.Certificates, name), Purpose = purpose, WithReceipt = withReceipt,
        Trust = EidTrust.FromFolder(server.Certificates),
    });
}
