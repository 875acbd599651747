using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Seal.Types.Kind;
using State = ShantingEId.V1.IssuedSet.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Life;

public sealed class ChangeRegistrationTests(ServerFixture server) : ChangeRegistrationContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresChangeRegistrationTests(PostgresServerFixture server) : ChangeRegistrationContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>变更登记 over the wire: what is reissued, what stays, and what every old code and seal says afterwards.</summary>
public abstract class ChangeRegistrationContract(ServerFixture server)
{
    private const string NewName = "枣庄市山亭区样例新名食品有限公司";
    private static readonly Kind[] All = [Kind.Official, Kind.Finance, Kind.Invoice, Kind.LegalRepresentative];
    private readonly LifeClient life = LifeClient.Of(server);

    [Fact]
    public async Task A_new_name_renews_licence_and_all_four_seals_and_the_old_ones_say_what_took_their_place()
    {
        var old = await life.FoundAsync();
        // Known to every cache before.
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode)).Verdict);
        Assert.Equal(Verdict.Valid, (await life.LookUpAsync(old)).Verdict);

        var change = await life.ChangeAsync(LifeClient.Rename(old, NewName));

        var set = change.IssuedSet;
        Assert.Equal((2, NewName, State.Active), (set.License.Version, set.License.Enterprise.Name, set.State));
        Assert.Equal((old.Name, State.Superseded, set.License.LicenseId), (change.ReplacedSet.Name, change.ReplacedSet.State, change.ReplacedSet.Successor));
        Assert.Equal(["name"], change.ChangedItems);
        Assert.Equal(All, change.ReissuedSeals);
        Assert.Empty(change.CarriedSeals);
        Assert.Empty(set.Seals.Select(seal => seal.SealCode).Intersect(old.Seals.Select(seal => seal.SealCode)));
        foreach (var code in new[] { set.LicenseCode, set.TypedCode })
        {
            var valid = await life.AskAsync(code);
            Assert.Equal((Verdict.Valid, NewName), (valid.Verdict, valid.License.Enterprise.Name));
            Assert.Null(valid.Succession);
        }

        foreach (var code in new[] { old.LicenseCode, old.TypedCode })
        {
            var superseded = await life.AskAsync(code);
            Assert.Equal((Verdict.Superseded, "SUPERSEDED"), (superseded.Verdict, superseded.Reason));
            // What was signed is shown as it was; beside it stands what it is called by now.
            Assert.Equal(old.License.Enterprise.Name, superseded.License.Enterprise.Name);
            Assert.Equal((set.License.LicenseId, 2, 2, NewName), (superseded.Succession.LicenseId, superseded.Succession.Version, superseded.Succession.CurrentVersion, superseded.Succession.CurrentName));
            Assert.Equal(set.StateEffectiveTime, superseded.Succession.EffectiveTime);
        }

        Assert.Equal((Verdict.Valid, 2), (await life.LookUpAsync(old) is var now ? now.Verdict : default, now.License.Version));
        foreach (var seal in old.Seals)
        {
            var answer = await life.SealAsync(seal);
            Assert.Equal((Verdict.Superseded, "SEAL_REPLACED"), (answer.Verdict, answer.Reason));
            Assert.Equal((set.License.LicenseId, NewName, set.StateEffectiveTime), (answer.Succession.LicenseId, answer.Succession.CurrentName, answer.Succession.EffectiveTime));
            Assert.Equal([seal.SealCode], answer.Seals.Select(one => one.SealCode));
        }

        foreach (var seal in set.Seals)
        {
            Assert.Equal(Verdict.Valid, (await life.SealAsync(seal)).Verdict);
        }
    }

    [Fact]
    public async Task A_new_representative_renews_the_name_seal_and_the_others_are_bound_by_the_new_manifest()
    {
        var old = await life.FoundAsync();

        var change = await life.ChangeAsync(LifeClient.Change(old, face => face.Representative = "样例新人", "representative"));

        Assert.Equal([Kind.LegalRepresentative], change.ReissuedSeals);
        Assert.Equal(All[..3], change.CarriedSeals);
        Assert.Equal(old.Seals.Take(3).Select(seal => (seal.SealCode, seal.Digest)), change.IssuedSet.Seals.Take(3).Select(seal => (seal.SealCode, seal.Digest)));
        Assert.NotEqual(old.Seals[3].SealCode, change.IssuedSet.Seals[3].SealCode);
        foreach (var seal in change.IssuedSet.Seals)
        {
            var answer = await life.SealAsync(seal);
            Assert.Equal((Verdict.Valid, 2, "样例新人"), (answer.Verdict, answer.License.Version, answer.License.Enterprise.Representative));
        }

        Assert.Equal(Verdict.Superseded, (await life.SealAsync(old.Seals[3])).Verdict);

        // In full view the company receives all four, of whichever version they are.
        var full = await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = change.IssuedSet.Name, View = GetIssuedSetRequest.Types.View.Full });
        Assert.All(full.Seals, seal => Assert.Equal(seal.Digest, ByteString.CopyFrom(Crypto.Sm3.Hash(seal.SesSeal.Span))));

        // And by its bytes a seal answers as by its code; one byte more is not that seal.
        var bytes = await life.Bank.VerifySealAsync(new VerifySealRequest { SesSeal = full.Seals[0].SesSeal, Purpose = "ACCOUNT_OPENING" });
        Assert.Equal(Verdict.Valid, bytes.Verdict);
    }

    [Theory, InlineData("address", "枣庄市山亭区样例路2号"), InlineData("business_scope", "食品销售；餐饮服务（样例）"), InlineData("capital", "80(万元人民币)"), InlineData("type", "其他有限责任公司")]
    public async Task Any_other_item_renews_the_licence_alone(string item, string value)
    {
        var old = await life.FoundAsync();

        var change = await life.ChangeAsync(LifeClient.Change(old, face => Enterprise.Descriptor.FindFieldByName(item).Accessor.SetValue(face, value), item));

        Assert.Equal([item], change.ChangedItems);
        Assert.Empty(change.ReissuedSeals);
        Assert.Equal(old.Seals.Select(seal => seal.Digest), change.IssuedSet.Seals.Select(seal => seal.Digest));
        Assert.NotEqual(old.ManifestDigest, change.IssuedSet.ManifestDigest);
        Assert.Equal(Verdict.Superseded, (await life.AskAsync(old.LicenseCode)).Verdict);
        Assert.Equal(Verdict.Valid, (await life.SealAsync(old.Seals[0])).Verdict);
    }

    [Fact]
    public async Task A_lost_seal_is_replaced_alone()
    {
        var old = await life.FoundAsync();
        // In use under two licences before it is lost.
        await life.ChangeAsync(LifeClient.Change(old, face => face.Address = "枣庄市山亭区样例路7号", "address"));
        var request = LifeClient.Change(old, _ => { });
        request.ReplaceSeals.Add(Kind.Finance);
        request.Reason = "样例：印章遗失";

        var change = await life.ChangeAsync(request);

        Assert.Equal([Kind.Finance], change.ReissuedSeals);
        Assert.Empty(change.ChangedItems);
        var lost = await life.SealAsync(old.Seals[1]);
        Assert.Equal((Verdict.Superseded, "样例：印章遗失", change.IssuedSet.License.LicenseId, change.IssuedSet.StateEffectiveTime),
            (lost.Verdict, lost.StateReason, lost.Succession.LicenseId, lost.StateEffectiveTime));
        Assert.All(await Task.WhenAll(change.IssuedSet.Seals.Select(seal => life.SealAsync(seal))), answer => Assert.Equal(Verdict.Valid, answer.Verdict));
    }

    [Fact]
    public async Task An_old_code_names_the_newest_name_after_every_further_change()
    {
        var first = await life.FoundAsync();
        await life.ChangeAsync(LifeClient.Rename(first, NewName));
        Assert.Equal(NewName, (await life.AskAsync(first.LicenseCode)).Succession.CurrentName);
        Assert.Equal(NewName, (await life.AskAsync(first.LicenseCode)).Succession.CurrentName);

        await life.ChangeAsync(LifeClient.Rename(first, "枣庄市山亭区样例再改食品有限公司"));

        var succession = (await life.AskAsync(first.LicenseCode)).Succession;
        Assert.Equal((2, 3, "枣庄市山亭区样例再改食品有限公司"), (succession.Version, succession.CurrentVersion, succession.CurrentName));
    }

    [Fact]
    public async Task What_was_is_answered_for_every_past_instant()
    {
        var first = await life.FoundAsync();
        var second = (await life.ChangeAsync(LifeClient.Rename(first, NewName))).IssuedSet;
        var third = (await life.ChangeAsync(LifeClient.Change(first, face => face.Address = "枣庄市山亭区样例路3号", "address"))).IssuedSet;
        var (t1, t2, t3) = (Time(first), Time(second), Time(third));
        var ms = TimeSpan.FromMilliseconds(1);

        (DateTimeOffset At, string First, string Second, string Third, int Version)[] table =
        [
            (t1 - ms, "NOT_YET", "NOT_YET", "NOT_YET", 0), (t1, "VALID", "NOT_YET", "NOT_YET", 1), (t2 - ms, "VALID", "NOT_YET", "NOT_YET", 1),
            (t2, "SUPERSEDED", "VALID", "NOT_YET", 2), (t3 - ms, "SUPERSEDED", "VALID", "NOT_YET", 2), (t3, "SUPERSEDED", "SUPERSEDED", "VALID", 3),
        ];
        foreach (var (at, one, two, three, version) in table)
        {
            foreach (var (set, expected) in new[] { (first, one), (second, two), (third, three) })
            {
                foreach (var code in new[] { set.LicenseCode, set.TypedCode })
                {
                    var answer = await life.AskAsync(code, at);
                    Assert.Equal(expected, Word(answer));
                    Assert.Equal(at, answer.AsOfTime.ToDateTimeOffset());
                    Assert.Equal(expected == "NOT_YET", answer.License is null);
                }
            }

            var company = await life.LookUpAsync(first, at);
            Assert.Equal(version, company.License?.Version ?? 0);
            Assert.Equal(version == 0 ? Verdict.NotFound : Verdict.Valid, company.Verdict);
            Assert.Equal(version switch { 0 => "NOT_YET", 1 => "VALID", _ => "SUPERSEDED" }, Word(await life.SealAsync(first.Seals[0], at)));
            Assert.Equal(version switch { 0 or 1 => "NOT_YET", _ => "VALID" }, Word(await life.SealAsync(second.Seals[0], at)));
        }
    }

    [Fact]
    public async Task A_preview_says_what_would_be_reissued_and_writes_nothing()
    {
        var old = await life.FoundAsync();
        var request = LifeClient.Rename(old, NewName);
        request.ValidateOnly = true;

        var preview = await life.ChangeAsync(request);

        Assert.Equal((NewName, 2), (preview.IssuedSet.License.Enterprise.Name, preview.IssuedSet.License.Version));
        Assert.Equal(All, preview.ReissuedSeals);
        Assert.Equal(old.Name, preview.ReplacedSet.Name);
        Assert.True(preview.IssuedSet.LicenseCode.Length == 0 && preview.IssuedSet.ManifestDigest.IsEmpty);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode)).Verdict);
        using var register = server.OpenRegister();
        Assert.Equal(1, register.Number("SELECT count(*) FROM issued_set WHERE credit_code = @holder", ("@holder", old.License.Enterprise.CreditCode)));
    }

    [Fact]
    public async Task The_same_request_again_gives_the_same_answer_and_another_under_its_id_is_refused()
    {
        var old = await life.FoundAsync();
        var request = LifeClient.Rename(old, NewName);
        var first = await life.ChangeAsync(request);

        Assert.Equal(first, await life.ChangeAsync(request));
        request.UpdateMask.Paths.Add("capital");
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(life.Staff.ChangeRegistrationAsync(request))).Reason);
    }

    [Fact]
    public async Task Sixteen_clerks_at_once_change_once_each_or_hear_that_somebody_was_faster()
    {
        var old = await life.FoundAsync();

        var ends = await Task.WhenAll(Enumerable.Range(0, 16).Select(async n =>
        {
            var request = LifeClient.Rename(old, $"枣庄市山亭区样例{(char)('甲' + n)}食品有限公司");
            request.Name = old.Name; // This version or none.
            try
            {
                return (Done: (ChangeRegistrationResponse?)await life.ChangeAsync(request), Error: default(RpcException));
            }
            catch (RpcException error)
            {
                return (Done: default(ChangeRegistrationResponse), Error: (RpcException?)error);
            }
        }));

        var winner = Assert.Single(ends, end => end.Done is not null).Done!;
        Assert.All(ends.Where(end => end.Error is not null), end => Assert.Contains(end.Error!.StatusCode, new[] { StatusCode.Aborted, StatusCode.FailedPrecondition }));
        Assert.Equal(winner.IssuedSet.License, (await life.LookUpAsync(old)).License);
    }

    [Fact]
    public async Task What_cannot_be_changed_is_refused_by_reason_and_field()
    {
        var old = await life.FoundAsync();
        async Task<Refusal> Refused(Action<ChangeRegistrationRequest> spoil)
        {
            var request = LifeClient.Rename(old, NewName);
            spoil(request);
            return await Refusal.Of(life.Staff.ChangeRegistrationAsync(request));
        }

        Assert.Equal("NOTHING_CHANGED", (await Refused(request => request.Enterprise.Name = old.License.Enterprise.Name)).Reason);
        Assert.Equal("NOTHING_CHANGED", (await Refused(request => request.UpdateMask = null)).Reason);
        foreach (var path in new[] { "credit_code", "kind", "establish_date", "no_such_item", "" })
        {
            (await Refused(request => request.UpdateMask.Paths.Add(path))).IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "update_mask");
        }

        (await Refused(request => request.ReplaceSeals.Add(Kind.Unspecified))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "replace_seals");
        (await Refused(request => request.Reason = "")).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "reason");
        (await Refused(request => request.Authority = "")).IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "authority");
        (await Refused(request => request.Enterprise.Name = "样")).IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "enterprise.name");
        (await Refused(request => request.EffectiveTime = TimeProvider.System.GetUtcNow().AddMinutes(-1).ToTimestamp())).IsField(StatusCode.InvalidArgument, "EFFECTIVE_TIME_INVALID", "effective_time");
        (await Refused(request => request.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(400).ToTimestamp())).IsField(StatusCode.InvalidArgument, "EFFECTIVE_TIME_INVALID", "effective_time");
        Assert.Equal("LICENSE_NOT_FOUND", (await Refused(request => request.Name = "issuedSets/" + ServerFixture.ValidRequest().Enterprise.CreditCode)).Reason);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode)).Verdict);
    }

    [Fact]
    public async Task Only_a_past_instant_can_be_asked_about()
    {
        var set = await life.FoundAsync();
        (await Refusal.Of(life.Bank.VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "ACCOUNT_OPENING", AsOfTime = TimeProvider.System.GetUtcNow().AddMinutes(1).ToTimestamp() })))
            .IsField(StatusCode.InvalidArgument, "AS_OF_INVALID", "as_of_time");
        (await Refusal.Of(life.Bank.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = set.License.Enterprise.CreditCode, Purpose = "ACCOUNT_OPENING", AsOfTime = new Timestamp { Nanos = -5 } })))
            .IsField(StatusCode.InvalidArgument, "AS_OF_INVALID", "as_of_time");
        (await Refusal.Of(life.Bank.VerifySealAsync(new VerifySealRequest { SealCode = "12", Purpose = "ACCOUNT_OPENING" }))).IsField(StatusCode.InvalidArgument, "SEAL_CODE_INVALID", "seal_code");
        (await Refusal.Of(life.Bank.VerifySealAsync(new VerifySealRequest { SesSeal = ByteString.CopyFrom(1, 2, 3), Purpose = "ACCOUNT_OPENING" }))).IsField(StatusCode.InvalidArgument, "ASN1_INVALID", "ses_seal");
        Assert.Equal((Verdict.NotFound, "SEAL_NOT_FOUND"), (await life.Bank.VerifySealAsync(new VerifySealRequest { SealCode = "37040699999999", Purpose = "ACCOUNT_OPENING" })) is var none ? (none.Verdict, none.Reason) : default);
    }

    private static DateTimeOffset Time(IssuedSet set) => set.StateEffectiveTime.ToDateTimeOffset();

    private static string Word(Verification answer) => answer.Verdict == Verdict.NotFound && answer.Reason == "NOT_YET_EFFECTIVE" ? "NOT_YET" : answer.Verdict.ToString().ToUpperInvariant();
}
