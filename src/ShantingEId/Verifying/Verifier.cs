using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Verifying;

/// <summary>
/// Answers whether a licence is genuine and in force. VALID means all three: the signature is good, the register knows the
/// set, and the register says it is in force now. A good signature alone is never enough.
/// </summary>
/// <param name="keys">Keys this deployment trusts, each for one use.</param>
/// <param name="codePrefix">Official address in front of every licence code.</param>
/// <param name="environment">Name of this deployment; sets of another are refused.</param>
/// <param name="register">The register, or a cache in front of it.</param>
/// <param name="clock">Gives <c>status_as_of</c>.</param>
public sealed class Verifier(KeyRing keys, string codePrefix, string environment, IRegisterReader register, TimeProvider clock)
{
    /// <summary>Verifies the text of a QR, or a typed code.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.QrTextInvalid"/>: not a text at all; store errors.</exception>
    /// <param name="text">As scanned or typed.</param>
    /// <param name="maxAge">How old the state may be at most.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> VerifyCodeAsync(string text, TimeSpan maxAge, CancellationToken cancel)
    {
        // 1. Strict parse. What is printable but not ours is an answer (somebody scanned the wrong code), not an error.
        if (text.Length is 0 or > LicenseCode.MaxTextLength || text.AsSpan().ContainsAnyInRange('\0', '\u001F') || text.AsSpan().ContainsAnyInRange('\u007F', '\u009F'))
        {
            throw new EidException(ErrorReason.QrTextInvalid, "code 应为 1 至 2048 个可见字符",
                [new FieldViolation("code", ErrorReason.QrTextInvalid, "应为 1 至 2048 个可见字符")]);
        }

        if (!text.StartsWith(codePrefix, StringComparison.Ordinal) && TypedCode.LooksLikeOne(text))
        {
            return TypedCode.TryParse(text, out var typed)
                ? Judge(await register.FindAsync(RegisterKey.Of(typed), maxAge, cancel))
                : Answer(Verdict.Malformed, VerdictReason.TypedCodeCheck);
        }

        // 2. Signature: whose, for what, and over exactly these bytes.
        var (code, verdict, reason) = ReadCode(text);
        if (code is null)
        {
            return Answer(verdict, reason);
        }

        // 3. State, from the register only. A code the register does not know is an alert, however good its signature.
        var reading = await register.FindAsync(RegisterKey.Of(code.ManifestDigest), maxAge, cancel);
        if (reading.Entry is not { } entry)
        {
            return new Verification(Verdict.NotIssued, VerdictReason.NotIssued, reading.AsOf);
        }

        // 4. The manifest is the one the code's signature names, so it needs no second signature check.
        if (!ManifestDigest.Of(entry.Manifest).Equals(code.ManifestDigest) || !Envelope.TryParse(entry.Manifest, out var envelope)
            || !Manifest.TryRead(envelope, out var manifest) || !Fits(manifest, code) || manifest.Environment != environment)
        {
            return new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, reading.AsOf);
        }

