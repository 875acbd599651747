using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using PermitAct = ShantingEId.V1.ChangePermitRequest.Types.Act;
using PermitState = ShantingEId.V1.Permit.Types.State;
using TradeSamples = ShantingEId.Server.Tests.Trades.TradeSamples;

namespace ShantingEId.Server.Tests.Life;

public sealed class HistoryModelTests(ServerFixture server) : HistoryModelContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresHistoryModelTests(PostgresServerFixture server) : HistoryModelContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>
/// Random lives of companies and of their comprehensive licences against a model of the law's transitions that knows nothing of the register: each version, and each
/// permit, is a strip of time on which every act paints its state from its effective time on. Changes are prepared for a moment ahead, or for days, and these taken back. Every verdict
/// is compared at every instant where something changed, just before and just after. EID_HISTORIES companies (6), EID_ACTS acts each (14). What a life does is
/// thrown with EID_HISTORY_SEED, which is another in every run; who fails says how to live that life again.
/// </summary>
public abstract class HistoryModelContract(ServerFixture server)
{
    private static readonly string[] Acts =
    [
        "Suspend", "Suspend", "Suspend", "Resume", "Resume", "Resume", "Revoke", "Rescind", "Restore", "Cancel", "Rename", "Rename", "Representative", "Address", "Soon", "Soon", "Later", "Withdraw", "Withdraw",
        "TradeIssue", "TradeIssue", "TradeIssue", "TradeChange", "TradeChange", "TradeSoon", "TradeSoon", "TradeSuspend", "TradeSuspend", "TradeResume", "TradeResume", "TradeRevoke",
        "PermitSuspend", "PermitSuspend", "PermitPause", "PermitPause", "PermitResume", "PermitResume", "PermitRevoke", "PermitCancel",
    ];

    // So that each of these is in every run: what a life begins with, by its seed.
    private static readonly string[][] Beginnings = [["Soon"], ["Later", "Withdraw"], ["TradeIssue", "PermitPause", "TradeChange"]];

    private readonly LifeClient life = LifeClient.Of(server);
    private readonly TradeService.TradeServiceClient trades = new(server.Channel("staff"));
    private readonly ConcurrentDictionary<string, int> done = new();

    private int fresh;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static int Count => Number("EID_ACTS", 14);

    [Fact]
    public async Task Every_verdict_at_every_past_instant_is_the_models()
    {
        var seed = Number("EID_HISTORY_SEED", RandomNumberGenerator.GetInt32(1_000_000));
        var histories = Number("EID_HISTORIES", 6);

        await Parallel.ForEachAsync(Enumerable.Range(seed, histories), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (each, _) => await LiveAsync(each));

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", done.Select(each => $"{each.Key} {each.Value}").Order()));
        Assert.True(done.Values.Sum() > histories * 3, $"only {done.Values.Sum()} acts were allowed");
    }

    // Another each time: the same again is no change, and would be refused as that.
    private char Fresh() => (char)('一' + (Interlocked.Increment(ref fresh) % 2000));

