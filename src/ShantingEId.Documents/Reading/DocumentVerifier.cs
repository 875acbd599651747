using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Reading;

/// <summary>
/// Verifies signed OFD documents of anybody: who sealed them and whether that holds (GB/T 38540-2020), whether they are as they were
/// then, and what no signature says anything about, because a reader shows that too.
/// </summary>
/// <param name="certificates">Whose certificates are believed.</param>
/// <param name="status">Knows revocations and states.</param>
/// <param name="clock">The instant of the verification.</param>
public sealed class DocumentVerifier(CertificateTrust certificates, IStatusSource status, TimeProvider clock)
{
    private const string Clause = "GB/T 33190-2016 18";
    private readonly SignatureVerifier seals = new(certificates, status, clock);
    private readonly DigitalSignatureVerifier signatures = new(certificates, status, clock);

    /// <summary>Verifies a document.</summary>
    /// <param name="bytes">The OFD package.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.ContainerUnsafe"/>, <see cref="ErrorReason.XmlUnsafe"/>: it is not looked at.</exception>
    public async ValueTask<DocumentReport> VerifyAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        // 1. Unpack, within limits; find the signatures.
        var package = OfdReader.Read(bytes);
        var digests = new FileDigests(package);
        var list = new List<SealCheck>();
        var entries = Entries(package, list);

        // 2. Each signature: the steps of the standard, then the files it covers.
        var signed = new List<DocumentSignature>();
        var coverage = new Coverage(package, digests);
        foreach (var entry in entries)
        {
            signed.Add(await SignatureAsync(package, entry, coverage, cancel));
        }

        // 3. The document as a whole: what no signature covers, what came later, what travels along.
        if (signed.Count > 0)
        {
            list.AddRange(coverage.Checks());
        }

