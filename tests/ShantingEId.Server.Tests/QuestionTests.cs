using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Receipts;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Answer = ShantingEId.V1.AskQuestionsResponse.Types.Answer;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>AskQuestions: yes or no, and nothing else of the licence.</summary>
public sealed class QuestionTests(DeskFixture server) : IClassFixture<DeskFixture>
{
    private const string Tax = "TAX_REGISTRATION";

    [Fact]
    public async Task Each_question_is_answered_in_its_place_by_either_subject()
    {
        var (request, issued) = await Issue();
        var asked = Asked(request.Enterprise.Name, request.Enterprise.Representative, issued.Seals[3].SealCode);
        asked.Questions.Add(new Question { NameMatches = "枣庄市山亭区另一样例有限公司" });
        asked.Questions.Add(new Question { RepresentativeIs = "另一样例人" });
        asked.Questions.Add(new Question { SealCurrent = "37040699999999" });
        foreach (var subject in (string[])[issued.LicenseCode, issued.TypedCode, request.Enterprise.CreditCode])
        {
            _ = subject.Length == 18 ? asked.CreditCode = subject : asked.Code = subject;

            var answer = await server.Tax().AskQuestionsAsync(asked);

            Assert.Equal((Verdict.Valid, ""), (answer.Verdict, answer.Reason));
            Assert.Equal([Answer.Yes, Answer.Yes, Answer.Yes, Answer.Yes, Answer.No, Answer.No, Answer.No], answer.Answers);
        }
    }

    [Fact]
    public async Task Names_are_compared_after_folding_and_nothing_else_is_forgiven()
    {
        var request = ServerFixture.ValidRequest();
        (request.Enterprise.Name, request.Enterprise.Representative) = ("样例（山东）食品有限公司", "阿卜杜·样例");
        await server.Staff().IssueSetAsync(request);

        var answer = await server.Tax().AskQuestionsAsync(new AskQuestionsRequest
        {
            CreditCode = request.Enterprise.CreditCode, Purpose = Tax,
            Questions =
            {
                new Question { NameMatches = "样例(山东)食品有限公司" }, new Question { NameMatches = "样例（山东)食品有限公司" }, new Question { NameMatches = "样例山东食品有限公司" },
                new Question { RepresentativeIs = "阿卜杜•样例" }, new Question { RepresentativeIs = "阿卜杜样例" },
            },
        });

        Assert.Equal([Answer.Yes, Answer.Yes, Answer.No, Answer.Yes, Answer.No], answer.Answers);
    }

    // A seal of the licence that has ended is genuine and no longer current.
    [Fact]
    public async Task After_a_revocation_the_name_still_matches_and_no_seal_is_current()
    {
        var (request, issued) = await Issue();
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例理由", Authority = "样例机关" });

        var asked = Asked(request.Enterprise.Name, request.Enterprise.Representative, issued.Seals[0].SealCode);
        asked.Code = issued.LicenseCode;
        var answer = await server.Tax().AskQuestionsAsync(asked);

        Assert.Equal((Verdict.Revoked, "REVOKED"), (answer.Verdict, answer.Reason));
        Assert.Equal([Answer.No, Answer.Yes, Answer.Yes, Answer.No], answer.Answers);
    }

    [Fact]
    public async Task A_seal_of_another_company_is_not_current_here()
    {
        var (request, _) = await Issue();
        var (_, other) = await Issue();
        var asked = Asked(request.Enterprise.Name, request.Enterprise.Representative, other.Seals[0].SealCode);
        asked.CreditCode = request.Enterprise.CreditCode;

        Assert.Equal([Answer.Yes, Answer.Yes, Answer.Yes, Answer.No], (await server.Tax().AskQuestionsAsync(asked)).Answers);
    }

    // Neither the length of the answer nor any text in it tells Yes from No, or anything of the face.
    [Fact]
    public async Task Yes_and_no_have_the_same_shape_and_nothing_of_the_face_is_in_the_answer_or_the_receipt()
    {
        var (request, issued) = await Issue();
        var yes = Asked(request.Enterprise.Name, request.Enterprise.Representative, issued.Seals[0].SealCode);
        var no = Asked("枣庄市山亭区样例饮品有限公司", "样例乙", "37040699999999");
        (yes.Code, no.Code, yes.WithReceipt, no.WithReceipt) = (issued.TypedCode, issued.TypedCode, true, true);
        var (first, second) = (await server.Tax().AskQuestionsAsync(yes), await server.Tax().AskQuestionsAsync(no));

        Assert.Equal([Answer.Yes, Answer.No, Answer.No, Answer.No], second.Answers);
        var receipt = server.Holds(second.Receipt);
        Assert.Equal("AskQuestions", receipt.Record.Method);
        Assert.Equal(LookupRecord.DigestRequest("AskQuestions", issued.TypedCode), receipt.Record.RequestDigest);
        Assert.Equal("NO", receipt.Facts.Facts["answer.2"]);
        Assert.Equal("name_matches 枣庄市山亭区样例饮品有限公司", receipt.Facts.Facts["question.2"]);
        Assert.Equal(8, receipt.Facts.Facts.Count);
        foreach (var secret in (string[])[request.Enterprise.Name, request.Enterprise.Representative, request.Enterprise.Address, issued.Seals[0].SealCode, issued.License.LicenseId])
        {
            Assert.DoesNotContain(secret, second + string.Concat(receipt.Facts.Facts.Values), StringComparison.Ordinal);
        }

        (first.Receipt, second.Receipt) = (Google.Protobuf.ByteString.Empty, Google.Protobuf.ByteString.Empty);
        first.StatusAsOfTime = second.StatusAsOfTime;
        Assert.Equal(first.CalculateSize(), second.CalculateSize());
        second.Answers.Clear();
        second.Answers.Add(first.Answers);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Where_there_is_no_genuine_licence_there_are_no_answers()
    {
        var (_, issued) = await Issue();
        var asked = Asked("枣庄市山亭区样例食品有限公司", "样例人", "37040600000001");
        foreach (var (code, verdict) in ((string, Verdict)[])[("样例", Verdict.NotOurs), (issued.LicenseCode + "A", Verdict.Malformed), ("0000-0000-0000", Verdict.Malformed)])
        {
            asked.Code = code;
            var answer = await server.Tax().AskQuestionsAsync(asked);
            Assert.Equal((verdict, 0), (answer.Verdict == Verdict.NotFound ? Verdict.Malformed : answer.Verdict, answer.Answers.Count));
        }

        asked.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next());
        var missing = await server.Tax().AskQuestionsAsync(asked);
        Assert.Equal((Verdict.NotFound, "LICENSE_NOT_FOUND", 0), (missing.Verdict, missing.Reason, missing.Answers.Count));
        Assert.NotEmpty(missing.Explanation);
        Assert.NotNull(missing.StatusAsOfTime);
    }

