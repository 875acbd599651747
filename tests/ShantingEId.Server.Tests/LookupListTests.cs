using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>ListLookups: who looked up a company, for which purpose, when, with what verdict.</summary>
public sealed class LookupListTests(DeskFixture server) : IClassFixture<DeskFixture>
{
    [Fact]
    public async Task A_company_sees_who_looked_it_up_when_why_and_with_what_answer_newest_first()
    {
        var request = ServerFixture.ValidRequest();
        var issued = await server.Staff().IssueSetAsync(request);
        var code = request.Enterprise.CreditCode;
        var before = TimeProvider.System.GetUtcNow().AddMilliseconds(-1);
        var receipt = server.Holds((await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION", Reference = "样例-1", WithReceipt = true })).Receipt);
        await server.Client("social-security").AskQuestionsAsync(new AskQuestionsRequest { CreditCode = code, Purpose = "SUBSIDY_CHECK", Questions = { new Question { Active = true } } });
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例理由", Authority = "样例机关" });
        await server.Client("bank").LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "ACCOUNT_OPENING" });
        await Refusal.Of(server.Client("bank").LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "AUDIT" }));
        await Recorded.Of(server, code, 4);

        foreach (var reader in (string[])["holder-app", "staff", "auditor"])
        {
            var list = await server.Client(reader).ListLookupsAsync(new ListLookupsRequest { CreditCode = code });

            Assert.Equal("", list.NextPageToken);
            Assert.Equal(
                [
                    ("bank", "银行", "AUDIT", "审计", "LookupLicense", Verdict.Unspecified, "PURPOSE_NOT_GRANTED", ""),
                    ("bank", "银行", "ACCOUNT_OPENING", "银行开户", "LookupLicense", Verdict.Revoked, "REVOKED", ""),
                    ("social-security", "社保中心", "SUBSIDY_CHECK", "惠企补贴核对", "AskQuestions", Verdict.Valid, "", ""),
                    ("tax-bureau", "税务局", "TAX_REGISTRATION", "税务登记", "VerifyCode", Verdict.Valid, "", "样例-1"),
                ],
                list.Lookups.Select(each => (each.Caller, each.CallerTitle, each.Purpose, each.PurposeTitle, each.Method, each.Verdict, each.Reason, each.Reference)));
            Assert.Equal(receipt.Name, list.Lookups[3].Name);
            Assert.All(list.Lookups, each => Assert.InRange(each.LookupTime.ToDateTimeOffset(), before, TimeProvider.System.GetUtcNow()));
            Assert.NotNull(list.CompleteUntilTime);
        }

        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(server.Tax().ListLookupsAsync(new ListLookupsRequest { CreditCode = code }))).Reason);
    }

    [Fact]
    public async Task Pages_join_without_gap_also_while_new_look_ups_arrive()
    {
        var code = SampleCompanies.CreditCode(SampleCompanies.Next());
        await LookUp(code, 7);
        var app = server.Client("holder-app");
        var first = await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageSize = 3 });
        await LookUp(code, 2, 9);
        var second = await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageSize = 3, PageToken = first.NextPageToken });
        var third = await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageSize = 3, PageToken = second.NextPageToken });

        Assert.Equal((3, 3, 1, ""), (first.Lookups.Count, second.Lookups.Count, third.Lookups.Count, third.NextPageToken));
        string[] joined = [.. first.Lookups.Concat(second.Lookups).Concat(third.Lookups).Select(each => each.Name)];
        var whole = await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code });
        Assert.Equal(whole.Lookups.Skip(2).Select(each => each.Name), joined);
        Assert.Equal("", (await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageSize = 9 })).NextPageToken);
    }

    // A token is no number that can be counted up, and is good in one list only.
    [Fact]
    public async Task A_token_of_another_list_or_caller_or_an_altered_one_is_refused()
    {
        var (code, other) = (SampleCompanies.CreditCode(SampleCompanies.Next()), SampleCompanies.CreditCode(SampleCompanies.Next()));
        await LookUp(code, 3);
        var app = server.Client("holder-app");
        var token = (await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageSize = 1 })).NextPageToken;
        Assert.Equal(2, (await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageToken = token })).Lookups.Count);
        var bytes = Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/'));
        var tokens = new List<string> { "1", "AAAA", "样例", token + "A", token[..^1], token + "=", new('A', 32), new('x', 5000), token.ToUpperInvariant() };
        for (var bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            var altered = (byte[])bytes.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            tokens.Add(Convert.ToBase64String(altered).Replace('+', '-').Replace('/', '_'));
        }

        foreach (var bad in tokens)
        {
            (await Refusal.Of(app.ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageToken = bad }))).IsField(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token");
        }

        (await Refusal.Of(app.ListLookupsAsync(new ListLookupsRequest { CreditCode = other, PageToken = token }))).IsField(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token");
        (await Refusal.Of(server.Client("auditor").ListLookupsAsync(new ListLookupsRequest { CreditCode = code, PageToken = token }))).IsField(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token");
    }

    // Ids rise with all look-ups of the register; a token that showed them would tell every reader how many there are.
    [Fact]
    public void A_token_shows_nothing_of_the_place_it_stands_for()
    {
        var tokens = new ListPageToken(server.Services.GetRequiredService<IssuingAuthority>().StatusSecret, "ListLookups");
        var holder = CreditCode.Parse(SampleCompanies.CreditCode(1));
        var written = Enumerable.Range(1, 200).Select(id => tokens.Write(id, holder, "staff")).ToArray();

        Assert.Equal(Enumerable.Range(1, 200).Select(id => (long?)id), written.Select(token => tokens.Read(token, holder, "staff")));
        // First bytes of neighbours have nothing in common: among 200 tokens no byte value is frequent in any place.
        for (var place = 0; place < 8; place++)
        {
            Assert.True(written.Select(token => Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/'))[place]).GroupBy(value => value).Max(group => group.Count()) < 12);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(501)]
    public async Task A_page_of_no_size_is_refused(int size) =>
        (await Refusal.Of(server.Staff(size))).IsField(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID", "page_size");

    [Fact]
    public async Task A_company_nobody_looked_up_has_an_empty_list_and_a_code_that_cannot_exist_none()
    {
        var list = await server.Client("staff").ListLookupsAsync(new ListLookupsRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()) });

        Assert.Equal((0, ""), (list.Lookups.Count, list.NextPageToken));
        (await Refusal.Of(server.Client("staff").ListLookupsAsync(new ListLookupsRequest { CreditCode = "91370406" }))).IsField(StatusCode.InvalidArgument, "USCC_INVALID", "credit_code");
    }

    private async Task LookUp(string code, int count, int all = 0)
    {
        for (var i = 0; i < count; i++)
        {
            await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "TAX_REGISTRATION" });
        }

        await Recorded.Of(server, code, all == 0 ? count : all);
    }
}

internal static class ListCalls
{
    /// <summary>A list of some company by page size.</summary>
    public static AsyncUnaryCall<ListLookupsResponse> Staff(this DeskFixture server, int size) =>
        server.Client("staff").ListLookupsAsync(new ListLookupsRequest { CreditCode = SampleCompanies.CreditCode(1), PageSize = size });
}
