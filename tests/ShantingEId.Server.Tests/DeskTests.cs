using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Answer = ShantingEId.V1.AskQuestionsResponse.Types.Answer;
using FieldMask = ShantingEId.Server.Rpc.FieldMask;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>The desk: what each caller gets under each purpose, and that every look-up is recorded, granted or refused.</summary>
public sealed class DeskTests(DeskFixture server) : IClassFixture<DeskFixture>
{
    private const string Tax = "TAX_REGISTRATION";

    // I45: callers × methods × all purposes of the file × fields and questions. What the file does not grant is refused.
    [Fact]
    public async Task Each_cell_of_caller_method_purpose_field_and_question_is_what_the_file_says()
    {
        var request = ServerFixture.ValidRequest();
        var issued = await server.Staff().IssueSetAsync(request);
        var cells = new ConcurrentBag<string>();
        var purposes = server.File["purposes"]!.AsObject().Select(each => each.Key).Append("NOBODY_HAS_THIS").ToArray();
        var fields = FieldMask.Known.Append("nothing").Append("enterprise.name").ToArray();
        var work = from caller in server.File["callers"]!.AsArray() where (string)caller!["name"]! != "stranger" from purpose in purposes select (caller, purpose);
        await Parallel.ForEachAsync(work, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cell, _) =>
        {
            var name = (string)cell.caller["name"]!;
            var client = server.Client(name);
            var methods = cell.caller["methods"]!.AsArray().Select(each => ((string)each!).Split('/')[1]).ToHashSet();
            var hasPurpose = cell.caller["purposes"]!.AsArray().Any(each => (string?)each == cell.purpose);
            var granted = Names("fields");
            var questions = Names("questions");
            foreach (var field in fields)
            {
                var mask = new ProtoMask { Paths = { field } };
                var verify = new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = cell.purpose, ReadMask = mask };
                var lookup = new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = cell.purpose, ReadMask = mask };
                var want = Expected("VerifyCode", granted.Contains(field));
                Check(want, await Outcome(async () => Shown(await client.VerifyCodeAsync(verify), field)), field);
                Check(Expected("LookupLicense", granted.Contains(field)), await Outcome(async () => Shown(await client.LookupLicenseAsync(lookup), field)), field);
                Check(Expected("VerifyCodes", granted.Contains(field)), await Outcome(async () => Shown(await Batch(client, new VerifyCodesRequest { Verify = verify }), field)), field);
            }

            foreach (var question in Purpose.KnownQuestions.Keys)
            {
                var ask = new AskQuestionsRequest { Code = issued.TypedCode, Purpose = cell.purpose, Questions = { Right(question, request, issued) } };
                Check(Expected("AskQuestions", questions.Contains(question)), await Outcome(async () =>
                {
                    var answer = await client.AskQuestionsAsync(ask);
                    Assert.Equal([Answer.Yes], answer.Answers);
                }), question);
            }

