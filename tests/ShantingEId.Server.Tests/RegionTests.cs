using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using System.Text.Json.Nodes;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment in which the bank is registered for two divisions, neither of them the one where companies are issued here.</summary>
public sealed class RegionFixture : DeskFixture
{
    public const string Inside = "110101";

    protected override void Change()
    {
        foreach (var caller in (string[])["bank", "holder-app"])
        {
            CallerNode(caller)["regions"] = new JsonArray("1101", "370402");
        }
    }
}

/// <summary>Regions: of a company outside them a caller learns nothing by its credit code, not even by a difference (I36).</summary>
public sealed class RegionTests(RegionFixture server) : IClassFixture<RegionFixture>
{
    private const string Purpose = "ACCOUNT_OPENING";
    private const double Tolerance = 0.05;

    [Fact]
    public async Task A_company_outside_is_answered_like_one_that_does_not_exist_by_every_method()
    {
        var (request, _) = await Issue();
        foreach (var missing in (string[])[SampleCompanies.CreditCode(SampleCompanies.Next()), SampleCompanies.CreditCode(SampleCompanies.Next(), RegionFixture.Inside)])
        {
            Assert.Equal(await Bytes(missing), await Bytes(request.Enterprise.CreditCode));
        }

        async Task<byte[]> Bytes(string code)
        {
            var bank = server.Client("bank");
            var lookup = await bank.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = Purpose });
            var ask = await bank.AskQuestionsAsync(new AskQuestionsRequest { CreditCode = code, Purpose = Purpose, Questions = { new Question { Active = true }, new Question { NameMatches = "样例公司" } } });
            using var batch = bank.VerifyCodes();
            await batch.RequestStream.WriteAsync(new VerifyCodesRequest { Item = 1, Lookup = new LookupLicenseRequest { CreditCode = code, Purpose = Purpose } });
            await batch.RequestStream.CompleteAsync();
            Assert.True(await batch.ResponseStream.MoveNext(CancellationToken.None));
            var item = batch.ResponseStream.Current;

