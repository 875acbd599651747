using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>What was asked, as a receipt names it.</summary>
internal sealed record Asked(string Method, string Subject, string Purpose, string Reference, bool WithReceipt, TimeSpan MaxAge, Timestamp? AsOf)
{
    public static Asked Of(VerifyCodeRequest request, TimeSpan maxAge) =>
        new("VerifyCode", request.Code + At(request.AsOfTime), request.Purpose, request.Reference, request.WithReceipt, maxAge, request.AsOfTime);

    public static Asked Of(LookupLicenseRequest request, TimeSpan maxAge) =>
        new("LookupLicense", request.CreditCode + At(request.AsOfTime), request.Purpose, request.Reference, request.WithReceipt, maxAge, request.AsOfTime);

    public static Asked Of(VerifySealRequest request, TimeSpan maxAge) => new(
        "VerifySeal", (request.SealCase == VerifySealRequest.SealOneofCase.SesSeal ? Convert.ToHexStringLower(Crypto.Sm3.Hash(request.SesSeal.Span)) : request.SealCode) + At(request.AsOfTime),
        request.Purpose, request.Reference, request.WithReceipt, maxAge, request.AsOfTime);

    public static Asked Of(VerifyCodesRequest item, TimeSpan maxAge) => item.Verify is { } verify ? Of(verify, maxAge) : Of(item.Lookup, maxAge);

    public static Asked Of(AskQuestionsRequest request, TimeSpan maxAge) => new(
        "AskQuestions", (request.SubjectCase == AskQuestionsRequest.SubjectOneofCase.Code ? request.Code : request.CreditCode) + At(request.AsOfTime),
        request.Purpose, request.Reference, request.WithReceipt, maxAge, request.AsOfTime);

    public static Asked Of(VerifyDocumentRequest request) => new(
        "VerifyDocument", Convert.ToHexStringLower(Crypto.Sm3.Hash(request.Document.Span)), request.Purpose, request.Reference, request.WithReceipt, TimeSpan.Zero, null);

    // As the service spells it in the request digest (docs/formats.md).
    private static string At(Timestamp? time) =>
        time is null ? "" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"@{time.Seconds}.{time.Nanos:D9}");
}

/// <summary>
/// Puts questions, and lets no answer through that does not hold: a receipt that was asked for must be there, good, and of this question and
/// this answer; a VALID must be young enough.
/// </summary>
internal sealed class AnswerCheck(EidClientOptions options)
{
    /// <summary>How old states are.</summary>
    public StateAge Age { get; } = new(options.Clock, options.ClockAllowance);

    /// <summary>How old a state may be when its answer arrives.</summary>
    public TimeSpan Accepted(EidLookupOptions ask) => ask.MaxStateAge ?? options.MaxStateAge;

    public VerifyCodeRequest VerifyRequest(string code, EidLookupOptions ask) => new()
    {
        Code = code, Purpose = ask.Purpose ?? options.Purpose, WithReceipt = ask.WithReceipt ?? options.WithReceipt, Reference = ask.Reference,
        ReadMask = Mask(ask.Fields), MaxStateAge = Duration.FromTimeSpan(StateAge.AtTheService(Accepted(ask))), AsOfTime = ask.AsOf?.ToTimestamp(),
        MaxNeighbourStateAge = Duration.FromTimeSpan(StateAge.AtTheService(options.MaxNeighbourStateAge)),
    };

    public LookupLicenseRequest LookupRequest(string creditCode, EidLookupOptions ask) => new()
    {
        CreditCode = creditCode, Purpose = ask.Purpose ?? options.Purpose, WithReceipt = ask.WithReceipt ?? options.WithReceipt, Reference = ask.Reference,
        ReadMask = Mask(ask.Fields), MaxStateAge = Duration.FromTimeSpan(StateAge.AtTheService(Accepted(ask))), AsOfTime = ask.AsOf?.ToTimestamp(),
    };

    public VerifySealRequest SealRequest(EidLookupOptions ask) => new()
    {
        Purpose = ask.Purpose ?? options.Purpose, WithReceipt = ask.WithReceipt ?? options.WithReceipt, Reference = ask.Reference,
        ReadMask = Mask(ask.Fields), AsOfTime = ask.AsOf?.ToTimestamp(),
    };

    public AskQuestionsRequest QuestionsRequest(EidSubject subject, IEnumerable<Question> questions, EidLookupOptions ask)
    {
        var request = new AskQuestionsRequest
        {
            Purpose = ask.Purpose ?? options.Purpose, WithReceipt = ask.WithReceipt ?? options.WithReceipt, Reference = ask.Reference, Questions = { questions },
            AsOfTime = ask.AsOf?.ToTimestamp(),
        };
        if (subject.IsCode)
        {
            request.Code = subject.Text;
        }
        else
        {
            request.CreditCode = subject.Text;
        }

        return request;
    }

