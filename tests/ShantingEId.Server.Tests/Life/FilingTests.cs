using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Server.Storage;
using ShantingEId.V1;
using Filed = ShantingEId.V1.FiledItem.Types.Kind;
using State = ShantingEId.V1.IssuedSet.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Life;

public sealed class FilingTests(ServerFixture server) : FilingContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresFilingTests(PostgresServerFixture server) : FilingContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>备案事项: recorded and never on the licence; alone nothing is reissued, with other items all or nothing.</summary>
public abstract class FilingContract(ServerFixture server)
{
    private const string NewName = "枣庄市山亭区样例备案食品有限公司";
    private readonly LifeClient life = LifeClient.Of(server);
    private readonly RegisterService.RegisterServiceClient register = new(server.Channel("staff"));

    [Fact]
    public async Task Filed_items_alone_are_recorded_and_licence_codes_and_seals_stay_as_they_are()
    {
        var set = await life.FoundAsync();
        var request = Filing(set, (Filed.OperatingTerm, "2026-11-24 至 2046-11-23"), (Filed.RegistryContact, "样例联络员，电话样例"));

        var answer = await life.ChangeAsync(request);

        Assert.Equal((set.Name, State.Active, set.ManifestDigest), (answer.IssuedSet.Name, answer.IssuedSet.State, answer.IssuedSet.ManifestDigest));
        Assert.Null(answer.ReplacedSet);
        Assert.Empty(answer.ReissuedSeals);
        Assert.Empty(answer.ChangedItems);
        Assert.Equal(4, answer.CarriedSeals.Count);
        Assert.Equal([(Filed.OperatingTerm, ""), (Filed.RegistryContact, "")], answer.FiledItems.Select(item => (item.Kind, item.EarlierText)));
        var now = await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + set.License.Enterprise.CreditCode });
        Assert.Equal(set, now);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(set.LicenseCode)).Verdict);
        Assert.All(await Task.WhenAll(set.Seals.Select(seal => life.SealAsync(seal))), verdict => Assert.Equal(Verdict.Valid, verdict.Verdict));

        // Once: the same request is the same answer, and nothing more is recorded.
        Assert.Equal(answer, await life.ChangeAsync(request));
        Assert.Equal(2, (await TimelineAsync(set)).Entries.Count);
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(Staff(request, again => again.FiledItems[0].Text = "另一期限"))).Reason);
    }

    [Fact]
    public async Task What_was_filed_is_kept_and_the_same_again_is_no_change()
    {
        var set = await life.FoundAsync();
        await life.ChangeAsync(Filing(set, (Filed.Management, "执行董事样例甲"), (Filed.Articles, "2026年章程")));

        // One of the two differs.
        var answer = await life.ChangeAsync(Filing(set, (Filed.Management, "执行董事样例乙"), (Filed.Articles, "2026年章程")));

        Assert.Equal((Filed.Management, "执行董事样例乙", "执行董事样例甲"), Assert.Single(answer.FiledItems) is var item ? (item.Kind, item.Text, item.EarlierText) : default);
        var same = await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (Filed.Management, "执行董事样例乙"))));
        Assert.Equal((StatusCode.FailedPrecondition, "NOTHING_CHANGED"), (same.Status, same.Reason));
        var timeline = await TimelineAsync(set);
        Assert.Equal(["执行董事样例甲", "2026年章程", "执行董事样例乙"], timeline.Entries.SelectMany(entry => entry.FiledItems.OrderByDescending(one => one.Kind)).Select(one => one.Text));
        Assert.Equal(["2026年章程", "执行董事样例乙"], timeline.FiledItems.Select(one => one.Text));
    }

    [Fact]
    public async Task Face_items_and_filed_items_are_one_act()
    {
        var set = await life.FoundAsync();
        var request = LifeClient.Rename(set, NewName);
        request.FiledItems.Add(new FiledItem { Kind = Filed.Investors, Text = "样例股东认缴一百万元" });

        var answer = await life.ChangeAsync(request);

        Assert.Equal((2, NewName, "样例股东认缴一百万元"), (answer.IssuedSet.License.Version, answer.IssuedSet.License.Enterprise.Name, answer.FiledItems.Single().Text));
        var timeline = await TimelineAsync(set);
        var change = timeline.Entries[^1];
        Assert.Equal((TimelineEntry.Types.Kind.Changed, "样例股东认缴一百万元"), (change.Kind, change.FiledItems.Single().Text));
        Assert.Equal(answer.IssuedSet.StateEffectiveTime, timeline.FiledItems.Single().EffectiveTime);

        // Neither where one of them may not be.
        var refused = LifeClient.Rename(set, NewName + "分");
        refused.FiledItems.Add(new FiledItem { Kind = Filed.FamilyMembers, Text = "样例家人" });
        (await Refusal.Of(life.Staff.ChangeRegistrationAsync(refused))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "filed_items[0].kind");
        Assert.Equal(timeline, await TimelineAsync(set));

        // A face that says what it said files what differs, and reissues nothing.
        var faceAsBefore = LifeClient.Rename(set, NewName);
        faceAsBefore.FiledItems.Add(new FiledItem { Kind = Filed.Investors, Text = "样例股东认缴二百万元" });
        Assert.Equal(2, (await life.ChangeAsync(faceAsBefore)).IssuedSet.License.Version);
    }

    [Fact]
    public async Task A_preview_of_filed_items_shows_that_nothing_is_reissued_and_records_nothing()
    {
        var set = await life.FoundAsync();
        var request = Filing(set, (Filed.BeneficialOwners, "样例受益人"));
        request.ValidateOnly = true;

        var preview = await life.ChangeAsync(request);

        Assert.Equal((set.Name, 1), (preview.IssuedSet.Name, preview.IssuedSet.License.Version));
        Assert.Null(preview.ReplacedSet);
        Assert.Empty(preview.ReissuedSeals);
        Assert.Equal("样例受益人", preview.FiledItems.Single().Text);
        Assert.Single((await TimelineAsync(set)).Entries);
    }

    [Fact]
    public async Task What_was_decided_earlier_is_filed_from_then_and_never_from_a_time_to_come()
    {
        var set = await life.FoundAsync();
        var decided = set.StateEffectiveTime.ToDateTimeOffset().AddDays(-3);
        var request = Filing(set, (Filed.RegistryContact, "样例联络员甲"));
        request.EffectiveTime = decided.ToTimestamp();

        var item = (await life.ChangeAsync(request)).FiledItems.Single();

        Assert.Equal(decided.ToUnixTimeMilliseconds(), item.EffectiveTime.ToDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.True(item.RecordedTime > item.EffectiveTime);
        foreach (var wrong in new[] { decided.AddSeconds(-1), TimeProvider.System.GetUtcNow().AddHours(1), new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero) })
        {
            var refused = Filing(set, (Filed.RegistryContact, "样例联络员乙"));
            refused.EffectiveTime = wrong.ToTimestamp();
            (await Refusal.Of(life.Staff.ChangeRegistrationAsync(refused))).IsField(StatusCode.InvalidArgument, "EFFECTIVE_TIME_INVALID", "effective_time");
        }
    }

    [Fact]
    public async Task Items_prepared_with_a_change_wait_with_it_and_go_when_it_is_taken_back()
    {
        var set = await life.FoundAsync();
        await life.ChangeAsync(Filing(set, (Filed.Management, "样例甲")));
        var request = LifeClient.Rename(set, NewName);
        request.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(2).ToTimestamp();
        request.FiledItems.Add(new FiledItem { Kind = Filed.Management, Text = "样例乙" });
        await life.ChangeAsync(request);

        Assert.Equal("样例甲", (await TimelineAsync(set)).FiledItems.Single().Text);
        Assert.Equal("CHANGE_PENDING", (await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (Filed.Management, "样例丙"))))).Reason);

        await life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：撤回", Authority = LifeClient.Authority });

        Assert.Equal("样例甲", (await TimelineAsync(set)).FiledItems.Single().Text);
        var answer = await life.ChangeAsync(Filing(set, (Filed.Management, "样例乙")));
        Assert.Equal("样例甲", answer.FiledItems.Single().EarlierText);
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task A_paused_company_files_and_one_that_ended_does_not()
    {
        var set = await life.FoundAsync();
        await life.DoAsync("Suspend", set);
        Assert.Equal(State.Suspended, (await life.ChangeAsync(Filing(set, (Filed.RegistryContact, "样例联络员")))).IssuedSet.State);
        await life.DoAsync("Resume", set);
        await life.DoAsync("Cancel", set);

        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (Filed.RegistryContact, "另一样例联络员"))))).Reason);
    }

    [Theory]
    [InlineData(Filed.Unspecified, "样例", "filed_items[0].kind ENUM_INVALID")]
    [InlineData((Filed)99, "样例", "filed_items[0].kind ENUM_INVALID")]
    [InlineData(Filed.CooperativeMembers, "样例", "filed_items[0].kind ENUM_INVALID")]
    [InlineData(Filed.Articles, "", "filed_items[0].text TEXT_INVALID")]
    [InlineData(Filed.Articles, "样例\n章程", "filed_items[0].text TEXT_INVALID")]
    [InlineData(Filed.Articles, " 样例", "filed_items[0].text TEXT_INVALID")]
    public async Task What_cannot_be_filed_is_refused(Filed kind, string text, string violation)
    {
        var set = await life.FoundAsync();
        Assert.Equal([violation], (await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (kind, text))))).Fields);
    }

    [Fact]
    public async Task The_longest_text_is_filed_one_more_is_not_and_an_item_stands_once()
    {
        var set = await life.FoundAsync();
        Assert.Equal(["filed_items[1].text TEXT_INVALID"], (await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (Filed.Articles, "样例"), (Filed.Investors, new string('样', 1501)))))).Fields);
        Assert.Equal(["filed_items[1].kind ENUM_INVALID"], (await Refusal.Of(life.Staff.ChangeRegistrationAsync(Filing(set, (Filed.Articles, "样例"), (Filed.Articles, "样例二"))))).Fields);
        Assert.Equal(1500, (await life.ChangeAsync(Filing(set, (Filed.Investors, new string('样', 1500))))).FiledItems.Single().Text.Length);
    }

    // Many clerks at once: what each is told was recorded is recorded, in one order, and each says truly what was there before.
    [Fact]
    public async Task Clerks_who_file_at_once_do_not_write_over_each_other()
    {
        var set = await life.FoundAsync();
        var told = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                return (await life.ChangeAsync(Filing(set, (Filed.RegistryContact, $"样例联络员{i}")))).FiledItems.Single();
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Aborted)
            {
                return null;
            }
        }));

        var recorded = (await TimelineAsync(set)).Entries.SelectMany(entry => entry.FiledItems).ToArray();
        Assert.NotEmpty(recorded);
        Assert.Equal(recorded.Select(item => (item.Text, item.EarlierText)).Order(), told.OfType<FiledItem>().Select(item => (item.Text, item.EarlierText)).Order());
        Assert.Equal(recorded.SkipLast(1).Select(item => item.Text).Prepend(""), recorded.Select(item => item.EarlierText));
    }

    [Fact]
    public async Task The_same_request_sent_many_times_at_once_is_recorded_once()
    {
        var set = await life.FoundAsync();
        var request = Filing(set, (Filed.RegistryContact, "样例联络员"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => life.ChangeAsync(request)));

        Assert.Single(answers.Select(answer => answer.ToByteString()).Distinct());
        Assert.Single((await TimelineAsync(set)).Entries.SelectMany(entry => entry.FiledItems));
    }

    internal static ChangeRegistrationRequest Filing(IssuedSet set, params (Filed Kind, string Text)[] items)
    {
        var request = LifeClient.Change(set, _ => { });
        request.FiledItems.AddRange(items.Select(item => new FiledItem { Kind = item.Kind, Text = item.Text }));
        return request;
    }

    private AsyncUnaryCall<ChangeRegistrationResponse> Staff(ChangeRegistrationRequest request, Action<ChangeRegistrationRequest> alter)
    {
        var altered = request.Clone();
        alter(altered);
        return life.Staff.ChangeRegistrationAsync(altered);
    }

    private async Task<CompanyTimeline> TimelineAsync(IssuedSet set) =>
        await register.GetCompanyTimelineAsync(new GetCompanyTimelineRequest { Name = "companies/" + set.License.Enterprise.CreditCode });
}