        return Judge(manifest, entry, reading.AsOf);
    }

    /// <summary>Looks up the licence of a company: the one in force, else its newest.</summary>
    public async ValueTask<Verification> LookupAsync(CreditCode holder, TimeSpan maxAge, CancellationToken cancel)
    {
        var answer = Judge(await register.FindAsync(RegisterKey.Of(holder), maxAge, cancel));
        // Under which company the register files a row is not signed; whose licence it is stands in the manifest.
        return answer.Manifest is { } manifest && manifest.License.Facts.CreditCode != holder
            ? new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, answer.StatusAsOf) : answer;
    }

    /// <summary>
    /// The answer about a company of which the asker may not learn whether it exists: the one that a company that does not exist
    /// has, after the same work, and the same whether it exists or not.
    /// </summary>
    /// <param name="holder">The company.</param>
    /// <param name="maxAge">How old the answer may be at most.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> LookupNobodyAsync(CreditCode holder, TimeSpan maxAge, CancellationToken cancel)
    {
        // No credit code begins with 0. Reading the company's own entry and dropping it would show by its time, and by what that
        // leaves in caches, whether there is one.
        var nobody = new RegisterKey(RegisterKeyKind.Holder, "0" + holder.Value[1..]);
        return new Verification(Verdict.NotFound, VerdictReason.LicenseNotFound, (await register.FindAsync(nobody, maxAge, cancel)).AsOf);
    }

    /// <summary>
    /// Steps 1 and 2 alone: the claims of a code with a good signature, or the verdict that says what is wrong with it.
    /// Says nothing about the register.
    /// </summary>
    public (LicenseCode? Code, Verdict Verdict, VerdictReason Reason) ReadCode(string text)
    {
        var problem = LicenseCode.TryOpen(text, codePrefix, out var envelope);
        if (problem != CodeProblem.None)
        {
            return problem switch
            {
                CodeProblem.Prefix => (null, Verdict.NotOurs, VerdictReason.QrPrefix),
                CodeProblem.Version => (null, Verdict.Malformed, VerdictReason.QrVersion),
                CodeProblem.NotCanonical => (null, Verdict.Malformed, VerdictReason.QrNotCanonical),
                _ => (null, Verdict.Malformed, VerdictReason.QrStructure),
            };
        }

        if (CheckSignature(envelope!, ContentType.LicenseCode) is { } reason)
        {
            return (null, reason == VerdictReason.KeyUnknown ? Verdict.NotOurs : Verdict.BadSignature, reason);
        }

        return LicenseCode.Read(envelope!) is { } code
            ? (code, Verdict.Unspecified, VerdictReason.None)
            : (null, Verdict.Malformed, VerdictReason.QrStructure);
    }

    /// <summary>Why an envelope cannot be relied on for this use; null when it can.</summary>
    public VerdictReason? CheckSignature(Envelope envelope, ContentType use)
    {
        if (keys.Find(envelope.KeyId) is not { } key)
        {
            return VerdictReason.KeyUnknown;
        }

        // Key and content must both be for this use: a manifest is no code, and a code's key signs no manifest.
        if (key.Use != use || envelope.ContentType != use)
        {
            return VerdictReason.KeyPurpose;
        }

        return envelope.Verify(key.Key) ? null : VerdictReason.SignatureInvalid;
    }

    private Verification Judge(Reading reading)
    {
        if (reading.Entry is not { } entry)
        {
            return new Verification(Verdict.NotFound, VerdictReason.LicenseNotFound, reading.AsOf);
        }

        // No code was scanned, so the manifest's own signature is what vouches for the register's bytes.
        return Envelope.TryParse(entry.Manifest, out var envelope) && CheckSignature(envelope, ContentType.Manifest) is null
            && Manifest.TryRead(envelope, out var manifest) && manifest.Environment == environment && manifest.License.Id == entry.LicenseId
            ? Judge(manifest, entry, reading.AsOf)
            : new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, reading.AsOf);
    }

    // The verdict is a pure function of facts, state and time.
    private static Verification Judge(Manifest manifest, RegisterEntry entry, DateTimeOffset asOf) => entry.State.State switch
    {
        SetState.Active => new(Verdict.Valid, VerdictReason.None, asOf, manifest, entry),
        SetState.Revoked => new(Verdict.Revoked, VerdictReason.Revoked, asOf, manifest, entry),
        _ => throw new EidException(ErrorReason.InternalFault, "登记状态无法识别"),
    };

    private Verification Answer(Verdict verdict, VerdictReason reason) => new(verdict, reason, clock.GetUtcNow());

    private static bool Fits(Manifest manifest, LicenseCode code) =>
        manifest.License.Id.Version == code.Version && manifest.License.Facts.CreditCode == code.Holder && manifest.License.Facts.Name == code.Name;
}
