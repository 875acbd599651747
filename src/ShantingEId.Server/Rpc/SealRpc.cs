using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.Stamping;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>SealService: maps messages and says whose grants and uses a caller may know of; decides nothing else.</summary>
internal sealed class SealRpc(StampDesk desk, SealGrantDesk grants, ISealUseStore store, SealWire wire, IssuingAuthority authority, RegisterClock clock) : SealService.SealServiceBase
{
    private const int DefaultPage = 50, LargestPage = 200, LargestLog = 500;
    private readonly ListPageToken grantTokens = new(authority.StatusSecret, "ListSealUseGrants");
    private readonly ListPageToken useTokens = new(authority.StatusSecret, "ListSealUses");

    /// <inheritdoc/>
    public override async Task<SealUseGrant> GrantSealUse(GrantSealUseRequest request, ServerCallContext context) =>
        Grant(await grants.GrantAsync(wire.ToCommand(request, CallerOf(context)), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<SealUseGrant> WithdrawSealUse(WithdrawSealUseRequest request, ServerCallContext context)
    {
        var caller = CallerOf(context);
        return Grant(await grants.WithdrawAsync(caller.Name, RequestId.Parse(request.RequestId), SealWire.ParseGrant(request.Name), caller.Scope.Contains, request.Reason,
            grant => wire.ToMessage(grant).ToByteArray(), context.CancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<ListSealUseGrantsResponse> ListSealUseGrants(ListSealUseGrantsRequest request, ServerCallContext context)
    {
        var (caller, holder) = (CallerOf(context), SealWire.Holder(request.CreditCode));
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        var before = grantTokens.Before(request.PageToken, holder, caller.Name);

        // A company outside the caller's regions has granted nothing to anybody; an app knows what it was granted itself.
        var rows = caller.Scope.Contains(holder) ? await store.ListSealGrantsAsync(holder, before, size + 1, context.CancellationToken) : [];
        return new ListSealUseGrantsResponse
        {
            Grants = { rows.Take(size).Where(grant => caller.Role != CallerRole.HolderApp || grant.Caller == caller.Name).Select(wire.ToMessage) },
            NextPageToken = rows.Count > size ? grantTokens.Write(rows[size - 1].Number, holder, caller.Name) : "",
        };
    }

    /// <inheritdoc/>
    public override async Task<StampResponse> Stamp(StampRequest request, ServerCallContext context)
    {
        var outcome = await desk.StampAsync(wire.ToCommand(request, CallerOf(context)), context.CancellationToken);
        var answer = StampResponse.Parser.ParseFrom(outcome.Reply);
        answer.Ofd = outcome.Document is { } document ? UnsafeByteOperations.UnsafeWrap(document) : ByteString.Empty;
        return answer;
    }

    /// <inheritdoc/>
    public override async Task<ListSealUsesResponse> ListSealUses(ListSealUsesRequest request, ServerCallContext context)
    {
        var (caller, holder) = (CallerOf(context), SealWire.Holder(request.CreditCode));
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestLog);
        var before = useTokens.Before(request.PageToken, holder, caller.Name);

        // The company itself sees everything that was done with its seals, through the app it trusts with them.
        if (caller.Role == CallerRole.HolderApp && (await store.FindSealGrantsAsync(holder, caller.Name, clock.GetUtcNow(), context.CancellationToken)).Count == 0)
        {
            throw SealErrors.NotGranted();
        }

        var rows = caller.Scope.Contains(holder) ? await store.ListSealUsesAsync(holder, before, size + 1, context.CancellationToken) : [];
        return new ListSealUsesResponse
        {
            Uses = { rows.Take(size).Select(wire.ToMessage) }, NextPageToken = rows.Count > size ? useTokens.Write(rows[size - 1].Position, holder, caller.Name) : "",
        };
    }

    private static Caller CallerOf(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());

    private static SealUseGrant Grant(IssueOutcome outcome) => SealUseGrant.Parser.ParseFrom(outcome.Reply);
}
