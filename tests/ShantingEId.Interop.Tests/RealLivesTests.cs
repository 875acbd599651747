using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Server.Tests;
using ShantingEId.Tool.Bench;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// Every twentieth real row (or of the project's own sample where the real ones are not at hand; EID_LIVES_EVERY=1 for all) lives a whole life over gRPC: founded, renamed, given another
/// representative, deregistered the simple way. At every stage, in publication and after it every code and every seal it ever had is asked about, and at the end all of
/// them again as of each stage.
/// </summary>
public sealed class RealLivesTests(DeregistrationFixture server) : IClassFixture<DeregistrationFixture>
{
    private static readonly int Every = int.TryParse(Environment.GetEnvironmentVariable("EID_LIVES_EVERY"), out var every) ? every : 20;
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 6 };
    private readonly ConcurrentBag<string> wrong = [];
    private long asked;

    private sealed class Life(Enterprise row)
    {
        public Enterprise Row => row;

        public List<IssuedSet> Sets { get; } = [];

        // From which stage a seal was in use, and until which.
        public Dictionary<string, (int From, int Until)> Seals { get; } = [];

        public Deregistration? Proceeding { get; set; }
    }

    [Fact]
    public async Task Every_row_lives_from_founding_to_deregistration_and_every_old_code_and_seal_says_what_it_must()
    {
        var lives = BenchRows.Load(Foreign.SharedData("zaozhuang-enterprises.csv")).Where((_, i) => i % Every == 0).Select(row => new Life(row)).ToArray();
        var staff = server.Staff();
        var desk = server.As("staff");
        List<DateTimeOffset> stages = [];

        // 1. Founded; 2. renamed; 3. another representative.
        await StageAsync(lives, stages, async life => Add(life, 0, await staff.IssueSetAsync(new IssueSetRequest { RequestId = ServerFixture.NewRequestId(), Enterprise = life.Row })));
        await StageAsync(lives, stages, async life => Add(life, 1, await ChangeAsync(staff, life, face => face.Name = Name(life.Row.Name), "name")));
        await StageAsync(lives, stages, async life => Add(life, 2, await ChangeAsync(staff, life, face => face.Representative = "样例继任人", "representative")));

        // 4. The simple way out: applied for, published, not objected to, confirmed. A branch is cancelled by its company's own act (细则 47).
        await Parallel.ForEachAsync(lives, AtOnce, async (life, cancel) =>
        {
            if (life.Row.Kind != Enterprise.Types.Kind.Branch)
            {
                life.Proceeding = await desk.ApplyDeregistrationAsync(DeregistrationFixture.Application(life.Sets[^1]), cancellationToken: cancel);
            }
        });
        await LookAsync(lives, 2);
        server.PassDay(lives.Where(life => life.Proceeding is not null).MaxBy(life => Day(life.Proceeding!.LastDayToObject))!.Proceeding!.LastDayToObject);
        await LookAsync(lives, 2);
        await StageAsync(lives, stages, async life =>
        {
            if (life.Proceeding is { } proceeding)
            {
                await desk.ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = proceeding.Name });
            }
            else
            {
                await staff.CancelSetAsync(new CancelSetRequest { RequestId = ServerFixture.NewRequestId(), Name = life.Sets[^1].Name, Reason = "样例：隶属企业申请注销", Authority = "样例机关" });
            }
        });

        // 5. Looking back from the end.
        for (var stage = 0; stage < stages.Count; stage++)
        {
            await Parallel.ForEachAsync(lives, AtOnce, async (life, _) => await CheckAsync(life, stage, stages[stage]));
        }

        Console.WriteLine($"figure lives_rows {lives.Length} rows >= 1");
        Console.WriteLine($"figure lives_simple_deregistrations {lives.Count(life => life.Proceeding is not null)} companies >= 1");
        Console.WriteLine($"figure lives_answers {asked} answers >= {lives.Length * 80L}");
        Console.WriteLine($"figure lives_wrong {wrong.Count} answers <= 0");
        Assert.Empty(wrong.Take(5));
        Assert.True(asked >= lives.Length * 80L, "too little was asked");
    }

    private async Task StageAsync(Life[] lives, List<DateTimeOffset> stages, Func<Life, Task> act)
    {
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await Parallel.ForEachAsync(lives, AtOnce, async (life, _) => await act(life));
        server.Time.Advance(TimeSpan.FromSeconds(10));
        stages.Add(server.Time.GetUtcNow());
        await LookAsync(lives, stages.Count - 1);
    }

    private Task LookAsync(Life[] lives, int stage) => Parallel.ForEachAsync(lives, AtOnce, async (life, _) => await CheckAsync(life, stage, null));

    private async Task CheckAsync(Life life, int stage, DateTimeOffset? at)
    {
        var tax = server.Tax();
        var time = at?.ToTimestamp();
        for (var version = 0; version < life.Sets.Count; version++)
        {
            var expected = stage < version ? Verdict.NotFound : stage == version || (version == 2 && stage < 3) ? Verdict.Valid : version == 2 ? Verdict.Cancelled : Verdict.Superseded;
            foreach (var code in new[] { life.Sets[version].LicenseCode, life.Sets[version].TypedCode })
            {
                Compare(life, stage, at, $"code of version {version + 1}", expected, await tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION", AsOfTime = time }));
            }
        }

        foreach (var (seal, (from, until)) in life.Seals)
        {
            var expected = stage < from ? Verdict.NotFound : stage >= until ? Verdict.Superseded : stage == 3 ? Verdict.Cancelled : Verdict.Valid;
            Compare(life, stage, at, $"seal {seal}", expected, await tax.VerifySealAsync(new VerifySealRequest { SealCode = seal, Purpose = "TAX_REGISTRATION", AsOfTime = time }));
        }

        var company = await tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = life.Row.CreditCode, Purpose = "TAX_REGISTRATION", AsOfTime = time });
        Compare(life, stage, at, "company", stage == 3 ? Verdict.Cancelled : Verdict.Valid, company);
        if (company.License.Version != Math.Min(stage, 2) + 1 || company.License.Enterprise.Name != (stage == 0 ? life.Row.Name : Name(life.Row.Name))
            || company.License.Enterprise.Representative != (stage < 2 ? life.Row.Representative : "样例继任人"))
        {
            wrong.Add($"{life.Row.CreditCode} stage {stage}: version {company.License.Version} named {company.License.Enterprise.Name}, of {company.License.Enterprise.Representative}");
        }
    }

    private void Compare(Life life, int stage, DateTimeOffset? at, string what, Verdict expected, Verification answer)
    {
        Interlocked.Increment(ref asked);
        if (answer.Verdict != expected || (expected == Verdict.Superseded && answer.Succession.CurrentName != Name(life.Row.Name)))
        {
            wrong.Add($"{life.Row.CreditCode} stage {stage} {(at is null ? "then" : "looking back")}: {what} was {answer.Verdict} {answer.Reason}, not {expected}");
        }
    }

    private static async Task<IssuedSet> ChangeAsync(IssuanceService.IssuanceServiceClient staff, Life life, Action<Enterprise> values, string item)
    {
        var request = new ChangeRegistrationRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = "issuedSets/" + life.Row.CreditCode, Enterprise = new Enterprise(), UpdateMask = new FieldMask { Paths = { item } },
            Reason = "样例：变更登记", Authority = "样例机关",
        };
        values(request.Enterprise);
        return (await staff.ChangeRegistrationAsync(request)).IssuedSet;
    }

    private static void Add(Life life, int stage, IssuedSet set)
    {
        life.Sets.Add(set);
        var codes = set.Seals.Select(seal => seal.SealCode).ToHashSet();
        foreach (var (code, (from, _)) in life.Seals.Where(seal => seal.Value.Until == int.MaxValue && !codes.Contains(seal.Key)).ToArray())
        {
            life.Seals[code] = (from, stage);
        }

        foreach (var code in codes)
        {
            life.Seals.TryAdd(code, (stage, int.MaxValue));
        }
    }

    private static string Name(string name) => "样例更名" + name[..Math.Min(name.Length, 56)];

    private static DateOnly Day(Google.Type.Date day) => new(day.Year, day.Month, day.Day);
}
