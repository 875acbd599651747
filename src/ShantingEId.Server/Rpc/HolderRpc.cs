using Grpc.Core;
using Microsoft.Extensions.Hosting;
using ShantingEId.Issuing;
using ShantingEId.Presenting;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using HolderSession = ShantingEId.V1.HolderSession;
using Presentation = ShantingEId.V1.Presentation;

namespace ShantingEId.Server.Rpc;

/// <summary>HolderService: maps messages, decides nothing.</summary>
internal sealed class HolderRpc(PresentationDesk desk, IPresentationStore store, HolderWire wire, IssuingAuthority authority, TimeProvider clock, IHostApplicationLifetime lifetime)
    : HolderService.HolderServiceBase
{
    private const int DefaultPage = 50, LargestPage = 200;

    // Another replica may take the use, and the feed does not tell of it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private readonly ListPageToken tokens = new(authority.StatusSecret, "ListPresentations");

    /// <inheritdoc/>
    public override async Task<HolderSession> OpenSession(OpenSessionRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        var (requestId, holder) = (RequestId.Parse(request.RequestId), SealWire.Holder(request.CreditCode));
        var (session, secret) = await desk.OpenAsync(caller.Name, requestId, caller.Scope.Contains(holder) ? holder : throw PresentErrors.NoProof(), request.Device, context.CancellationToken);
        return HolderWire.ToMessage(session, secret);
    }

    /// <inheritdoc/>
    public override async Task<HolderSession> EndSession(EndSessionRequest request, ServerCallContext context) =>
        HolderWire.ToMessage(await desk.EndAsync(CallerOf(context).Name, request.Secret, context.CancellationToken), "");

    /// <inheritdoc/>
    public override async Task<Presentation> CreatePresentation(CreatePresentationRequest request, ServerCallContext context) =>
        wire.ToMessage((await desk.CreateAsync(wire.ToCommand(request, CallerOf(context).Name), context.CancellationToken)).Presentation, withCode: true);

    /// <inheritdoc/>
    public override async Task WatchPresentation(WatchPresentationRequest request, IServerStreamWriter<WatchPresentationResponse> responseStream, ServerCallContext context)
    {
        var (app, id) = (CallerOf(context).Name, HolderWire.ParseName(request.Name));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            for (var told = Presentation.Types.State.Unspecified; ; await Task.Delay(Pause, clock, either.Token))
            {
                var now = wire.ToMessage(await desk.FindAsync(app, request.Secret, id, either.Token));
                if (now.State != told)
                {
                    await responseStream.WriteAsync(new WatchPresentationResponse { Presentation = now }, either.Token);
                    told = now.State;
                }

                if (told != Presentation.Types.State.Waiting)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.Draining, "服务正在停止；请重新查看这次出示") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    /// <inheritdoc/>
    public override async Task<ListPresentationsResponse> ListPresentations(ListPresentationsRequest request, ServerCallContext context)
    {
        var (caller, holder) = (CallerOf(context), SealWire.Holder(request.CreditCode));
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        var before = tokens.Before(request.PageToken, holder, caller.Name);

        // An auditor sees those of every company; an app of the companies it speaks for.
        var rows = !caller.Scope.Contains(holder) ? []
            : caller.Role == CallerRole.HolderApp ? await desk.ListAsync(caller.Name, holder, before, size + 1, context.CancellationToken)
            : await store.ListPresentationsAsync(holder, before, size + 1, context.CancellationToken);
        return new ListPresentationsResponse
        {
            Presentations = { rows.Take(size).Select(row => wire.ToMessage(row.Presentation)) },
            NextPageToken = rows.Count > size ? tokens.Write(rows[size - 1].Place, holder, caller.Name) : "",
        };
    }

    private static Caller CallerOf(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());
}
