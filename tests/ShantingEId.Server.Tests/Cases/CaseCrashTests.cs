using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Cases;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.Server.Storage;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Cases;

public sealed class CaseCrashTests(ServerFixture server) : CaseCrashContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCaseCrashTests(PostgresServerFixture server) : CaseCrashContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>An instant grant is three commits: the case, the set, the case again. Cut short before and after each, it is finished by whoever comes next, and never twice.</summary>
public abstract class CaseCrashContract(ServerFixture server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private CaseService.CaseServiceClient Staff => new(server.Channel("staff"));

    /// <summary>Where the process dies.</summary>
    public enum Cut
    {
        BeforeOpened,
        AfterOpened,
        BeforeIssued,
        AfterIssued,
        BeforeDone,
        AfterDone,
    }

    public static TheoryData<Cut> Cuts() => [.. Enum.GetValues<Cut>()];

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task The_same_request_again_goes_on_from_there(Cut cut)
    {
        var request = SampleCases.Application(Step.Types.Kind.Tax);
        await DieAsync(request, cut);

        var answer = await Staff.OpenCaseAsync(request, cancellationToken: Cancel);

        Assert.Equal([Step.Types.State.Done, Step.Types.State.Open], answer.Steps.Select(step => step.State));
        Assert.Equal(answer.ToByteString(), (await Staff.OpenCaseAsync(request, cancellationToken: Cancel)).ToByteString());
        AssertOnce(request);
    }

    // The applicant has left; a clerk finds the case half done.
    [Theory]
    [InlineData(Cut.AfterOpened)]
    [InlineData(Cut.BeforeIssued)]
    [InlineData(Cut.AfterIssued)]
    [InlineData(Cut.BeforeDone)]
    public async Task A_clerk_who_grants_goes_on_from_there_and_the_request_hears_the_same_afterwards(Cut cut)
    {
        var request = SampleCases.Application(Step.Types.Kind.Tax);
        await DieAsync(request, cut);
        var half = await Staff.GetCaseAsync(new GetCaseRequest { Name = "cases/" + request.Enterprise.CreditCode }, cancellationToken: Cancel);
        Assert.Equal(Step.Types.State.Accepted, half.Steps[0].State);
        var withdraw = new DecideStepRequest { RequestId = ServerFixture.NewRequestId(), Name = half.Steps[0].Name, Decision = DecideStepRequest.Types.Decision.Withdraw, Reason = "样例理由" };
        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(Staff.DecideStepAsync(withdraw))).Reason);

        var grant = new DecideStepRequest { RequestId = ServerFixture.NewRequestId(), Name = half.Steps[0].Name, Decision = DecideStepRequest.Types.Decision.Grant };
        var granted = await Staff.DecideStepAsync(grant, cancellationToken: Cancel);

        Assert.Equal([Step.Types.State.Done, Step.Types.State.Open], granted.Steps.Select(step => step.State));
        var answer = await Staff.OpenCaseAsync(request, cancellationToken: Cancel);
        Assert.Equal(granted, answer);
        Assert.Equal(answer.ToByteString(), (await Staff.OpenCaseAsync(request, cancellationToken: Cancel)).ToByteString());
        AssertOnce(request);
    }

    [Fact]
    public async Task One_application_sent_many_times_at_once_to_two_servers_is_one_case_and_one_set()
    {
        await using var second = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger-" + Guid.NewGuid()) });
        await second.StartAsync(Cancel);
        var other = new CaseService.CaseServiceClient(server.Channel(server.Certificate("staff"), EidServer.Address(second)));
        for (var round = 0; round < 5; round++)
        {
            var request = SampleCases.Application(Step.Types.Kind.Tax);
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () => (await (n % 2 == 0 ? Staff : other).OpenCaseAsync(request)).ToByteString())));
            Assert.Single(answers.Distinct());
            AssertOnce(request);
        }

        await second.StopAsync(Cancel);
    }

    [Fact]
    public async Task Many_clerks_who_grant_at_once_issue_one_set()
    {
        for (var round = 0; round < 5; round++)
        {
            var request = SampleCases.Doubtful();
            var opened = await Staff.OpenCaseAsync(request, cancellationToken: Cancel);
            var ends = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
            {
                var grant = new DecideStepRequest { RequestId = ServerFixture.NewRequestId(), Name = opened.Steps[0].Name, Decision = DecideStepRequest.Types.Decision.Grant };
                try
                {
                    return (await Staff.DecideStepAsync(grant)).Steps[0].State.ToString();
                }
                catch (Grpc.Core.RpcException error)
                {
                    return (await Refusal.Of(() => throw error)).Reason;
                }
            })));

            Assert.Contains("Done", ends);
            Assert.All(ends, end => Assert.Contains(end, (string[])["Done", "TRANSITION_NOT_ALLOWED"]));
            AssertOnce(request);
        }
    }

    private void AssertOnce(OpenCaseRequest request)
    {
        using var register = server.OpenRegister();
        Assert.Equal(1, register.Number("SELECT count(*) FROM issued_set WHERE credit_code = @code", ("@code", request.Enterprise.CreditCode)));
        Assert.Equal(1, register.Number("SELECT count(*) FROM case_file WHERE credit_code = @code", ("@code", request.Enterprise.CreditCode)));
        Assert.Equal(1, register.Number("SELECT count(*) FROM case_event e JOIN case_file c ON c.id = e.case_row WHERE c.credit_code = @code AND e.kind = 1 AND e.state = 4", ("@code", request.Enterprise.CreditCode)));
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    private async Task DieAsync(OpenCaseRequest request, Cut cut)
    {
        var services = server.Services;
        var wire = services.GetRequiredService<CaseWire>();
        var caller = services.GetRequiredService<CallerDirectory>().FindByName("staff")!;
        var codec = CaseWire.SetCodec;
        if (cut is Cut.BeforeIssued or Cut.AfterIssued)
        {
            codec = new SetCodec(cut == Cut.BeforeIssued ? (_, _) => throw new Died() : codec.Encode, cut == Cut.AfterIssued ? _ => throw new Died() : codec.LicenseOf);
        }

        var desk = new CaseDesk(services.GetRequiredService<ILicenseStore>(), new MortalStore(services.GetRequiredService<ICaseStore>(), cut), services.GetRequiredService<Issuer>(),
            services.GetRequiredService<CaseRules>(), services.GetRequiredService<IChangeFeed>(), codec, services.GetRequiredService<RegisterClock>());
        await Assert.ThrowsAsync<Died>(() => desk.OpenAsync(
            new OpenCommand("staff", RequestId.Parse(request.RequestId), Wire.ToInput(request.Enterprise), [.. request.Steps.Select(kind => (StepKind)kind)], subject => wire.ToMessage(subject, caller).ToByteArray()), Cancel));
    }

    private sealed class Died : Exception;

    /// <summary>Dies at its first or second write, before or after it.</summary>
    private sealed class MortalStore(ICaseStore inner, Cut cut) : ICaseStore
    {
        private int writes;

        public ValueTask<CaseFile?> FindCaseAsync(CaseKey key, CancellationToken cancel) => inner.FindCaseAsync(key, cancel);

        public async ValueTask<Committed> WriteCaseAsync(CaseFile? before, CaseFile after, WriteRequest request, bool keepReply)
        {
            writes++;
            DieIf((writes, cut) is (1, Cut.BeforeOpened) or (2, Cut.BeforeDone));
            var committed = await inner.WriteCaseAsync(before, after, request, keepReply);
            DieIf((writes, cut) is (1, Cut.AfterOpened) or (2, Cut.AfterDone));
            return committed;
        }

        public ValueTask<StepPage> ReadStepsAsync(long after, int limit, CancellationToken cancel) => inner.ReadStepsAsync(after, limit, cancel);

        public ValueTask<StepPage> ReadOverdueAsync(DateOnly today, long after, int limit, CancellationToken cancel) => inner.ReadOverdueAsync(today, after, limit, cancel);

        private static void DieIf(bool now)
        {
            if (now)
            {
                throw new Died();
            }
        }
    }
}
