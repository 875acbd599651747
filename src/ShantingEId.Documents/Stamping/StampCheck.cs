using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Stamping;

/// <summary>Judges a stamp of our own like a stranger, before anybody sees it.</summary>
/// <param name="certificates">Whose certificates are believed.</param>
/// <param name="clock">The one clock.</param>
public sealed class StampCheck(CertificateTrust certificates, TimeProvider clock)
{
    private readonly SignatureVerifier signatures = new(certificates, Judged.Instance, clock);
    private readonly DocumentVerifier documents = new(certificates, Judged.Instance, clock);

    /// <summary>Verifies the stamp; what others signed before is theirs to answer for.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SelfCheckFailed"/>.</exception>
    internal async ValueTask RequireGoodAsync(SesSignature signature, byte[]? document, StampPlan plan, CancellationToken cancel)
    {
        IReadOnlyList<SealCheck> checks;
        if (document is null)
        {
            // Of a digest nobody here has the text.
            checks = [.. (await signatures.VerifyAsync(signature.Der.ToArray(), null, cancel)).Checks.Where(check => check.Step != CheckStep.DataHash)];
        }
        else
        {
            checks = (await documents.VerifyAsync(document, cancel)).Signatures.SingleOrDefault(each => each.Path == plan.PropertyInfo)?.Checks ?? [];
        }

        if (checks.Count == 0 || SealChecks.Verdict(checks) != SealVerdict.Valid || !signature.ToSign.DataHash.AsSpan().SequenceEqual(plan.DataHash))
        {
            var problem = checks.FirstOrDefault(check => check.Outcome is CheckOutcome.Failed or CheckOutcome.NotConfirmed)?.Text ?? "没有找到刚作的签章";
            throw new EidException(ErrorReason.SelfCheckFailed, $"用印结果未通过自检：{problem}");
        }
    }

    // The register was asked a moment ago; asking again would judge the same.
    private sealed class Judged : IStatusSource
    {
        private static readonly KnownStatus Good = new(KnownState.Good, null, "用印前已核对登记簿");

        public static Judged Instance { get; } = new();

        public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => ValueTask.FromResult(Good);

        public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(Good);
    }
}
