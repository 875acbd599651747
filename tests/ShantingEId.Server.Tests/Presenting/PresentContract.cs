using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Receipts;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using static ShantingEId.Server.Tests.Presenting.HolderClient;
using State = ShantingEId.V1.Presentation.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

public sealed class PresentTests(PresentFixture server) : PresentContract(server), IClassFixture<PresentFixture>;

public sealed class PostgresPresentTests(PostgresPresentFixture server) : PresentContract(server.Needed), IClassFixture<PostgresPresentFixture>;

/// <summary>亮码 over the wire: one code, one scan, of what the company lets be seen, and the company sees by whom.</summary>
public abstract class PresentContract(ServerFixture server)
{
    private readonly HolderClient holder = new(server);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_code_is_good_once_and_the_company_sees_who_scanned_it()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        Assert.Equal((State.Waiting, "", 60.0), (shown.State, shown.PresentedTo, (shown.ExpireTime - shown.IssueTime).ToTimeSpan().TotalSeconds));

        var answer = await holder.Bank.VerifyCodeAsync(Scan(shown));
        var again = await holder.Bank.VerifyCodeAsync(Scan(shown)); // The same caller, the same text: the fast lane must not have kept it.
        var other = await holder.TaxScansAsync(shown);

        Assert.Equal((Verdict.Valid, ""), (answer.Verdict, answer.Reason));
        Assert.Equal((shown.Name, "样例：办理开户"), (answer.Live.Presentation, answer.Live.PurposeText));
        Assert.Equal(set.License.Enterprise.Name, answer.License.Enterprise.Name);
        NotAccepted("ALREADY_PRESENTED", again);
        NotAccepted("ALREADY_PRESENTED", other);

