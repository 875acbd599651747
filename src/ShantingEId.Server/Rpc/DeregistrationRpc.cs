using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Domain = ShantingEId.Deregistering;

namespace ShantingEId.Server.Rpc;

/// <summary>DeregistrationService: maps messages and says whose proceedings a caller may know of; decides nothing else.</summary>
internal sealed class DeregistrationRpc(DeregistrationDesk desk, IDeregistrationStore store, DeregistrationWire wire, RegisterClock clock) : DeregistrationService.DeregistrationServiceBase
{
    private const int DefaultPage = 50, LargestPage = 200;
    private const int DefaultNotices = 100, LargestNotices = 500;

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> ApplyDeregistration(ApplyDeregistrationRequest request, ServerCallContext context)
    {
        var holder = Holder(request.CreditCode);
        RequireDefined(request.DeclaredAbsent, "declared_absent");
        if (!CallerOf(context).Scope.Contains(holder))
        {
            throw StoreErrors.NotFound();
        }

        return Whole(await desk.ApplyAsync(By(request.RequestId, context), holder, DeregistrationWire.ToCommitment(request.Commitment),
            [.. request.DeclaredAbsent.Select(each => (Impediment)each)], request.ConfirmsItself, context.CancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> GetDeregistration(GetDeregistrationRequest request, ServerCallContext context)
    {
        var one = await store.FindDeregistrationAsync(DeregistrationName.Parse(request.Name), context.CancellationToken);
        return one is not null && Sees(CallerOf(context), one) ? wire.ToMessage(one, clock.GetUtcNow()) : throw DeregistrationErrors.NotFound();
    }

    /// <inheritdoc/>
    public override async Task<ListDeregistrationsResponse> ListDeregistrations(ListDeregistrationsRequest request, ServerCallContext context)
    {
        RequireDefined([request.Filter], "filter");
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        if (request.PageToken.Length > 0 && !DeregistrationName.IsNumber(request.PageToken))
        {
            throw EidException.OfField(ErrorReason.PageTokenInvalid, "page_token", "不属于这份清单；请从第一页重新查询");
        }

        var now = clock.GetUtcNow();
        var overdue = request.Filter == ListDeregistrationsRequest.Types.Filter.Overdue;
        var open = overdue || request.Filter == ListDeregistrationsRequest.Types.Filter.Open;
        var rows = await store.ListDeregistrationsAsync(
            new DeregistrationQuery(request.CreditCode.Length == 0 ? null : Holder(request.CreditCode), open, null, overdue ? now : null, request.PageToken, size), context.CancellationToken);

        // What time alone has ended is still recorded as open for a moment.
        var shown = rows.Where(one => Sees(CallerOf(context), one) && (!open || !one.StateAt(now).IsEnd()) && (!overdue || one.IsOverdueAt(now)));
        return new ListDeregistrationsResponse { Deregistrations = { shown.Select(one => wire.ToMessage(one, now)) }, NextPageToken = rows.Count == size ? rows[^1].Number : "" };
    }

    /// <inheritdoc/>
    public override async Task<ListNoticesResponse> ListNotices(ListNoticesRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        var filter = ChangeFilter.Parse(request.Regions, [], caller);
        var size = PageSize.Of(request.PageSize, DefaultNotices, LargestNotices);
        if (request.AfterMark < 0)
        {
            throw EidException.OfField(ErrorReason.MarkInvalid, "after_mark", "不能为负数");
        }

        var (now, page) = (clock.GetUtcNow(), await store.ReadNoticesAsync(request.AfterMark, size, context.CancellationToken));
        if (request.AfterMark > page.Head)
        {
            throw EidException.OfField(ErrorReason.MarkInvalid, "after_mark", "大于最新的变更");
        }

        // Who may not object has no business with what is not published.
        var mayObject = caller.MayCall(MethodRule.Of("DeregistrationService", "RaiseObjection"));
        var (last, isCurrent) = (page.Rows.Count == 0 ? 0 : page.Rows[^1].Position, page.Rows.Count < size);
        var shown = page.Rows.Select(each => each.Row).Where(one => filter.Covers(one.Holder) && (one.IsPublished || mayObject) && (!request.OpenOnly || !one.StateAt(now).IsEnd()));
        return new ListNoticesResponse { Notices = { shown.Select(one => DeregistrationWire.ToNotice(one, now)) }, Mark = isCurrent ? Math.Max(last, page.Head) : last, IsCurrent = isCurrent };
    }

    /// <inheritdoc/>
    public override async Task<V1.Objection> RaiseObjection(RaiseObjectionRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        if (caller.Role != CallerRole.Staff && request.Objector.Length > 0)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "objector", "用证单位以本单位名义提出异议，不填此项");
        }

        var objector = caller.Role == CallerRole.Staff ? request.Objector : caller.Title;
        var outcome = await desk.ObjectAsync(By(request.RequestId, context, one => DeregistrationWire.ToMessage(one, one.Objections[^1])),
            DeregistrationName.Parse(request.Name), objector, (Impediment)request.Ground, request.Reason, context.CancellationToken);
        return V1.Objection.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task<V1.Objection> WithdrawObjection(WithdrawObjectionRequest request, ServerCallContext context)
    {
        var (number, objection) = DeregistrationName.ParseObjection(request.Name);
        var outcome = await desk.WithdrawObjectionAsync(By(request.RequestId, context, one => DeregistrationWire.ToMessage(one, one.Objections[objection - 1])),
            number, objection, request.Reason, context.CancellationToken);
        return V1.Objection.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> ReturnDeregistration(ReturnDeregistrationRequest request, ServerCallContext context) =>
        Whole(await desk.ReturnAsync(By(request.RequestId, context), DeregistrationName.Parse(request.Name), request.ToMend, context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> ResubmitDeregistration(ResubmitDeregistrationRequest request, ServerCallContext context) =>
        Whole(await desk.ResubmitAsync(
            By(request.RequestId, context), DeregistrationName.Parse(request.Name), DeregistrationWire.ToCommitment(request.Commitment), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> WithdrawDeregistration(WithdrawDeregistrationRequest request, ServerCallContext context) =>
        Whole(await desk.WithdrawAsync(By(request.RequestId, context), DeregistrationName.Parse(request.Name), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> TerminateDeregistration(TerminateDeregistrationRequest request, ServerCallContext context) =>
        Whole(await desk.TerminateAsync(By(request.RequestId, context), DeregistrationName.Parse(request.Name), request.Reason, context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<V1.Deregistration> ConfirmDeregistration(ConfirmDeregistrationRequest request, ServerCallContext context) =>
        Whole(await desk.ConfirmAsync(By(request.RequestId, context), DeregistrationName.Parse(request.Name), context.CancellationToken));

    // A company's app knows the proceedings it filed; everybody else those of its regions. What is not seen is not there.
    private static bool Sees(Caller caller, SimpleDeregistration one) =>
        caller.Scope.Contains(one.Holder) && (caller.Role != CallerRole.HolderApp || one.Applicant == caller.Name);

    private static Caller CallerOf(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());

    private static V1.Deregistration Whole(IssueOutcome outcome) => V1.Deregistration.Parser.ParseFrom(outcome.Reply);

    private static CreditCode Holder(string text) => CreditCode.TryParse(text, out var holder, out var problem) ? holder
        : throw EidException.OfField(ErrorReason.UsccInvalid, "credit_code", problem);

    private static void RequireDefined<T>(IEnumerable<T> values, string field)
        where T : struct, Enum
    {
        if (values.Any(value => !Enum.IsDefined(value)))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, field, "取值无法识别");
        }
    }

    private DeregistrationCaller By(string requestId, ServerCallContext context, Func<SimpleDeregistration, IMessage>? reply = null)
    {
        var caller = CallerOf(context);
        return new DeregistrationCaller(caller.Name, RequestId.Parse(requestId), one => Sees(caller, one), one => (reply?.Invoke(one) ?? wire.ToMessage(one, one.UpdatedTime)).ToByteArray());
    }
}
