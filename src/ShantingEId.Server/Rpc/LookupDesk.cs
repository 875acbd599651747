using Microsoft.Extensions.Logging;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Neighbours;
using ShantingEId.Server.Telemetry;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>
/// The one place where a look-up is answered, whichever method carries it. The order is the point: nothing is read before it is
/// clear what may be known, and nothing leaves before it stands durably in the ledger, refusals included.
/// </summary>
/// <param name="verifier">Judges licences.</param>
/// <param name="callers">Purposes and what they grant.</param>
/// <param name="options">How old a state may be.</param>
/// <param name="clock">Time of answers.</param>
/// <param name="quotas">Limits what finds nothing.</param>
/// <param name="log">Alerts.</param>
/// <param name="ledger">The look-up ledger; null only where a benchmark measures the bare path.</param>
/// <param name="neighbours">Judges codes of neighbouring issuers; null where none are recognised.</param>
internal sealed partial class LookupDesk(
    Verifier verifier, CallerDirectory callers, EidServerOptions options, RegisterClock clock, CallerQuotas quotas, ILogger<LookupDesk> log, LookupLedger? ledger = null,
    NeighbourDesk? neighbours = null)
{
    private const int MaxQuestions = 8;

    /// <summary>Answers a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancel">Gives up before anything is recorded; then no answer leaves either.</param>
    /// <exception cref="EidException">The refusal, recorded, with its receipt where one was asked for; or <see cref="ErrorReason.AuditUnavailable"/>, whatever the answer was.</exception>
    public async ValueTask<LookupAnswer> AnswerAsync(LookupQuestion question, CancellationToken cancel)
    {
        LookupAnswer answer;
        try
        {
            answer = await JudgeAsync(question, cancel);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            throw await RefuseAsync(question, Told(error));
        }

        // 6. What is shown, and that it is shown: durable in the ledger before the answer leaves.
        var facts = ShownFacts.Of(answer, question.Questions);
        var shown = answer.Verification;
        var record = new LookupRecord(
            clock.GetUtcNow(), shown.StatusAsOf, question.Method, question.Caller.Name, question.Purpose,
            LookupRecord.DigestRequest(question.Method, question.Subject), shown.Manifest?.License.Facts.CreditCode.Value ?? shown.Neighbour?.Claims?.Holder.Value ?? question.NamedHolder,
            (int)shown.Verdict, shown.Reason.WireName(), facts.Digest(), question.Reference);

        // 7. The receipt, where asked for; then the answer.
        answer = answer with { Receipt = await AppendAsync(record, facts, question.WithReceipt), Record = record, Facts = facts };
        EidMeters.CountVerdict(question.Method, question.Caller.Name, shown.Verdict, record.Reason);
        return answer;
    }

    /// <summary>
    /// Lets somebody look at what is no question about a licence and reaches companies all the same, a document: with the same rights, and
    /// recorded before anything of it leaves, once for each company.
    /// </summary>
    /// <param name="question">Who looks, under which purpose, at what.</param>
    /// <param name="look">Looks, once it is clear that it may.</param>
    /// <param name="cancel">Gives up before anything is recorded.</param>
    /// <returns>The receipt of the first record; null where none was asked for.</returns>
    /// <exception cref="EidException">As for <see cref="AnswerAsync"/>.</exception>
    public async ValueTask<byte[]?> LookAsync(LookupQuestion question, Func<ValueTask<SeenDocument>> look, CancellationToken cancel)
    {
        SeenDocument seen;
        try
        {
            quotas.RequireLookup(question.Caller);
            callers.RequirePurpose(question.Caller, question.Purpose);
            question.CheckReference();
            seen = await look();
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            if ((error as EidException)?.Reason.Kind() == ErrorKind.NotFound)
            {
                quotas.CountMiss(question.Caller);
            }

            throw await RefuseAsync(question, Told(error));
        }

        var receipts = new List<byte[]?>();
        foreach (var holder in seen.Holders.DefaultIfEmpty(""))
        {
            var record = new LookupRecord(
                clock.GetUtcNow(), seen.StatusAsOf, question.Method, question.Caller.Name, question.Purpose, LookupRecord.DigestRequest(question.Method, question.Subject), holder,
                (int)seen.Verdict, seen.Reason, seen.Facts.Digest(), question.Reference);
            receipts.Add(await AppendAsync(record, seen.Facts, question.WithReceipt));
        }

        EidMeters.CountVerdict(question.Method, question.Caller.Name, seen.Verdict, seen.Reason);
        return receipts[0];
    }

    private static EidException Told(Exception error) => error is EidException refusal && refusal.Reason.Kind() != ErrorKind.Internal ? refusal
        : new EidException(ErrorReason.InternalFault, "服务内部错误，已记录；请稍后重试", error);

    private async ValueTask<LookupAnswer> JudgeAsync(LookupQuestion question, CancellationToken cancel)
    {
        // 1. With what right.
        if (question.Refused is { } refusal)
        {
            throw refusal;
        }

        quotas.RequireLookup(question.Caller);
        var purpose = callers.RequirePurpose(question.Caller, question.Purpose);

        // 2. Asking for more than that right gives is refused before anything is read.
        var fields = RefuseOverAsking(question, purpose);

        // 3. What exactly.
        question.CheckReference();
        var when = question.Time(question.StateAge(options.StateBound), clock.GetUtcNow());
        var questions = ParseQuestions(question.Questions);

        // 4. The verdict.
        var verification = await VerifyAsync(question, when, cancel);
        if (verification.Verdict is Verdict.NotFound or Verdict.NotIssued)
        {
            quotas.CountMiss(question.Caller);
        }

        if (verification.Verdict == Verdict.NotIssued || verification.Reason == VerdictReason.RegisterMismatch)
        {
            Alert(verification.Verdict, verification.Reason, question.Caller.Name);
        }

        // 5. Yes or no; no answer at all where there is no genuine licence. A value that is not the one counts like a code that
        // does not exist: who guesses names is stopped as soon as who guesses codes.
        bool[] answers = verification.Manifest is null ? [] : [.. questions.Select(each => each.Answer(verification)!.Value)];
        for (var i = 0; i < answers.Length; i++)
        {
            if (!answers[i] && questions[i].Kind != QuestionKind.Active)
            {
                quotas.CountMiss(question.Caller);
            }
        }

        return new LookupAnswer(verification, fields, answers);
    }

    private async ValueTask<Verification> VerifyAsync(LookupQuestion question, AskedTime when, CancellationToken cancel)
    {
        // A code was shown by the company itself, wherever it is registered.
        if (question.Code is { } code)
        {
            if (neighbours is not null && await neighbours.VerifyAsync(code, when.AsOfTime, question.NeighbourAge(), cancel) is { } foreign)
            {
                return foreign;
            }

            return await verifier.VerifyCodeAsync(code, when, cancel);
        }

        // So was a seal, on paper.
        if (question.CreditCode is null)
        {
            return await verifier.VerifySealAsync(question.RequireSeal(), question.SesSeal, when, cancel);
        }

        // A credit code is public; of a company outside its regions a caller learns nothing, not even whether it exists.
        var holder = question.RequireHolder();
        return question.Caller.Scope.Contains(holder)
            ? await verifier.LookupAsync(holder, when, cancel) : await verifier.LookupNobodyAsync(holder, when, cancel);
    }

    private LicenseFields RefuseOverAsking(LookupQuestion question, Purpose purpose)
    {
        try
        {
            for (var i = 0; i < question.Questions?.Count; i++)
            {
                var kind = (QuestionKind)question.Questions[i].AskCase;
                _ = kind == QuestionKind.None || purpose.Grants(kind) ? true : throw FieldMask.NotGranted($"questions[{i}]");
            }

            return FieldMask.Narrow(purpose.Granted, question.ReadMask);
        }
        catch (EidException error)
        {
            OverAsked(question.Caller.Name, question.Purpose, error.Violations[0].Field);
            throw;
        }
    }

    private static Question[] ParseQuestions(IReadOnlyList<V1.Question>? questions)
    {
        if (questions is null)
        {
            return [];
        }

        return questions.Count is > 0 and <= MaxQuestions ? [.. questions.Select((each, i) => Wire.ToQuestion(each, $"questions[{i}]"))]
            : throw new EidException(ErrorReason.QuestionInvalid, $"questions 应有 1 至 {MaxQuestions} 个问题",
                [new FieldViolation("questions", ErrorReason.QuestionInvalid, $"应有 1 至 {MaxQuestions} 个问题")]);
    }

    private async ValueTask<EidException> RefuseAsync(LookupQuestion question, EidException refusal)
    {
        var now = clock.GetUtcNow();
        var record = new LookupRecord(
            now, now, question.Method, question.Caller.Name, LookupRecord.Clip(question.Purpose), LookupRecord.DigestRequest(question.Method, question.Subject),
            question.NamedHolder, 0, refusal.Reason.WireName(), LookupRecord.NothingShown, LookupRecord.Clip(question.Reference));
        refusal.Receipt = await AppendAsync(record, ReceiptFacts.None, question.WithReceipt);
        return refusal;
    }

    private async ValueTask<byte[]?> AppendAsync(LookupRecord record, ReceiptFacts facts, bool withReceipt)
    {
        if (ledger is not null)
        {
            var place = await ledger.AppendAsync(record.Encode(), withReceipt);
            return withReceipt ? place.Receipt(facts.Encode()) : null;
        }

        return !withReceipt ? null : throw new EidException(ErrorReason.AuditUnavailable, "未启用查询账本，不能出具核验回执");
    }

    [LoggerMessage(EventName = "SecurityAlert", Level = LogLevel.Critical, Message = "Security alert: verdict {Verdict} ({Reason}) for caller {Caller}")]
    private partial void Alert(Verdict verdict, VerdictReason reason, string caller);

    [LoggerMessage(EventName = "OverAsked", Level = LogLevel.Warning, Message = "Caller {Caller} asked under purpose {Purpose} for more than it grants: {Field}")]
    private partial void OverAsked(string caller, string purpose, string field);
}

/// <summary>What somebody saw of a document.</summary>
/// <param name="Holders">Credit codes of the companies whose seals are in it.</param>
/// <param name="Verdict">What it came to, in the verdicts of look-ups.</param>
/// <param name="Reason">Machine reason; empty when valid.</param>
/// <param name="Facts">What was shown.</param>
/// <param name="StatusAsOf">As of when states were read.</param>
internal sealed record SeenDocument(IReadOnlyCollection<string> Holders, Verdict Verdict, string Reason, ReceiptFacts Facts, DateTimeOffset StatusAsOf);
