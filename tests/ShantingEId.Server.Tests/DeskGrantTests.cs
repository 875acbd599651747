using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Answer = ShantingEId.V1.AskQuestionsResponse.Types.Answer;
using FieldMask = ShantingEId.Server.Rpc.FieldMask;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Server.Tests;

/// <summary>What each caller gets under each purpose: what the file grants, no more and no less.</summary>
public sealed class DeskGrantTests(DeskFixture server) : IClassFixture<DeskFixture>
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
                    Assert.Equal([question == "permit_active" ? Answer.No : Answer.Yes], answer.Answers); // A business licence has no permits.
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

    private static Question Right(string question, IssueSetRequest request, IssuedSet issued) => question switch
    {
        "active" => new Question { Active = true },
        "name_matches" => new Question { NameMatches = request.Enterprise.Name },
        "representative_is" => new Question { RepresentativeIs = request.Enterprise.Representative },
        "permit_active" => new Question { PermitActive = "FOOD_BUSINESS" },
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

internal static class FieldText
{
    /// <summary>Whether a field of a message says anything.</summary>
    public static bool HasValueOrText(this Google.Protobuf.Reflection.IFieldAccessor field, IMessage message) =>
        field.GetValue(message) is { } value && !value.Equals("") && !value.Equals(Enterprise.Types.Kind.Unspecified);
}
