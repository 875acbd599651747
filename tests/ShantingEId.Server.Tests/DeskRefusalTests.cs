using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Receipts;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Server.Tests;

/// <summary>A refused look-up is recorded as an answered one is, and its receipt holds.</summary>
public sealed class DeskRefusalTests(DeskFixture server) : IClassFixture<DeskFixture>
{
    private const string Tax = "TAX_REGISTRATION";

    public static TheoryData<string, string, StatusCode> Refusals() => new()
    {
        { "no purpose", "PURPOSE_REQUIRED", StatusCode.InvalidArgument },
        { "purpose of another", "PURPOSE_NOT_GRANTED", StatusCode.PermissionDenied },
        { "long purpose", "PURPOSE_NOT_GRANTED", StatusCode.PermissionDenied },
        { "field not granted", "FIELD_NOT_GRANTED", StatusCode.PermissionDenied },
        { "no field", "FIELD_NOT_GRANTED", StatusCode.PermissionDenied },
        { "no text", "QR_TEXT_INVALID", StatusCode.InvalidArgument },
        { "long text", "QR_TEXT_INVALID", StatusCode.InvalidArgument },
        { "control character", "QR_TEXT_INVALID", StatusCode.InvalidArgument },
        { "long reference", "TEXT_INVALID", StatusCode.InvalidArgument },
        { "reference with line feed", "TEXT_INVALID", StatusCode.InvalidArgument },
        { "negative age", "AGE_INVALID", StatusCode.InvalidArgument },
        { "age beyond a minute", "AGE_INVALID", StatusCode.InvalidArgument },
        { "age that is no duration", "AGE_INVALID", StatusCode.InvalidArgument },
    };

    // The reference finds the record again; where the reference itself is at fault, what is left of it does.
    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_recorded_and_its_receipt_holds(string what, string reason, StatusCode status)
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var tag = ServerFixture.NewRequestId();
        var request = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Tax, Reference = tag, WithReceipt = true };
        switch (what)
        {
            case "no purpose": request.Purpose = ""; break;
            case "purpose of another": request.Purpose = "ACCOUNT_OPENING"; break;
            case "long purpose": request.Purpose = string.Concat(Enumerable.Repeat("样例\n", 5000)); break;
            case "field not granted": (request.Purpose, request.ReadMask) = (Tax, new ProtoMask { Paths = { "name", "version" } }); break;
            case "no field": request.ReadMask = new ProtoMask { Paths = { "" } }; break;
            case "no text": request.Code = ""; break;
            case "long text": request.Code = new string('样', 2049); break;
            case "control character": request.Code += "\n"; break;
            case "long reference": request.Reference = tag + new string('样', 64); break;
            case "reference with line feed": request.Reference = tag + "\n"; break;
            case "negative age": request.MaxStateAge = new Duration { Nanos = -1 }; break;
            case "age beyond a minute": request.MaxStateAge = new Duration { Seconds = 60, Nanos = 1 }; break;
            default: request.MaxStateAge = new Duration { Seconds = 1, Nanos = -1 }; break;
        }

        var (refusal, receipt) = await server.Refused(server.Tax().VerifyCodeAsync(request));

        Assert.Equal((status, reason), (refusal.Status, refusal.Reason));
        var record = receipt.Record;
        Assert.Equal(("VerifyCode", "tax-bureau", 0, reason, ""), (record.Method, record.Caller, record.Verdict, record.Reason, record.Holder));
        Assert.Equal(LookupRecord.DigestRequest("VerifyCode", request.Code), record.RequestDigest);
        Assert.Empty(receipt.Facts.Facts);
        var row = Assert.Single(await Recorded.Where(server, "reference LIKE $value || '%'", tag, 1));
        Assert.Equal((record.Caller, record.Purpose, record.Method, 0, reason, record.Reference), (row.Caller, row.Purpose, row.Method, row.Verdict, row.Reason, row.Reference));
        Assert.Equal(receipt.Name, $"lookups/{row.Ledger}/{row.Tick}/{row.Index}");
        Assert.True(row.Purpose.Length <= 64 && row.Reference.Length <= 64 && !(row.Purpose + row.Reference).Any(char.IsControl));
    }

    [Fact]
    public async Task A_refusal_without_a_wish_for_a_receipt_carries_none_and_is_recorded_all_the_same()
    {
        var holder = SampleCompanies.CreditCode(SampleCompanies.Next());

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = holder }));

        Assert.Null(error.GetRpcStatus()!.GetDetail<RefusalReceipt>());
        Assert.Equal("PURPOSE_REQUIRED", Assert.Single(await Recorded.Of(server, holder)).Reason);
    }

    [Theory]
    [InlineData("91370406")]
    [InlineData("91370406MA1234567X")]
    public async Task A_credit_code_that_cannot_exist_is_recorded_without_a_company(string code)
    {
        var reference = ServerFixture.NewRequestId();

        var (refusal, receipt) = await server.Refused(server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = Tax, Reference = reference, WithReceipt = true }));

        refusal.IsField(StatusCode.InvalidArgument, "USCC_INVALID", "credit_code");
        Assert.Equal(("LookupLicense", "USCC_INVALID", ""), (receipt.Record.Method, receipt.Record.Reason, receipt.Record.Holder));
        Assert.Equal("USCC_INVALID", Assert.Single(await Recorded.Under(server, reference)).Reason);
    }
}
