using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;

internal static class VerifySample
{
    // 核验任何来源的 OFD 签章：一句结论，逐步核对，逐个文件。
    public static async Task<SealVerdict> VerifyAsync(string folder)
    {
        var trust = CertificateTrust.Of(Sm2Certificate.FromPem(File.ReadAllText(Path.Combine(folder, "trusted.pem"))));
        var verifier = new DocumentVerifier(trust, NoStatus.Instance, TimeProvider.System);
        var report = await verifier.VerifyAsync(File.ReadAllBytes(Path.Combine(folder, "stamped.ofd")));

        Console.WriteLine($"{report.Verdict.ChineseName()}：{report.Summary}");
        foreach (var signature in report.Signatures)
        {
            Console.WriteLine($"{signature.SealName}，{signature.SigningTime:yyyy-MM-dd HH:mm}Z");
            foreach (var check in signature.Checks)
            {
                Console.WriteLine($"  {check.Outcome,-12} {check.Step.ChineseName()}：{check.Text} {check.Clause}");
            }
        }

        foreach (var file in report.Files.Where(file => file.Standing is not (FileStanding.Intact or FileStanding.OfSignature)))
        {
            Console.WriteLine($"  {file.Path} {file.Standing}");
        }

        return report.Verdict;
    }
}