    private async Task LiveAsync(int seed)
    {
        var (dice, told) = (new Dice((ulong)seed), new List<string>());
        try
        {
            var model = new HistoryModel(await life.FoundAsync());
            var beginning = Beginnings[seed % Beginnings.Length];
            for (var turn = 0; turn < Count; turn++)
            {
                // One act in three whatever the law says, the others what it allows, so that lives are long and refusals are seen.
                string[] all = [.. Acts.Select(act => act.StartsWith("Permit", StringComparison.Ordinal) && model.Trade is { } trade ? $"{act} {trade.Current.Set.Permits[dice.Next(trade.Current.Set.Permits.Count)].Number}" : act)
                    .Where(act => model.Trade is not null || !act.StartsWith("Permit", StringComparison.Ordinal))];
                string[] allowed = [.. all.Where(act => model.Allows(act, Now))];
                var act = turn < beginning.Length ? all.First(one => one.StartsWith(beginning[turn], StringComparison.Ordinal)) : allowed.Length == 0 || dice.Next(3) == 0 ? all[dice.Next(all.Length)] : allowed[dice.Next(allowed.Length)];
                told.Add(act);
                told[^1] += await ActAsync(model, act, dice) ? "" : " (refused)";
                await Task.Delay(dice.Next(25), TestContext.Current.CancellationToken);
            }

            await CompareAsync(model);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"{error.Message}\nafter: {string.Join(", ", told)}\nagain: EID_HISTORY_SEED={seed} EID_HISTORIES=1 EID_ACTS={Count} artifacts/bin/ShantingEId.Server.Tests/release/ShantingEId.Server.Tests -class {GetType().FullName}", error);
        }
    }

    private async Task<bool> ActAsync(HistoryModel model, string act, Dice dice)
    {
        var (began, refusal) = (Now, "");
        Action? paint = null;
        try
        {
            paint = await DoAsync(model, act, dice);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition)
        {
            refusal = error.Status.Detail;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.InvalidArgument && act.EndsWith("Soon", StringComparison.Ordinal) && Now > began.AddMilliseconds(300))
        {
            return false; // A busy machine was slower than that, and nothing is prepared for what has passed.
        }

        // What waits for its time may take force in between; then either is right.
        var (before, after) = (model.Allows(act, began), model.Allows(act, Now));
        Assert.True(before != after || before == (paint is not null), $"{act} was {(paint is null ? "refused: " + refusal : "allowed")}; business licence {model.Business.Current.Newest} pending {model.Business.Pending}, trade {model.Trade?.Current.Newest} pending {model.Trade?.Pending}");
        paint?.Invoke();
        done.AddOrUpdate(paint is null ? "refused" : act.Split(' ')[0], 1, (_, count) => count + 1);
        return paint is not null;
    }

    // Does it, and says what it makes of the model.
    private async Task<Action> DoAsync(HistoryModel model, string act, Dice dice)
    {
        var company = model.Business.Current;
        DateTimeOffset? time = act.EndsWith("Soon", StringComparison.Ordinal) ? Now.AddMilliseconds(300 + dice.Next(600)) : act == "Later" ? Now.AddDays(1 + dice.Next(30)) : null;
        switch (act.Split(' '))
        {
            case ["Rename" or "Representative" or "Address" or "Soon" or "Later"]:
                var what = act is "Soon" or "Later" ? ((string[])["Rename", "Representative", "Address"])[dice.Next(3)] : act;
                var request = what switch
                {
                    "Rename" => LifeClient.Rename(company.Set, $"枣庄市山亭区样例{Fresh()}食品有限公司"),
                    "Representative" => LifeClient.Change(company.Set, face => face.Representative = "样例" + Fresh(), "representative"),
                    _ => LifeClient.Change(company.Set, face => face.Address = $"枣庄市山亭区样例路{Fresh()}号", "address"),
                };
                request.EffectiveTime = time?.ToTimestamp();
                var change = await life.ChangeAsync(request);
                return () => model.Replace(change);
            case ["Withdraw"]:
                var stays = await life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest
                {
                    RequestId = ServerFixture.NewRequestId(), Name = "issuedSets/" + company.Set.License.Enterprise.CreditCode, Reason = "样例：申请人撤回", Authority = LifeClient.Authority,
                });
                return () => model.Withdraw(stays.StateRecordedTime.ToDateTimeOffset());
            case ["TradeIssue"]:
                // A second one of the same trade at the same place is not what is asked here.
                var issued = model.Trade is null ? await TradeSamples.IssueAsync(server, company.Set) : throw new RpcException(new Status(StatusCode.FailedPrecondition, "has one"));
                return () => model.Issue(issued);
            case ["TradeChange" or "TradeSoon"]:
                var trade = await trades.ChangeTradeLicenseAsync(new ChangeTradeLicenseRequest
                {
                    RequestId = ServerFixture.NewRequestId(), Name = TradeName(model), Grants = { new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC" + Fresh() } }, Reason = "样例：换证", Authority = LifeClient.Authority, EffectiveTime = time?.ToTimestamp(),
                });
                return () => model.ReplaceTrade(trade);
            case [var whole] when whole.StartsWith("Trade", StringComparison.Ordinal):
                var transition = whole["Trade".Length..];
                var changed = await life.DoAsync(transition, company.Set, name: TradeName(model));
                return () => model.Trade!.Current.Paint(transition, changed.StateEffectiveTime.ToDateTimeOffset());
            case [var deed, var number]:
                var verb = deed == "PermitPause" ? "Suspend" : deed["Permit".Length..];
                DateTimeOffset? until = deed == "PermitPause" ? DateTimeOffset.FromUnixTimeMilliseconds(Now.AddMilliseconds(200 + dice.Next(600)).ToUnixTimeMilliseconds()) : null;
                var permits = (await trades.ChangePermitAsync(new ChangePermitRequest
                {
                    RequestId = ServerFixture.NewRequestId(), Name = TradeName(model), Number = number, Act = System.Enum.Parse<PermitAct>(verb), Reason = "样例理由", Authority = LifeClient.Authority, UntilTime = until?.ToTimestamp(),
                })).Permits;
                return () => model.Permits[number].Paint(verb, permits.Single(permit => permit.Number == number).StateEffectiveTime.ToDateTimeOffset(), until);
            default:
                // Half of them are recorded after they took effect; while a change waits, none is.
                var since = company.Edges.Max();
                DateTimeOffset? effective = dice.Next(2) == 0 || since > Now ? null : since + ((Now - since) * ((1 + dice.Next(99)) / 100.0));
                var answer = await life.DoAsync(act, company.Set, effective);
                return () => company.Paint(act, answer.StateEffectiveTime.ToDateTimeOffset());
        }
    }

    private static string TradeName(HistoryModel model) => model.Trade?.Current.Set.Name ?? throw new RpcException(new Status(StatusCode.FailedPrecondition, "has none"));

    private async Task CompareAsync(HistoryModel model)
    {
        // Nothing is to happen by itself while it is compared.
        List<Strip> tradeVersions = model.Trade?.Versions ?? [];
        var edges = model.Business.Versions.Concat(tradeVersions).Concat(model.Permits.Values).SelectMany(strip => strip.Edges).ToArray();
        while (edges.Where(edge => edge < Now.AddSeconds(10)).DefaultIfEmpty().Max().AddMilliseconds(5) is var last && last > Now)
        {
            await Task.Delay(last - Now, TestContext.Current.CancellationToken);
        }

        foreach (var time in Around(model.Business.Versions.SelectMany(version => version.Edges)))
        {
            foreach (var version in model.Business.Versions)
            {
                Assert.Equal((time, version.At(time)), (time, Word(await life.AskAsync(version.Set.LicenseCode, time))));
            }

            var company = model.Holder(time);
            var answer = await life.LookUpAsync(model.Business.Versions[0].Set, time);
            Assert.Equal((time, company?.At(time) ?? "NotFound", company?.Set.License.Version ?? 0), (time, Word(answer), answer.License?.Version ?? 0));
            foreach (var (seal, from, until, madeFor) in model.Seals)
            {
                // In use while the company's licence names it; replaced after that, whatever became of the company.
                var sealExpected = madeFor is { IsWithdrawn: true } ? madeFor.At(time) : company is null || time < from ? "NotYet" : time >= until ? "Superseded" : company.At(time);
                Assert.Equal((time, seal.SealCode, sealExpected), (time, seal.SealCode, Word(await life.SealAsync(seal, time))));
            }
        }

        foreach (var time in tradeVersions.Count == 0 ? [] : Around(edges))
        {
            foreach (var version in tradeVersions)
            {
                Assert.Equal((time, Expected(model, version, time)), (time, Told(await life.AskAsync(version.Set.LicenseCode, time))));
            }
        }

        // And now.
        foreach (var version in model.Business.Versions)
        {
            Assert.Equal(version.At(Now), Word(await life.AskAsync(version.Set.LicenseCode)));
        }

        foreach (var version in tradeVersions)
        {
            Assert.Equal(Expected(model, version, Now), Told(await life.AskAsync(version.Set.LicenseCode)));
        }
    }

    private static DateTimeOffset[] Around(IEnumerable<DateTimeOffset> edges) => [.. edges.Where(edge => edge > DateTimeOffset.MinValue).SelectMany(edge => (DateTimeOffset[])[edge.AddMilliseconds(-1), edge, edge.AddMilliseconds(1)])
        .Distinct().Where(time => time < Now).Order()];

    // Worth no more than the business licence then; the permits it bears, each by itself.
    private static string Expected(HistoryModel model, Strip version, DateTimeOffset time)
    {
        var state = version.At(time);
        if (state is not ("Valid" or "Suspended"))
        {
            return state;
        }

        var holder = model.Holder(time)!.At(time);
        return (state == "Valid" && holder != "Valid" ? "Holder" + (holder == "Rescinded" ? "Revoked" : holder) : state)
            + string.Concat(version.Set.Permits.Select(permit => $" {permit.Number} {model.Permits[permit.Number].At(time)}"));
    }

    private static string Told(Verification answer) => Word(answer) + string.Concat(answer.Permits.Select(permit => $" {permit.Number} {(permit.State == PermitState.Active ? "Valid" : permit.State)}"));

    private static string Word(Verification answer) => answer.Reason switch
    {
        "NOT_YET_EFFECTIVE" => "NotYet",
        "RESCINDED" => "Rescinded",
        "WITHDRAWN" => "Withdrawn",
        "HOLDER_NOT_IN_FORCE" => "Holder" + answer.Verdict,
        _ => answer.Verdict.ToString(),
    };

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;
}