        var seen = await holder.StandsAsync(session, shown);
        Assert.Equal((State.Presented, "bank", "银行", "银行开户", ""), (seen.State, seen.PresentedTo, seen.PresentedToTitle, seen.PresentedPurposeTitle, seen.Code));
        var list = await holder.App.ListPresentationsAsync(new ListPresentationsRequest { CreditCode = shown.CreditCode });
        Assert.Equal(seen, Assert.Single(list.Presentations));
        Assert.Equal(list.Presentations, (await new HolderService.HolderServiceClient(server.Channel("auditor")).ListPresentationsAsync(new ListPresentationsRequest { CreditCode = shown.CreditCode })).Presentations);
    }

    [Fact]
    public async Task What_is_seen_is_what_the_company_lets_be_seen_and_the_purpose_grants()
    {
        var (set, session) = await holder.OpenAsync();
        var face = set.License.Enterprise;

        var narrow = await holder.BankScansAsync(await holder.ShowAsync(session, "", "name", "representative"));
        Assert.Equal(("", face.Name, face.Representative, "", "", 0), (narrow.License.Enterprise.CreditCode, narrow.License.Enterprise.Name, narrow.License.Enterprise.Representative,
            narrow.License.Enterprise.Address, narrow.License.LicenseId, narrow.Seals.Count));
        Assert.Equal(["name", "representative"], narrow.Live.Scope.Paths);

        // The purpose of a subsidy check grants no field at all, whatever the company shows.
        var social = new VerificationService.VerificationServiceClient(server.Channel("social-security"));
        var wide = await social.VerifyCodeAsync(Scan(await holder.ShowAsync(session, "", "name", "seals", "capital"), "SUBSIDY_CHECK"));
        Assert.Equal((Verdict.Valid, "", "", 0), (wide.Verdict, wide.License.Enterprise.Name, wide.License.Enterprise.Capital, wide.Seals.Count));
        var seals = await holder.BankScansAsync(await holder.ShowAsync(session, "", "seals"));
        Assert.Equal(4, seals.Seals.Count);
    }

    [Fact]
    public async Task A_code_for_one_audience_is_no_use_to_others_and_stays_unused()
    {
        var (_, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session, "tax-bureau");

        NotAccepted("AUDIENCE_MISMATCH", await holder.BankScansAsync(shown));
        Assert.Equal(State.Waiting, (await holder.StandsAsync(session, shown)).State);
        Assert.Equal(Verdict.Valid, (await holder.TaxScansAsync(shown)).Verdict);
        foreach (var audience in (string[])["nobody-here", "holder-app", "#public"])
        {
            Assert.Equal((StatusCode.InvalidArgument, "AUDIENCE_UNKNOWN"), await ReasonOf(holder.App.CreatePresentationAsync(Showing(session, audience))));
        }
    }

    [Fact]
    public async Task What_is_refused_leaves_the_code_unused()
    {
        var (_, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        VerifyCodeRequest[] refused =
        [
            Scan(shown, "TAX_REGISTRATION"), Scan(shown, ""), new(Scan(shown)) { ReadMask = new FieldMask { Paths = { "no_such_field" } } }, new(Scan(shown)) { Reference = new string('长', 100) },
            new(Scan(shown)) { AsOfTime = (TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1)).ToTimestamp() },
        ];
        foreach (var request in refused)
        {
            Assert.NotEqual("", (await ReasonOf(holder.Bank.VerifyCodeAsync(request))).Reason);
        }

        Assert.Equal("QUESTION_INVALID", (await ReasonOf(holder.Bank.AskQuestionsAsync(new AskQuestionsRequest { Code = shown.Code, Purpose = "ACCOUNT_OPENING", Questions = { new Question { Active = true } } }))).Reason);
        Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(shown)).Verdict);
    }

    [Fact]
    public async Task Only_an_app_that_speaks_for_the_company_and_has_the_secret_shows_its_licence()
    {
        var nobody = await holder.Seals.Life.FoundAsync();
        var proof = (StatusCode.PermissionDenied, "HOLDER_PROOF_REQUIRED");
        Assert.Equal(proof, await ReasonOf(holder.App.OpenSessionAsync(Opening(nobody))));
        Assert.Equal(proof, await ReasonOf(holder.App.ListPresentationsAsync(new ListPresentationsRequest { CreditCode = nobody.License.Enterprise.CreditCode })));
        Assert.Equal(StatusCode.PermissionDenied, (await ReasonOf(new HolderService.HolderServiceClient(server.Channel("bank")).OpenSessionAsync(Opening(nobody)))).Status);

        var (set, session) = await holder.OpenAsync();
        var (_, stranger) = await holder.OpenAsync();
        foreach (var secret in (string[])["", "short", new string('A', 43), session.Secret[..^1] + (session.Secret[^1] == 'A' ? 'E' : 'A')])
        {
            Assert.Equal(proof, await ReasonOf(holder.App.CreatePresentationAsync(new CreatePresentationRequest(Showing(session)) { Secret = secret })));
            Assert.Equal(proof, await ReasonOf(holder.App.EndSessionAsync(new EndSessionRequest { Secret = secret })));
        }

        // A code is watched by the session that shows it, and by no other.
        var shown = await holder.ShowAsync(session);
        using (var watch = holder.App.WatchPresentation(new WatchPresentationRequest { Secret = stranger.Secret, Name = shown.Name }))
        {
            Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Cancel))).StatusCode);
        }

        // A device that was lost: its session ends, and what it shows ends with it.
        Assert.NotNull((await holder.App.EndSessionAsync(new EndSessionRequest { Secret = session.Secret })).EndTime);
        NotAccepted("EXPIRED", await holder.BankScansAsync(shown));
        Assert.Equal(proof, await ReasonOf(holder.App.CreatePresentationAsync(Showing(session))));
        Assert.Equal(State.Expired, (await holder.StandsAsync(session, shown)).State);

        // A grant that was withdrawn: no code comes of any session.
        var open = await holder.App.OpenSessionAsync(Opening(set));
        var grant = (await holder.Seals.Desk.ListSealUseGrantsAsync(new ListSealUseGrantsRequest { CreditCode = set.License.Enterprise.CreditCode })).Grants.Single();
        await holder.Seals.Desk.WithdrawSealUseAsync(new WithdrawSealUseRequest { RequestId = ServerFixture.NewRequestId(), Name = grant.Name, Reason = "样例撤回" });
        Assert.Equal(proof, await ReasonOf(holder.App.CreatePresentationAsync(Showing(open))));
    }

    [Fact]
    public async Task The_state_is_the_registers_own_at_the_moment_of_the_scan()
    {
        var (set, session) = await holder.OpenAsync();
        var (shown, later) = (await holder.ShowAsync(session), await holder.ShowAsync(session));
        Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(shown)).Verdict);
        await holder.Seals.Life.DoAsync("Suspend", set);

        var answer = await holder.BankScansAsync(later);

        Assert.Equal((Verdict.Suspended, set.License.Enterprise.Name), (answer.Verdict, answer.License.Enterprise.Name));
        NotAccepted("ALREADY_PRESENTED", await holder.BankScansAsync(later));
        Assert.Equal((StatusCode.FailedPrecondition, "LICENSE_NOT_IN_FORCE"), await ReasonOf(holder.App.CreatePresentationAsync(Showing(session))));

        // And it is the newest licence, whatever it was when the session was opened.
        await holder.Seals.Life.DoAsync("Resume", set);
        var renamed = (await holder.Seals.Life.ChangeAsync(LifeClient.Rename(set, "枣庄市山亭区样例亮码商贸有限公司"))).IssuedSet;
        Assert.Equal(renamed.License.Enterprise.Name, (await holder.BankScansAsync(await holder.ShowAsync(session))).License.Enterprise.Name);
    }

    [Fact]
    public async Task A_repeated_request_gives_the_same_code_and_other_content_is_refused()
    {
        var (set, session) = await holder.OpenAsync();
        var opening = Opening(set);
        Assert.Equal(await holder.App.OpenSessionAsync(opening), await holder.App.OpenSessionAsync(opening));
        Assert.Equal("REQUEST_ID_REUSED", (await ReasonOf(holder.App.OpenSessionAsync(new OpenSessionRequest(opening) { Device = "另一台" }))).Reason);

        var request = Showing(session);
        var first = await holder.App.CreatePresentationAsync(request);
        Assert.Equal(first, await holder.App.CreatePresentationAsync(request));
        Action<CreatePresentationRequest>[] others = [each => each.PurposeText = "样例：别的", each => each.Audience = "bank", each => each.Scope.Paths.Add("capital")];
        foreach (var change in others)
        {
            var other = new CreatePresentationRequest(request);
            change(other);
            Assert.Equal((StatusCode.FailedPrecondition, "REQUEST_ID_REUSED"), await ReasonOf(holder.App.CreatePresentationAsync(other)));
        }

        Assert.Single((await holder.App.ListPresentationsAsync(new ListPresentationsRequest { CreditCode = first.CreditCode })).Presentations);
        CreatePresentationRequest[] wrong = [new(request) { Scope = null }, new(request) { Scope = new FieldMask { Paths = { "secret" } } }];
        Assert.All(await Task.WhenAll(wrong.Select(each => ReasonOf(holder.App.CreatePresentationAsync(each)))), refusal => Assert.Equal("SCOPE_INVALID", refusal.Reason));
        Assert.Equal("TEXT_INVALID", (await ReasonOf(holder.App.CreatePresentationAsync(new CreatePresentationRequest(request) { PurposeText = new string('长', 61) }))).Reason);
    }

    [Fact]
    public async Task Every_scan_stands_in_the_ledger_the_replays_too_and_a_receipt_proves_it()
    {
        var (_, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session, "", "name");

        var answer = await holder.Bank.VerifyCodeAsync(new VerifyCodeRequest(Scan(shown)) { WithReceipt = true });
        NotAccepted("ALREADY_PRESENTED", await holder.TaxScansAsync(shown));

        Assert.True(Receipt.TryParse(answer.Receipt.Memory, out var receipt));
        Assert.Equal((shown.Name.Split('/')[^1], "样例：办理开户"), (receipt.Facts.Facts["live.presentation"], receipt.Facts.Facts["live.purpose"]));
        Assert.False(receipt.Facts.Facts.ContainsKey("representative"));
        var reader = new VerificationService.VerificationServiceClient(server.Channel("holder-app"));
        for (var i = 0; ; i++)
        {
            var lookups = (await reader.ListLookupsAsync(new ListLookupsRequest { CreditCode = shown.CreditCode })).Lookups;
            if (lookups.Count >= 2)
            {
                Assert.Equal([("tax-bureau", Verdict.NotAccepted, "ALREADY_PRESENTED"), ("bank", Verdict.Valid, "")], lookups.Select(each => (each.Caller, each.Verdict, each.Reason)));
                break;
            }

            Assert.True(i < 100, "the ledger was not taken in");
            await Task.Delay(50, Cancel);
        }
    }

    // The SDK of both sides: the app's, and the counter's with a receipt that fits.
    [Fact]
    public async Task An_app_shows_and_a_counter_scans_through_the_sdk()
    {
        var set = await holder.Seals.GrantedAsync();
        using var app = Sdk("holder-app");
        using var bank = Sdk("bank");
        var session = await app.OpenSessionAsync(Opening(set), Cancel);
        var shown = await app.PresentAsync(Showing(session), Cancel);
        var waiting = app.WaitForScanAsync(session.Secret, shown.Name, Cancel);

        var answer = await bank.VerifyAsync(shown.Code, new EidLookupOptions { WithReceipt = true }, Cancel);
        var again = await bank.VerifyAsync(shown.Code, cancel: Cancel);

        Assert.True(answer.IsValid && answer.Receipt is not null);
        Assert.Equal(("样例：办理开户", Verifying.Verdict.NotAccepted, "ALREADY_PRESENTED"), (answer.Live!.PurposeText, again.Verdict, again.Reason));
        Assert.Equal((State.Presented, "bank"), (await waiting) is var end ? (end.State, end.PresentedTo) : default);
        Assert.Equal("PRESENTATION_NOT_FOUND", (await Assert.ThrowsAsync<EidCallException>(() => app.WaitForScanAsync(session.Secret, "presentations/none", Cancel))).Error.Reason);

        EidClient Sdk(string caller) => EidClient.Connect(new EidClientOptions
        {
            Address = server.Address, Certificate = EidCertificate.FromFolder(server.Certificates, caller), Purpose = caller == "bank" ? "ACCOUNT_OPENING" : "", Trust = EidTrust.FromFolder(server.Certificates),
        });
    }

    // The rows are not in the journal, and a restart must not make a used code good again.
    [Fact]
    public async Task A_restart_between_making_and_scanning_changes_nothing()
    {
        var (_, session) = await holder.OpenAsync();
        var (used, unused) = (await holder.ShowAsync(session), await holder.ShowAsync(session));
        Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(used)).Verdict);

        await server.StopAsync();
        await server.StartAsync();

        var after = new HolderClient(server);
        NotAccepted("ALREADY_PRESENTED", await after.BankScansAsync(used));
        Assert.Equal(Verdict.Valid, (await after.BankScansAsync(unused)).Verdict);
        Assert.Equal(Verdict.Valid, (await after.BankScansAsync(await after.ShowAsync(session))).Verdict);
    }

    // I34: of all who scan one code at one moment, at two replicas, one is shown the licence, and nobody ever after. EID_LIVE_RACES says how many codes,
    // EID_LIVE_REPLAYS how often used ones are scanned again.
    [Fact]
    public async Task Two_replicas_that_scan_at_once_accept_each_code_once()
    {
        const int AtOnce = 8;
        var (races, replays) = (Count("EID_LIVE_RACES", 100), Count("EID_LIVE_REPLAYS", 1000));
        var (_, session) = await holder.OpenAsync();
        await using var second = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger"), PublicPort = null });
        await second.StartAsync(Cancel);
        VerificationService.VerificationServiceClient[] counters = [holder.Bank, new(server.Channel(server.Certificate("bank"), EidServer.Address(second)))];
        var accepts = new Dictionary<string, int>();
        var (codes, refused, others) = (new List<Presentation>(), 0, 0);

        // 1. Races.
        for (var i = 0; i < races; i++)
        {
            codes.Add(await holder.ShowAsync(session));
            await ScanAsync(Enumerable.Repeat(codes[^1], AtOnce));
        }

        Assert.Equal(races, accepts.Count);
        Console.WriteLine($"figure live_races_accepted_each {accepts.Values.Max()} accepts <= 1");
        Console.WriteLine($"figure live_races_never_accepted {races - accepts.Count} codes <= 0");
        Console.WriteLine($"figure live_races_refused {refused} scans >= {races * (AtOnce - 1)}");

        // 2. Replays.
        refused = 0;
        for (var i = 0; i < replays; i += AtOnce)
        {
            await ScanAsync(Enumerable.Range(i, AtOnce).Select(n => codes[n % codes.Count]));
        }

        Console.WriteLine($"figure live_replays_accepted {accepts.Values.Sum() - races} scans <= 0");
        Console.WriteLine($"figure live_replays_refused {refused} scans >= {replays}");
        Assert.All(accepts.Values, each => Assert.Equal(1, each));
        Assert.Equal(0, others);
        Assert.InRange(refused, replays, int.MaxValue);
        await second.StopAsync(Cancel);
        Assert.Empty(Server.Storage.RegisterCheck.Run(server.Options()));

        // All at once, at both counters in turn.
        async Task ScanAsync(IEnumerable<Presentation> shown)
        {
            var answers = await Task.WhenAll(shown.Select((each, n) => Task.Run(async () => (each.Name, Answer: await counters[n % 2].VerifyCodeAsync(Scan(each), cancellationToken: Cancel)))));
            foreach (var (name, answer) in answers)
            {
                if (answer.Verdict == Verdict.Valid)
                {
                    accepts[name] = accepts.GetValueOrDefault(name) + 1;
                }
                else
                {
                    NotAccepted(answer.Reason, answer);
                    // What was scanned after its minute is over is told so, however busy this machine is.
                    (refused, others) = (refused + 1, others + (answer.Reason is "ALREADY_PRESENTED" or "EXPIRED" ? 0 : 1));
                }
            }
        }

        static int Count(string name, int otherwise) => int.Parse(Environment.GetEnvironmentVariable(name) ?? otherwise.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
