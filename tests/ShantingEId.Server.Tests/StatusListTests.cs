using System.Net;
using ShantingEId.Client;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests.Life;
using ShantingEId.StatusLists;
using ShantingEId.V1;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>A public door in front of PostgreSQL.</summary>
public sealed class PostgresPublicFixture : PostgresServerFixture
{
    public override EidServerOptions Options() => base.Options() with { PublicPort = 0 };

    public HttpClient Browser() => new() { BaseAddress = EidServer.PublicAddress(App) };
}

public sealed class SqliteStatusListTests(PublicFixture server) : StatusListTests(server, server.Browser), IClassFixture<PublicFixture>;

public sealed class PostgresStatusListTests(PostgresPublicFixture server) : StatusListTests(server.Needed as PostgresPublicFixture, server.Browser), IClassFixture<PostgresPublicFixture>;

/// <summary>Status lists and packs as anybody fetches them: what the register says, within the bound, signed for this and nothing else.</summary>
public abstract class StatusListTests(ServerFixture? fixture, Func<HttpClient> browse)
{
    private const string Address = "https://eid.shanting.example/status/0";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5); // A second's pause, and what a busy machine adds.
    private readonly ServerFixture server = fixture!;
    private readonly HttpClient browser = browse();
    private readonly LifeClient life = LifeClient.Of(fixture!);

    private Sm2Certificate[] Ours => [.. new[] { AuthorityFiles.Root, AuthorityFiles.LicenseAuthority, AuthorityFiles.StatusSigner }.Select(name => AuthorityFiles.ReadCertificate(server.Certificates, name))];

    [Fact]
    public async Task A_list_says_what_the_register_says_of_every_state()
    {
        var (valid, suspended, revoked, rescinded, cancelled, renamed, resumed) =
            (await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync());
        await life.DoAsync("Suspend", suspended);
        await life.DoAsync("Revoke", revoked);
        await life.DoAsync("Rescind", rescinded);
        await life.DoAsync("Cancel", cancelled);
        await life.DoAsync("Suspend", resumed);
        await life.DoAsync("Resume", resumed);
        var newer = (await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市山亭区样例列表食品有限公司"))).IssuedSet;

        await BecomesAsync(LicenseStatus.Valid, newer);
        var list = (await FetchAsync()).List;
        foreach (var (set, status) in new[]
        {
            (valid, LicenseStatus.Valid), (suspended, LicenseStatus.Suspended), (revoked, LicenseStatus.Invalid), (rescinded, LicenseStatus.Invalid), (cancelled, LicenseStatus.Invalid),
            (renamed, LicenseStatus.Superseded), (newer, LicenseStatus.Valid), (resumed, LicenseStatus.Valid),
        })
        {
            Assert.Equal(status, (LicenseStatus)list[PlaceOf(set).Index]);
        }

        // Whatever was not given to anybody is invalid.
        var (used, known) = (Enumerable.Range(0, list.Count).Count(at => list[at] != (int)LicenseStatus.Invalid), Issued());
        Assert.InRange(used, 5, known);
    }

    [Fact]
    public async Task A_revocation_shows_within_the_bound()
    {
        var set = await life.FoundAsync();
        await BecomesAsync(LicenseStatus.Valid, set);

        await life.DoAsync("Revoke", set);

        await BecomesAsync(LicenseStatus.Invalid, set);
    }

    // Nothing moves the feed when a change that was prepared becomes due.
    [Fact]
    public async Task A_prepared_change_stands_invalid_until_its_time_then_takes_over()
    {
        var old = await life.FoundAsync();
        var at = TimeProvider.System.GetUtcNow().AddSeconds(4);
        var change = LifeClient.Rename(old, "枣庄市山亭区样例预约食品有限公司");
        change.EffectiveTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(at);
        var newer = (await life.ChangeAsync(change)).IssuedSet;

        await BecomesAsync(LicenseStatus.Valid, old);
        var before = await FetchAsync();
        Assert.True(before.IssueTime < at);
        Assert.Equal((LicenseStatus.Valid, LicenseStatus.Invalid), ((LicenseStatus)before.List[PlaceOf(old).Index], (LicenseStatus)before.List[PlaceOf(newer).Index]));
        await Task.Delay(at - TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken);
        await BecomesAsync(LicenseStatus.Valid, newer);
        Assert.Equal(LicenseStatus.Superseded, (LicenseStatus)(await FetchAsync()).List[PlaceOf(old).Index]);
    }

    // A comprehensive licence is worth no more than the company's business licence, and each permit no more than it.
    [Fact]
    public async Task A_comprehensive_licence_and_its_permits_stand_in_lists_and_pack()
    {
        var company = await life.FoundAsync();
        var trades = new TradeService.TradeServiceClient(server.Channel("staff"));
        var set = await trades.IssueTradeLicenseAsync(new IssueTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = "CONVENIENCE_STORE",
            Permits = { new PermitGrant { Code = "DEVICE_CLASS_2", Number = "QX1" }, new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1" }, new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC1" } },
        });
        var place = PlaceOf(set);
        await BecomesAsync(LicenseStatus.Valid, set);
        await BecomesAsync(LicenseStatus.Valid, place.OfPermits);
        await BecomesAsync(LicenseStatus.Valid, place.OfPermit(2));
        await BecomesAsync(LicenseStatus.Invalid, place.OfPermit(3)); // It has three.
        await BecomesAsync(LicenseStatus.Invalid, place.OfSeal(SealKind.Official)); // It has none.

        // One permit is suspended for a time: its end moves nothing in the feed.
        var ends = TimeProvider.System.GetUtcNow().AddSeconds(6);
        await trades.ChangePermitAsync(new ChangePermitRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = "JY1", Act = ChangePermitRequest.Types.Act.Suspend, Reason = "样例：限期整改", Authority = LifeClient.Authority,
            UntilTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(ends),
        });
        await BecomesAsync(LicenseStatus.Suspended, place.OfPermit(0));
        await BecomesAsync(LicenseStatus.Suspended, place.OfPermits);
        await BecomesAsync(LicenseStatus.Valid, place.OfPermit(1));
        var (pack, trust) = await NewPackAsync();
        var answer = new OfflineVerifier(pack, trust, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(pack.ProducedAt)).Verify(set.LicenseCode);
        Assert.Equal(Verdict.Valid, answer.Verdict);
        Assert.Equal([LicenseStatus.Suspended, LicenseStatus.Valid, LicenseStatus.Valid], answer.Permits.Select(permit => permit.State));
        Assert.Contains("食品经营许可暂停", answer.Explanation, StringComparison.Ordinal);
        var old = pack with { Seals = null, Permits = [], Neighbours = [] };
        answer = new OfflineVerifier(old, trust, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(pack.ProducedAt)).Verify(set.LicenseCode);
        Assert.Equal((Verdict.Unknown, "PERMITS_NOT_LISTED"), (answer.Verdict, answer.Reason));
        await Task.Delay(ends > TimeProvider.System.GetUtcNow() ? ends - TimeProvider.System.GetUtcNow() : TimeSpan.Zero, TestContext.Current.CancellationToken);
        await BecomesAsync(LicenseStatus.Valid, place.OfPermits);

        await trades.ChangePermitAsync(new ChangePermitRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = "YC1", Act = ChangePermitRequest.Types.Act.Revoke, Reason = "样例：吊销", Authority = LifeClient.Authority,
        });
        await BecomesAsync(LicenseStatus.Invalid, place.OfPermit(1));
        await BecomesAsync(LicenseStatus.Suspended, place.OfPermits);

        await life.DoAsync("Suspend", company);
        await BecomesAsync(LicenseStatus.Suspended, set);
        await BecomesAsync(LicenseStatus.Suspended, place.OfPermit(0));
        await life.DoAsync("Resume", company);
        await BecomesAsync(LicenseStatus.Valid, set);
        await BecomesAsync(LicenseStatus.Valid, place.OfPermit(0));
        await life.DoAsync("Cancel", company);
        await BecomesAsync(LicenseStatus.Invalid, set);
        await BecomesAsync(LicenseStatus.Invalid, place.OfPermit(0));
    }

    // A seal stands where its certificate says, in a list of its kind; what was made for one licence lives on under the next.
    [Fact]
    public async Task A_seal_stands_in_its_list_and_dies_alone_when_it_is_replaced()
    {
        var first = await life.FoundAsync();
        var place = PlaceOf(first);
        Assert.Equal(SealKinds.All.Select(kind => new StatusEntry($"https://eid.shanting.example/status/{(int)kind << 16}", place.Index)), (await SealsAsync(first)).Select(EntryOf));
        await BecomesAsync(LicenseStatus.Valid, place.OfSeal(SealKind.Finance));

        // The financial seal is lost: that one is dead from then on, the others live on where they stood.
        var change = LifeClient.Change(first, _ => { });
        change.ReplaceSeals.Add(Seal.Types.Kind.Finance);
        var second = (await life.ChangeAsync(change)).IssuedSet;
        await BecomesAsync(LicenseStatus.Superseded, place.OfSeal(SealKind.Finance));
        await BecomesAsync(LicenseStatus.Valid, place.OfSeal(SealKind.Official));
        await BecomesAsync(LicenseStatus.Valid, PlaceOf(second).OfSeal(SealKind.Finance));
        await BecomesAsync(LicenseStatus.Invalid, PlaceOf(second).OfSeal(SealKind.Official)); // None was made for it.
        Assert.Equal(PlaceOf(second).Index, EntryOf((await SealsAsync(second)).Single(seal => seal.Kind == Seal.Types.Kind.Finance)).Index);

        // Paused with the company, and again in force; a pack says the same of all of them.
        await life.DoAsync("Suspend", second);
        await BecomesAsync(LicenseStatus.Suspended, place.OfSeal(SealKind.Official));
        await life.DoAsync("Resume", second);
        await BecomesAsync(LicenseStatus.Valid, place.OfSeal(SealKind.Official));
        var third = (await life.ChangeAsync(LifeClient.Change(first, face => face.Address = "山东省枣庄市山亭区样例路 9 号", "address"))).IssuedSet;
        await BecomesAsync(LicenseStatus.Superseded, second);
        var (pack, _) = await NewPackAsync();
        var states = new PackStates(pack);
        Assert.Equal([LicenseStatus.Valid, LicenseStatus.Superseded, LicenseStatus.Valid, LicenseStatus.Valid], (await SealsAsync(first)).Select(seal => states.OfSeal(EntryOf(seal))!.Value));
        Assert.All(await SealsAsync(third), seal => Assert.Equal(LicenseStatus.Valid, states.OfSeal(EntryOf(seal))));

        // A new name ends all four at once.
        var renamed = (await life.ChangeAsync(LifeClient.Rename(first, "枣庄市山亭区样例印章食品有限公司"))).IssuedSet;
        await BecomesAsync(LicenseStatus.Superseded, place.OfSeal(SealKind.Official));
        await BecomesAsync(LicenseStatus.Superseded, PlaceOf(second).OfSeal(SealKind.Finance));
        await life.DoAsync("Cancel", renamed);
        await BecomesAsync(LicenseStatus.Invalid, PlaceOf(renamed).OfSeal(SealKind.Official));
    }

    [Fact]
    public async Task Any_cache_may_keep_what_is_answered()
    {
        using var first = await browser.GetAsync("/status/0", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, StatusToken.MediaType, "public, max-age=60"), (first.StatusCode, first.Content.Headers.ContentType!.MediaType, first.Headers.CacheControl!.ToString()));
        var token = StatusToken.Open(await first.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), Address, Ours);
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromHours(24)), (token.Ttl, token.ExpireTime - token.IssueTime));
        Assert.False(first.Headers.Contains("Set-Cookie"));

        // A change of the register that is still on its way makes one list anew, and not always another one.
        var (tag, status) = (first.Headers.ETag!, HttpStatusCode.OK);
        for (var turn = 0; turn < 3 && status == HttpStatusCode.OK; turn++)
        {
            using var again = new HttpRequestMessage(HttpMethod.Get, "/status/0") { Headers = { IfNoneMatch = { tag } } };
            using var same = await browser.SendAsync(again, TestContext.Current.CancellationToken);
            (tag, status) = (same.Headers.ETag!, same.StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotModified, status);
        using var head = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/status/0"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var post = await browser.PostAsync("/status/0", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        foreach (var path in (string[])["/status/1", "/status/00", "/status/-1", "/status/99999999999999999999", "/status/x", "/status/65537", "/status/327680", "/status/1900544", "/status/2147483647", "/pack/0/delta", "/pack/999/delta"])
        {
            using var missing = await browser.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.NotFound, "no-store"), (missing.StatusCode, missing.Headers.CacheControl!.ToString()));
        }
    }

    [Fact]
    public async Task A_pack_judges_codes_without_network_until_it_ends()
    {
        var (valid, suspended, revoked, renamed) = (await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync());
        await life.DoAsync("Suspend", suspended);
        await life.DoAsync("Revoke", revoked);
        await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市山亭区样例离线食品有限公司"));
        await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市山亭区样例离线乙食品有限公司"));
        var (pack, trust) = await NewPackAsync();
        OfflineAnswer At(DateTimeOffset time, string code) => new OfflineVerifier(pack, trust, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(time)).Verify(code);
        var now = pack.ProducedAt;

        Assert.Equal(TimeSpan.FromHours(26), pack.ExpireTime - pack.ProducedAt);
        Assert.Equal(Verdict.Valid, At(now, valid.LicenseCode).Verdict);
        Assert.StartsWith("截至 ", At(now, valid.LicenseCode).Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain("当前有效", At(now, valid.LicenseCode).Explanation, StringComparison.Ordinal);
        Assert.Equal(Verdict.Suspended, At(now, suspended.LicenseCode).Verdict);
        Assert.Equal((Verdict.Revoked, "LISTED_INVALID"), (At(now, Older(revoked)).Verdict, At(now, Older(revoked)).Reason));
        // Signed just before the pack was made, it may not have been in the register yet.
        Assert.Equal((Verdict.Unknown, "YOUNGER_THAN_STATES"), (At(now, revoked.LicenseCode).Verdict, At(now, revoked.LicenseCode).Reason));
        // With the key for codes alone nobody makes a licence that is valid offline: a free place, a list that is not there.
        Assert.Equal(Verdict.Revoked, At(now, Signed(valid, claims => claims with { IssueTime = claims.IssueTime.AddHours(-1), Status = new StatusReference(0, FreePlace(pack)) })).Verdict);
        Assert.Equal(Verdict.Revoked, At(now, Signed(valid, claims => claims with { IssueTime = claims.IssueTime.AddHours(-1), Status = new StatusReference(7, 1) })).Verdict);
        Assert.Equal(Verdict.Revoked, At(now, Signed(valid, claims => claims with { IssueTime = claims.IssueTime.AddHours(-1), Status = new StatusReference(0, 1 << 20) })).Verdict);
        var old = At(now, renamed.LicenseCode);
        Assert.Equal((Verdict.Superseded, 3, "枣庄市山亭区样例离线乙食品有限公司"), (old.Verdict, old.Successor!.Version, old.Successor.Name));
        Assert.Contains("枣庄市山亭区样例离线乙食品有限公司", old.Explanation, StringComparison.Ordinal);
        Assert.Equal(Verdict.BadSignature, At(now, valid.LicenseCode[..^9] + (valid.LicenseCode[^9] == 'A' ? 'B' : 'A') + valid.LicenseCode[^8..]).Verdict);

        // I28: from its end on it says nothing, of nobody.
        Assert.Equal(Verdict.Valid, At(pack.ExpireTime.AddSeconds(-1), valid.LicenseCode).Verdict);
        foreach (var time in (DateTimeOffset[])[pack.ExpireTime, pack.ExpireTime.AddSeconds(1), pack.ExpireTime.AddYears(1)])
        {
            Assert.Equal((Verdict.Unknown, "STATE_TOO_OLD", null), (At(time, valid.LicenseCode).Verdict, At(time, valid.LicenseCode).Reason, At(time, valid.LicenseCode).StatusAsOf));
            Assert.Equal(Verdict.Unknown, At(time, revoked.LicenseCode).Verdict);
        }

        // A clock from before the pack cannot tell either; what is younger than the pack is not called revoked.
        Assert.Equal((Verdict.Unknown, "CLOCKS_APART"), (At(now.AddMinutes(-6), valid.LicenseCode).Verdict, At(now.AddMinutes(-6), valid.LicenseCode).Reason));
        var young = await life.FoundAsync();
        Assert.Equal((Verdict.Unknown, "YOUNGER_THAN_STATES"), (At(now, young.LicenseCode).Verdict, At(now, young.LicenseCode).Reason));

        // The next one is not due yet.
        Assert.Equal(pack.ProducedAt, StatusPack.Open(await browser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken), trust.Roots).ProducedAt);
    }

    private static int FreePlace(StatusPack pack) => Enumerable.Range(0, 1 << 20).First(at => pack.Lists[0].States[at] == (int)LicenseStatus.Invalid);

    private string Older(IssuedSet set) => Signed(set, claims => claims with { IssueTime = claims.IssueTime.AddHours(-1) });

    private string Signed(IssuedSet set, Func<LicenseCode, LicenseCode> change)
    {
        var authority = AuthorityFiles.Load(server.Certificates, production: false, TimeProvider.System.GetUtcNow());
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(set.LicenseCode, authority.CodePrefix, out var envelope));
        return change(LicenseCode.Read(envelope!)!).Sign(authority.CodePrefix, authority.CodeSigner);
    }

    private async Task<(StatusPack Pack, EidTrust Trust)> NewPackAsync()
    {
        await Task.Delay(1100, TestContext.Current.CancellationToken); // Whole seconds: what is issued in the same one as the pack is younger.
        foreach (var file in Directory.Exists(Path.Combine(server.Data, "packs")) ? Directory.GetFiles(Path.Combine(server.Data, "packs")) : [])
        {
            File.Delete(file); // Due to be made anew.
        }

        var trust = EidTrust.FromPem(await File.ReadAllTextAsync(Path.Combine(server.Certificates, "root.crt"), TestContext.Current.CancellationToken));
        return (StatusPack.Open(await browser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken), trust.Roots), trust);
    }

    private async Task<IEnumerable<Seal>> SealsAsync(IssuedSet set) => (await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = set.Name, View = GetIssuedSetRequest.Types.View.Full })).Seals;

    private static StatusEntry EntryOf(Seal seal) => Sm2Certificate.Parse(seal.Certificate.ToByteArray()).StatusEntry!;

    private Task BecomesAsync(LicenseStatus status, IssuedSet set) => BecomesAsync(status, PlaceOf(set));

    private async Task BecomesAsync(LicenseStatus status, StatusReference place)
    {
        var until = TimeProvider.System.GetUtcNow() + Bound;
        while (true)
        {
            var seen = (LicenseStatus)(await FetchAsync(place.List)).List[place.Index];
            if (seen == status)
            {
                return;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < until, $"still {seen} and not {status} after {Bound.TotalSeconds:0} s");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task<StatusToken> FetchAsync(int list = 0) => StatusToken.Open(await browser.GetByteArrayAsync($"/status/{list}", TestContext.Current.CancellationToken), $"https://eid.shanting.example/status/{list}", Ours);

    private static StatusReference PlaceOf(IssuedSet set)
    {
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(set.LicenseCode, "HTTPS://EID.SHANTING.EXAMPLE/", out var envelope));
        return LicenseCode.Read(envelope!)!.Status;
    }

    private int Issued()
    {
        using var register = server.OpenRegister();
        return (int)register.Number("SELECT count(*) FROM issued_set");
    }
}
