using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>
/// The service as a department uses it. One client serves a whole program and all its threads; dispose it at the end.
///
/// Every method throws <see cref="EidCallException"/> when the question could not be answered, and
/// <see cref="OperationCanceledException"/> when the caller gave up. What fails for a moment is repeated within
/// <see cref="EidClientOptions.Timeout"/>; what is refused is not.
/// </summary>
public sealed class EidClient : IDisposable
{
    // The service's own ceilings: a longer attempt would be cut there.
    private static readonly TimeSpan QuestionCeiling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OtherCeiling = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StampCeiling = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan OtherTimeout = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel channel;
    private readonly VerificationService.VerificationServiceClient verification;
    private readonly IssuanceService.IssuanceServiceClient issuance;
    private readonly ChangeService.ChangeServiceClient changes;
    private readonly DocumentService.DocumentServiceClient documents;
    private readonly SealService.SealServiceClient seals;
    private readonly HolderService.HolderServiceClient holders;
    private readonly EidClientOptions options;
    private readonly AnswerCheck check;
    private readonly Retries retries;

    private EidClient(EidClientOptions options)
    {
        this.options = options;
        channel = EidChannel.OpenPlain(options.Address, options.Certificate);
        verification = new VerificationService.VerificationServiceClient(channel);
        issuance = new IssuanceService.IssuanceServiceClient(channel);
        changes = new ChangeService.ChangeServiceClient(channel);
        documents = new DocumentService.DocumentServiceClient(channel);
        seals = new SealService.SealServiceClient(channel);
        holders = new HolderService.HolderServiceClient(channel);
        check = new AnswerCheck(options);
        retries = new Retries(options.Clock, options.OnRetry);
    }

    /// <summary>Makes a client; the connection itself is made with the first question.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static EidClient Connect(EidClientOptions options)
    {
        Require(options.MaxStateAge >= TimeSpan.Zero && options.MaxStateAge <= TimeSpan.FromMinutes(1), "MaxStateAge is 0 to 60 s");
        Require(options.ClockAllowance >= TimeSpan.FromSeconds(5) && options.ClockAllowance <= TimeSpan.FromHours(1), "ClockAllowance is 5 s to 1 h");
        Require(options.Timeout >= TimeSpan.FromMilliseconds(100), "Timeout is at least 100 ms");
        Require(!options.WithReceipt || options.Trust is not null, "WithReceipt needs Trust: a receipt that is not checked proves nothing");
        return new EidClient(options);

        static void Require(bool holds, string what)
        {
            if (!holds)
            {
                throw new ArgumentException(what, nameof(options));
            }
        }
    }

