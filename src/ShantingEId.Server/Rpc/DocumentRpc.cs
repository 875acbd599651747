using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Copies;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;
using LicenseCopy = ShantingEId.V1.LicenseCopy;

namespace ShantingEId.Server.Rpc;

/// <summary>DocumentService: maps messages, decides nothing.</summary>
internal sealed class DocumentRpc(
    LicensePress press, CopyDesk copies, ICopyStore copyStore, DownloadIds ids, DocumentDesk desk, LookupDesk lookups, ILicenseStore register, CallerDirectory callers, RegisterClock clock)
    : DocumentService.DocumentServiceBase
{
    private const int DefaultPage = 50;
    private const int LargestPage = 100;

    /// <inheritdoc/>
    public override async Task<LicenseDocument> GetLicenseDocument(GetLicenseDocumentRequest request, ServerCallContext context)
    {
        var cancel = context.CancellationToken;
        var (name, form, format) = (RegisterName.Parse(request.Name), DocumentWire.ToForm(request.Form), DocumentWire.ToFormat(request.Format));
        RequireInScope(name, Caller(context));
        var entry = await name.FindAsync(register, cancel) ?? throw StoreErrors.NotFound();
        var problem = await LicenseInForce.ProblemAsync(register, entry, cancel);
        if (format == DocumentFormat.Ofd && problem is not null)
        {
            throw problem;
        }

        var set = await register.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
        var now = clock.GetUtcNow();
        var content = format == DocumentFormat.Ofd ? await press.SealAsync(set, form, now, cancel) : await press.DrawAsync(set, form, format, LicenseInForce.WordsOf(problem, entry), now, cancel);
        return DocumentWire.ToMessage(set, form, format, content);
    }

    /// <inheritdoc/>
    public override async Task<LicenseCopy> CreateLicenseCopy(CreateLicenseCopyRequest request, ServerCallContext context)
    {
        var (caller, requestId, name) = (Caller(context), RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name));
        RequireInScope(name, caller);
        var receiver = callers.RequireReceiver(request.Receiver);
        var command = new CreateCopyCommand(caller.Name, requestId, name, DocumentWire.ToForm(request.Form), caller.Title, receiver.Name, receiver.Title, request.PurposeText,
            Wire.ToTime(request.ExpireTime, "expire_time", ErrorReason.CopyExpiryInvalid), copy => DocumentWire.ToMessage(copy, copy.CreatedTime).ToByteArray());
        var answer = LicenseCopy.Parser.ParseFrom((await copies.CreateAsync(command, context.CancellationToken)).Reply);
        answer.DownloadId = ids.Of(caller.Name, requestId); // Not part of what is kept.
        return answer;
    }

    /// <inheritdoc/>
    public override async Task<ListLicenseCopiesResponse> ListLicenseCopies(ListLicenseCopiesRequest request, ServerCallContext context)
    {
        var holder = CreditCode.TryParse(request.CreditCode, out var code, out var problem) ? code : throw EidException.OfField(ErrorReason.UsccInvalid, "credit_code", problem);
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        // The token is the last number shown; one of another list only starts elsewhere in this one.
        var before = request.PageToken.Length == 0 || CopyName.IsNumber(request.PageToken) ? request.PageToken : throw EidException.OfField(ErrorReason.PageTokenInvalid, "page_token", "不属于这份清单");
        var found = Caller(context).Scope.Contains(holder) ? await copyStore.ListCopiesAsync(holder, before, size + 1, context.CancellationToken) : [];
        var now = clock.GetUtcNow();
        return new ListLicenseCopiesResponse
        {
            LicenseCopies = { found.Take(size).Select(copy => DocumentWire.ToMessage(copy, now)) }, NextPageToken = found.Count > size ? found[size - 1].Number : "",
        };
    }

    /// <inheritdoc/>
    public override async Task<LicenseDocument> DownloadLicenseCopy(DownloadLicenseCopyRequest request, ServerCallContext context)
    {
        var answer = new LicenseDocument();
        var (caller, cancel) = (Caller(context), context.CancellationToken);
        var command = new DownloadCopyCommand(caller.Name, RequestId.Parse(request.RequestId), request.DownloadId,
            (copy, set, document) => DocumentWire.ToMessage(set, copy.Form, DocumentFormat.Ofd, document, isCopy: true).ToByteArray());
        var question = new LookupQuestion(caller, "DownloadLicenseCopy", request.Purpose, false, request.Reference) { Code = Convert.ToHexStringLower(DownloadIds.Digest(request.DownloadId) ?? []) };
        await lookups.LookAsync(question, async () =>
        {
            answer = LicenseDocument.Parser.ParseFrom((await copies.DownloadAsync(command, cancel)).Reply);
            var facts = new ReceiptFacts(new Dictionary<string, string> { ["digest"] = Convert.ToHexStringLower(answer.Digest.Span) });
            return new SeenDocument([RegisterName.Parse(answer.IssuedSet).License!.Holder.Value], Verdict.Valid, "", facts, clock.GetUtcNow());
        }, cancel);
        return answer;
    }

    /// <inheritdoc/>
    public override Task<DocumentVerification> VerifyDocument(VerifyDocumentRequest request, ServerCallContext context) => desk.VerifyAsync(request, Caller(context), context.CancellationToken);

    /// <inheritdoc/>
    public override Task<StampVerification> VerifyStamp(VerifyStampRequest request, ServerCallContext context) => desk.VerifyAsync(request, Caller(context), context.CancellationToken);

    // Of a company outside its regions a caller learns nothing, not even whether it exists.
    private static void RequireInScope(RegisterName name, Caller caller)
    {
        if (!caller.Scope.Contains(name.License?.Holder ?? name.Holder!))
        {
            throw StoreErrors.NotFound();
        }
    }

    private static Caller Caller(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());
}
