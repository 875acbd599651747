using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Incidents;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using Act = ShantingEId.V1.Incident.Types.Act;
using Deed = ShantingEId.V1.Incident.Types.Event.Types.Deed;
using Incident = ShantingEId.V1.Incident;
using IncidentQuery = ShantingEId.V1.IncidentQuery;
using Outcome = ShantingEId.V1.IncidentSet.Types.Outcome;
using State = ShantingEId.V1.Incident.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Incidents;

public sealed class IncidentTests(IncidentFixture server) : IncidentContract(server), IClassFixture<IncidentFixture>;

public sealed class PostgresIncidentTests(PostgresIncidentFixture server) : IncidentContract(server.Needed), IClassFixture<PostgresIncidentFixture>;

/// <summary>Many sets by one decision, over the wire: found, frozen, approved by another, done once each, and held when asked.</summary>
public abstract class IncidentContract(ServerFixture server)
{
    private readonly IncidentClient incidents = new(server);

    [Fact]
    public async Task A_dry_run_says_what_would_be_done_and_writes_nothing()
    {
        var start = TimeProvider.System.GetUtcNow();
        var sets = await incidents.FoundAsync(12);
        await incidents.Life.ChangeAsync(Scheduled(sets[3]));
        using var register = server.OpenRegister();
        var tables = new[] { "incident", "incident_page", "incident_event", "reply", "feed", "act", "issued_set" };
        var before = tables.Select(table => register.Number($"SELECT count(*) FROM {table}")).ToArray();
        var request = IncidentClient.Prepare(Act.Reissue, IncidentClient.Since(start));
        request.ValidateOnly = true;

        var preview = await incidents.Desk.PrepareIncidentAsync(request);

        Assert.Equal(("", State.Unspecified, 10), (preview.Name, preview.State, preview.Sample.Count));
        // The twelve, and the version that waits for its time.
        Assert.Equal((13, 52), (preview.SetCount, preview.NewSealCount));
        Assert.Equal("CHANGE_PENDING", preview.Sample[3].Reason);
        Assert.All(preview.Sample.Where((_, i) => i != 3), one => Assert.Equal(("", IssuedSet.Types.State.Active), (one.Reason, one.State)));
        Assert.Equal(sets.Take(10).Select(set => (set.Name, set.License.Enterprise.Name)), preview.Sample.Select(one => (one.IssuedSet, one.Name)));
        Assert.Equal(before, tables.Select(table => register.Number($"SELECT count(*) FROM {table}")));

        // The same list has the same digest when it is meant.
        request.ValidateOnly = false;
        Assert.Equal(preview.Digest, (await incidents.Desk.PrepareIncidentAsync(request)).Digest);
    }