    public VerifyDocumentRequest DocumentRequest(Google.Protobuf.ByteString document, EidLookupOptions ask) => new()
    {
        Document = document, Purpose = ask.Purpose ?? options.Purpose, WithReceipt = ask.WithReceipt ?? options.WithReceipt, Reference = ask.Reference,
    };

    /// <summary>An answer about a document: it must be about these bytes, and its receipt, where asked for, say the same.</summary>
    public EidDocumentAnswer Accept(Asked asked, DocumentVerification answer)
    {
        if (Convert.ToHexStringLower(answer.Digest.Span) != asked.Subject)
        {
            throw new EidCallException(new EidError { Code = StatusCode.DataLoss, Reason = "ANSWER_INCOMPLETE", Message = "答复的不是所问的文件" }, null);
        }

        return new EidDocumentAnswer(answer, asked.WithReceipt ? DocumentReceipt(asked, answer) : null);
    }

    public EidAnswer Accept(Asked asked, Verification answer)
    {
        // Nobody may take yesterday's yes for today's.
        if (!Equals(asked.AsOf, answer.AsOfTime))
        {
            throw new EidCallException(new EidError { Code = StatusCode.DataLoss, Reason = "ANSWER_INCOMPLETE", Message = "答复的时点与所问的不符" }, null);
        }

        var receipt = Receipt(asked, answer.Receipt.Memory, (int)answer.Verdict, answer.Reason, answer.StatusAsOfTime, AnswerFacts.Of(answer));
        return EidAnswer.From(answer, receipt, Age.Judge(answer.StatusAsOfTime?.ToDateTimeOffset(), answer.Neighbour is null ? asked.MaxAge : options.MaxNeighbourStateAge));
    }

    public EidReplies Accept(Asked asked, AskQuestionsRequest request, AskQuestionsResponse answer)
    {
        if (answer.Answers.Count > 0 && answer.Answers.Count != request.Questions.Count)
        {
            throw new EidCallException(new EidError { Code = StatusCode.DataLoss, Reason = "ANSWER_INCOMPLETE", Message = "答复的个数与问题不符" }, null);
        }

        var receipt = Receipt(asked, answer.Receipt.Memory, (int)answer.Verdict, answer.Reason, answer.StatusAsOfTime, AnswerFacts.Of(request, answer));
        return EidReplies.From(answer, receipt, Age.Judge(answer.StatusAsOfTime?.ToDateTimeOffset(), asked.MaxAge));
    }

    /// <summary>The receipt of a refusal.</summary>
    /// <exception cref="EidCallException">It does not hold.</exception>
    public EidReceipt? RefusalReceipt(Asked asked, EidError refusal) => Receipt(asked, refusal.Receipt, 0, refusal.Reason, null, new Dictionary<string, string>());

    // Its verdict follows from the answer by rules of the service; what was shown stands in its facts.
    private EidReceipt DocumentReceipt(Asked asked, DocumentVerification answer)
    {
        try
        {
            var receipt = EidReceipt.Check(answer.Receipt.Memory, options.Trust ?? throw new ArgumentException("a receipt needs Trust: one that is not checked proves nothing"));
            return receipt.IsAbout(asked.Subject) && receipt.Facts.GetValueOrDefault("digest") == asked.Subject
                && receipt.Facts.GetValueOrDefault("verdict") == Seals.SealChecks.WireName((Seals.SealVerdict)answer.Verdict)
                ? receipt : throw new EidException(ErrorReason.ReceiptInvalid, "回执不是对这份文件的答复");
        }
        catch (EidException error)
        {
            throw new EidCallException(new EidError { Code = StatusCode.DataLoss, Reason = EidError.ReceiptInvalid, Message = answer.Receipt.IsEmpty ? "要求了回执，但答复中没有" : error.Message }, error);
        }
    }

    private EidReceipt? Receipt(Asked asked, ReadOnlyMemory<byte> bytes, int verdict, string reason, Timestamp? statusAsOf, Dictionary<string, string> shown)
    {
        if (!asked.WithReceipt)
        {
            return null;
        }

        try
        {
            var trust = options.Trust ?? throw new ArgumentException("a receipt needs Trust: one that is not checked proves nothing");
            var receipt = EidReceipt.Check(bytes, trust);
            var misfit = receipt.Misfit(asked, verdict, reason, statusAsOf?.ToDateTimeOffset(), shown);
            return misfit.Length == 0 ? receipt : throw new EidException(ErrorReason.ReceiptInvalid, misfit);
        }
        catch (EidException error)
        {
            throw new EidCallException(new EidError { Code = StatusCode.DataLoss, Reason = EidError.ReceiptInvalid, Message = bytes.IsEmpty ? "要求了回执，但答复中没有" : error.Message }, error);
        }
    }

    private static FieldMask? Mask(IReadOnlyList<string> fields) => fields.Count == 0 ? null : new FieldMask { Paths = { fields } };
}
