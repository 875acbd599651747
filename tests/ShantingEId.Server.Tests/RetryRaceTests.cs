using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Server.Tests;

public sealed class RetryRaceTests(ServerFixture server) : RetryRaceContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresRetryRaceTests(PostgresServerFixture server) : RetryRaceContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>A request whose twin commits between two of its own questions to the register: the races that chance seldom shows.</summary>
public abstract class RetryRaceContract(ServerFixture server)
{
    private ILicenseStore Store => server.Services.GetRequiredService<ILicenseStore>();

    private RegisterClock Clock => server.Services.GetRequiredService<RegisterClock>();

    private IChangeFeed Feed => server.Services.GetRequiredService<IChangeFeed>();

    [Fact]
    public async Task An_issue_whose_twin_commits_just_after_it_looked_repeats_the_twins_answer()
    {
        var command = Issue();
        var twin = default(IssueOutcome);
        var issuer = NewIssuer(Store);
        var late = NewIssuer(new LateTwin(Store, async () => twin = await issuer.IssueAsync(command, CancellationToken.None)));

        var outcome = await late.IssueAsync(command, TestContext.Current.CancellationToken);

        Assert.True(outcome.Repeated);
        Assert.Equal(twin!.Reply, outcome.Reply);
    }

    [Fact]
    public async Task A_revocation_whose_twin_commits_just_after_it_looked_repeats_the_twins_answer()
    {
        var issue = Issue();
        var issuer = NewIssuer(Store);
        await issuer.IssueAsync(issue, TestContext.Current.CancellationToken);
        var command = new ChangeStateCommand("staff", RequestId.Parse(ServerFixture.NewRequestId()), SetTransition.Revoke, RegisterName.Parse("issuedSets/" + issue.Enterprise.CreditCode),
            "样例：违法经营", "样例机关", null, (_, _) => System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        var twin = default(IssueOutcome);
        var late = new StateChanger(new LateTwin(Store, async () => twin = await new StateChanger(Store, Feed, Clock).ChangeAsync(command, CancellationToken.None)), Feed, Clock);

        var outcome = await late.ChangeAsync(command, TestContext.Current.CancellationToken);

        Assert.True(outcome.Repeated);
        Assert.Equal(twin!.Reply, outcome.Reply);
    }

    // Another request for the same company in that gap is no twin, and stays refused.
    [Fact]
    public async Task An_issue_overtaken_by_another_request_for_the_company_is_refused()
    {
        var command = Issue();
        var issuer = NewIssuer(Store);
        var late = NewIssuer(new LateTwin(Store, () => issuer.IssueAsync(command with { RequestId = RequestId.Parse(ServerFixture.NewRequestId()) }, CancellationToken.None)));

        var error = await Assert.ThrowsAsync<EidException>(() => late.IssueAsync(command, TestContext.Current.CancellationToken));

        Assert.Equal(ErrorReason.LicenseExists, error.Reason);
    }

    private static IssueCommand Issue() => new("staff", RequestId.Parse(ServerFixture.NewRequestId()), Rpc.Wire.ToInput(ServerFixture.ValidRequest().Enterprise),
        (set, _) => [.. set.Manifest, .. System.Security.Cryptography.RandomNumberGenerator.GetBytes(8)]);

    private Issuer NewIssuer(ILicenseStore store) => new(server.Services.GetRequiredService<SetMaker>(), store, Feed, Clock);

    /// <summary>Answers the first question for an earlier reply, and then lets the twin commit.</summary>
    private sealed class LateTwin(ILicenseStore inner, Func<Task> twin) : ILicenseStore
    {
        private Func<Task>? pending = twin;

        public async ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel)
        {
            var reply = await inner.FindReplyAsync(actor, requestId, cancel);
            if (Interlocked.Exchange(ref pending, null) is { } run)
            {
                await run();
            }

            return reply;
        }

        public ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) => inner.ReserveAsync(sequence, count, cancel);

        public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) => inner.FindAsync(key, maxAge, cancel);

        public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) => inner.LoadSetAsync(id, cancel);

        public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => inner.FindAtAsync(key, time, cancel);

        public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => inner.FindSealAsync(code, cancel);

        public ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel) => inner.HistoryAsync(serial, cancel);

        public ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel) => inner.FindTradeLicensesAsync(holder, cancel);

        public ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request) => inner.ChangePermitAsync(deed, judged, known, events, request);

        public ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel) => inner.ListDuePermitsAsync(query, cancel);

        public ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request) => inner.AddSetAsync(issuedSet, started, request);

        public ValueTask<Committed> ReplaceSetAsync(
            IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request) =>
            inner.ReplaceSetAsync(issuedSet, fresh, started, replaced, ended, request);

        public ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request) =>
            inner.ChangeStatesAsync(deed, changes, request);
    }
}
