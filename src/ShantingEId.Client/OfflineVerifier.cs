using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Client;

/// <summary>What can be said about a code without the service. Never a yes.</summary>
/// <param name="Verdict">UNKNOWN for a good signature: genuine once, in force now or not; otherwise what is wrong with the code.</param>
/// <param name="Reason">Machine reason.</param>
/// <param name="Explanation">One plain Chinese sentence.</param>
/// <param name="NextStep">What to do next, in Chinese.</param>
/// <param name="Claims">Company, name and version as signed; null unless the signature is good.</param>
public sealed record OfflineAnswer(Verdict Verdict, string Reason, string Explanation, string NextStep, LicenseCode? Claims);

/// <summary>
/// Checks the signature of a scanned code with the authority's certificates alone, for a counter whose line is down. Whether a
/// licence is in force stands in the register only, so the best answer is UNKNOWN with what was signed.
/// </summary>
public sealed class OfflineVerifier
{
    private readonly Verifier verifier;
    private readonly string codePrefix;

    /// <summary>Makes a verifier.</summary>
    /// <param name="trust">The authority's certificates, code signers among them.</param>
    /// <param name="codePrefix">Official address in front of every licence code, upper case, ending in <c>/</c>.</param>
    public OfflineVerifier(EidTrust trust, string codePrefix)
    {
        this.codePrefix = codePrefix;
        verifier = new Verifier(trust.Codes, codePrefix, "", new NoRegister(), TimeProvider.System);
    }

    /// <summary>Judges the text of a QR, or a typed code.</summary>
    /// <param name="text">As scanned or typed.</param>
    public OfflineAnswer Verify(string text)
    {
        // A typed code is a number and carries no signature; mistyping is all that can be noticed.
        if (!text.StartsWith(codePrefix, StringComparison.Ordinal) && TypedCode.LooksLikeOne(text))
        {
            return TypedCode.TryParse(text, out _) ? Answer(Verdict.Unknown, VerdictReason.RegisterNotAsked) : Answer(Verdict.Malformed, VerdictReason.TypedCodeCheck);
        }

        var (code, verdict, reason) = verifier.ReadCode(text);
        return code is null ? Answer(verdict, reason) : Answer(Verdict.Unknown, VerdictReason.RegisterNotAsked, code);
    }

    private static OfflineAnswer Answer(Verdict verdict, VerdictReason reason, LicenseCode? claims = null)
    {
        var (explanation, nextStep) = VerdictTexts.Of(verdict, reason);
        return new OfflineAnswer(verdict, reason.WireName(), explanation, nextStep, claims);
    }

    private sealed class NoRegister : IRegisterReader
    {
        public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) =>
            throw Offline();

        public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => throw Offline();

        public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => throw Offline();

        private static EidException Offline() => new(ErrorReason.StoreUnavailable, "离线核验不查询登记簿");
    }
}
