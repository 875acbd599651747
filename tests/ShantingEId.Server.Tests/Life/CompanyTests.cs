using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Companies;
using ShantingEId.Issuing;
using ShantingEId.Server.Tests.Cases;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Entry = ShantingEId.V1.TimelineEntry.Types.Kind;
using Kind = ShantingEId.V1.Step.Types.Kind;
using Match = ShantingEId.V1.SearchCompaniesRequest.Types.Match;
using IssuedSet = ShantingEId.V1.IssuedSet;
using State = ShantingEId.V1.IssuedSet.Types.State;

namespace ShantingEId.Server.Tests.Life;

public sealed class CompanyTests(ServerFixture server) : CompanyContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCompanyTests(PostgresServerFixture server) : CompanyContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>一企一档, and companies by the names they bear or bore.</summary>
public abstract class CompanyContract(ServerFixture server)
{
    private static int names;
    private readonly LifeClient life = LifeClient.Of(server);
    private readonly RegisterService.RegisterServiceClient register = new(server.Channel("staff"));
    private readonly CaseService.CaseServiceClient cases = new(server.Channel("staff"));

    [Fact]
    public async Task The_timeline_has_every_version_seal_case_change_and_proceeding_in_order_with_their_names()
    {
        // Founded through the one window, renamed, a representative, a lost seal, a pause, a change taken back, and the end.
        var opened = await cases.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        var first = await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = opened.IssuedSet });
        var renamed = await life.ChangeAsync(LifeClient.Rename(first, NewName()));
        var person = await life.ChangeAsync(LifeClient.Change(first, face => face.Representative = "样例新人", "representative"));
        var lost = LifeClient.Change(first, _ => { });
        lost.ReplaceSeals.Add(Seal.Types.Kind.Finance);
        var replaced = await life.ChangeAsync(lost);
        await life.DoAsync("Suspend", replaced.IssuedSet);
        await life.DoAsync("Resume", replaced.IssuedSet);
        var prepared = LifeClient.Rename(first, NewName());
        prepared.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(3).ToTimestamp();
        var gone = await life.ChangeAsync(prepared);
        await life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = replaced.IssuedSet.Name, Reason = "样例：企业撤回", Authority = LifeClient.Authority });
        var deregistration = await new DeregistrationService.DeregistrationServiceClient(server.Channel("staff")).ApplyDeregistrationAsync(DeregistrationFixture.Application(replaced.IssuedSet));
        await life.DoAsync("Revoke", replaced.IssuedSet);

        var timeline = await TimelineAsync(first);

        Assert.Equal(renamed.IssuedSet.License.Enterprise.Name, timeline.CompanyName);
        Assert.Equal(
        [
            (Entry.Issued, first.Name, ""), (Entry.Changed, renamed.IssuedSet.Name, first.Name), (Entry.Changed, person.IssuedSet.Name, renamed.IssuedSet.Name),
            (Entry.Changed, replaced.IssuedSet.Name, person.IssuedSet.Name), (Entry.StateChanged, replaced.IssuedSet.Name, ""), (Entry.StateChanged, replaced.IssuedSet.Name, ""),
            (Entry.Changed, gone.IssuedSet.Name, replaced.IssuedSet.Name), (Entry.Withdrawn, gone.IssuedSet.Name, replaced.IssuedSet.Name),
            (Entry.Deregistration, deregistration.Name, ""), (Entry.StateChanged, replaced.IssuedSet.Name, ""),
        ], timeline.Entries.Where(entry => entry.Kind != Entry.CaseStep).Select(entry => (entry.Kind, entry.Subject, entry.EarlierSet)));
        Assert.Equal(timeline.Entries.Select(entry => entry.Mark).Order(), timeline.Entries.Select(entry => entry.Mark));
        var steps = timeline.Entries.Where(entry => entry.Kind == Entry.CaseStep).ToArray();
        Assert.Contains(steps, step => step.Subject == opened.Name + "/steps/LICENSE" && step.StepState == Step.Types.State.Done);
        Assert.Contains(steps, step => step.Subject == opened.Name + "/steps/TAX" && step.StepState == Step.Types.State.Open);
        Assert.Equal([State.Suspended, State.Active, State.Revoked], timeline.Entries.Where(entry => entry.Kind == Entry.StateChanged).Select(entry => entry.State));
        Assert.All(timeline.Entries.Where(entry => entry.Kind is Entry.Changed or Entry.StateChanged), entry => Assert.Equal(LifeClient.Authority, entry.Authority));
        Assert.Equal(["样例理由", "样例理由", "样例理由"], timeline.Entries.Where(entry => entry.Kind == Entry.StateChanged).Select(entry => entry.Reason));

        // What differs, and which seals were made and ended by it.
        var changes = timeline.Entries.Where(entry => entry.Kind == Entry.Changed).ToArray();
        Assert.Equal(("name", first.License.Enterprise.Name, renamed.IssuedSet.License.Enterprise.Name), changes[0].FaceChanges.Single() is var item ? (item.Item, item.Before, item.After) : default);
        Assert.Equal((4, 4), (changes[0].SealsMade.Count, changes[0].SealsEnded.Count));
        Assert.Equal(first.Seals.Select(seal => seal.SealCode), changes[0].SealsEnded);
        Assert.Equal(["representative"], changes[1].FaceChanges.Select(one => one.Item));
        Assert.Equal([person.IssuedSet.Seals[3].SealCode], changes[1].SealsMade);
        Assert.Empty(changes[2].FaceChanges);
        Assert.Equal([renamed.IssuedSet.Seals[1].SealCode], changes[2].SealsEnded);

        // Versions and seals as they stand.
        Assert.Equal([State.Superseded, State.Superseded, State.Superseded, State.Revoked, State.Withdrawn], timeline.Versions.Select(version => version.State));
        Assert.Equal(timeline.Versions.Take(3).Select(version => version.EndTime), timeline.Versions.Skip(1).Take(3).Select(version => version.StartTime));
        Assert.Equal(4 + 4 + 1 + 1 + 4, timeline.Seals.Count);
        var finance = timeline.Seals.Single(seal => seal.SealCode == renamed.IssuedSet.Seals[1].SealCode);
        Assert.Equal((renamed.IssuedSet.Name, replaced.IssuedSet.Name, replaced.IssuedSet.StateEffectiveTime, "样例：变更登记"), (finance.MadeWith, finance.ReplacedBy, finance.ReplacedTime, finance.ReplacedReason));
        Assert.Equal(4, timeline.Seals.Count(seal => seal.Withdrawn));
        Assert.Equal(replaced.IssuedSet.Seals.Select(seal => seal.SealCode).Order(), timeline.Seals.Where(seal => seal is { Withdrawn: false, ReplacedBy: "" }).Select(seal => seal.SealCode).Order());
    }

    [Fact]
    public async Task A_company_is_found_by_its_former_names_with_their_times()
    {
        var (old, middle) = (NewName(), NewName());
        var set = await FoundAsync(old);
        var second = await life.ChangeAsync(LifeClient.Rename(set, middle));
        var back = await life.ChangeAsync(LifeClient.Rename(set, old));
        await life.DoAsync("Suspend", back.IssuedSet);

        var hits = await SearchAsync(old);
        Assert.Equal(
            [(old, set.StateEffectiveTime, second.IssuedSet.StateEffectiveTime, false), (old, back.IssuedSet.StateEffectiveTime, null, true)],
            hits.Select(hit => (hit.MatchedName, hit.FromTime, (Timestamp?)hit.UntilTime, hit.IsCurrent)));
        Assert.All(hits, hit => Assert.Equal((old, back.IssuedSet.Name, 3, State.Suspended), (hit.CurrentName, hit.IssuedSet, hit.Version, hit.State)));
        var former = Assert.Single(await SearchAsync(middle));
        Assert.Equal((middle, false, old, back.IssuedSet.StateEffectiveTime), (former.MatchedName, former.IsCurrent, former.CurrentName, former.UntilTime));

        // As it was while it bore the name in between.
        var then = Assert.Single(await SearchAsync(middle, at: second.IssuedSet.StateEffectiveTime));
        Assert.Equal((true, middle, second.IssuedSet.Name, State.Active), (then.IsCurrent, then.CurrentName, then.IssuedSet, then.State));
        Assert.Empty(await SearchAsync(middle, at: set.StateEffectiveTime));
    }

    [Fact]
    public async Task Brackets_and_dots_are_one_as_in_questions_and_nothing_else_is_forgiven()
    {
        var number = Interlocked.Increment(ref names);
        var stored = $"枣庄样例（山亭）阿·里{number}号商行";
        await FoundAsync(stored);
        foreach (var spelled in new[] { stored, $"枣庄样例(山亭)阿•里{number}号商行", $"枣庄样例（山亭)阿・里{number}号商行", $"枣庄样例(山亭）阿‧里{number}号商行", $"枣庄样例(山亭）阿･里{number}号商行" })
        {
            Assert.Equal(stored, Assert.Single(await SearchAsync(spelled)).MatchedName);
        }

        Assert.Empty(await SearchAsync(stored[..^1]));
        Assert.Empty(await SearchAsync(stored.Replace("商行", "商店", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_name_that_is_prepared_is_found_by_nobody_before_its_time_and_never_when_it_was_taken_back()
    {
        var set = await FoundAsync(NewName());
        var secret = NewName();
        var prepared = LifeClient.Rename(set, secret);
        prepared.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(3).ToTimestamp();
        await life.ChangeAsync(prepared);
        Assert.Empty(await SearchAsync(secret));
        Assert.True(Assert.Single(await SearchAsync(set.License.Enterprise.Name)).IsCurrent);
        await life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：撤回", Authority = LifeClient.Authority });
        Assert.Empty(await SearchAsync(secret));
    }

    [Fact]
    public async Task Pages_of_a_beginning_hold_every_name_once_and_in_order()
    {
        var beginning = $"样例分页{Interlocked.Increment(ref names):D3}";
        var made = new List<string>();
        foreach (var end in new[] { "丙", "甲", "乙", "𠮷", "丁" })
        {
            made.Add((await FoundAsync(beginning + end + "商行")).License.Enterprise.Name);
        }

        // Two companies of one name: both, by credit code.
        made.Add((await FoundAsync(beginning + "甲商行")).License.Enterprise.Name);
        var (seen, token) = (new List<CompanyHit>(), "");
        do
        {
            var page = await register.SearchCompaniesAsync(new SearchCompaniesRequest { Query = beginning, Match = Match.Prefix, PageSize = 2, PageToken = token });
            Assert.InRange(page.Hits.Count, 1, 2);
            seen.AddRange(page.Hits);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(made.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))), seen.Select(hit => hit.MatchedName));
        Assert.Equal(6, seen.Select(hit => hit.CreditCode).Distinct().Count());
        Assert.Empty(await SearchAsync(beginning)); // Exactly so nobody is called.
    }

    [Theory]
    [InlineData("样", Match.Exact, "query TEXT_INVALID")]
    [InlineData("样例商", Match.Prefix, "query TEXT_INVALID")]
    [InlineData("样例\u200b商行", Match.Exact, "query TEXT_INVALID")]
    [InlineData("样例商行", (Match)9, "match ENUM_INVALID")]
    public async Task What_cannot_be_searched_is_refused(string query, Match match, string violation) =>
        Assert.Equal([violation], (await Refusal.Of(register.SearchCompaniesAsync(new SearchCompaniesRequest { Query = query, Match = match }))).Fields);

    [Fact]
    public async Task Tokens_of_other_lists_times_to_come_and_too_large_pages_are_refused()
    {
        async Task<string[]> Fields(Action<SearchCompaniesRequest> alter)
        {
            var request = new SearchCompaniesRequest { Query = "样例商行" };
            alter(request);
            return (await Refusal.Of(register.SearchCompaniesAsync(request))).Fields;
        }

        var foreign = Convert.ToBase64String(Encoding.UTF8.GetBytes("别的名称\n91370406MA00DEM06N")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        Assert.Equal(["page_token PAGE_TOKEN_INVALID"], await Fields(request => request.PageToken = foreign));
        Assert.Equal(["page_token PAGE_TOKEN_INVALID"], await Fields(request => request.PageToken = "%%%"));
        Assert.Equal(["as_of_time AS_OF_INVALID"], await Fields(request => request.AsOfTime = TimeProvider.System.GetUtcNow().AddHours(1).ToTimestamp()));
        Assert.Equal(["page_size PAGE_SIZE_INVALID"], await Fields(request => request.PageSize = 51));
    }

    [Fact]
    public async Task Departments_and_company_apps_have_no_part_in_it_and_unknown_companies_are_not_there()
    {
        var set = await life.FoundAsync();
        foreach (var caller in new[] { "tax-bureau", "bank", "holder-app" })
        {
            var client = new RegisterService.RegisterServiceClient(server.Channel(caller));
            Assert.Equal("ACCESS_DENIED", (await Refusal.Of(client.GetCompanyTimelineAsync(Of(set)))).Reason);
            Assert.Equal("ACCESS_DENIED", (await Refusal.Of(client.SearchCompaniesAsync(new SearchCompaniesRequest { Query = set.License.Enterprise.Name }))).Reason);
        }

        Assert.Equal(set.License.Enterprise.Name, (await new RegisterService.RegisterServiceClient(server.Channel("auditor")).GetCompanyTimelineAsync(Of(set))).CompanyName);
        var unknown = await Refusal.Of(register.GetCompanyTimelineAsync(new GetCompanyTimelineRequest { Name = "companies/" + SampleCompanies.CreditCode(SampleCompanies.Next()) }));
        Assert.Equal((StatusCode.NotFound, "LICENSE_NOT_FOUND"), (unknown.Status, unknown.Reason));
        (await Refusal.Of(register.GetCompanyTimelineAsync(new GetCompanyTimelineRequest { Name = "companies/1234" }))).IsField(StatusCode.InvalidArgument, "USCC_INVALID", "name");
    }

    [Fact]
    public async Task The_folded_name_of_the_store_is_the_folded_name_of_questions()
    {
        await life.FoundAsync();
        using var file = server.OpenRegister();
        foreach (var name in (string[])["样例（山亭）", "阿•里‧木・江･", "样例(山亭)·乙"])
        {
            Assert.Equal(1, file.Execute("UPDATE issued_set SET name = @name WHERE id = (SELECT min(id) FROM issued_set)", ("@name", name)));
            Assert.Equal(1, file.Execute("UPDATE issued_set SET name = @name WHERE id = (SELECT min(id) FROM issued_set) AND search_name = @folded", ("@name", name), ("@folded", Verifying.Question.Fold(name))));
        }
    }

    // As many versions as a licence can have, each with a long scope: the newest are told, and how many are not.
    [Fact]
    public void A_life_too_long_for_one_answer_is_told_from_its_end()
    {
        const int Versions = 999;
        var (holder, day) = (Licenses.CreditCode.Parse(SampleCompanies.CreditCode(SampleCompanies.Next())), new DateTimeOffset(2026, 1, 5, 2, 0, 0, TimeSpan.Zero));
        var input = Rpc.Wire.ToInput(ServerFixture.ValidRequest().Enterprise) with { CreditCode = holder.Value };
        var licenses = new List<Licenses.License>();
        var states = new List<StatedEntry>();
        for (var i = 1; i <= Versions; i++)
        {
            var id = Licenses.LicenseId.ForBusinessLicense(holder, holder, i);
            licenses.Add(new Licenses.License(id, Licenses.EnterpriseFacts.Parse(input with { BusinessScope = new string(i % 2 == 0 ? '甲' : '乙', 500) }, new DateOnly(2026, 11, 24)), "样例机关", holder, day));
            var began = new StateRecord(SetState.Active, day.AddHours(i), day.AddHours(i), "样例：变更", "样例机关");
            if (i > 1)
            {
                states.Add(new StatedEntry(licenses[i - 2].Id, began with { State = SetState.Superseded, Successor = id }, i * 2));
            }

            states.Add(new StatedEntry(id, began, (i * 2) + 1));
        }

        var timeline = new Rpc.TimelineWire(server.Services.GetRequiredService<Callers.CallerDirectory>())
            .ToMessage(holder, new CompanyLife(licenses, states, [], [], [], []), day.AddYears(1));

        Assert.InRange(timeline.Entries.Count, 200, 998);
        Assert.Equal(Versions - timeline.Entries.Count, timeline.OmittedEntries);
        Assert.Equal(RegisterName.Of(licenses[^1].Id), timeline.Entries[^1].IssuedSet);
        Assert.Equal(("business_scope", 201), timeline.Entries[^1].FaceChanges.Single() is var one ? (one.Item, one.Before.Length) : default);
        Assert.InRange(timeline.CalculateSize(), 0, 1024 * 1024);
    }

    private static GetCompanyTimelineRequest Of(IssuedSet set) => new() { Name = "companies/" + set.License.Enterprise.CreditCode };

    private static string NewName() => $"枣庄市山亭区样例{Interlocked.Increment(ref names):D4}旧名有限公司";

    private async Task<IssuedSet> FoundAsync(string name)
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Name = name;
        return await life.Staff.IssueSetAsync(request);
    }

    private async Task<CompanyTimeline> TimelineAsync(IssuedSet set) => await register.GetCompanyTimelineAsync(Of(set));

    private async Task<IReadOnlyList<CompanyHit>> SearchAsync(string name, Timestamp? at = null) =>
        (await register.SearchCompaniesAsync(new SearchCompaniesRequest { Query = name, AsOfTime = at })).Hits;
}

/// <summary>A deployment whose auditor is registered for other divisions than the one where companies are issued here.</summary>
public sealed class CompanyRegionFixture : DeskFixture
{
    protected override void Change() => CallerNode("auditor")["regions"] = new System.Text.Json.Nodes.JsonArray("1101", "370402");
}

/// <summary>Regions: of a company outside them nobody learns anything by its name or its code.</summary>
public sealed class CompanyRegionTests(CompanyRegionFixture server) : IClassFixture<CompanyRegionFixture>
{
    [Fact]
    public async Task Companies_outside_the_callers_regions_do_not_exist_for_it()
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Name = "枣庄市山亭区样例域外商行";
        await server.Staff().IssueSetAsync(request);
        var (staff, auditor) = (new RegisterService.RegisterServiceClient(server.Channel("staff")), new RegisterService.RegisterServiceClient(server.Channel("auditor")));
        var timeline = new GetCompanyTimelineRequest { Name = "companies/" + request.Enterprise.CreditCode };
        var search = new SearchCompaniesRequest { Query = request.Enterprise.Name };

        Assert.Single((await staff.SearchCompaniesAsync(search)).Hits);
        Assert.Single((await staff.GetCompanyTimelineAsync(timeline)).Versions);
        Assert.Empty((await auditor.SearchCompaniesAsync(search)).Hits);
        var unknown = await Refusal.Of(auditor.GetCompanyTimelineAsync(new GetCompanyTimelineRequest { Name = "companies/" + SampleCompanies.CreditCode(SampleCompanies.Next()) }));
        Assert.Equal(unknown.Message, (await Refusal.Of(auditor.GetCompanyTimelineAsync(timeline))).Message);
    }
}
