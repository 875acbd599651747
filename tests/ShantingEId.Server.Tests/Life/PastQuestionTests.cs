using System.Globalization;
using System.Net;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Life;

public sealed class PastQuestionTests(ServerFixture server) : PastQuestionContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresPastQuestionTests(PostgresServerFixture server) : PastQuestionContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>as_of_time by the ways that others do not try: an item of a batch and JSON answer about an instant as a call of gRPC does.</summary>
public abstract class PastQuestionContract(ServerFixture server)
{
    private const string Purpose = "ACCOUNT_OPENING";
    private readonly LifeClient life = LifeClient.Of(server);

    private JsonCall Json => JsonCall.As(server, "bank");

    [Fact]
    public async Task Items_of_a_batch_are_asked_each_about_its_own_instant()
    {
        var (first, second, instants) = await LiveAsync();
        var expected = new Dictionary<long, Verification>();
        var requests = new List<VerifyCodesRequest>();
        foreach (var at in instants)
        {
            foreach (var set in new[] { first, second })
            {
                Add(new VerifyCodesRequest { Verify = new VerifyCodeRequest { Code = set.LicenseCode, Purpose = Purpose, AsOfTime = at?.ToTimestamp() } }, await life.AskAsync(set.LicenseCode, at));
            }

            Add(new VerifyCodesRequest { Lookup = new LookupLicenseRequest { CreditCode = first.License.Enterprise.CreditCode, Purpose = Purpose, AsOfTime = at?.ToTimestamp() } }, await life.LookUpAsync(first, at));
        }

        var answers = await BatchAsync(requests);

        Assert.Superset(new HashSet<Verdict> { Verdict.NotFound, Verdict.Valid, Verdict.Suspended, Verdict.Superseded }, expected.Values.Select(answer => answer.Verdict).ToHashSet());
        foreach (var (item, answer) in expected)
        {
            Same(answer, answers[item].Verification);
        }

        void Add(VerifyCodesRequest request, Verification answer)
        {
            request.Item = requests.Count;
            requests.Add(request);
            expected.Add(request.Item, answer);
        }
    }

    [Fact]
    public async Task An_item_about_a_time_to_come_is_refused_alone()
    {
        var set = await life.FoundAsync();
        var (now, ahead) = (TimeProvider.System.GetUtcNow().ToTimestamp(), TimeProvider.System.GetUtcNow().AddMinutes(5).ToTimestamp());

        var answers = await BatchAsync(
        [
            new VerifyCodesRequest { Item = 1, Verify = new VerifyCodeRequest { Code = set.LicenseCode, Purpose = Purpose, AsOfTime = ahead } },
            new VerifyCodesRequest { Item = 2, Lookup = new LookupLicenseRequest { CreditCode = set.License.Enterprise.CreditCode, Purpose = Purpose, AsOfTime = ahead } },
            new VerifyCodesRequest { Item = 3, Verify = new VerifyCodeRequest { Code = set.LicenseCode, Purpose = Purpose, AsOfTime = now } },
        ]);

        Refusal.Of(answers[1].Error, StatusCode.InvalidArgument).IsField(StatusCode.InvalidArgument, "AS_OF_INVALID", "as_of_time");
        Refusal.Of(answers[2].Error, StatusCode.InvalidArgument).IsField(StatusCode.InvalidArgument, "AS_OF_INVALID", "as_of_time");
        Assert.Equal((Verdict.Valid, now), (answers[3].Verification.Verdict, answers[3].Verification.AsOfTime));
    }

