using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Issuing;

/// <summary>
/// Checks a finished set as a stranger would, from its bytes alone: the code, the manifest, each seal, each certificate,
/// and that every digest in the manifest is that of the seal beside it. Used before every commit and by <c>eid inspect</c>.
/// </summary>
public static class SetCheck
{
    /// <summary>Says what is wrong, or "".</summary>
    public static string Problem(IssuedSet set, Verifier verifier, IReadOnlyCollection<Sm2Certificate> intermediates, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at)
    {
        // 1. The code opens, its signature is good, and it names this manifest.
        var (code, verdict, reason) = verifier.ReadCode(set.LicenseCode);
        if (code is null)
        {
            return $"证照码 {verdict} {reason}";
        }

        if (!code.ManifestDigest.Equals(ManifestDigest.Of(set.Manifest)) || code.Name != set.License.Facts.Name || code.Holder != set.License.Facts.CreditCode)
        {
            return "证照码与清单不符";
        }

        // 2. The manifest's signature is good and it says what the licence says.
        if (!Envelope.TryParse(set.Manifest, out var envelope) || verifier.CheckSignature(envelope, ContentType.Manifest) is not null
            || !Manifest.TryRead(envelope, out var manifest) || manifest.License != set.License)
        {
            return "清单签名或内容不符";
        }

        // 3. Each seal, from its bytes, is the one the manifest names.
        var trust = new CertificateTrust(roots, intermediates);
        foreach (var (named, issued) in manifest.Seals.Zip(set.Seals.Seals))
        {
            var seal = SesSeal.Parse(issued.Seal.Der.ToArray());
            if (named.Kind != issued.Kind || named.Code != issued.Code || !named.Digest.AsSpan().SequenceEqual(issued.Digest))
            {
                return $"{issued.Kind.ChineseName()}与清单不符";
            }

            if (seal.Problem(trust, at) is { Length: > 0 } problem)
            {
                return $"{issued.Kind.ChineseName()}：{problem}";
            }

            // 4. The seal's own certificate (parsed from its bytes when it was made or loaded): listed in the seal, named by its
            // code, chained, allowed to sign.
            var certificate = issued.Certificate;
            if (seal.Info.SealId != issued.Code.Value || certificate.CommonName != issued.Code.Value || !certificate.MaySign
                || seal.Info.CertificateList.Count != 1 || !seal.Info.CertificateList[0].AsSpan().SequenceEqual(certificate.Der))
            {
                return $"{issued.Kind.ChineseName()}与其证书不符";
            }

            if (CertificateChain.Problem(certificate, intermediates, roots, at) is { Length: > 0 } chainProblem)
            {
                return $"{issued.Kind.ChineseName()}证书{chainProblem}";
            }
        }

        return "";
    }
}
