using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Client;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Server.Rpc;
using ShantingEId.V1;
using Enum = System.Enum;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>A receipt that was asked for is there, good, and of this question and this answer; else there is no answer.</summary>
public sealed class ReceiptTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>
{
    private const string Code = "样例码";

    private readonly ReceiptPress press = new(certificates.Folder);
    private readonly EidTrust trust = EidTrust.FromFolder(certificates.Folder);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What can be wrong with a receipt while everything else is right.</summary>
    public enum Fault
    {
        None, Missing, Garbage, OneBit, OtherQuestion, OtherMethod, OtherPurpose, OtherReference, OtherVerdict, OtherReason, OtherTime,
        FactAltered, FactMissing, FactAdded, SealAltered, WrongKey, StrangeAuthority,
    }

    public static IEnumerable<TheoryDataRow<Fault>> Faults => Enum.GetValues<Fault>().Where(fault => fault != Fault.None).Select(fault => new TheoryDataRow<Fault>(fault));

    [Fact]
    public async Task A_good_receipt_comes_with_the_answer_and_can_be_filed_and_checked_again()
    {
        var answer = await AskAsync(Fault.None);

        Assert.True(answer.IsValid);
        var folder = Directory.CreateTempSubdirectory("eid-receipt-");
        try
        {
            var file = Path.Combine(folder.FullName, "回执.eid");
            answer.Receipt!.Save(file);
            Assert.Throws<IOException>(() => answer.Receipt.Save(file));
            Assert.Equal([file], Directory.GetFiles(folder.FullName));

            var again = EidReceipt.Check(File.ReadAllBytes(file), trust);

            Assert.Equal((Verdict.Valid, "TAX_REGISTRATION", "tax-bureau", "卷-7", "lookups/sample/7/1"), (again.Verdict, again.Purpose, again.Caller, again.Reference, again.Name));
            Assert.Equal(("枣庄市山亭区样例食品有限公司", "1998-03-09", "COMPANY"), (again.Facts["name"], again.Facts["establish_date"], again.Facts["kind"]));
            Assert.True(again.IsAbout(Code));
            Assert.False(again.IsAbout(Code + "1"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_receipt_that_does_not_hold_or_does_not_fit_ends_the_call(Fault fault)
    {
        var error = await Assert.ThrowsAsync<EidCallException>(() => AskAsync(fault));

        Assert.Equal(EidError.ReceiptInvalid, error.Error.Reason);
        Assert.False(error.Error.IsTransient);
    }

    // A later service may write more into its receipts; what this SDK does not know cannot contradict anything.
    [Fact]
    public async Task A_fact_of_a_later_service_is_no_fault()
    {
        var answer = await AskAsync(Fault.None, facts => facts["later_fact"] = "样例");

        Assert.Equal("样例", answer.Receipt!.Facts["later_fact"]);
    }

    [Fact]
    public async Task Replies_to_questions_are_compared_with_their_receipt()
    {
        await using var service = await certificates.StartAsync();
        var alter = false;
        service.Ask = request =>
        {
            var response = new AskQuestionsResponse
            {
                Verdict = Verification.Types.Verdict.Valid, StatusAsOfTime = TimeProvider.System.GetUtcNow().ToTimestamp(),
                Answers = { AskQuestionsResponse.Types.Answer.Yes, AskQuestionsResponse.Types.Answer.No },
            };
            var facts = new ReceiptFacts(new Dictionary<string, string>
            {
                ["question.1"] = "active true", ["answer.1"] = "YES", ["question.2"] = "representative_is 样例人", ["answer.2"] = alter ? "YES" : "NO",
            });
            var record = ReceiptPress.Record(SampleCode, facts, response.StatusAsOfTime.ToDateTimeOffset()) with
            {
                Method = "AskQuestions", RequestDigest = LookupRecord.DigestRequest("AskQuestions", SampleCode),
            };
            response.Receipt = ByteString.CopyFrom(press.Print(record, facts));
            return response;
        };
        using var eid = EidClient.Connect(service.Options() with { WithReceipt = true, Trust = trust });
        Task<EidReplies> Ask() => eid.AskAsync(EidSubject.Company(SampleCode), [EidQuestions.Active(), EidQuestions.RepresentativeIs("样例人")], cancel: Cancel);

        Assert.Equal([true, false], (await Ask()).Replies);
        alter = true;
        Assert.Equal(EidError.ReceiptInvalid, (await Assert.ThrowsAsync<EidCallException>(Ask)).Error.Reason);
    }

    [Fact]
    public async Task A_refusal_brings_its_receipt_and_one_of_another_refusal_does_not_pass()
    {
        await using var service = await certificates.StartAsync();
        var reason = "PURPOSE_NOT_GRANTED";
        service.Verify = (_, _, _) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var record = ReceiptPress.Record(Code, ReceiptFacts.None, now) with { Verdict = 0, Reason = reason };
            var status = ErrorWire.ToStatus(new EidException(ErrorReason.PurposeNotGranted, "贵单位未登记此用证事由"));
            status.Details.Add(Any.Pack(new RefusalReceipt { Receipt = ByteString.CopyFrom(press.Print(record, ReceiptFacts.None)) }));
            throw status.ToRpcException();
        };
        using var eid = EidClient.Connect(service.Options() with { WithReceipt = true, Trust = trust });

        var refusal = await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync(Code, cancel: Cancel));
        Assert.Equal(("PURPOSE_NOT_GRANTED", Verdict.Unspecified, "PURPOSE_NOT_GRANTED"), (refusal.Error.Reason, refusal.Receipt!.Verdict, refusal.Receipt.Reason));

        reason = "ACCESS_DENIED";
        Assert.Equal(EidError.ReceiptInvalid, (await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync(Code, cancel: Cancel))).Error.Reason);
    }

    [Fact]
    public void Trust_takes_no_signer_that_does_not_lead_to_the_root_or_may_not_sign_codes()
    {
        string Read(string name) => File.ReadAllText(Path.Combine(certificates.Folder, name + ".crt"));
        using var strange = new CertificatesFixture();
        var strangeSigner = File.ReadAllText(Path.Combine(strange.Folder, "code-signer.crt"));

        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => EidTrust.FromPem(Read("license-ca"))).Reason);
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => EidTrust.FromPem(Read("root") + Read("license-ca"), strangeSigner)).Reason);
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => EidTrust.FromPem(Read("root") + Read("license-ca"), Read("receipt-signer"))).Reason);
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => EidTrust.FromPem(Read("root") + Read("license-ca"), Read("license-ca"))).Reason);
    }

    // What it signed in its time hangs on walls; a clock that is wrong takes no signer away either.
    [Theory]
    [InlineData(-1), InlineData(0), InlineData(30)]
    public void Trust_takes_a_signer_of_codes_whose_time_is_over_or_has_not_come(int years)
    {
        string Read(string name) => File.ReadAllText(Path.Combine(certificates.Folder, name + ".crt"));
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddYears(years));

        var trust = EidTrust.FromPem(Read("root") + Read("license-ca"), Read("code-signer") + Read("code-signer"), clock);

        Assert.NotNull(trust.Codes.Find(Sm2Certificate.FromPem(Read("code-signer"))[0].PublicKey.KeyId));
    }

    [Fact]
    public void Receipts_are_not_asked_for_without_the_means_to_check_them() =>
        Assert.Throws<ArgumentException>(() => EidClient.Connect(new EidClientOptions
        {
            Address = new Uri("https://localhost"), Certificate = EidCertificate.FromFolder(certificates.Folder, "bank"), WithReceipt = true,
        }));

    private static string SampleCode { get; } = ServerFixture.ValidRequest().Enterprise.CreditCode;

    private async Task<EidAnswer> AskAsync(Fault fault, Action<Dictionary<string, string>>? more = null)
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) =>
        {
            var answer = ScriptedService.Valid();
            answer.License = new License { LicenseId = "1.2.3", Version = 1, Enterprise = ServerFixture.ValidRequest(101).Enterprise, IssueTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) };
            answer.Seals.Add(new Seal { Kind = Seal.Types.Kind.Official, SealCode = "37040600000001", Digest = ByteString.CopyFrom(new byte[32]) });
            answer.Receipt = ByteString.CopyFrom(Print(answer, fault, more));
            return Task.FromResult(answer);
        };
        using var eid = EidClient.Connect(service.Options() with { WithReceipt = true, Trust = trust });
        return await eid.VerifyAsync(Code, new EidLookupOptions { Reference = "卷-7" }, Cancel);
    }

    // The facts are spelt here a second time on purpose: the test must not ask the code under test what is right.
    private byte[] Print(Verification answer, Fault fault, Action<Dictionary<string, string>>? more)
    {
        var face = answer.License.Enterprise;
        var shown = new Dictionary<string, string>
        {
            ["license_id"] = "1.2.3", ["version"] = "1", ["issue_time"] = "1970-01-01T00:00:00.000Z", ["credit_code"] = face.CreditCode, ["name"] = face.Name, ["kind"] = "COMPANY",
            ["type"] = face.Type, ["representative"] = face.Representative, ["capital"] = face.Capital, ["establish_date"] = "1998-03-09", ["address"] = face.Address,
            ["business_scope"] = face.BusinessScope, ["seal.OFFICIAL"] = "37040600000001 " + new string('0', 64),
        };
        more?.Invoke(shown);
        _ = fault switch
        {
            Fault.FactAltered => shown["representative"] = "另一样例人",
            Fault.FactMissing => shown.Remove("address") ? "" : throw new InvalidOperationException(),
            Fault.FactAdded => shown["state_reason"] = "样例",
            Fault.SealAltered => shown["seal.OFFICIAL"] = "37040600000002 " + new string('0', 64),
            _ => "",
        };
        var facts = new ReceiptFacts(shown);
        var good = ReceiptPress.Record(Code, facts, answer.StatusAsOfTime.ToDateTimeOffset()) with { Reference = "卷-7" };
        var record = fault switch
        {
            Fault.OtherQuestion => good with { RequestDigest = LookupRecord.DigestRequest("VerifyCode", "另一码") },
            Fault.OtherMethod => good with { Method = "LookupLicense", RequestDigest = LookupRecord.DigestRequest("LookupLicense", Code) },
            Fault.OtherPurpose => good with { Purpose = "ACCOUNT_OPENING" },
            Fault.OtherReference => good with { Reference = "卷-8" },
            Fault.OtherVerdict => good with { Verdict = 4 },
            Fault.OtherReason => good with { Reason = "REVOKED" },
            Fault.OtherTime => good with { StatusAsOf = good.StatusAsOf.AddMilliseconds(-1) },
            _ => good,
        };
        switch (fault)
        {
            case Fault.Missing:
                return [];
            case Fault.Garbage:
                return [1, 2, 3];
            case Fault.WrongKey:
                return press.Print(record, facts, press.CodeSigner);
            case Fault.StrangeAuthority:
                using (var strange = new CertificatesFixture())
                {
                    return new ReceiptPress(strange.Folder).Print(record, facts);
                }

            default:
                var receipt = press.Print(record, facts);
                receipt[^1] ^= fault == Fault.OneBit ? (byte)1 : (byte)0;
                return receipt;
        }
    }
}