    [Fact]
    public async Task Over_json_an_instant_is_answered_about_as_over_grpc()
    {
        var (first, second, instants) = await LiveAsync();
        foreach (var at in instants)
        {
            var time = at?.ToTimestamp();
            foreach (var set in new[] { first, second })
            {
                Same(await life.AskAsync(set.LicenseCode, at), await AskAsync("VerifyCode", new VerifyCodeRequest { Code = set.LicenseCode, Purpose = Purpose, AsOfTime = time }));
                Same(await life.SealAsync(set.Seals[0], at), await AskAsync("VerifySeal", new VerifySealRequest { SealCode = set.Seals[0].SealCode, Purpose = Purpose, AsOfTime = time }));
            }

            Same(await life.LookUpAsync(first, at), await AskAsync("LookupLicense", new LookupLicenseRequest { CreditCode = first.License.Enterprise.CreditCode, Purpose = Purpose, AsOfTime = time }));
            var ask = new AskQuestionsRequest { CreditCode = first.License.Enterprise.CreditCode, Purpose = Purpose, AsOfTime = time, Questions = { new Question { Active = true } } };
            var told = Read<AskQuestionsResponse>(await Json.Ask(VerificationService.Descriptor.FindMethodByName("AskQuestions"), ask));
            Assert.Equal((await life.Bank.AskQuestionsAsync(ask)).Answers, told.Answers);
        }
    }

    [Fact]
    public async Task Over_json_the_instant_may_be_written_with_an_offset_and_one_to_come_is_refused()
    {
        var (first, _, instants) = await LiveAsync();
        var suspended = instants[1]!.Value;
        var written = suspended.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+08:00'", CultureInfo.InvariantCulture);

        var answer = await Json.Post("/v1/codes:verify", $$"""{"code":"{{first.LicenseCode}}","purpose":"{{Purpose}}","asOfTime":"{{written}}"}""");
        var ahead = await Json.Post("/v1/codes:verify", $$"""{"code":"{{first.LicenseCode}}","purpose":"{{Purpose}}","asOfTime":"2999-01-01T00:00:00Z"}""");
        var noTime = await Json.Post("/v1/codes:verify", $$"""{"code":"{{first.LicenseCode}}","purpose":"{{Purpose}}","asOfTime":"2026-02-30"}""");

        var told = Read<Verification>(answer);
        Assert.Equal((Verdict.Suspended, suspended), (told.Verdict, told.AsOfTime.ToDateTimeOffset()));
        Assert.Equal((HttpStatusCode.BadRequest, "AS_OF_INVALID"), (ahead.Http, ahead.Reason));
        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument), (noTime.Http, noTime.Status!.Value));
    }

    // Founded, paused, resumed, renamed: an instant before all, one in each state, and now.
    private async Task<(IssuedSet First, IssuedSet Second, DateTimeOffset?[] Instants)> LiveAsync()
    {
        var first = await life.FoundAsync();
        await Task.Delay(10, TestContext.Current.CancellationToken);
        var suspended = await life.DoAsync("Suspend", first);
        await Task.Delay(10, TestContext.Current.CancellationToken);
        var resumed = await life.DoAsync("Resume", first);
        await Task.Delay(10, TestContext.Current.CancellationToken);
        var second = (await life.ChangeAsync(LifeClient.Rename(first, "枣庄市山亭区样例往事食品有限公司"))).IssuedSet;
        DateTimeOffset At(IssuedSet set) => set.StateEffectiveTime.ToDateTimeOffset();
        return (first, second, [At(first).AddMilliseconds(-1), At(suspended), At(resumed), At(second).AddMilliseconds(-1), At(second), null]);
    }

    private async Task<Verification> AskAsync(string method, IMessage request) =>
        Read<Verification>(await Json.Ask(VerificationService.Descriptor.FindMethodByName(method), request));

    private static T Read<T>(RawAnswer answer)
        where T : IMessage, new() => JsonParser.Default.Parse<T>(Encoding.UTF8.GetString(answer.Body));

    private async Task<Dictionary<long, VerifyCodesResponse>> BatchAsync(IReadOnlyList<VerifyCodesRequest> requests)
    {
        using var call = life.Bank.VerifyCodes();
        foreach (var request in requests)
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        var answers = new Dictionary<long, VerifyCodesResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            answers.Add(answer.Item, answer);
        }

        return answers;
    }

    // All but when it was read.
    private static void Same(Verification expected, Verification told) => Assert.Equal(new Verification(expected) { StatusAsOfTime = null }, new Verification(told) { StatusAsOfTime = null });
}
