using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>The answer to the verification of a document.</summary>
/// <param name="Verification">Verdict, one sentence, every step, every signature, every file.</param>
/// <param name="Receipt">The receipt, checked, where asked for.</param>
public sealed record EidDocumentAnswer(DocumentVerification Verification, EidReceipt? Receipt)
{
    /// <summary>
    /// Whether you may rely on it: every step passed, and where the document is a licence of ours, that is in force by now too. Nothing else is
    /// a yes.
    /// </summary>
    public bool IsValid => Verification.Verdict == DocumentVerification.Types.Verdict.Valid
        && Verification.License is null or { Verdict: V1.Verification.Types.Verdict.Valid };

    /// <summary>One plain Chinese sentence for the person at the counter.</summary>
    public string Explanation => Verification.Summary + (Verification.License is { Verdict: not V1.Verification.Types.Verdict.Valid } license ? license.Explanation : "");
}
