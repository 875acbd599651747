using Google.Protobuf.WellKnownTypes;
using ShantingEId.Receipts;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using FieldMask = ShantingEId.Server.Rpc.FieldMask;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>Every answer is recorded, and its receipt says what it says: no less, and nothing that was not shown.</summary>
public sealed class DeskAnswerTests(DeskFixture server) : IClassFixture<DeskFixture>
{
    private const string Tax = "TAX_REGISTRATION";

    // Every verdict that a server can give, each with a receipt that says the same as the answer.
    [Theory]
    [InlineData("valid", Verdict.Valid)]
    [InlineData("typed", Verdict.Valid)]
    [InlineData("credit code", Verdict.Valid)]
    [InlineData("revoked", Verdict.Revoked)]
    [InlineData("not found", Verdict.NotFound)]
    [InlineData("altered", Verdict.BadSignature)]
    [InlineData("of others", Verdict.NotOurs)]
    [InlineData("mistyped", Verdict.Malformed)]
    public async Task An_answer_is_recorded_and_its_receipt_says_the_same(string what, Verdict verdict)
    {
        var request = ServerFixture.ValidRequest();
        var issued = await server.Staff().IssueSetAsync(request);
        if (what == "revoked")
        {
            await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例理由", Authority = "样例机关" });
        }

        var subject = what switch
        {
            "typed" => issued.TypedCode,
            "credit code" => request.Enterprise.CreditCode,
            "not found" => SampleCompanies.CreditCode(SampleCompanies.Next()),
            "altered" => issued.LicenseCode[..^9] + (issued.LicenseCode[^9] == 'A' ? 'B' : 'A') + issued.LicenseCode[^8..],
            "of others" => "https://example.com/样例",
            "mistyped" => issued.TypedCode[..^1] + (issued.TypedCode[^1] == '0' ? '1' : '0'),
            _ => issued.LicenseCode,
        };
        var reference = "样例-" + ServerFixture.NewRequestId();
        var byCreditCode = what is "credit code" or "not found";
        var answer = byCreditCode
            ? await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = subject, Purpose = Tax, WithReceipt = true, Reference = reference })
            : await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = subject, Purpose = Tax, WithReceipt = true, Reference = reference });

        Assert.Equal(verdict, answer.Verdict);
        var receipt = server.Holds(answer.Receipt);
        var record = receipt.Record;
        var method = byCreditCode ? "LookupLicense" : "VerifyCode";
        Assert.Equal((method, "tax-bureau", Tax, (int)verdict, answer.Reason, reference), (record.Method, record.Caller, record.Purpose, record.Verdict, record.Reason, record.Reference));
        Assert.Equal(answer.StatusAsOfTime.ToDateTimeOffset().ToUnixTimeMilliseconds(), record.StatusAsOf.ToUnixTimeMilliseconds());
        Assert.Equal(LookupRecord.DigestRequest(method, subject), record.RequestDigest);
        Assert.Equal(verdict is Verdict.Valid or Verdict.Revoked ? request.Enterprise.CreditCode : what == "not found" ? subject : "", record.Holder);
        SaysTheSame(answer, receipt.Facts.Facts);
        var row = Assert.Single(await Recorded.Under(server, reference));
        Assert.Equal((record.Holder, (int)verdict, answer.Reason, receipt.Name), (row.Holder, row.Verdict, row.Reason, $"lookups/{row.Ledger}/{row.Tick}/{row.Index}"));
    }

    // A receipt must not tell what the answer did not.
    [Fact]
    public async Task The_facts_in_a_receipt_are_those_of_the_answer_under_every_purpose()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var client = server.Client("bank");
        foreach (var field in FieldMask.Known)
        {
            var answer = await client.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.TypedCode, Purpose = DeskFixture.FieldPurpose + field, WithReceipt = true });

            SaysTheSame(answer, server.Holds(answer.Receipt).Facts.Facts);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(60, 0)]
    public async Task An_age_from_none_to_a_minute_is_taken_and_the_answer_is_no_older_than_the_servers_own_bound(long seconds, int nanos)
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Tax });
        var before = TimeProvider.System.GetUtcNow();

        var answer = await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Tax, MaxStateAge = new Duration { Seconds = seconds, Nanos = nanos } });

        var asOf = answer.StatusAsOfTime.ToDateTimeOffset();
        Assert.InRange(asOf, before - server.Options().StateBound, TimeProvider.System.GetUtcNow());
        Assert.True(seconds > 0 || nanos > 0 || asOf >= before, "zero reads the register itself");
    }

    private static void SaysTheSame(Verification answer, IReadOnlyDictionary<string, string> facts)
    {
        var said = new Dictionary<string, string>();
        if (answer.License is { } license)
        {
            var face = license.Enterprise;
            Add("license_id", license.LicenseId);
            Add("version", license.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Add("authority_name", license.AuthorityName);
            Add("authority_code", license.AuthorityCode);
            Add("issue_time", Text(license.IssueTime));
            Add("credit_code", face.CreditCode);
            Add("name", face.Name);
            Add("kind", face.Kind == Enterprise.Types.Kind.Unspecified ? "" : "COMPANY");
            Add("type", face.Type);
            Add("representative", face.Representative);
            Add("capital", face.Capital);
            Add("establish_date", face.EstablishDate is null ? "" : "1998-03-09");
            Add("address", face.Address);
            Add("business_scope", face.BusinessScope);
            Add("state_effective_time", Text(answer.StateEffectiveTime));
            Add("state_recorded_time", Text(answer.StateRecordedTime));
            Add("state_reason", answer.StateReason);
            string[] kinds = ["OFFICIAL", "FINANCE", "INVOICE", "LEGAL_REPRESENTATIVE"];
            foreach (var seal in answer.Seals)
            {
                Add("seal." + kinds[(int)seal.Kind - 1], $"{seal.SealCode} {Convert.ToHexStringLower(seal.Digest.Span)}");
            }
        }

        Assert.Equal(said.OrderBy(each => each.Key, StringComparer.Ordinal), facts.OrderBy(each => each.Key, StringComparer.Ordinal));

        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                said.Add(name, value);
            }
        }

        static string Text(Timestamp time) => time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
    }
}
