using Google.Protobuf.WellKnownTypes;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Enum = System.Enum;
using Neighbour = ShantingEId.V1.Neighbour;
using Verdict = ShantingEId.Verifying.Verdict;
using Succession = ShantingEId.V1.Succession;
using Verification = ShantingEId.V1.Verification;

namespace ShantingEId.Client;

/// <summary>The answer to a verification.</summary>
public sealed record EidAnswer
{
    /// <summary>Whether you may rely on the licence: genuine, in the register, in force, and the state young enough. Nothing else is a yes.</summary>
    public bool IsValid => Verdict == Verdict.Valid;

    /// <summary>The verdict. A number this SDK does not know is <see cref="Verdict.Unspecified"/> and never valid.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Machine reason behind the verdict, e.g. <c>SIGNATURE_INVALID</c>; empty when valid.</summary>
    public required string Reason { get; init; }

    /// <summary>One plain Chinese sentence for the person at the counter.</summary>
    public required string Explanation { get; init; }

    /// <summary>What that person should do next, in Chinese.</summary>
    public required string NextStep { get; init; }

    /// <summary>When the state was read from the register, by the service's clock.</summary>
    public required DateTimeOffset? StatusAsOf { get; init; }

    /// <summary>The licence with the fields granted to the purpose; null when there is no genuine one.</summary>
    public License? License { get; init; }

    /// <summary>Kinds and codes of the four seals, where the purpose grants them.</summary>
    public IReadOnlyList<Seal> Seals { get; init; } = [];

    /// <summary>Permits of a comprehensive licence (行业综合许可证), each with its state; empty for a business licence.</summary>
    public IReadOnlyList<Permit> Permits { get; init; } = [];

    /// <summary>Whose code it is, when a recognised neighbouring issuer's: then <see cref="License"/> holds what the code itself says, and nothing else. Null for our own.</summary>
    public Neighbour? Neighbour { get; init; }

    /// <summary>Whether it is a valid comprehensive licence with this permit in force: what to ask before relying on one permit.</summary>
    /// <param name="code">Short name of the permit, e.g. <c>FOOD_BUSINESS</c>.</param>
    public bool HasPermit(string code) => IsValid && Permits.Any(permit => permit.Code == code && permit.IsInForce);

    /// <summary>Since when the state holds.</summary>
    public DateTimeOffset? StateEffective { get; init; }

    /// <summary>Legal reason of a state other than in force.</summary>
    public string StateReason { get; init; } = "";

    /// <summary>The instant asked about; null when it was now.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>What took its place, and what the company is called by now; present when superseded.</summary>
    public Succession? Succession { get; init; }

    /// <summary>The receipt, checked, where asked for; null for an answer that this SDK turned into UNKNOWN.</summary>
    public EidReceipt? Receipt { get; init; }

    internal static EidAnswer From(Verification answer, EidReceipt? receipt, AgeFinding age)
    {
        var verdict = Known(answer.Verdict);
        var given = new EidAnswer
        {
            Verdict = verdict, Reason = answer.Reason, Explanation = answer.Explanation, NextStep = answer.NextStep,
            StatusAsOf = answer.StatusAsOfTime?.ToDateTimeOffset(), License = answer.License, Seals = answer.Seals,
            StateEffective = answer.StateEffectiveTime?.ToDateTimeOffset(), StateReason = answer.StateReason, Receipt = receipt,
            AsOf = answer.AsOfTime?.ToDateTimeOffset(), Succession = answer.Succession, Permits = answer.Permits, Neighbour = answer.Neighbour,
        };
        if (verdict != Verdict.Valid || Doubt(age) is not { } reason)
        {
            return given;
        }

        var (explanation, nextStep) = VerdictTexts.Of(Verdict.Unknown, reason);
        return given with { Verdict = Verdict.Unknown, Reason = reason.WireName(), Explanation = explanation, NextStep = nextStep, Receipt = null };
    }

    /// <summary>Why a VALID cannot be accepted. Only a yes is taken back: a no that is some seconds old is still a warning.</summary>
    internal static VerdictReason? Doubt(AgeFinding age) => age switch
    {
        AgeFinding.Accepted => null,
        AgeFinding.ClocksApart => VerdictReason.ClocksApart,
        _ => VerdictReason.StateTooOld,
    };

    internal static Verdict Known(Verification.Types.Verdict verdict) => Enum.IsDefined((Verdict)verdict) ? (Verdict)verdict : Verdict.Unspecified;
}

/// <summary>Answers to questions about a licence.</summary>
public sealed record EidReplies
{
    /// <summary>Whether the licence is genuine, in force, and the state young enough.</summary>
    public bool IsValid => Verdict == Verdict.Valid;

    /// <summary>The verdict on the licence.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Machine reason behind the verdict; empty when valid.</summary>
    public required string Reason { get; init; }

    /// <summary>One plain Chinese sentence for the person at the counter.</summary>
    public required string Explanation { get; init; }

    /// <summary>When the state was read from the register, by the service's clock.</summary>
    public required DateTimeOffset? StatusAsOf { get; init; }

    /// <summary>True for yes, one for each question in its order; empty when there is no genuine licence or its state is too old.</summary>
    public required IReadOnlyList<bool> Replies { get; init; }

    /// <summary>The receipt, checked, where asked for.</summary>
    public EidReceipt? Receipt { get; init; }

    /// <summary>Whether the licence is in force and every question was answered with yes.</summary>
    public bool AllYes => IsValid && Replies.Count > 0 && Replies.All(reply => reply);

    internal static EidReplies From(AskQuestionsResponse answer, EidReceipt? receipt, AgeFinding age)
    {
        var verdict = EidAnswer.Known(answer.Verdict);
        var given = new EidReplies
        {
            Verdict = verdict, Reason = answer.Reason, Explanation = answer.Explanation, StatusAsOf = answer.StatusAsOfTime?.ToDateTimeOffset(),
            Replies = [.. answer.Answers.Select(reply => reply == AskQuestionsResponse.Types.Answer.Yes)], Receipt = receipt,
        };
        return verdict == Verdict.Valid && EidAnswer.Doubt(age) is { } reason
            ? given with { Verdict = Verdict.Unknown, Reason = reason.WireName(), Explanation = VerdictTexts.Of(Verdict.Unknown, reason).Explanation, Replies = [], Receipt = null }
            : given;
    }
}
