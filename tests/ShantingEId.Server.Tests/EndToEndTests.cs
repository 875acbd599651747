using Grpc.Core;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>The whole line over the wire: found, verify, look up, revoke, verify.</summary>
public sealed class EndToEndTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Founding_gives_a_licence_with_four_seals_that_verifies_until_it_is_revoked()
    {
        var staff = server.Staff();
        var tax = server.Tax();
        var request = ServerFixture.ValidRequest();

        var issued = await staff.IssueSetAsync(request);
        Assert.Equal(4, issued.Seals.Count);
        Assert.Equal(1, issued.License.Version);

        var verified = await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verdict.Valid, verified.Verdict);
        Assert.Equal(request.Enterprise, verified.License.Enterprise);
        Assert.Equal(Verdict.Valid, (await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.TypedCode, Purpose = "TAX_REGISTRATION" })).Verdict);
        var lookup = new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" };
        Assert.Equal(Verdict.Valid, (await tax.LookupLicenseAsync(lookup)).Verdict);

        var revoke = new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例：违法经营", Authority = "样例机关" };
        Assert.Equal(IssuedSet.Types.State.Revoked, (await staff.RevokeSetAsync(revoke)).State);
        var after = await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verdict.Revoked, after.Verdict);
        Assert.Equal("样例：违法经营", after.StateReason);
        Assert.Equal(Verdict.Revoked, (await tax.LookupLicenseAsync(lookup)).Verdict);
    }
}
