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

    // Standards §4: the check character of the whole fits, that of the organisation code inside does not. Such codes are in
    // use, so it is a warning; saying nothing would hide a mistyped code.
    [Fact]
    public async Task A_doubtful_organisation_code_is_issued_with_a_warning_and_an_ordinary_one_without()
    {
        var doubtful = ServerFixture.ValidRequest();
        doubtful.Enterprise.CreditCode = "91310000631295002H";
        doubtful.ValidateOnly = true;
        var rehearsed = await server.Staff().IssueSetAsync(doubtful);
        doubtful.ValidateOnly = false;
        var issued = await server.Staff().IssueSetAsync(doubtful);

        Assert.Contains("组织机构代码", Assert.Single(rehearsed.Warnings), StringComparison.Ordinal);
        Assert.Equal(rehearsed.Warnings, issued.Warnings);
        Assert.Empty((await server.Staff().IssueSetAsync(ServerFixture.ValidRequest())).Warnings);
    }
}
