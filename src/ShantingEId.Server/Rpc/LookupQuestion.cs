using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Question = ShantingEId.V1.Question;
using Verification = ShantingEId.Verifying.Verification;

namespace ShantingEId.Server.Rpc;

/// <summary>What a caller wants to know of one company, as it was sent: whichever method carried it, it is answered alike.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Method">Method name; stands in the ledger.</param>
/// <param name="Purpose">用证事由.</param>
/// <param name="WithReceipt">Whether a receipt is wanted.</param>
/// <param name="Reference">The caller's own file number.</param>
internal sealed record LookupQuestion(Caller Caller, string Method, string Purpose, bool WithReceipt, string Reference)
{
    private const int MaxReference = 64;
    private const long MaxAge = 60; // seconds
    private const long MaxNeighbourAge = 600;

    /// <summary>Text of a QR, or a typed code; null when a credit code is asked about.</summary>
    public string? Code { get; init; }

    /// <summary>统一社会信用代码; null when a code was scanned or typed.</summary>
    public string? CreditCode { get; init; }

    /// <summary>印章编码; null when no seal is asked about by its code.</summary>
    public string? SealCode { get; init; }

    /// <summary>Bytes of a seal; null when no seal is asked about by its bytes.</summary>
    public ReadOnlyMemory<byte>? SesSeal { get; init; }

    /// <summary>The instant asked about; null when it is now.</summary>
    public Timestamp? AsOfTime { get; init; }

    /// <summary>Fields that are wanted; null for all that are granted.</summary>
    public Google.Protobuf.WellKnownTypes.FieldMask? ReadMask { get; init; }

    /// <summary>How old the state may be; null for the server's own bound.</summary>
    public Duration? MaxStateAge { get; init; }

    /// <summary>How old the state of a neighbour's licence may be; null for <see cref="MaxStateAge"/>, and for what the neighbour's ttl allows where that is null too.</summary>
    public Duration? MaxNeighbourStateAge { get; init; }

    /// <summary>Questions to answer with yes or no; null when the licence itself is asked for.</summary>
    public IReadOnlyList<Question>? Questions { get; init; }

    /// <summary>Why it may not be asked at all; null when it may. Recorded like every other refusal.</summary>
    public EidException? Refused { get; init; }

    /// <summary>A scanned or typed code.</summary>
    public static LookupQuestion Of(VerifyCodeRequest request, Caller caller) => new(caller, "VerifyCode", request.Purpose, request.WithReceipt, request.Reference)
    {
        Code = request.Code, ReadMask = request.ReadMask, MaxStateAge = request.MaxStateAge, AsOfTime = request.AsOfTime,
        MaxNeighbourStateAge = request.MaxNeighbourStateAge,
    };

    /// <summary>A credit code.</summary>
    public static LookupQuestion Of(LookupLicenseRequest request, Caller caller) => new(caller, "LookupLicense", request.Purpose, request.WithReceipt, request.Reference)
    {
        CreditCode = request.CreditCode, ReadMask = request.ReadMask, MaxStateAge = request.MaxStateAge, AsOfTime = request.AsOfTime,
    };

    /// <summary>A seal.</summary>
    public static LookupQuestion Of(VerifySealRequest request, Caller caller) => new(caller, "VerifySeal", request.Purpose, request.WithReceipt, request.Reference)
    {
        SealCode = request.SealCase == VerifySealRequest.SealOneofCase.SesSeal ? null : request.SealCode,
        SesSeal = request.SealCase == VerifySealRequest.SealOneofCase.SesSeal ? request.SesSeal.Memory : default(ReadOnlyMemory<byte>?),
        ReadMask = request.ReadMask, AsOfTime = request.AsOfTime,
    };

    /// <summary>Questions.</summary>
    public static LookupQuestion Of(AskQuestionsRequest request, Caller caller) => new(caller, "AskQuestions", request.Purpose, request.WithReceipt, request.Reference)
    {
        Code = request.SubjectCase == AskQuestionsRequest.SubjectOneofCase.Code ? request.Code : null,
        CreditCode = request.SubjectCase == AskQuestionsRequest.SubjectOneofCase.CreditCode ? request.CreditCode : null,
        Questions = request.Questions, AsOfTime = request.AsOfTime,
        Refused = request.SubjectCase == AskQuestionsRequest.SubjectOneofCase.None
            ? new EidException(ErrorReason.QuestionInvalid, "应写明 code 或 credit_code", [new FieldViolation("subject", ErrorReason.QuestionInvalid, "应写明 code 或 credit_code")]) : null,
    };

    /// <summary>A document, by its bytes or what stands for them.</summary>
    public static LookupQuestion OfDocument(Caller caller, string method, ReadOnlyMemory<byte> bytes, string purpose, bool withReceipt, string reference) =>
        new(caller, method, purpose, withReceipt, reference) { SesSeal = bytes };

