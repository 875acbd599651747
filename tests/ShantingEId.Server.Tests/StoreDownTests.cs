using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The register cannot be read: nobody is told VALID, and the caller is told that it is us.</summary>
public sealed class StoreDownTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task An_unreadable_register_answers_unavailable_to_every_call_and_valid_to_none()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.StopAsync();
        await server.StartAsync();

        // A disk that lost its contents under a running server: every page is zero.
        await using (var file = new FileStream(server.RegisterPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(new byte[file.Length]);
        }

        var tax = server.Tax();
        var staff = server.Staff();
        Refusal[] refusals =
        [
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.TypedCode, Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = issued.License.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" })),
            await Refusal.Of(staff.IssueSetAsync(ServerFixture.ValidRequest())),
            await Refusal.Of(staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name })),
            await Refusal.Of(() => Import.Run(staff, new ImportSetsRequest { Row = 1, Request = ServerFixture.ValidRequest() })),
        ];

        Assert.All(refusals, refusal =>
        {
            Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (refusal.Status, refusal.Reason));
            Assert.DoesNotContain("SQLite", refusal.AllText, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(server.Data, refusal.AllText, StringComparison.Ordinal);
        });

        // What can be said without the register is still said, and needs no signature of a stranger's code.
        var answer = await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = "https://example.com", Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verification.Types.Verdict.NotOurs, answer.Verdict);
    }
}
