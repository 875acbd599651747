using System.Security.Cryptography;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Life;

public sealed class HistoryModelTests(ServerFixture server) : HistoryModelContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresHistoryModelTests(PostgresServerFixture server) : HistoryModelContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>
/// Random lives of companies against a model of the law's transitions that knows nothing of the register: each version is a strip of time
/// on which every act paints its state from its effective time on. Every verdict is compared at every instant where something
/// changed, just before and just after. EID_HISTORIES companies (6), EID_ACTS acts each (14).
/// </summary>
public abstract class HistoryModelContract(ServerFixture server)
{
    private static readonly string[] Acts = ["Suspend", "Resume", "Revoke", "Rescind", "Restore", "Cancel", "Rename", "Representative", "Address", "Suspend", "Resume", "Rename"];
    private readonly LifeClient life = LifeClient.Of(server);

    private int fresh;

    [Fact]
    public async Task Every_verdict_at_every_past_instant_is_the_models()
    {
        var done = 0;
        for (var history = 0; history < Number("EID_HISTORIES", 6); history++)
        {
            var model = new Model(await life.FoundAsync());
            for (var act = 0; act < Number("EID_ACTS", 14); act++)
            {
                // One act in three whatever the law says, the others what it allows, so that lives are long and refusals are seen.
                var acts = RandomNumberGenerator.GetInt32(3) == 0 ? Acts : [.. Acts.Where(one => Model.Allows(one, model.Versions[^1].Newest))];
                done += await ActAsync(model, acts[RandomNumberGenerator.GetInt32(acts.Length)]) ? 1 : 0;
                await Task.Delay(RandomNumberGenerator.GetInt32(1, 25), TestContext.Current.CancellationToken);
            }

            await CompareAsync(model);
        }

        Assert.True(done > Number("EID_HISTORIES", 6) * 3, $"only {done} acts were allowed");
    }

    // Another each time: the same again is no change, and would be refused as that.
    private char Fresh() => (char)('一' + (Interlocked.Increment(ref fresh) % 2000));

    private async Task<bool> ActAsync(Model model, string act)
    {
        var current = model.Versions[^1];
        try
        {
            if (act is "Rename" or "Representative" or "Address")
            {
                var request = act switch
                {
                    "Rename" => LifeClient.Rename(current.Set, $"枣庄市山亭区样例{Fresh()}食品有限公司"),
                    "Representative" => LifeClient.Change(current.Set, face => face.Representative = "样例" + Fresh(), "representative"),
                    _ => LifeClient.Change(current.Set, face => face.Address = $"枣庄市山亭区样例路{Fresh()}号", "address"),
                };
                var change = await life.ChangeAsync(request);
                Assert.True(Model.Allows(act, current.Newest), $"{act} was allowed while {current.Newest}");
                model.Replace(change);
                return true;
            }

            // Half of them are recorded after they took effect.
            DateTimeOffset? effective = RandomNumberGenerator.GetInt32(2) == 0 ? null
                : current.Edges.Max() + ((TimeProvider.System.GetUtcNow() - current.Edges.Max()) * (RandomNumberGenerator.GetInt32(1, 100) / 100.0));
            var answer = await life.DoAsync(act, current.Set, effective);
            Assert.True(Model.Allows(act, current.Newest), $"{act} was allowed while {current.Newest}");
            current.Paint(act, answer.StateEffectiveTime.ToDateTimeOffset());
            return true;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition)
        {
            Assert.False(Model.Allows(act, current.Newest), $"{act} was refused while {current.Newest}: {error.Status.Detail}");
            return false;
        }
    }