    public static TheoryData<string, string> BadQuestions() => new()
    {
        { "none", "questions" }, { "nine", "questions" }, { "empty", "questions[0]" }, { "not active", "questions[0].active" }, { "short name", "questions[0].name_matches" },
        { "invisible", "questions[0].name_matches" }, { "long person", "questions[0].representative_is" }, { "seal", "questions[0].seal_current" }, { "no subject", "subject" },
    };

    [Theory]
    [MemberData(nameof(BadQuestions))]
    public async Task What_cannot_be_asked_is_refused_and_recorded(string what, string field)
    {
        var reference = ServerFixture.NewRequestId();
        var request = new AskQuestionsRequest { Code = "样例", Purpose = Tax, Reference = reference };
        request.Questions.Add(what switch
        {
            "none" => [],
            "nine" => Enumerable.Repeat(new Question { Active = true }, 9),
            "empty" => [new Question()],
            "not active" => [new Question { Active = false }],
            "short name" => [new Question { NameMatches = "样" }],
            "invisible" => [new Question { NameMatches = "样例\u200B公司" }],
            "long person" => [new Question { RepresentativeIs = new string('样', 25) }],
            "seal" => [new Question { SealCurrent = "3704060000000A" }],
            _ => [new Question { Active = true }],
        });
        if (what == "no subject")
        {
            request.ClearSubject();
        }

        (await Refusal.Of(server.Tax().AskQuestionsAsync(request))).IsField(StatusCode.InvalidArgument, "QUESTION_INVALID", field);
        Assert.Equal(("AskQuestions", 0, "QUESTION_INVALID"), Assert.Single(await Recorded.Under(server, reference)) is var row ? (row.Method, row.Verdict, row.Reason) : default);
    }

    private async Task<(IssueSetRequest Request, IssuedSet Issued)> Issue()
    {
        var request = ServerFixture.ValidRequest();
        return (request, await server.Staff().IssueSetAsync(request));
    }

    private static AskQuestionsRequest Asked(string name, string person, string seal) => new()
    {
        Purpose = Tax,
        Questions = { new Question { Active = true }, new Question { NameMatches = name }, new Question { RepresentativeIs = person }, new Question { SealCurrent = seal } },
    };
}

/// <summary>A deployment in which the tax bureau may miss five times a minute, on a clock that only the test moves.</summary>
public sealed class GuessFixture : DeskFixture
{
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    protected override TimeProvider Clock => Time;

    protected override void Change() => CallerNode("tax-bureau")["quota"] = new JsonObject { ["misses_per_minute"] = 5 };
}

/// <summary>Yes and no would give a name away to whoever may ask often enough.</summary>
public sealed class GuessTests(GuessFixture server) : IClassFixture<GuessFixture>
{
    [Fact]
    public async Task Who_guesses_names_is_stopped_like_who_guesses_codes_and_who_asks_right_is_not()
    {
        var request = ServerFixture.ValidRequest();
        await server.Staff().IssueSetAsync(request);
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = "issuedSets/" + request.Enterprise.CreditCode, Reason = "样例理由", Authority = "样例机关" });
        var tax = server.Tax();
        for (var i = 0; i < 20; i++)
        {
            // Right names, and the No to "in force": nothing of it is a guess.
            await tax.AskQuestionsAsync(Ask(new Question { Active = true }, new Question { NameMatches = request.Enterprise.Name }, new Question { RepresentativeIs = request.Enterprise.Representative }));
        }

        var guesses = Ask(new Question { RepresentativeIs = "样例甲" }, new Question { RepresentativeIs = "样例乙" }, new Question { NameMatches = "样例公司" });
        Assert.Equal(3, (await tax.AskQuestionsAsync(guesses)).Answers.Count);
        Assert.Equal(3, (await tax.AskQuestionsAsync(guesses)).Answers.Count);

        Assert.Equal((StatusCode.ResourceExhausted, "RATE_LIMITED"), await Refusal.Of(tax.AskQuestionsAsync(guesses)) is var refusal ? (refusal.Status, refusal.Reason) : default);
        server.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(3, (await tax.AskQuestionsAsync(guesses)).Answers.Count);

        AskQuestionsRequest Ask(params Question[] questions) => new() { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION", Questions = { questions } };
    }
}