    [Fact]
    public async Task What_a_second_person_approved_is_done_and_nothing_else()
    {
        var start = TimeProvider.System.GetUtcNow();
        var sets = await incidents.FoundAsync(14);
        var request = IncidentClient.Prepare(Act.Revoke, IncidentClient.Since(start));
        var prepared = await incidents.Desk.PrepareIncidentAsync(request);
        Assert.Equal((State.Prepared, 14), (prepared.State, prepared.SetCount));
        Assert.Equal(prepared, await incidents.Desk.PrepareIncidentAsync(request));

        // After it was frozen: one issued, one revoked, one paused, one about to change.
        var later = await incidents.Life.FoundAsync();
        await incidents.Life.DoAsync("Revoke", sets[1]);
        await incidents.Life.DoAsync("Suspend", sets[2]);
        await incidents.Life.DoAsync("Cancel", sets[4]);
        await incidents.Life.ChangeAsync(Scheduled(sets[5]));

        // Not by the same person, and not something else.
        var same = await Refusal.Of(incidents.Desk.ApproveIncidentAsync(IncidentClient.Approve(prepared)));
        Assert.Equal((StatusCode.PermissionDenied, "SECOND_PERSON_REQUIRED"), (same.Status, same.Reason));
        var wrong = IncidentClient.Approve(prepared);
        wrong.SetCount--;
        Assert.Equal("INCIDENT_DIFFERS", (await Refusal.Of(incidents.Supervisor.ApproveIncidentAsync(wrong))).Reason);
        wrong = IncidentClient.Approve(prepared);
        wrong.Digest = Google.Protobuf.ByteString.CopyFrom(new byte[32]);
        Assert.Equal("INCIDENT_DIFFERS", (await Refusal.Of(incidents.Supervisor.ApproveIncidentAsync(wrong))).Reason);
        Assert.Equal(Verdict.Valid, (await incidents.Life.AskAsync(sets[0].LicenseCode)).Verdict);

        var approval = IncidentClient.Approve(prepared);
        var approved = await incidents.Supervisor.ApproveIncidentAsync(approval);
        Assert.Equal(State.Running, approved.State);
        Assert.Equal(approved, await incidents.Supervisor.ApproveIncidentAsync(approval));
        var done = await incidents.EndAsync(prepared.Name);

        Assert.Equal((State.Completed, 11, 3, 0), (done.State, done.DoneCount, done.SkippedCount, done.FailedCount));
        Assert.Equal([("ALREADY_REVOKED", Outcome.Skipped, 1), ("CHANGE_PENDING", Outcome.Skipped, 1), ("TRANSITION_NOT_ALLOWED", Outcome.Skipped, 1)],
            done.Reasons.Select(one => (one.Reason, one.Outcome, one.Count)).OrderBy(one => one.Reason, StringComparer.Ordinal));
        Assert.Equal([(Deed.Prepare, "登记窗口"), (Deed.Approve, "值班负责人")], done.Events.Select(one => (one.Deed, one.ActorTitle)));
        foreach (var (i, set) in sets.Index())
        {
            var answer = await incidents.Life.AskAsync(set.LicenseCode);
            Assert.Equal((i == 4 ? Verdict.Cancelled : i == 5 ? Verdict.Valid : Verdict.Revoked, i is 1 or 4 ? "样例理由" : i == 5 ? "" : IncidentClient.Reason), (answer.Verdict, answer.StateReason));
        }

        Assert.Equal(Verdict.Valid, (await incidents.Life.AskAsync(later.LicenseCode)).Verdict);
        var exceptions = await incidents.Desk.ListIncidentSetsAsync(new ListIncidentSetsRequest { Name = done.Name, ExceptionsOnly = true });
        Assert.Equal([sets[1].Name, sets[4].Name, sets[5].Name], exceptions.Sets.Select(one => one.IssuedSet));
        Assert.All(exceptions.Sets, one => Assert.Equal((Outcome.Skipped, true), (one.Outcome, one.Message.Length > 0)));
        Assert.Equal("INCIDENT_NOT_ALLOWED", (await Refusal.Of(incidents.Supervisor.ApproveIncidentAsync(IncidentClient.Approve(prepared)))).Reason);
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task The_frozen_list_can_be_read_page_by_page_with_what_became_of_each()
    {
        var sets = await incidents.FoundAsync(7);
        var prepared = await incidents.Desk.PrepareIncidentAsync(IncidentClient.Prepare(Act.Revoke, sets));
        var seen = new List<IncidentSet>();
        var request = new ListIncidentSetsRequest { Name = prepared.Name, PageSize = 3 };
        do
        {
            var page = await incidents.Supervisor.ListIncidentSetsAsync(request);
            seen.AddRange(page.Sets);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(sets.Select(set => (set.Name, set.License.Enterprise.Name, Outcome.Unspecified)), seen.Select(one => (one.IssuedSet, one.Name, one.Outcome)));
        Assert.Equal(prepared.Digest.ToByteArray(), IncidentList.Digest(IncidentAct.Revoke, IncidentClient.Reason, LifeClient.Authority, sets.Select(set => Licenses.LicenseId.Parse(set.License.LicenseId))));
        Assert.Contains(prepared.Name, (await incidents.Desk.ListIncidentsAsync(new ListIncidentsRequest { OpenOnly = true })).Incidents.Select(one => one.Name));

        var stopped = await incidents.Desk.StopIncidentAsync(new StopIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = prepared.Name, Remark = "样例：不再需要" });
        Assert.Equal((State.Stopped, "样例：不再需要"), (stopped.State, stopped.Remark));
        Assert.Equal("INCIDENT_NOT_ALLOWED", (await Refusal.Of(incidents.Supervisor.ApproveIncidentAsync(IncidentClient.Approve(prepared)))).Reason);
        Assert.DoesNotContain(prepared.Name, (await incidents.Desk.ListIncidentsAsync(new ListIncidentsRequest { OpenOnly = true })).Incidents.Select(one => one.Name));
        Assert.Equal("INCIDENT_NOT_FOUND", (await Refusal.Of(incidents.Desk.GetIncidentAsync(new GetIncidentRequest { Name = "incidents/PL209900000001" }))).Reason);
    }

    [Fact]
    public async Task A_reissue_makes_a_new_version_with_four_new_seals_for_the_same_facts()
    {
        var sets = await incidents.FoundAsync(3);
        await incidents.Life.DoAsync("Suspend", sets[2]);

        var started = await incidents.StartAsync(IncidentClient.Prepare(Act.Reissue, sets));
        Assert.Equal(12, started.NewSealCount);
        var done = await incidents.EndAsync(started.Name);

        Assert.Equal((State.Completed, 2, 1, 0), (done.State, done.DoneCount, done.SkippedCount, done.FailedCount));
        foreach (var set in sets.Take(2))
        {
            var newest = await incidents.Life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + set.License.Enterprise.CreditCode });
            Assert.Equal((2, set.License.Enterprise), (newest.License.Version, newest.License.Enterprise));
            Assert.Empty(newest.Seals.Select(seal => seal.SealCode).Intersect(set.Seals.Select(seal => seal.SealCode)));
            Assert.Equal(Verdict.Valid, (await incidents.Life.AskAsync(newest.LicenseCode)).Verdict);
            Verification[] old = [await incidents.Life.AskAsync(set.LicenseCode), .. await Task.WhenAll(set.Seals.Select(seal => incidents.Life.SealAsync(seal)))];
            Assert.All(old, one => Assert.Equal((Verdict.Superseded, IncidentClient.Reason), (one.Verdict, one.StateReason)));
        }