    /// <summary>What was named: goes into the ledger as a digest only.</summary>
    public string Subject => (Code ?? CreditCode ?? SealCode ?? (SesSeal is { } seal ? Convert.ToHexStringLower(Sm3.Hash(seal.Span)) : ""))
        + (AsOfTime is { } time ? "@" + time.Seconds.ToString(CultureInfo.InvariantCulture) + "." + time.Nanos.ToString("D9", CultureInfo.InvariantCulture) : "");

    /// <summary>The company, where a code that can exist names it; else empty.</summary>
    public string NamedHolder => Licenses.CreditCode.TryParse(CreditCode, out var holder, out _) ? holder.Value : "";

    /// <summary>The credit code asked about.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.UsccInvalid"/>.</exception>
    public CreditCode RequireHolder() => Licenses.CreditCode.TryParse(CreditCode, out var holder, out var problem) ? holder
        : throw new EidException(ErrorReason.UsccInvalid, problem, [new FieldViolation("credit_code", ErrorReason.UsccInvalid, problem)]);

    /// <summary>Refuses a reference that is no file number.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>.</exception>
    public void CheckReference()
    {
        if (Reference.Length > MaxReference * 2 || Reference.EnumerateRunes().Count() > MaxReference || Reference.Any(char.IsControl))
        {
            const string Problem = "应为至多 64 个字符，不含控制字符";
            throw new EidException(ErrorReason.TextInvalid, "reference " + Problem, [new FieldViolation("reference", ErrorReason.TextInvalid, Problem)]);
        }
    }

    /// <summary>The seal asked about, and its bytes where they were sent.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealCodeInvalid"/>, <see cref="ErrorReason.Asn1Invalid"/>.</exception>
    public Seals.SealCode RequireSeal()
    {
        var text = SealCode;
        if (SesSeal is { } bytes)
        {
            try
            {
                text = Seals.SesSeal.Parse(bytes).Info.SealId;
            }
            catch (EidException error)
            {
                throw new EidException(ErrorReason.Asn1Invalid, "ses_seal " + error.Message, [new FieldViolation("ses_seal", ErrorReason.Asn1Invalid, error.Message)]);
            }
        }

        return Seals.SealCode.TryParse(text, out var code) ? code
            : throw new EidException(ErrorReason.SealCodeInvalid, "印章编码应为 14 位数字", [new FieldViolation("seal_code", ErrorReason.SealCodeInvalid, "应为 14 位数字")]);
    }

    /// <summary>The time asked about.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AsOfInvalid"/>: not a time, or one that has not come.</exception>
    public AskedTime Time(TimeSpan age, DateTimeOffset now)
    {
        var time = Wire.ToTime(AsOfTime, "as_of_time", ErrorReason.AsOfInvalid);
        return time is null || time <= now ? new AskedTime(age, time)
            : throw new EidException(ErrorReason.AsOfInvalid, "as_of_time 不能晚于现在", [new FieldViolation("as_of_time", ErrorReason.AsOfInvalid, "不能晚于现在")]);
    }

    /// <summary>How old the state may be, never older than the server's own bound.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AgeInvalid"/>.</exception>
    public TimeSpan StateAge(TimeSpan bound)
    {
        if (MaxStateAge is not { } asked)
        {
            return bound;
        }

        Require(asked, "max_state_age", MaxAge);
        return asked.ToTimeSpan() is var age && age < bound ? age : bound;
    }

    /// <summary>How old the state of a neighbour's licence may be; null for what its ttl allows.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AgeInvalid"/>.</exception>
    public TimeSpan? NeighbourAge()
    {
        if (MaxNeighbourStateAge is { } asked)
        {
            Require(asked, "max_neighbour_state_age", MaxNeighbourAge);
            return asked.ToTimeSpan();
        }

        return MaxStateAge?.ToTimeSpan();
    }

    // A duration whose parts have different signs is none, and a time span counts no single nanoseconds.
    private static void Require(Duration asked, string field, long most)
    {
        if (asked.Seconds < 0 || asked.Seconds > most || asked.Nanos is < 0 or > 999_999_999 || (asked.Seconds == most && asked.Nanos > 0))
        {
            var problem = $"应在 0 至 {most} 秒之间";
            throw new EidException(ErrorReason.AgeInvalid, $"{field} {problem}", [new FieldViolation(field, ErrorReason.AgeInvalid, problem)]);
        }
    }
}

/// <summary>What the caller is told.</summary>
/// <param name="Verification">The verdict with everything that is known; never leaves as it is.</param>
/// <param name="Fields">What of it may be shown.</param>
/// <param name="Answers">Yes or no to each question; empty when there were none, or no genuine licence to speak of.</param>
internal sealed record LookupAnswer(Verification Verification, LicenseFields Fields, IReadOnlyList<bool> Answers)
{
    /// <summary>The receipt; null where none was asked for.</summary>
    public byte[]? Receipt { get; init; }

    /// <summary>What stands in the ledger of it.</summary>
    public LookupRecord? Record { get; init; }

    /// <summary>What was shown.</summary>
    public ReceiptFacts Facts { get; init; } = ReceiptFacts.None;

    /// <summary>The receipt as a message carries it.</summary>
    public ByteString ReceiptBytes => Receipt is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(Receipt);
}
