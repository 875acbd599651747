using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

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
    /// <param name="when">Now, or an instant that has passed.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> VerifyCodeAsync(string text, AskedTime when, CancellationToken cancel)
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
                ? await CompletedAsync(Judge(await when.FindAsync(register, RegisterKey.Of(typed), cancel)), when, cancel)
                : Answer(Verdict.Malformed, VerdictReason.TypedCodeCheck);
        }

        // 2. Signature: whose, for what, and over exactly these bytes.
        var (code, verdict, reason) = ReadCode(text);
        if (code is null)
        {
            return Answer(verdict, reason);
        }

        // 3. State, from the register only. A code the register does not know is an alert, however good its signature.
        var reading = await when.FindAsync(register, RegisterKey.Of(code.ManifestDigest), cancel);
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

        return await CompletedAsync(Judge(manifest, entry, reading.AsOf), when, cancel);
    }

    /// <summary>Looks up the licence of a company: its newest that has taken force.</summary>
    public async ValueTask<Verification> LookupAsync(CreditCode holder, AskedTime when, CancellationToken cancel)
    {
        var answer = Judge(await when.FindAsync(register, RegisterKey.Of(holder), cancel)) with { AsOfTime = when.AsOfTime };
        // Under which company the register files a row is not signed; whose licence it is stands in the manifest.
        return answer.Manifest is { } manifest && manifest.License.Facts.CreditCode != holder
            ? new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, answer.StatusAsOf) : answer;
    }

    /// <summary>
    /// The answer about a company of which the asker may not learn whether it exists: the one that a company that does not exist
    /// has, after the same work, and the same whether it exists or not.
    /// </summary>
    /// <param name="holder">The company.</param>
    /// <param name="when">Now, or an instant that has passed.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> LookupNobodyAsync(CreditCode holder, AskedTime when, CancellationToken cancel)
    {
        // No credit code begins with 0. Reading the company's own entry and dropping it would show by its time, and by what that
        // leaves in caches, whether there is one.
        var nobody = new RegisterKey(RegisterKeyKind.Serial, "0" + holder.Value[1..]);
        return new Verification(Verdict.NotFound, VerdictReason.LicenseNotFound, (await when.FindAsync(register, nobody, cancel)).AsOf) { AsOfTime = when.AsOfTime };
    }

    /// <summary>Verifies one seal: whether it is one of the four of its company's licence.</summary>
    /// <param name="code">Its code.</param>
    /// <param name="seal">Its own bytes, where they are at hand; they must be those that the licence binds.</param>
    /// <param name="when">Now, or an instant that has passed.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> VerifySealAsync(SealCode code, ReadOnlyMemory<byte>? seal, AskedTime when, CancellationToken cancel)
    {
        // 1. Whose it is; of a seal that was never issued there is nothing to say.
        if (await register.FindSealAsync(code, cancel) is not { } known)
        {
            return Answer(Verdict.NotFound, VerdictReason.SealNotFound) with { AsOfTime = when.AsOfTime };
        }

        // 2. The company's licence then. If it names the seal, its state is the seal's.
        var answer = Judge(await when.FindAsync(register, RegisterKey.Of(known.Holder), cancel));
        if (!Names(answer, code))
        {
            // 3. Else the seal belongs to an earlier licence or to one that has not taken force: its own says which, and whether it was replaced.
            answer = Judge(await when.FindAsync(register, RegisterKey.Of(known.MadeFor), cancel));
            if (!Names(answer, code))
            {
                return answer.Manifest is null ? answer with { AsOfTime = when.AsOfTime } : new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, answer.StatusAsOf);
            }

            if (known.Replaced is { } replaced && answer.Verdict is Verdict.Superseded or Verdict.Valid)
            {
                answer = answer with { Verdict = Verdict.Superseded, Reason = VerdictReason.SealReplaced, Entry = answer.Entry! with { State = replaced } };
            }
        }

        // 4. The bytes at hand must be the ones that were signed for.
        if (seal is { } bytes && !answer.Manifest!.Seals.First(one => one.Code == code).Digest.AsSpan().SequenceEqual(Sm3.Hash(bytes.Span)))
        {
            return new Verification(Verdict.BadSignature, VerdictReason.SignatureInvalid, answer.StatusAsOf) { AsOfTime = when.AsOfTime };
        }

        return await CompletedAsync(answer with { Seal = code }, when, cancel);
    }

    /// <summary>Verifies the licence of a manifest, which documents of licences carry with them.</summary>
    /// <param name="manifest">Its digest.</param>
    /// <param name="when">Now, or an instant that has passed.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification> VerifyManifestAsync(ManifestDigest manifest, AskedTime when, CancellationToken cancel) =>
        await CompletedAsync(Judge(await when.FindAsync(register, RegisterKey.Of(manifest), cancel)), when, cancel);

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

        // A key is ours in the time of its certificate: what it signed then counts for ever, what it signs outside of it never did.
        return LicenseCode.Read(envelope!) is not { } code ? (null, Verdict.Malformed, VerdictReason.QrStructure)
            : keys.Find(envelope!.KeyId)!.Certificate.IsValidAt(code.IssueTime) ? (code, Verdict.Unspecified, VerdictReason.None)
            : (null, Verdict.NotOurs, VerdictReason.KeyUnknown);
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

    // The verdict is a pure function of facts and of the state at the time. What has not taken force is shown to nobody.
    private static Verification Judge(Manifest manifest, RegisterEntry entry, DateTimeOffset asOf) => entry.State.State switch
    {
        SetState.Active => new(Verdict.Valid, VerdictReason.None, asOf, manifest, entry),
        SetState.Revoked => new(Verdict.Revoked, VerdictReason.Revoked, asOf, manifest, entry),
        SetState.Superseded => new(Verdict.Superseded, VerdictReason.Superseded, asOf, manifest, entry),
        SetState.Suspended => new(Verdict.Suspended, VerdictReason.Suspended, asOf, manifest, entry),
        SetState.Cancelled => new(Verdict.Cancelled, VerdictReason.Cancelled, asOf, manifest, entry),
        SetState.Rescinded => new(Verdict.Revoked, VerdictReason.Rescinded, asOf, manifest, entry),
        SetState.Withdrawn => new(Verdict.Revoked, VerdictReason.Withdrawn, asOf),
        SetState.Scheduled => new(Verdict.NotFound, VerdictReason.NotYetEffective, asOf),
        _ => throw new EidException(ErrorReason.InternalFault, "登记状态无法识别"),
    };

    // Who shows an old code is told what the company is called by now, which may be several changes later.
    private async ValueTask<Verification> CompletedAsync(Verification answer, AskedTime when, CancellationToken cancel)
    {
        answer = answer with { AsOfTime = when.AsOfTime };
        if (answer is not { Verdict: Verdict.Superseded, Manifest: { } manifest, Entry.State: { Successor: { } successor } state })
        {
            return await WithPermitsAsync(answer, when, cancel);
        }

        var current = Judge(await register.FindAsync(RegisterKey.NewestOf(manifest.License.Id), when.MaxAge, cancel));
        return current.Manifest is { } newest && newest.License.Facts.CreditCode == manifest.License.Facts.CreditCode
            ? answer with { Succession = new Succession(successor, state.EffectiveTime, newest.License) } : throw Lost();
    }

    // 一业一证: each permit has a state of its own, and none is worth more than the company's business licence. Neither is stored with
    // the licence: what time and the business licence do to it follows, without anybody writing it down.
    private async ValueTask<Verification> WithPermitsAsync(Verification answer, AskedTime when, CancellationToken cancel)
    {
        if (answer is not { Manifest.License: { Trade: { } trade } license, Entry: { } entry, Verdict: Verdict.Valid or Verdict.Suspended })
        {
            return answer;
        }

        var (time, isNow) = (when.AsOfTime ?? clock.GetUtcNow(), when.AsOfTime is null);
        answer = answer with { Permits = [.. trade.Permits.Select(permit => PermitStatus.At(permit, entry.PermitEvents, time, isNow))] };
        var holder = Judge(await when.FindAsync(register, RegisterKey.Of(license.Facts.CreditCode), cancel));
        return holder.Manifest is not { } current || current.License.Facts.CreditCode != license.Facts.CreditCode ? throw Lost()
            : answer.IsValid && !holder.IsValid ? answer with { Verdict = holder.Verdict, Reason = VerdictReason.HolderNotInForce, Holder = current.License }
            : answer with { Holder = current.License, StatusAsOf = holder.StatusAsOf < answer.StatusAsOf ? holder.StatusAsOf : answer.StatusAsOf };
    }

    private static bool Names(Verification answer, SealCode code) => answer.Manifest is { } manifest && manifest.Seals.Any(seal => seal.Code == code);

    private static EidException Lost() => new(ErrorReason.InternalFault, "登记簿中的换发记录不完整");

    private Verification Answer(Verdict verdict, VerdictReason reason) => new(verdict, reason, clock.GetUtcNow());

    private static bool Fits(Manifest manifest, LicenseCode code) =>
        manifest.License.Id.Version == code.Version && manifest.License.Facts.CreditCode == code.Holder && manifest.License.Facts.Name == code.Name;
}