        var files = coverage.Files();
        var verdict = SealChecks.Verdict([.. list, .. signed.SelectMany(signature => signature.Checks)]);
        return new DocumentReport(verdict, DocumentSummary.Of(verdict, list, signed, files), list, signed, files);
    }

    private static List<OfdSignatureEntry> Entries(OfdPackage package, List<SealCheck> list)
    {
        if (package.Malformed.Count > 0)
        {
            list.Add(new SealCheck(CheckStep.Container, "GB/T 33190-2016 7", CheckOutcome.Failed, SealProblem.SignatureStructure, $"不是合规的 XML：{Names(package.Malformed)}"));
        }

        if (OfdSignatures.Lists(package) is not { } lists)
        {
            list.Add(new SealCheck(CheckStep.Container, "GB/T 33190-2016 7", CheckOutcome.Failed, SealProblem.SignatureStructure, "不是 OFD 文件：没有 OFD.xml 或其内容不符"));
            return [];
        }

        list.Add(new SealCheck(CheckStep.Container, "GB/T 33190-2016 7", CheckOutcome.Passed, SealProblem.None, $"OFD 文件，共 {package.Files.Count} 个文件"));
        if (package.Extras.Count > 0)
        {
            list.Add(new SealCheck(CheckStep.Container, "GB/T 33190-2016 7", CheckOutcome.Notice, SealProblem.None, $"ZIP 目录中另有不属于任何文件的内容，签名不覆盖：{string.Join('、', package.Extras)}"));
        }

        var entries = new List<OfdSignatureEntry>();
        foreach (var path in lists)
        {
            if (OfdSignatures.Entries(package, path) is not { } found)
            {
                list.Add(new SealCheck(CheckStep.SignatureList, Clause, CheckOutcome.Failed, SealProblem.SignatureStructure, $"签名列表缺失或无法解读：/{path}"));
                continue;
            }

            // Several lists may be long together, and one document is not several.
            if (entries.Count + found.Count > OfdSignatures.MaxSignatures)
            {
                list.Add(new SealCheck(CheckStep.SignatureList, Clause, CheckOutcome.Failed, SealProblem.SignatureStructure, $"签名超过 {OfdSignatures.MaxSignatures} 个"));
                return [];
            }

            entries.AddRange(found);
        }

        if (entries.Count == 0)
        {
            list.Add(new SealCheck(CheckStep.SignatureList, Clause, CheckOutcome.Failed, SealProblem.NotSigned, "文件没有签名"));
        }

        return entries;
    }

    private async ValueTask<DocumentSignature> SignatureAsync(OfdPackage package, OfdSignatureEntry entry, Coverage coverage, CancellationToken cancel)
    {
        // 1. Signature.xml and SignedValue.dat must be there.
        if (OfdSignatures.Read(package, entry.Path) is not { } file || !package.Files.TryGetValue(file.SignedValue, out var value))
        {
            var check = new SealCheck(CheckStep.SignatureList, Clause, CheckOutcome.Failed, SealProblem.SignatureStructure, $"签名描述或签名值缺失，或无法解读：/{entry.Path}");
            return new DocumentSignature(entry.Id, "/" + entry.Path, entry.HasSeal, "", "", "", "", null, null, "", [], [check]);
        }

        // 2. The steps of the standard over the exact bytes of Signature.xml.
        var text = package.Files[entry.Path].ToArray();
        var checks = new List<SealCheck>();
        var result = entry.HasSeal ? await SealedAsync(package, entry, file, value, text, checks, cancel) : await UnsealedAsync(entry, file, value, text, checks, cancel);

        // 3. The files it covers. A stop in the steps before says nothing about them.
        if (file.Method != Sm2Certificate.SignatureOid)
        {
            checks.Add(new SealCheck(CheckStep.References, Clause, CheckOutcome.Failed, SealProblem.Algorithm, $"Signature.xml 的签名算法不是 SM2/SM3：{Shown(file.Method)}"));
        }

        checks.AddRange(coverage.Add(entry, file));
        return result with { Checks = checks };
    }

    private async ValueTask<DocumentSignature> SealedAsync(
        OfdPackage package, OfdSignatureEntry entry, OfdSignatureFile file, ReadOnlyMemory<byte> value, byte[] text, List<SealCheck> checks, CancellationToken cancel)
    {
        var report = await seals.VerifyAsync(value, text, cancel);
        checks.AddRange(report.Checks);
        var result = new DocumentSignature(entry.Id, "/" + entry.Path, true, "", "", "", "", file.Time, report.ProvenTime, file.Provider, file.StampPages, []);
        if (report.Signature is not { } signature)
        {
            return result;
        }

        // Whether this is the text is worth knowing even where trust in the signer could not be had.
        if (!checks.Exists(check => check.Step == CheckStep.DataHash) && signature.SignatureIsGood)
        {
            checks.Add(SignatureVerifier.HashCheck(signature, text));
        }

        var info = signature.ToSign.Seal.Info;
        checks.Add(signature.ToSign.PropertyInfo.TrimStart('/') == entry.Path
            ? new SealCheck(CheckStep.PropertyInfo, Clause, CheckOutcome.Passed, SealProblem.None, "原文属性指向本签名的 Signature.xml")
            : new SealCheck(CheckStep.PropertyInfo, Clause, CheckOutcome.Failed, SealProblem.PropertyInfo, $"原文属性指向别处：{Shown(signature.ToSign.PropertyInfo)}"));
        if (file.Seal is { } copy)
        {
            checks.Add(package.Files.TryGetValue(copy, out var bytes) && bytes.Span.SequenceEqual(signature.ToSign.Seal.Der)
                ? new SealCheck(CheckStep.SealCopy, Clause, CheckOutcome.Passed, SealProblem.None, "印章文件与签章内的印章一致")
                : new SealCheck(CheckStep.SealCopy, Clause, CheckOutcome.Failed, SealProblem.SealDiffers, $"印章文件缺失或与签章内的印章不同：/{copy}"));
        }

        checks.AddRange(Picture(info));
        return result with
        {
            SealName = info.Name, SealId = info.SealId, Signer = signature.SignerCertificate.CommonName, SignerOrganisation = signature.SignerCertificate.Subject,
            SigningTime = signature.ToSign.Time, Seal = signature.ToSign.Seal,
        };
    }

    private async ValueTask<DocumentSignature> UnsealedAsync(
        OfdSignatureEntry entry, OfdSignatureFile file, ReadOnlyMemory<byte> value, byte[] text, List<SealCheck> checks, CancellationToken cancel)
    {
        var report = await signatures.VerifyAsync(value, text, file.Time, cancel);
        checks.AddRange(report.Checks);
        if (report.Signature is { } signature && signature.SignatureIsGood && !checks.Exists(check => check.Step == CheckStep.DataHash))
        {
            checks.Add(DigitalSignatureVerifier.HashCheck(signature, text));
        }

        var signer = report.Signature?.SignerCertificate;
        return new DocumentSignature(entry.Id, "/" + entry.Path, false, "", "", signer?.CommonName ?? "", signer?.Subject ?? "", file.Time, null, file.Provider, file.StampPages, []);
    }

    // A picture is never decoded here; readers will, and one that is no picture or a giant is worth a word.
    private static IEnumerable<SealCheck> Picture(SesSealInfo info)
    {
        var type = info.PictureType.ToUpperInvariant();
        if (type is "OFD" or "SVG")
        {
            yield break;
        }

        if (PictureHeader.Read(info.Picture) is not { IsWithinLimits: true } picture || picture.Format != (type == "JPEG" ? "JPG" : type))
        {
            yield return new SealCheck(CheckStep.SealPicture, "", CheckOutcome.Notice, SealProblem.PictureInvalid, $"印章图片不是所称的 {Shown(info.PictureType)}，或尺寸过大");
        }
    }

    /// <summary>The first few of many names.</summary>
    internal static string Names(IReadOnlyCollection<string> paths) =>
        string.Join('、', paths.Take(5).Select(path => "/" + Shown(path.TrimStart('/')))) + (paths.Count > 5 ? $" 等 {paths.Count} 个" : "");

    private static string Shown(string text)
    {
        var safe = string.Concat(text.Take(64).Select(c => char.IsControl(c) ? '?' : c));
        return text.Length > 64 ? safe + "…" : safe;
    }
}
