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

        var valuesHold = signatures.Count > 0 && signatures.All(signature => Passed(signature, CheckStep.SignatureValue) && (!signature.HasSeal || Passed(signature, CheckStep.SealSignature)));
        if (verdict == SealVerdict.NotConfirmed)
        {
            var doubts = all.FindAll(check => check.Outcome == CheckOutcome.NotConfirmed);
            return $"{(valuesHold ? "签名值真实，被签的文件与签名时一致" : "有的签名值不能核对")}；但{doubts[0].Text}{(doubts.Count > 1 ? $"，另有 {doubts.Count - 1} 项无法确认" : "")}。";
        }

        var edited = files.Where(file => file.Standing is FileStanding.Altered or FileStanding.Missing).Select(file => file.Path).ToList();
        if (edited.Count > 0)
        {
            return $"文件在签名之后被改动：{DocumentVerifier.Names(edited)} 与签名时不同" + (valuesHold ? "；印章和签名值本身是真实的。" : "；签名本身也未通过核验。");
        }

        return $"文件无效：{all.First(check => check.Outcome == CheckOutcome.Failed).Text}。";
    }

    private static bool Passed(DocumentSignature signature, CheckStep step) => signature.Checks.Any(check => check.Step == step && check.Outcome == CheckOutcome.Passed);
}
