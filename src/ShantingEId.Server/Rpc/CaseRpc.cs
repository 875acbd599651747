using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using LicenseFields = ShantingEId.Verifying.LicenseFields;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Rpc;

/// <summary>CaseService: maps messages, decides nothing; what a department may know of a step is asked of the look-up desk.</summary>
internal sealed class CaseRpc(
    CaseDesk desk, ICaseStore cases, ILicenseStore register, CaseRules rules, CaseWire wire, StepList steps, LookupDesk lookups, CallerQuotas quotas, FeedNotice notice,
    TimeProvider clock, IHostApplicationLifetime lifetime) : CaseService.CaseServiceBase
{
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    // A busy register moves the feed all the time, and a watcher need not read its case each time.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public override async Task<Case> OpenCase(OpenCaseRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        var outcome = await desk.OpenAsync(
            new OpenCommand(caller.Name, RequestId.Parse(request.RequestId), Wire.ToInput(request.Enterprise), Kinds(request.Steps), subject => Encode(subject, caller)),
            context.CancellationToken);
        return Case.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task<Case> AddSteps(AddStepsRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        var outcome = await desk.AddAsync(
            new AddCommand(caller.Name, RequestId.Parse(request.RequestId), CaseName.ParseId(request.Name), Kinds(request.Steps), subject => Encode(subject, caller)),
            context.CancellationToken);
        return Case.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task<Case> GetCase(GetCaseRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        return wire.ToMessage(await FindAsync(CaseName.Parse(request.Name), caller, context.CancellationToken), caller);
    }

    /// <inheritdoc/>
    public override async Task WatchCase(WatchCaseRequest request, IServerStreamWriter<WatchCaseResponse> responseStream, ServerCallContext context)
    {
        var (name, caller) = (CaseName.Parse(request.Name), CallerOf(context));
        await UntilStopAsync(context, "服务正在停止；请重新查看该办件", async cancel =>
        {
            var (seen, written) = (0, clock.GetTimestamp());
            while (true)
            {
                // Read before the case: what moves the feed in between is not slept over.
                var mark = notice.Head;
                var subject = await FindAsync(name, caller, cancel);
                name = CaseName.Parse(CaseName.Of(subject.Id)); // The one that was found, also when the company gets another.
                if (subject.Events.Count != seen || clock.GetElapsedTime(written) >= SignOfLife)
                {
                    await responseStream.WriteAsync(new WatchCaseResponse { Case = subject.Events.Count != seen ? wire.ToMessage(subject, caller) : null }, cancel);
                    (seen, written) = (subject.Events.Count, clock.GetTimestamp());
                }

                await Task.Delay(Pause, clock, cancel);
                var due = SignOfLife - clock.GetElapsedTime(written);
                await notice.WaitAsync(mark, due > TimeSpan.Zero ? due : TimeSpan.Zero, cancel);
            }
        });
    }

    /// <inheritdoc/>
    public override async Task<Progress> GetProgress(GetProgressRequest request, ServerCallContext context)
    {
        var code = ProgressCode.Parse(request.Code);
        if (await cases.FindCaseAsync(CaseKey.Of(code), context.CancellationToken) is { } subject)
        {
            return wire.ToProgress(subject);
        }

        quotas.CountMiss(CallerOf(context)); // Whoever tries codes is stopped like whoever tries licence codes.
        throw CaseErrors.NotFound();
    }

    /// <inheritdoc/>
    public override Task<ListStepsResponse> ListSteps(ListStepsRequest request, ServerCallContext context) => steps.ListAsync(request, CallerOf(context), context.CancellationToken);

    /// <inheritdoc/>
    public override Task WatchSteps(WatchStepsRequest request, IServerStreamWriter<WatchStepsResponse> responseStream, ServerCallContext context) =>
        UntilStopAsync(context, "服务正在停止；请从最后收到的 mark 继续", cancel => steps.WatchAsync(request, responseStream, CallerOf(context), cancel));

    /// <inheritdoc/>
    public override async Task<StepOrder> GetStep(GetStepRequest request, ServerCallContext context)
    {
        // 1. Whose step it is comes before everything.
        var (name, caller, cancel) = (StepName.Parse(request.Name), CallerOf(context), context.CancellationToken);
        var plan = rules.Catalogue.Find(name.Kind);
        var subject = plan?.Department == caller.Name ? await cases.FindCaseAsync(CaseKey.Of(name.Case), cancel) : null;
        if (subject is null || !caller.Scope.Contains(subject.Facts.CreditCode) || subject.Find(name.Kind) is not { IsShown: true } step)
        {
            quotas.CountMiss(caller);
            throw CaseErrors.StepNotFound();
        }

        // 2. The company as it stands now, by the purpose of the step: judged, cut and recorded like every look-up.
        var question = new LookupQuestion(caller, "GetStep", plan!.Purpose, WithReceipt: false, Reference: name.ToString()) { CreditCode = subject.Facts.CreditCode.Value };
        var answer = await lookups.AnswerAsync(question, cancel);
        var order = new StepOrder { Step = wire.ToMessage(subject, step), Company = Wire.ToMessage(answer) };

        // 3. What to engrave: nothing for a company that has no set in force.
        if (name.Kind == StepKind.SealEngraving && answer.Fields.HasFlag(LicenseFields.Seals) && answer.Verification is { Verdict: Verdict.Valid, Entry: { } entry })
        {
            var set = await register.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
            order.Imprints.AddRange(set.Seals.Seals.Select(seal => new SealImprint
            {
                Kind = (Seal.Types.Kind)seal.Kind, SealCode = seal.Code.Value, Png = ByteString.CopyFrom(seal.Seal.Info.Picture),
                WidthMm = seal.Seal.Info.Width, HeightMm = seal.Seal.Info.Height,
            }));
        }

        return order;
    }

    /// <inheritdoc/>
    public override async Task<Step> ReportStep(ReportStepRequest request, ServerCallContext context)
    {
        var (name, caller) = (StepName.Parse(request.Name), CallerOf(context));
        var act = request.Report switch
        {
            ReportStepRequest.Types.Report.Accept => StepAct.Accept,
            ReportStepRequest.Types.Report.Complete => StepAct.Complete,
            ReportStepRequest.Types.Report.Return => StepAct.Return,
            ReportStepRequest.Types.Report.Refuse => StepAct.Refuse,
            _ => throw Unknown("report"),
        };
        var command = new ReportCommand(caller.Name, RequestId.Parse(request.RequestId), name, act, request.Reason, CaseWire.ToEvidence(request.Evidence),
            caller.Scope.Contains, subject => wire.ToMessage(subject, subject.Find(name.Kind)!).ToByteArray());
        return Step.Parser.ParseFrom((await desk.ReportAsync(command, context.CancellationToken)).Reply);
    }

    /// <inheritdoc/>
    public override async Task<Case> DecideStep(DecideStepRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        var act = request.Decision switch
        {
            DecideStepRequest.Types.Decision.Grant => StepAct.Grant,
            DecideStepRequest.Types.Decision.Return => StepAct.Return,
            DecideStepRequest.Types.Decision.Refuse => StepAct.Refuse,
            DecideStepRequest.Types.Decision.Reopen => StepAct.Reopen,
            DecideStepRequest.Types.Decision.Withdraw => StepAct.Withdraw,
            _ => throw Unknown("decision"),
        };
        var command = new DecideCommand(caller.Name, RequestId.Parse(request.RequestId), StepName.Parse(request.Name), act, request.Reason,
            request.Enterprise is null ? null : Wire.ToInput(request.Enterprise), subject => Encode(subject, caller));
        return Case.Parser.ParseFrom((await desk.DecideAsync(command, context.CancellationToken)).Reply);
    }

    private async Task<CaseFile> FindAsync(CaseName name, Caller caller, CancellationToken cancel)
    {
        var subject = await cases.FindCaseAsync(name.Id is { } id ? CaseKey.Of(id) : CaseKey.Of(name.Holder!), cancel);
        return subject is not null && caller.Scope.Contains(subject.Facts.CreditCode) ? subject : throw CaseErrors.NotFound();
    }

    private async Task UntilStopAsync(ServerCallContext context, string next, Func<CancellationToken, Task> watch)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await watch(either.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.Draining, next) { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    private byte[] Encode(CaseFile subject, Caller caller) => wire.ToMessage(subject, caller).ToByteArray();

    private static StepKind[] Kinds(IEnumerable<Step.Types.Kind> kinds) => [.. kinds.Select(kind => (StepKind)kind)];

    private static EidException Unknown(string field) => new(ErrorReason.EnumInvalid, field + " 取值无法识别", [new FieldViolation(field, ErrorReason.EnumInvalid, "取值无法识别")]);

    private static Caller CallerOf(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());
}