    private async Task CompareAsync(Model model)
    {
        var instants = model.Versions.SelectMany(version => version.Edges).SelectMany(edge => (DateTimeOffset[])[edge.AddMilliseconds(-1), edge, edge.AddMilliseconds(1)])
            .Distinct().Where(time => time < TimeProvider.System.GetUtcNow()).Order().ToArray();
        foreach (var time in instants)
        {
            foreach (var version in model.Versions)
            {
                var expected = version.At(time);
                Assert.Equal((time, expected), (time, Word(await life.AskAsync(version.Set.LicenseCode, time))));
            }

            var company = model.Versions.LastOrDefault(version => version.At(time) != "NotYet");
            var answer = await life.LookUpAsync(model.Versions[0].Set, time);
            Assert.Equal((time, company?.At(time) ?? "NotFound", company?.Set.License.Version ?? 0), (time, Word(answer), answer.License?.Version ?? 0));
            foreach (var (seal, from, until) in model.Seals)
            {
                // In use while the company's licence names it; replaced after that, whatever became of the company.
                var sealExpected = company is null || time < from ? "NotYet" : time >= until ? "Superseded" : company.At(time);
                Assert.Equal((time, seal.SealCode, sealExpected), (time, seal.SealCode, Word(await life.SealAsync(seal, time))));
            }
        }

        // And now.
        foreach (var version in model.Versions)
        {
            Assert.Equal(version.At(DateTimeOffset.MaxValue), Word(await life.AskAsync(version.Set.LicenseCode)));
        }
    }

    private static string Word(Verification answer) => answer.Reason switch
    {
        "NOT_YET_EFFECTIVE" => "NotYet",
        "RESCINDED" => "Rescinded",
        _ => answer.Verdict.ToString(),
    };

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;

    private sealed class Model
    {
        public Model(IssuedSet founded)
        {
            Versions.Add(new Strip(founded));
            Seals.AddRange(founded.Seals.Select(seal => (seal, Start(founded), DateTimeOffset.MaxValue)));
        }

        public List<Strip> Versions { get; } = [];

        public List<(Seal Seal, DateTimeOffset From, DateTimeOffset Until)> Seals { get; } = [];

        public static bool Allows(string act, string state) => act switch
        {
            "Suspend" or "Rename" or "Representative" or "Address" => state == "Valid",
            "Resume" => state == "Suspended",
            "Revoke" => state is "Valid" or "Suspended",
            "Cancel" => state is "Valid" or "Suspended" or "Revoked",
            "Rescind" => state is "Valid" or "Suspended" or "Revoked" or "Cancelled",
            "Restore" => state == "Rescinded",
            _ => false,
        };

        public void Replace(ChangeRegistrationResponse change)
        {
            var time = Start(change.IssuedSet);
            Versions[^1].Paint("Supersede", time);
            Versions.Add(new Strip(change.IssuedSet));
            for (var i = 0; i < Seals.Count; i++)
            {
                if (Seals[i].Until == DateTimeOffset.MaxValue && change.ReissuedSeals.Contains(Seals[i].Seal.Kind))
                {
                    Seals[i] = Seals[i] with { Until = time };
                }
            }

            Seals.AddRange(change.IssuedSet.Seals.Where(seal => change.ReissuedSeals.Contains(seal.Kind)).Select(seal => (seal, time, DateTimeOffset.MaxValue)));
        }

        private static DateTimeOffset Start(IssuedSet set) => set.StateEffectiveTime.ToDateTimeOffset();
    }

    /// <summary>The life of one version: colours along time.</summary>
    private sealed class Strip
    {
        private readonly List<(DateTimeOffset From, string State)> colours = [];
        private readonly List<string> painted = ["Valid"];

        public Strip(IssuedSet set)
        {
            Set = set;
            colours.Add((set.StateEffectiveTime.ToDateTimeOffset(), "Valid"));
            Edges.Add(colours[0].From);
        }

        public IssuedSet Set { get; }

        public List<DateTimeOffset> Edges { get; } = [];

        public string Newest => painted[^1];

        public void Paint(string act, DateTimeOffset from)
        {
            painted.Add(act switch
            {
                "Suspend" => "Suspended", "Resume" => "Valid", "Revoke" => "Revoked", "Rescind" => "Rescinded", "Cancel" => "Cancelled", "Supersede" => "Superseded",
                _ => painted[^2], // Restore: what it was before the rescission.
            });
            colours.RemoveAll(colour => colour.From >= from);
            colours.Add((from, Newest));
            Edges.Add(from);
        }

        public string At(DateTimeOffset time) => colours.Where(colour => colour.From <= time).OrderBy(colour => colour.From).Select(colour => colour.State).LastOrDefault("NotYet");
    }
}
