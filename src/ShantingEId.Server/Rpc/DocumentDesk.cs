using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Reading;
using ShantingEId.Issuing;
using ShantingEId.Receipts;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>Judges documents and signatures that somebody brings, as a look-up of the companies whose seals are in them.</summary>
/// <param name="lookups">Right and record.</param>
/// <param name="trust">Whose certificates are believed.</param>
/// <param name="status">The register's states.</param>
/// <param name="register">Knows whose a seal is.</param>
/// <param name="turns">How much is worked on at once.</param>
/// <param name="clock">The one clock.</param>
/// <param name="verifier">Judges a licence that was brought as a document.</param>
/// <param name="own">The authority's own seals.</param>
internal sealed class DocumentDesk(LookupDesk lookups, CertificateTrust trust, IStatusSource status, ILicenseStore register, Turns turns, RegisterClock clock, Verifier verifier, OwnSeals own)
{
    private const int MaxDocument = 8 * 1024 * 1024;
    private const int MaxSignature = 1024 * 1024;
    private readonly DocumentVerifier documents = new(trust, status, clock);
    private readonly SignatureVerifier signatures = new(trust, status, clock);

    /// <summary>Judges a document.</summary>
    public async Task<DocumentVerification> VerifyAsync(VerifyDocumentRequest request, Caller caller, CancellationToken cancel)
    {
        var (asOf, answer, license) = (clock.GetUtcNow(), new DocumentVerification(), (Verifying.Verification?)null);
        var question = LookupQuestion.OfDocument(caller, "VerifyDocument", request.Document.Memory, request.Purpose, request.WithReceipt, request.Reference);
        var receipt = await lookups.LookAsync(question, async () =>
        {
            RequireSize(request.Document, MaxDocument, "document");
            var report = await turns.RunAsync(() => Task.Run(async () => await documents.VerifyAsync(request.Document.Memory, cancel), cancel), cancel);
            answer = DocumentWire.ToMessage(report);
            answer.Digest = ByteString.CopyFrom(Sm3.Hash(request.Document.Span));
            if (LicenseInside.Find(request.Document.Memory, report, own.Seals, trust) is { } manifest)
            {
                license = await verifier.VerifyManifestAsync(manifest, AskedTime.Now, cancel);
                answer.License = DocumentWire.ToMessage(license);
            }

            return await SeenAsync(answer.Digest, report.Verdict, [.. report.Checks, .. report.Signatures.SelectMany(each => each.Checks)], answer.Signatures, license, asOf, cancel);
        }, cancel);
        answer.VerifyTime = asOf.ToTimestamp();
        answer.Receipt = ByteString.CopyFrom(receipt ?? []);
        return answer;
    }

    /// <summary>Judges one electronic signature.</summary>
    public async Task<StampVerification> VerifyAsync(VerifyStampRequest request, Caller caller, CancellationToken cancel)
    {
        var (asOf, answer) = (clock.GetUtcNow(), new StampVerification());
        var question = LookupQuestion.OfDocument(caller, "VerifyStamp", request.Signature.Memory, request.Purpose, request.WithReceipt, request.Reference);
        var receipt = await lookups.LookAsync(question, async () =>
        {
            RequireSize(request.Signature, MaxSignature, "signature");
            var digest = request.OriginalCase switch
            {
                VerifyStampRequest.OriginalOneofCase.Text => Sm3.Hash(request.Text.Span),
                VerifyStampRequest.OriginalOneofCase.TextDigest => request.TextDigest.Length == Sm3.Size ? request.TextDigest.ToByteArray()
                    : throw EidException.OfField(ErrorReason.DocumentInvalid, "text_digest", "应为 32 字节的 SM3 杂凑值"),
                _ => null,
            };
            var report = await turns.RunAsync(() => Task.Run(async () => await signatures.VerifyByDigestAsync(request.Signature.Memory, digest, cancel), cancel), cancel);
            answer = DocumentWire.ToMessage(report);
            return await SeenAsync(ByteString.CopyFrom(Sm3.Hash(request.Signature.Span)), report.Verdict, report.Checks, [answer.Signature], null, asOf, cancel);
        }, cancel);
        answer.VerifyTime = asOf.ToTimestamp();
        answer.Receipt = ByteString.CopyFrom(receipt ?? []);
        return answer;
    }

    // Whom it reaches: a forged seal names its company too, and that it was shown to somebody is the company's business.
    private async ValueTask<SeenDocument> SeenAsync(
        ByteString digest, SealVerdict verdict, IReadOnlyList<SealCheck> checks, IReadOnlyList<V1.DocumentSignature> found, Verifying.Verification? license,
        DateTimeOffset asOf, CancellationToken cancel)
    {
        var holders = new HashSet<string>();
        var facts = new Dictionary<string, string> { ["digest"] = Convert.ToHexStringLower(digest.Span), ["verdict"] = verdict.WireName() };
        foreach (var (i, signature) in found.Index())
        {
            facts[string.Create(CultureInfo.InvariantCulture, $"signature.{i + 1}")] = $"{LookupRecord.Clip(signature.SealCode)} {((SealVerdict)signature.Verdict).WireName()}";
            if (SealCode.TryParse(signature.SealCode, out var code) && await register.FindSealAsync(code, cancel) is { } entry)
            {
                holders.Add(entry.Holder.Value);
            }
        }

        if (license?.Manifest?.License is { } face)
        {
            holders.Add(face.Facts.CreditCode.Value);
            facts["license_id"] = face.Id.ToString();
            facts["license_verdict"] = System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(license.Verdict.ToString());
        }

        // A genuine document of a licence that has ended is no more worth than the licence.
        if (verdict == SealVerdict.Valid && license is { IsValid: false })
        {
            return new SeenDocument(holders, license.Verdict, license.Reason.WireName(), new ReceiptFacts(facts), asOf);
        }

        var problem = checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed) ?? checks.FirstOrDefault(check => check.Outcome == CheckOutcome.NotConfirmed);
        return new SeenDocument(holders, VerdictOf(verdict, problem?.Problem), verdict == SealVerdict.Valid ? "" : problem?.Problem.WireName() ?? "", new ReceiptFacts(facts), asOf);
    }

    // The ledger knows one kind of verdict; beside it stands the machine reason of the first step that did not pass.
    private static Verdict VerdictOf(SealVerdict verdict, SealProblem? problem) => (verdict, problem) switch
    {
        (SealVerdict.Valid, _) => Verdict.Valid,
        (SealVerdict.NotConfirmed, _) => Verdict.Unknown,
        (_, SealProblem.SealEnded or SealProblem.Revoked) => Verdict.Revoked,
        (_, SealProblem.OutsideValidity) => Verdict.Expired,
        (_, SealProblem.CaUnknown or SealProblem.CaScope or SealProblem.CaRegion or SealProblem.CaPeriod or SealProblem.TrustListExpired) => Verdict.NotOurs,
        (_, SealProblem.Asn1Invalid or SealProblem.Asn1Limits or SealProblem.CertInvalid or SealProblem.NotSigned or SealProblem.SignatureStructure) => Verdict.Malformed,
        _ => Verdict.BadSignature,
    };

    private static void RequireSize(ByteString bytes, int most, string field)
    {
        if (bytes.IsEmpty || bytes.Length > most)
        {
            throw EidException.OfField(ErrorReason.ContainerLimits, field, $"应有内容，至多 {most / 1024 / 1024} MiB");
        }
    }
}