        Assert.Equal(Verdict.Suspended, (await incidents.Life.AskAsync(sets[2].LicenseCode)).Verdict);
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task A_comprehensive_licence_is_signed_anew_with_its_permits_as_they_stand()
    {
        var company = await incidents.Life.FoundAsync();
        var trades = new TradeService.TradeServiceClient(server.Channel("staff"));
        var set = await trades.IssueTradeLicenseAsync(new IssueTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = "HOTEL",
            Permits = { new PermitGrant { Code = "HOTEL_SECURITY", Number = "TH1" }, new PermitGrant { Code = "PUBLIC_PLACE_HYGIENE", Number = "WS1" } },
        });

        await trades.ChangePermitAsync(new ChangePermitRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = "WS1", Act = ChangePermitRequest.Types.Act.Suspend, Reason = "样例理由", Authority = LifeClient.Authority,
        });

        var done = await incidents.EndAsync((await incidents.StartAsync(IncidentClient.Prepare(Act.Reissue, set, company))).Name);

        Assert.Equal((State.Completed, 2, 0, 0), (done.State, done.DoneCount, done.SkippedCount, done.FailedCount));
        var now = (await trades.ListTradeLicensesAsync(new ListTradeLicensesRequest { CreditCode = company.License.Enterprise.CreditCode })).IssuedSets.Single(one => one.State == IssuedSet.Types.State.Active);
        Assert.Equal(2, now.License.Version);
        Assert.Equal([("TH1", Permit.Types.State.Active), ("WS1", Permit.Types.State.Suspended)], now.Permits.Select(one => (one.Number, one.State)));
        Assert.Equal(Verdict.Valid, (await incidents.Life.AskAsync(now.LicenseCode)).Verdict);
        Assert.Equal((Verdict.Superseded, IncidentClient.Reason), (await incidents.Life.AskAsync(set.LicenseCode)) is var old ? (old.Verdict, old.StateReason) : default);
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task Sets_are_found_by_time_key_issuer_division_and_kind()
    {
        var start = TimeProvider.System.GetUtcNow();
        var company = await incidents.Life.FoundAsync();
        var other = ServerFixture.ValidRequest();
        other.Enterprise.Kind = Enterprise.Types.Kind.SoleProprietorship;
        (other.Enterprise.Type, other.Enterprise.Name) = ("个人独资企业", other.Enterprise.Name.Replace("有限公司", "中心", StringComparison.Ordinal));
        var sole = await incidents.Life.Staff.IssueSetAsync(other);
        var full = await incidents.Life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = company.Name, View = GetIssuedSetRequest.Types.View.Full });
        Assert.True(Crypto.Envelope.TryParse(full.Manifest.Memory, out var envelope));
        var (key, issuer) = (envelope.KeyId.ToString(), Crypto.Sm2Certificate.Parse(full.Seals[0].Certificate.Memory).IssuerCommonName);
        string[] both = [company.Name, sole.Name];

        Assert.Equal(both, await FoundAsync(new IncidentQuery()));
        Assert.Equal(both, await FoundAsync(new IncidentQuery { ManifestKey = key, SealIssuer = issuer, Division = "370406" }));
        Assert.Equal([company.Name], await FoundAsync(new IncidentQuery { Kind = Enterprise.Types.Kind.Company, Division = "37" }));
        Assert.Equal([sole.Name], await FoundAsync(new IncidentQuery { Kind = Enterprise.Types.Kind.SoleProprietorship }));
        Assert.Equal([company.Name], await FoundAsync(new IncidentQuery { SignedBefore = sole.StateRecordedTime }));
        foreach (var nobody in new[] { new IncidentQuery { ManifestKey = "0123456789abcdef" }, new IncidentQuery { SealIssuer = issuer + "二" }, new IncidentQuery { Division = "370407" } })
        {
            Assert.Equal("INCIDENT_EMPTY", (await Refusal.Of(() => FoundAsync(nobody))).Reason);
        }

        async Task<IEnumerable<string>> FoundAsync(IncidentQuery query)
        {
            query.SignedFrom = start.ToTimestamp();
            var request = IncidentClient.Prepare(Act.Revoke, query);
            request.ValidateOnly = true;
            return (await incidents.Desk.PrepareIncidentAsync(request)).Sample.Select(one => one.IssuedSet);
        }
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_by_field()
    {
        var set = await incidents.Life.FoundAsync();
        var now = TimeProvider.System.GetUtcNow().ToTimestamp();
        await RefusedAsync(new IncidentQuery(), "FILTER_INVALID", "query");
        await RefusedAsync(new IncidentQuery { Division = "37", IssuedSets = { set.Name } }, "FILTER_INVALID", "query");
        await RefusedAsync(new IncidentQuery { SignedFrom = now, SignedBefore = now }, "FILTER_INVALID", "query.signed_before");
        await RefusedAsync(new IncidentQuery { ManifestKey = "ABCDEF0123456789" }, "FILTER_INVALID", "query.manifest_key");
        await RefusedAsync(new IncidentQuery { Division = "3704061" }, "FILTER_INVALID", "query.division");
        await RefusedAsync(new IncidentQuery { IssuedSets = { "issuedSets/" + set.License.Enterprise.CreditCode } }, "LICENSE_ID_INVALID", "query.issued_sets");
        var request = IncidentClient.Prepare(Act.Unspecified, set);
        (await Refusal.Of(incidents.Desk.PrepareIncidentAsync(request))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "act");
        request = IncidentClient.Prepare(Act.Revoke, set);
        request.Reason = "";
        (await Refusal.Of(incidents.Desk.PrepareIncidentAsync(request))).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "reason");
        request = IncidentClient.Prepare(Act.Revoke, set);
        request.Query.IssuedSets.Add("issuedSets/" + Licenses.LicenseId.Parse(set.License.LicenseId).ToString().Replace(".001.", ".002.", StringComparison.Ordinal)[..^1] + "0");
        Assert.Contains((await Refusal.Of(incidents.Desk.PrepareIncidentAsync(request))).Reason, (string[])["LICENSE_NOT_FOUND", "LICENSE_ID_INVALID"]);

        async Task RefusedAsync(IncidentQuery query, string reason, string field) =>
            (await Refusal.Of(incidents.Desk.PrepareIncidentAsync(IncidentClient.Prepare(Act.Revoke, query)))).IsField(StatusCode.InvalidArgument, reason, field);
    }

    private static ChangeRegistrationRequest Scheduled(IssuedSet set)
    {
        var request = LifeClient.Rename(set, "枣庄市山亭区样例待更名有限公司");
        request.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(1).ToTimestamp();
        return request;
    }
}