            Assert.Equal((Verdict.NotFound, Verdict.NotFound, Verdict.NotFound), (lookup.Verdict, ask.Verdict, item.Verification.Verdict));
            Assert.All([lookup.StatusAsOfTime, ask.StatusAsOfTime, item.Verification.StatusAsOfTime], Assert.NotNull);
            (lookup.StatusAsOfTime, ask.StatusAsOfTime, item.Verification.StatusAsOfTime) = (null, null, null);
            return [.. lookup.ToByteArray(), .. ask.ToByteArray(), .. item.ToByteArray()];
        }
    }

    [Fact]
    public async Task The_ledger_and_the_receipt_tell_no_difference_either_and_name_the_company_that_was_asked_for()
    {
        var (request, _) = await Issue();
        var missing = SampleCompanies.CreditCode(SampleCompanies.Next());
        foreach (var code in (string[])[request.Enterprise.CreditCode, missing])
        {
            var answer = await server.Client("bank").LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = Purpose, WithReceipt = true });

            var receipt = server.Holds(answer.Receipt);
            Assert.Empty(receipt.Facts.Facts);
            var row = Assert.Single(await Recorded.Of(server, code));
            Assert.Equal((code, (int)Verdict.NotFound, "LICENSE_NOT_FOUND"), (receipt.Record.Holder, receipt.Record.Verdict, receipt.Record.Reason));
            Assert.Equal((code, (int)Verdict.NotFound, "LICENSE_NOT_FOUND"), (row.Holder, row.Verdict, row.Reason));
        }
    }

    // The raw answer: same HTTP status, same headers and trailers, same length of body.
    [Fact]
    public async Task On_the_wire_the_two_have_the_same_status_and_size()
    {
        var (request, _) = await Issue();
        var bank = RawCall.As(server, "bank");
        var (outside, missing) = (await Post(request.Enterprise.CreditCode), await Post(SampleCompanies.CreditCode(SampleCompanies.Next(), RegionFixture.Inside)));

        Assert.Equal((outside.Http, outside.Status, outside.Refusal), (missing.Http, missing.Status, missing.Refusal));
        Assert.Equal(StatusCode.OK, outside.Status);
        // The nanoseconds of a timestamp take one to five bytes.
        Assert.InRange(outside.Body.Length - missing.Body.Length, -4, 4);

        Task<RawAnswer> Post(string code) =>
            bank.Post("/shanting.eid.v1.VerificationService/LookupLicense", RawCall.Frame(new LookupLicenseRequest { CreditCode = code, Purpose = Purpose }.ToByteArray()));
    }

    // Also for a company that others look up all the time, so that it is in every cache.
    [Fact]
    public async Task Time_does_not_tell_a_company_outside_from_one_that_does_not_exist()
    {
        var pairs = int.Parse(Environment.GetEnvironmentVariable("EID_PAIRS") ?? "2000", System.Globalization.CultureInfo.InvariantCulture);
        var existing = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            existing.Add((await Issue()).Request.Enterprise.CreditCode);
        }

        var (bank, tax) = (server.Client("bank"), server.Tax());
        await Measure(100);
        var differences = new List<string>();
        for (var run = 0; run < 3; run++)
        {
            var (outside, missing) = await Measure(pairs);
            if (Math.Abs(outside - missing) / missing <= Tolerance)
            {
                return;
            }

            differences.Add($"outside {outside:F1} µs, missing {missing:F1} µs");
        }

        Assert.Fail(string.Join("; ", differences));

        async Task<(double Outside, double Missing)> Measure(int count)
        {
            var (outside, missing) = (new List<double>(count), new List<double>(count));
            for (var i = 0; i < count; i++)
            {
                if (i % 50 == 0)
                {
                    await Task.WhenAll(existing.Select(code => tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "TAX_REGISTRATION" }).ResponseAsync));
                }

                // Whatever the machine does meanwhile hits both alike; who goes first changes.
                var (exists, none) = (existing[i % existing.Count], SampleCompanies.CreditCode(SampleCompanies.Next(), RegionFixture.Inside));
                if (i % 2 == 0)
                {
                    outside.Add(await Time(exists));
                    missing.Add(await Time(none));
                }
                else
                {
                    missing.Add(await Time(none));
                    outside.Add(await Time(exists));
                }
            }

            return (Median(outside), Median(missing));
        }

        async Task<double> Time(string code)
        {
            var began = Stopwatch.GetTimestamp();
            await bank.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = Purpose });
            return Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        static double Median(List<double> values)
        {
            values.Sort();
            return values[values.Count / 2];
        }
    }

    // Who holds the licence in his hand was given it by the company itself.
    [Fact]
    public async Task A_scanned_or_typed_code_is_answered_wherever_the_company_is_registered()
    {
        var (request, issued) = await Issue();
        foreach (var code in (string[])[issued.LicenseCode, issued.TypedCode])
        {
            var answer = await server.Client("bank").VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = Purpose });
            Assert.Equal((Verdict.Valid, request.Enterprise.Name), (answer.Verdict, answer.License.Enterprise.Name));
        }
    }

    [Fact]
    public async Task Who_has_no_regions_or_the_right_one_is_answered()
    {
        var (request, _) = await Issue();

        Assert.Equal(Verdict.Valid, (await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" })).Verdict);
        var inside = ServerFixture.ValidRequest();
        inside.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next(), RegionFixture.Inside);
        await server.Staff().IssueSetAsync(inside);
        Assert.Equal(Verdict.Valid, (await server.Client("bank").LookupLicenseAsync(new LookupLicenseRequest { CreditCode = inside.Enterprise.CreditCode, Purpose = Purpose })).Verdict);
    }

    // The changes of companies outside are not told either, and the list of look-ups is that of a company nobody looked at.
    [Fact]
    public async Task Changes_and_look_ups_of_companies_outside_are_not_shown()
    {
        var (request, _) = await Issue();
        var inside = ServerFixture.ValidRequest();
        inside.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next(), "370402");
        await server.Staff().IssueSetAsync(inside);
        await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" });
        await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = inside.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" });
        await Recorded.Of(server, request.Enterprise.CreditCode);
        await Recorded.Of(server, inside.Enterprise.CreditCode);

        var changes = await new ChangeService.ChangeServiceClient(server.Channel("bank")).ListChangesAsync(new ListChangesRequest { PageSize = 500 });
        Assert.Contains(changes.Changes, change => change.CreditCode == inside.Enterprise.CreditCode);
        Assert.All(changes.Changes, change => Assert.True(change.CreditCode[2..6] == "1101" || change.CreditCode[2..8] == "370402"));
        var app = server.Client("holder-app");
        Assert.Single((await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = inside.Enterprise.CreditCode })).Lookups);
        var hidden = await app.ListLookupsAsync(new ListLookupsRequest { CreditCode = request.Enterprise.CreditCode });
        Assert.Equal((0, ""), (hidden.Lookups.Count, hidden.NextPageToken));
        Assert.NotNull(hidden.CompleteUntilTime);
        (await Refusal.Of(new ChangeService.ChangeServiceClient(server.Channel("bank")).ListChangesAsync(new ListChangesRequest { Regions = { "370406" } })))
            .IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "regions");
    }

    [Theory]
    [InlineData("11", "1101", "110101")]
    [InlineData("110101", "1101,3704", "110101")]
    [InlineData("1101,3704", "370406", "370406")]
    [InlineData("37,3704", "370406,11", "370406")]
    [InlineData("12", "1101", null)]
    [InlineData("370407", "370406", null)]
    public void Two_lists_of_regions_have_in_common_what_is_in_both(string asked, string own, string? contained)
    {
        var common = Regions.TryParse(asked.Split(','))!.Within(Regions.TryParse(own.Split(','))!);

        Assert.Equal(contained is null, common is null);
        foreach (var division in (string[])["110101", "370406", "120101", "370407"])
        {
            var holder = CreditCode.Parse(SampleCompanies.CreditCode(1, division));
            Assert.Equal(Regions.TryParse(asked.Split(','))!.Contains(holder) && Regions.TryParse(own.Split(','))!.Contains(holder), common?.Contains(holder) == true);
        }
    }

    [Theory]
    [InlineData("3")]
    [InlineData("3704061")]
    [InlineData("37O4")]
    [InlineData("")]
    [InlineData("３７")]
    public void What_is_no_division_is_no_region(string text) => Assert.Null(Regions.TryParse([text]));

    private async Task<(IssueSetRequest Request, IssuedSet Issued)> Issue()
    {
        var request = ServerFixture.ValidRequest();
        return (request, await server.Staff().IssueSetAsync(request));
    }
}