            HashSet<string> Names(string list) => server.File["purposes"]![cell.purpose]?[list]?.AsArray().Select(each => (string)each!).ToHashSet() ?? [];
            string Expected(string method, bool isGranted) => !methods.Contains(method) ? "ACCESS_DENIED" : !hasPurpose ? "PURPOSE_NOT_GRANTED" : isGranted ? "OK" : "FIELD_NOT_GRANTED";
            void Check(string expected, string actual, string what)
            {
                Assert.True(expected == actual, $"{name} {cell.purpose} {what}: expected {expected}, got {actual}");
                cells.Add(expected);
            }
        });

        // Every kind of cell is there in number, so that a table that went wrong cannot pass for a short one.
        Assert.All((string[])["OK", "FIELD_NOT_GRANTED", "PURPOSE_NOT_GRANTED", "ACCESS_DENIED"], kind => Assert.True(cells.Count(cell => cell == kind) >= 100, kind));

        // The field asked for is there and nothing else is.
        void Shown(Verification answer, string field)
        {
            var face = answer.License.Enterprise;
            foreach (var each in Enterprise.Descriptor.Fields.InDeclarationOrder())
            {
                Assert.Equal(each.Accessor.GetValue(each.Name == field ? request.Enterprise : new Enterprise()), each.Accessor.GetValue(face));
            }

            Assert.Equal(field == "seals" ? 4 : 0, answer.Seals.Count);
            Assert.Equal(field == "credit_code", answer.License.LicenseId.Length > 0);
        }
    }

    [Fact]
    public async Task A_mask_that_names_nothing_asks_for_all_that_is_granted()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var whole = await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Tax });
        var empty = await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = Tax, ReadMask = new ProtoMask() });

        Assert.Equal(whole.License, empty.License);
        Assert.Equal((9, 4), (Enterprise.Descriptor.Fields.InDeclarationOrder().Count(field => field.Accessor.HasValueOrText(empty.License.Enterprise)), empty.Seals.Count));
    }

    [Fact]
    public async Task Over_asking_is_refused_recorded_under_the_company_and_logged_as_a_warning()
    {
        var request = ServerFixture.ValidRequest();
        await server.Staff().IssueSetAsync(request);
        var reference = "样例-" + ServerFixture.NewRequestId();
        var client = server.Client("social-security");

        var mask = await Refusal.Of(client.LookupLicenseAsync(new LookupLicenseRequest
        {
            CreditCode = request.Enterprise.CreditCode, Purpose = "SUBSIDY_CHECK", Reference = reference, ReadMask = new ProtoMask { Paths = { "representative" } },
        }));
        var question = await Refusal.Of(client.AskQuestionsAsync(new AskQuestionsRequest
        {
            CreditCode = request.Enterprise.CreditCode, Purpose = "SUBSIDY_CHECK", Reference = reference,
            Questions = { new Question { Active = true }, new Question { SealCurrent = "37040600000001" } },
        }));

        mask.IsField(StatusCode.PermissionDenied, "FIELD_NOT_GRANTED", "read_mask.paths[0]");
        question.IsField(StatusCode.PermissionDenied, "FIELD_NOT_GRANTED", "questions[1]");
        var rows = await Recorded.Of(server, request.Enterprise.CreditCode, 2);
        Assert.All(rows, row => Assert.Equal(("social-security", "SUBSIDY_CHECK", 0, "FIELD_NOT_GRANTED", reference), (row.Caller, row.Purpose, row.Verdict, row.Reason, row.Reference)));
        Assert.Equal(["LookupLicense", "AskQuestions"], rows.Select(row => row.Method));
        var lines = server.Log.Lines.Where(line => line.EventName == "OverAsked").ToArray();
        Assert.Contains(lines, line => line.Level == LogLevel.Warning && line.Text.Contains("read_mask.paths[0]", StringComparison.Ordinal) && line.Text.Contains("social-security", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Text.Contains("questions[1]", StringComparison.Ordinal));
    }

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

    private static Question Right(string question, IssueSetRequest request, IssuedSet issued) => question switch
    {
        "active" => new Question { Active = true },
        "name_matches" => new Question { NameMatches = request.Enterprise.Name },
        "representative_is" => new Question { RepresentativeIs = request.Enterprise.Representative },
        _ => new Question { SealCurrent = issued.Seals[2].SealCode },
    };

    private static async Task<Verification> Batch(VerificationService.VerificationServiceClient client, VerifyCodesRequest item)
    {
        using var call = client.VerifyCodes();
        try
        {
            await call.RequestStream.WriteAsync(item);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // A call that is refused may end before it is written to; reading says why.
        }

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current.Verification ?? throw call.ResponseStream.Current.Error.ToRpcException();
    }

    private static async Task<string> Outcome(Func<Task> call)
    {
        try
        {
            await call();
            return "OK";
        }
        catch (RpcException error)
        {
            return error.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason ?? error.ToString();
        }
    }
}

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

internal static class FieldText
{
    /// <summary>Whether a field of a message says anything.</summary>
    public static bool HasValueOrText(this Google.Protobuf.Reflection.IFieldAccessor field, IMessage message) =>
        field.GetValue(message) is { } value && !value.Equals("") && !value.Equals(Enterprise.Types.Kind.Unspecified);
}
