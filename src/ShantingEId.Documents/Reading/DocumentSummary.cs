using ShantingEId.Seals;

namespace ShantingEId.Documents.Reading;

/// <summary>The one sentence: what a clerk must know first.</summary>
internal static class DocumentSummary
{
    public static string Of(SealVerdict verdict, IReadOnlyList<SealCheck> checks, IReadOnlyList<DocumentSignature> signatures, IReadOnlyList<DocumentFile> files)
    {
        var all = signatures.SelectMany(signature => signature.Checks).Concat(checks).ToList();
        if (verdict == SealVerdict.Valid)
        {
            return $"文件有效：{signatures.Count} 个签名全部真实有效，文件与签名时一致。";
        }

        var firstFailure = all.Find(check => check.Outcome == CheckOutcome.Failed);
        var firstDoubt = all.Find(check => check.Outcome == CheckOutcome.NotConfirmed);
        if (verdict == SealVerdict.NotConfirmed)
        {
            return $"无法确认：签名值真实，被签的文件与签名时一致；但{firstDoubt!.Text}。";
        }

        var edited = files.Where(file => file.Standing is FileStanding.Altered or FileStanding.Missing).Select(file => file.Path).ToList();
        var valuesHold = signatures.Count > 0 && signatures.All(signature => Passed(signature, CheckStep.SignatureValue) && (!signature.HasSeal || Passed(signature, CheckStep.SealSignature)));
        if (edited.Count > 0)
        {
            return $"文件在签名之后被改动：{DocumentVerifier.Names(edited)} 与签名时不同" + (valuesHold ? "；印章和签名值本身是真实的。" : "；签名本身也未通过核验。");
        }

        return $"文件无效：{firstFailure!.Text}。";
    }

    private static bool Passed(DocumentSignature signature, CheckStep step) => signature.Checks.Any(check => check.Step == step && check.Outcome == CheckOutcome.Passed);
}
