using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Client;
using ShantingEId.V1;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>A VALID whose state is too old when it arrives is no VALID, whoever sent it and whatever the clocks say.</summary>
public sealed class AgeTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Allowance = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, "VALID", "")]
    [InlineData(1.0, "VALID", "")]
    [InlineData(4.5, "UNKNOWN", "STATE_TOO_OLD")]
    [InlineData(3600, "UNKNOWN", "STATE_TOO_OLD")]
    [InlineData(-3600, "UNKNOWN", "CLOCKS_APART")]
    public async Task A_valid_counts_only_while_its_state_is_young(double age, string verdict, string reason)
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) => Task.FromResult(Aged(age));
        using var eid = EidClient.Connect(service.Options());

        var answer = await eid.VerifyAsync("样例", cancel: Cancel);

        Assert.Equal((verdict, reason, verdict == "VALID"), (answer.Verdict.ToString().ToUpperInvariant(), answer.Reason, answer.IsValid));
        Assert.NotEqual(answer.IsValid, answer.Explanation.Contains("无法判断", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_valid_without_a_time_and_a_verdict_without_a_name_are_not_valid()
    {
        await using var service = await certificates.StartAsync();
        using var eid = EidClient.Connect(service.Options());
        service.Verify = (_, _, _) => Task.FromResult(new Verification { Verdict = Verification.Types.Verdict.Valid });
        Assert.Equal((Verdict.Unknown, "STATE_TOO_OLD"), await VerdictOf(eid));

        service.Verify = (_, _, _) => Task.FromResult(new Verification { Verdict = (Verification.Types.Verdict)77 });
        Assert.Equal((Verdict.Unspecified, ""), await VerdictOf(eid));

        service.Verify = (_, _, _) => Task.FromResult(new Verification());
        Assert.Equal((Verdict.Unspecified, ""), await VerdictOf(eid));
    }

    // A warning that is some seconds old is still a warning.
    [Theory]
    [InlineData(Verification.Types.Verdict.Revoked)]
    [InlineData(Verification.Types.Verdict.Suspended)]
    [InlineData(Verification.Types.Verdict.NotFound)]
    public async Task Only_a_yes_is_taken_back(Verification.Types.Verdict verdict)
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) => Task.FromResult(new Verification { Verdict = verdict, Reason = "SAMPLE", StatusAsOfTime = Timestamp.FromDateTimeOffset(Noon) });
        using var eid = EidClient.Connect(service.Options());

        Assert.Equal(((Verdict)verdict, "SAMPLE"), await VerdictOf(eid));
    }

    [Fact]
    public async Task Replies_about_an_old_state_are_taken_back_too()
    {
        await using var service = await certificates.StartAsync();
        service.Ask = request => new AskQuestionsResponse
        {
            Verdict = Verification.Types.Verdict.Valid, Answers = { request.Questions.Select(_ => AskQuestionsResponse.Types.Answer.Yes) },
            StatusAsOfTime = Aged(request.Questions.Count == 1 ? 0 : 10).StatusAsOfTime,
        };
        using var eid = EidClient.Connect(service.Options());

        Assert.True((await eid.AskAsync(EidSubject.Code("样例"), [EidQuestions.Active()], cancel: Cancel)).AllYes);
        var old = await eid.AskAsync(EidSubject.Code("样例"), [EidQuestions.Active(), EidQuestions.NameMatches("样例")], cancel: Cancel);
        Assert.Equal((false, false, Verdict.Unknown, 0), (old.AllYes, old.IsValid, old.Verdict, old.Replies.Count));
    }

    [Fact]
    public async Task The_accepted_age_is_sent_along_and_a_single_question_may_want_another()
    {
        await using var service = await certificates.StartAsync();
        var sent = new List<Duration>();
        service.Verify = (request, _, _) =>
        {
            sent.Add(request.MaxStateAge);
            return Task.FromResult(Aged(7));
        };
        using var eid = EidClient.Connect(service.Options() with { MaxStateAge = TimeSpan.FromMilliseconds(1500) });

        Assert.False((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        Assert.True((await eid.VerifyAsync("样例", new EidLookupOptions { MaxStateAge = TimeSpan.FromSeconds(20) }, Cancel)).IsValid);
        // The service is asked for a younger state: the rest is for the way.
        Assert.Equal([Duration.FromTimeSpan(TimeSpan.FromMilliseconds(750)), Duration.FromTimeSpan(TimeSpan.FromSeconds(19))], sent);
    }

    // The clock of a counter's machine is off by some seconds in either direction: fresh answers count, old ones do not.
    [Theory]
    [InlineData(-40)]
    [InlineData(-5)]
    [InlineData(5)]
    [InlineData(40)]
    public async Task A_machine_whose_clock_is_off_learns_by_how_much(int off)
    {
        await using var service = await certificates.StartAsync();
        var age = 0.0;
        service.Verify = (_, _, _) => Task.FromResult(Aged(age));
        using var eid = EidClient.Connect(service.Options() with { Clock = Off(TimeSpan.FromSeconds(off)) });

        Assert.Equal((Verdict.Valid, ""), await VerdictOf(eid));
        age = 5;
        Assert.Equal((Verdict.Unknown, "STATE_TOO_OLD"), await VerdictOf(eid));
    }

    [Theory]
    [InlineData(-90)]
    [InlineData(90)]
    public async Task Beyond_the_allowance_no_answer_counts(int off)
    {
        await using var service = await certificates.StartAsync();
        using var eid = EidClient.Connect(service.Options() with { Clock = Off(TimeSpan.FromSeconds(off)) });

        Assert.Equal((Verdict.Unknown, "CLOCKS_APART"), await VerdictOf(eid));
    }

    // A gateway that keeps answers plays an old one again, with the date it had then.
    [Fact]
    public async Task An_old_answer_played_again_cannot_make_itself_young()
    {
        await using var service = await certificates.StartAsync();
        var kept = ScriptedService.Valid();
        var keptAt = TimeProvider.System.GetUtcNow();
        var replay = false;
        service.Verify = (_, context, _) =>
        {
            if (replay)
            {
                context.GetHttpContext().Response.Headers.Date = (keptAt - TimeSpan.FromSeconds(30)).ToString("r");
                return Task.FromResult(new Verification(kept) { StatusAsOfTime = Timestamp.FromDateTimeOffset(keptAt - TimeSpan.FromSeconds(30)) });
            }

            return Task.FromResult(ScriptedService.Valid());
        };
        using var eid = EidClient.Connect(service.Options());
        Assert.Equal((Verdict.Valid, ""), await VerdictOf(eid));

        replay = true;
        Assert.Equal((Verdict.Unknown, "STATE_TOO_OLD"), await VerdictOf(eid));
        replay = false;
        Assert.Equal((Verdict.Valid, ""), await VerdictOf(eid));
    }

    [Fact]
    public void What_was_learnt_holds_only_for_some_minutes()
    {
        var clock = new FakeTimeProvider(Noon);
        var age = new StateAge(clock, Allowance);
        age.Learn(Date(Noon.AddSeconds(30)));
        // The service's clock is set back by 30 s: fail closed at first, believed again after a while.
        Assert.Equal(AgeFinding.TooOld, age.Judge(Noon, TimeSpan.FromSeconds(2)));
        for (var minute = 1; minute <= 12; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            age.Learn(Date(clock.GetUtcNow()));
        }

        Assert.Equal(AgeFinding.Accepted, age.Judge(clock.GetUtcNow(), TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_clock_that_is_set_does_not_change_the_age()
    {
        var clock = new SetClock();
        var age = new StateAge(clock, Allowance);
        age.Learn(Date(Noon));
        // Ten minutes pass by the stopwatch; the clock on the wall was put 30 s forward meanwhile.
        clock.Passed = TimeSpan.FromMinutes(10);
        clock.PutForward = TimeSpan.FromSeconds(30);

        Assert.Equal(AgeFinding.Accepted, age.Judge(Noon.AddMinutes(10).AddSeconds(-1), TimeSpan.FromSeconds(2)));
        Assert.Equal(AgeFinding.TooOld, age.Judge(Noon.AddMinutes(10).AddSeconds(-3), TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Without_a_date_the_allowance_is_all_that_is_given()
    {
        var age = new StateAge(new FakeTimeProvider(Noon), Allowance);
        age.Learn([]);
        age.Learn(new Metadata { { "date", "yesterday" } });

        Assert.Equal(AgeFinding.Accepted, age.Judge(Noon.AddSeconds(-61), TimeSpan.FromSeconds(2)));
        Assert.Equal(AgeFinding.TooOld, age.Judge(Noon.AddSeconds(-63), TimeSpan.FromSeconds(2)));
        Assert.Equal(AgeFinding.TooOld, age.Judge(null, TimeSpan.FromSeconds(2)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1000, 500)]
    [InlineData(2000, 1000)]
    [InlineData(60_000, 59_000)]
    public void The_way_is_left_out_of_what_the_service_is_asked_for(int accepted, int asked) =>
        Assert.Equal(TimeSpan.FromMilliseconds(asked), StateAge.AtTheService(TimeSpan.FromMilliseconds(accepted)));

    // The register itself was read for this question; that the answer then travelled does not make it old.
    [Fact]
    public void A_state_read_for_this_very_question_is_not_too_old_by_its_way()
    {
        var clock = new FakeTimeProvider(Noon);
        var age = new StateAge(clock, Allowance);
        age.Learn(Date(Noon));

        Assert.Equal(AgeFinding.Accepted, age.Judge(Noon.AddMilliseconds(-900), TimeSpan.Zero));
        Assert.Equal(AgeFinding.TooOld, age.Judge(Noon.AddMilliseconds(-1100), TimeSpan.Zero));
    }

    [Theory]
    [InlineData(-1, 60, 6)]
    [InlineData(61, 60, 6)]
    [InlineData(2, 4, 6)]
    [InlineData(2, 7200, 6)]
    [InlineData(2, 60, 0)]
    public void Options_out_of_range_are_refused_at_once(int age, int allowance, int timeout) =>
        Assert.Throws<ArgumentException>(() => EidClient.Connect(new EidClientOptions
        {
            Address = new Uri("https://localhost"), Certificate = EidCertificate.FromFolder(certificates.Folder, "bank"),
            MaxStateAge = TimeSpan.FromSeconds(age), ClockAllowance = TimeSpan.FromSeconds(allowance), Timeout = TimeSpan.FromSeconds(timeout),
        }));

    private static Verification Aged(double seconds) =>
        new(ScriptedService.Valid()) { StatusAsOfTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(seconds)) };

    private static Metadata Date(DateTimeOffset time) => new() { { "date", time.ToString("r") } };

    private static FakeTimeProvider Off(TimeSpan by) => new(TimeProvider.System.GetUtcNow() + by) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };

    private static async Task<(Verdict, string)> VerdictOf(EidClient eid)
    {
        var answer = await eid.VerifyAsync("样例", cancel: Cancel);
        return (answer.Verdict, answer.Reason);
    }

    // A machine whose clock is set while its stopwatch runs on.
    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan PutForward { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;

        public override DateTimeOffset GetUtcNow() => Noon + Passed + PutForward;
    }
}