    /// <summary>Verifies the text of a scanned QR, or a typed code.</summary>
    /// <param name="code">Exactly as scanned or typed.</param>
    /// <param name="ask">What is different for this question.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<EidAnswer> VerifyAsync(string code, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        ask ??= EidLookupOptions.Usual;
        var request = check.VerifyRequest(code, ask);
        var asked = Asked.Of(request, check.Accepted(ask));
        return check.Accept(asked, await AskedAsync(call => verification.VerifyCodeAsync(request, call), asked, cancel).ConfigureAwait(false));
    }

    /// <summary>Looks up the licence of a company by its 统一社会信用代码.</summary>
    /// <param name="creditCode">18 characters; <c>USCC_INVALID</c> for one that cannot exist.</param>
    /// <param name="ask">What is different for this question.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<EidAnswer> LookupAsync(string creditCode, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        ask ??= EidLookupOptions.Usual;
        var request = check.LookupRequest(creditCode, ask);
        var asked = Asked.Of(request, check.Accepted(ask));
        return check.Accept(asked, await AskedAsync(call => verification.LookupLicenseAsync(request, call), asked, cancel).ConfigureAwait(false));
    }

    /// <summary>Verifies one seal by its 14-digit code.</summary>
    /// <param name="sealCode">印章编码; <c>SEAL_CODE_INVALID</c> for one that cannot exist.</param>
    /// <param name="ask">What is different for this question; <see cref="EidLookupOptions.AsOf"/> for a document sealed in the past.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<EidAnswer> VerifySealAsync(string sealCode, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        var request = check.SealRequest(ask ?? EidLookupOptions.Usual);
        request.SealCode = sealCode;
        return SealAsync(request, ask ?? EidLookupOptions.Usual, cancel);
    }

    /// <summary>Verifies one seal by its own bytes, SESeal DER.</summary>
    /// <param name="seal">The seal; <c>ASN1_INVALID</c> for bytes that are none.</param>
    /// <param name="ask">What is different for this question.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<EidAnswer> VerifySealAsync(ReadOnlyMemory<byte> seal, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        var request = check.SealRequest(ask ?? EidLookupOptions.Usual);
        request.SesSeal = UnsafeByteOperations.UnsafeWrap(seal);
        return SealAsync(request, ask ?? EidLookupOptions.Usual, cancel);
    }

    private async Task<EidAnswer> SealAsync(VerifySealRequest request, EidLookupOptions ask, CancellationToken cancel)
    {
        var asked = Asked.Of(request, check.Accepted(ask));
        return check.Accept(asked, await AskedAsync(call => verification.VerifySealAsync(request, call), asked, cancel).ConfigureAwait(false));
    }

    /// <summary>
    /// Verifies a signed OFD document of anybody: its signatures by the standards, seals of ours by the register's state at the time of signing,
    /// and the licence it is, where it is one of ours. The document is sent to the service.
    /// </summary>
    /// <param name="document">The OFD file, at most 8 MiB; <c>CONTAINER_UNSAFE</c> and the like for what is not looked at.</param>
    /// <param name="ask">What is different for this call; fields, age and instant do not apply.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<EidDocumentAnswer> VerifyDocumentAsync(ReadOnlyMemory<byte> document, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        var request = check.DocumentRequest(UnsafeByteOperations.UnsafeWrap(document), ask ?? EidLookupOptions.Usual);
        var asked = Asked.Of(request);
        return check.Accept(asked, await AskedAsync(call => documents.VerifyDocumentAsync(request, call), asked, OtherCeiling, OtherTimeout, cancel).ConfigureAwait(false));
    }

    /// <summary>A licence as a document: OFD sealed by the 登记机关, or PDF, PNG, SVG; for registration staff, the company's app and auditors.</summary>
    /// <param name="name"><c>issuedSets/{license_id}</c>, or <c>issuedSets/{credit_code}</c> for the company's newest.</param>
    /// <param name="format">As what.</param>
    /// <param name="form">正本 or 副本.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<LicenseDocument> GetLicenseDocumentAsync(
        string name, GetLicenseDocumentRequest.Types.Format format = GetLicenseDocumentRequest.Types.Format.Ofd,
        LicenseDocument.Types.Form form = LicenseDocument.Types.Form.Duplicate, CancellationToken cancel = default)
    {
        var request = new GetLicenseDocumentRequest { Name = name, Format = format, Form = form };
        return (await retries.RunAsync(call => documents.GetLicenseDocumentAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;
    }

    /// <summary>Fetches a copy (加注件) that a company had made for you; once. Keep the id with your own record before the call: the same id gets the same file again.</summary>
    /// <param name="requestId">16 to 64 characters.</param>
    /// <param name="downloadId">What the company handed over; <c>COPY_NOT_FOUND</c>, <c>ALREADY_DOWNLOADED</c>, <c>COPY_EXPIRED</c>.</param>
    /// <param name="ask">Purpose and reference; the rest does not apply.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<LicenseDocument> DownloadCopyAsync(string requestId, string downloadId, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        var request = new DownloadLicenseCopyRequest { RequestId = requestId, DownloadId = downloadId, Purpose = ask?.Purpose ?? options.Purpose, Reference = ask?.Reference ?? "" };
        return (await retries.RunAsync(call => documents.DownloadLicenseCopyAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;
    }

    /// <summary>Asks yes-or-no questions; see <see cref="EidQuestions"/>.</summary>
    /// <param name="subject">About whom.</param>
    /// <param name="questions">1 to 8.</param>
    /// <param name="ask">What is different for this call.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<EidReplies> AskAsync(EidSubject subject, IEnumerable<Question> questions, EidLookupOptions? ask = null, CancellationToken cancel = default)
    {
        ask ??= EidLookupOptions.Usual;
        var request = check.QuestionsRequest(subject, questions, ask);
        var asked = Asked.Of(request, check.Accepted(ask));
        return check.Accept(asked, request, await AskedAsync(call => verification.AskQuestionsAsync(request, call), asked, cancel).ConfigureAwait(false));
    }

    /// <summary>
    /// Verifies many codes over one stream: an answer for each, in the order in which they finish. Takes from
    /// <paramref name="codes"/> only as fast as answers are taken from here. After a broken connection what is unanswered is asked again.
    /// </summary>
    /// <exception cref="EidCallException">Nothing was answered for <see cref="EidClientOptions.BatchPatience"/>, or the whole batch was refused.</exception>
    public IAsyncEnumerable<EidBatchAnswer> VerifyManyAsync(IAsyncEnumerable<string> codes, EidLookupOptions? ask = null, CancellationToken cancel = default) =>
        Batch(codes, ask ?? EidLookupOptions.Usual, (item, code, asking) => new VerifyCodesRequest { Item = item, Verify = check.VerifyRequest(code, asking) }, cancel);

    /// <summary>The same by credit codes, e.g. all customers of a bank once a month.</summary>
    /// <exception cref="EidCallException">As for codes.</exception>
    public IAsyncEnumerable<EidBatchAnswer> LookupManyAsync(IAsyncEnumerable<string> creditCodes, EidLookupOptions? ask = null, CancellationToken cancel = default) =>
        Batch(creditCodes, ask ?? EidLookupOptions.Usual, (item, code, asking) => new VerifyCodesRequest { Item = item, Lookup = check.LookupRequest(code, asking) }, cancel);

    /// <summary>
    /// Gives every change of the register after a mark, in order, each once, as they happen; ends only when cancelled or
    /// refused. Keep <c>Mark</c> of the last change you have taken in, together with what you did about it, and start from it next time.
    /// </summary>
    /// <param name="afterMark">0 from the beginning.</param>
    /// <param name="filter">Which changes; null for all.</param>
    /// <param name="cancel">Ends it.</param>
    public IAsyncEnumerable<Change> WatchChangesAsync(long afterMark, EidChangeFilter? filter = null, CancellationToken cancel = default) =>
        new ChangeWatch(changes, retries, options.Clock).RunAsync(afterMark, filter ?? new EidChangeFilter(), cancel);

    /// <summary>Who looked up a company: the newest look-ups first.</summary>
    /// <param name="creditCode">The company.</param>
    /// <param name="atMost">How many.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<EidLookups> ListLookupsAsync(string creditCode, int atMost = 200, CancellationToken cancel = default)
    {
        var found = new List<Lookup>();
        DateTimeOffset? complete = null;
        var token = "";
        do
        {
            var request = new ListLookupsRequest { CreditCode = creditCode, PageSize = Math.Clamp(atMost - found.Count, 1, 500), PageToken = token };
            var (page, _) = await retries.RunAsync(call => verification.ListLookupsAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false);
            found.AddRange(page.Lookups);
            // The list was complete up to the time its first page says; later pages only go back.
            complete ??= page.CompleteUntilTime?.ToDateTimeOffset();
            token = page.NextPageToken;
        }
        while (token.Length > 0 && found.Count < atMost);
        return new EidLookups(found, complete, HasMore: token.Length > 0);
    }

    /// <summary>
    /// Issues a licence with its four seals; for registration staff. Keep the id with your own record before the call: after a crash the
    /// same id and content give the same set instead of a second one.
    /// </summary>
    public async Task<IssuedSet> IssueAsync(string requestId, Enterprise enterprise, CancellationToken cancel = default)
    {
        var request = new IssueSetRequest { RequestId = requestId, Enterprise = enterprise };
        return (await retries.RunAsync(call => issuance.IssueSetAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;
    }

    /// <summary>Ends a set (吊销); for registration staff. The id as in <see cref="IssueAsync"/>.</summary>
    public async Task<IssuedSet> RevokeAsync(string requestId, string name, string reason, string authority, CancellationToken cancel = default)
    {
        var request = new RevokeSetRequest { RequestId = requestId, Name = name, Reason = reason, Authority = authority };
        return (await retries.RunAsync(call => issuance.RevokeSetAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;
    }

    /// <summary>
    /// Uses a seal of a company that has granted it to you (用印): <see cref="StampRequest.Document"/> comes back stamped, a <see cref="StampRequest.Digest"/>
    /// gets its SES_Signature. Keep <see cref="StampRequest.RequestId"/> with your own record before the call: after a crash the same request gives the same bytes
    /// and is logged once. What is refused says why: <c>SEAL_USE_NOT_GRANTED</c>, <c>SEAL_NOT_IN_FORCE</c>, <c>SEAL_USE_NOT_ALLOWED</c>, <c>STAMP_PLACE_INVALID</c>.
    /// </summary>
    /// <param name="request">What to stamp, with which seal, for which use; up to 8 MiB.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<StampResponse> StampAsync(StampRequest request, CancellationToken cancel = default) =>
        (await retries.RunAsync(call => seals.StampAsync(request, call), OtherTimeout, StampCeiling, cancel).ConfigureAwait(false)).Answer;

    /// <summary>Opens a session for a device of a company that has granted you the use of a seal (亮码); the device keeps <see cref="HolderSession.Secret"/>. A repeated request gives the same session.</summary>
    /// <param name="request">Company and device.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<HolderSession> OpenSessionAsync(OpenSessionRequest request, CancellationToken cancel = default) =>
        (await retries.RunAsync(call => holders.OpenSessionAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;

    /// <summary>Makes a code to be shown at once, <see cref="Presentation.Code"/>; good for a minute and one scan. A repeated request gives the same code.</summary>
    /// <param name="request">Secret of the session, and what may be seen.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<Presentation> PresentAsync(CreatePresentationRequest request, CancellationToken cancel = default) =>
        (await retries.RunAsync(call => holders.CreatePresentationAsync(request, call), OtherTimeout, OtherCeiling, cancel).ConfigureAwait(false)).Answer;

    /// <summary>Waits until somebody scanned a code or its time is over.</summary>
    /// <param name="secret">Secret of the session that shows it.</param>
    /// <param name="name">Name of the presentation.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>How it ended: by whom it was scanned, or that nobody did.</returns>
    public async Task<Presentation> WaitForScanAsync(string secret, string name, CancellationToken cancel = default)
    {
        try
        {
            using var watch = holders.WatchPresentation(new WatchPresentationRequest { Secret = secret, Name = name }, cancellationToken: cancel);
            var last = new Presentation();
            await foreach (var message in watch.ResponseStream.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                last = message.Presentation;
            }

            return last;
        }
        catch (RpcException error) when (!cancel.IsCancellationRequested)
        {
            throw new EidCallException(EidError.From(error), error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => channel.Dispose();

    private Task<T> AskedAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, Asked asked, CancellationToken cancel) => AskedAsync(call, asked, QuestionCeiling, options.Timeout, cancel);

    private async Task<T> AskedAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, Asked asked, TimeSpan ceiling, TimeSpan within, CancellationToken cancel)
    {
        try
        {
            var (answer, headers) = await retries.RunAsync(call, within, ceiling, cancel).ConfigureAwait(false);
            check.Age.Learn(headers);
            return answer;
        }
        catch (EidCallException refusal) when (!refusal.Error.Receipt.IsEmpty)
        {
            throw new EidCallException(refusal.Error, refusal.InnerException, check.RefusalReceipt(asked, refusal.Error));
        }
    }

    private async IAsyncEnumerable<EidBatchAnswer> Batch(
        IAsyncEnumerable<string> texts, EidLookupOptions ask, Func<long, string, EidLookupOptions, VerifyCodesRequest> request, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var run = new BatchRun(verification, retries, check, options, (item, text) => request(item, text, ask), check.Accepted(ask));
        await foreach (var answer in run.RunAsync(texts, cancel).ConfigureAwait(false))
        {
            yield return answer;
        }
    }
}
