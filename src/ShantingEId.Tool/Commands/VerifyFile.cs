using System.CommandLine;
using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Inspecting;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Commands;

/// <summary>
/// <c>eid verify</c> of files that carry signatures of their own: OFD documents, seals (.esl), electronic signatures
/// (SignedValue.dat). Needs no service; what only a register knows is reported as not confirmed.
/// </summary>
internal sealed class VerifyFile
{
    private readonly Option<string?> roots = new("--roots") { Description = "核验文件、离线核验时信任的根证书（PEM，如 authority-chain.pem）", HelpName = "FILE" };
    private readonly Option<string?> trustList = new("--trust-list") { Description = "核验文件时采用的 CA 互认信任列表；其签发者须由 --roots 认可", HelpName = "FILE" };
    private readonly Option<string?> text = new("--text") { Description = "单独核验 SignedValue.dat 时的原文（Signature.xml）", HelpName = "FILE" };

    private VerifyFile()
    {
    }

    /// <summary>Adds the options.</summary>
    public static VerifyFile AddTo(Command command)
    {
        var file = new VerifyFile();
        command.Options.Add(file.roots);
        command.Options.Add(file.trustList);
        command.Options.Add(file.text);
        return file;
    }

    /// <summary>File of the roots; null when none was named.</summary>
    public string? Roots(ParseResult parse) => parse.GetValue(roots);

    /// <summary>Whether the file is one of these, by its content.</summary>
    public static bool IsOne(string input)
    {
        if (!File.Exists(input))
        {
            return false;
        }

        using var stream = File.OpenRead(input);
        var head = new byte[2];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return length == head.Length && (OfdReader.LooksLikeOne(head) || head[0] == 0x30);
    }

    /// <summary>Verifies the file and shows the report.</summary>
    /// <returns>Exit code: 0 only when every step passed.</returns>
    public async Task<int> RunAsync(ParseResult parse, Screen screen, string input, CancellationToken cancel)
    {
        // 1. Whom to believe.
        var certificates = Trust(parse);
        if (new FileInfo(input).Length > OfdReader.MaxBytes)
        {
            throw new EidException(ErrorReason.ContainerLimits, $"文件超过 {OfdReader.MaxBytes / 1024 / 1024} MB");
        }

        var bytes = await File.ReadAllBytesAsync(input, cancel);

        // 2. What it is decides who verifies it.
        if (OfdReader.LooksLikeOne(bytes))
        {
            var report = await new DocumentVerifier(certificates, NoStatus.Instance, TimeProvider.System).VerifyAsync(bytes, cancel);
            Show(screen, () => DocumentView.ToJson(report), () => DocumentView.Show(screen, report));
            return DocumentView.ExitOf(report.Verdict);
        }

        var seal = await new SealVerifier(certificates, NoStatus.Instance, TimeProvider.System).VerifyAsync(bytes, cancel);
        if (seal.Seal is { } read)
        {
            return Show(screen, "印章", seal.Verdict, seal.Checks, [.. Facts(read)]);
        }

        var original = parse.GetValue(text) is { } path ? await File.ReadAllBytesAsync(Existing(path), cancel) : null;
        var signature = await new SignatureVerifier(certificates, NoStatus.Instance, TimeProvider.System).VerifyAsync(bytes, original, cancel);
        return signature.Signature is { } found
            ? Show(screen, "签章", signature.Verdict, signature.Checks,
                [.. Facts(found.ToSign.Seal), ("签章者", found.SignerCertificate.Subject), ("签章时间", Words.Of(found.ToSign.Time)), ("原文", found.ToSign.PropertyInfo), ("时间戳证明时间", signature.ProvenTime is { } proven ? Words.Of(proven) : "")])
            : throw new EidException(ErrorReason.DocumentInvalid, $"文件不是 OFD、电子印章或电子签章：{seal.Checks[0].Text}；其他文件请用 eid inspect 查看");
    }

    private CertificateTrust Trust(ParseResult parse)
    {
        var given = parse.GetValue(roots) is { } path ? Inspecting.Trust.Certificates(File.ReadAllText(Existing(path))).Select(der => Sm2Certificate.Parse(der)).ToList() : [];
        var list = parse.GetValue(trustList) is { } listPath ? TrustList.Open(File.ReadAllBytes(Existing(listPath)), given) : null;
        var own = given.Where(certificate => certificate.IsIssuedBy(certificate)).ToList();
        return given.Count > 0 && own.Count == 0 ? throw new UsageException("--roots 中没有自签名的 SM2 根证书") : new CertificateTrust(own, given, list);
    }

    private static (string Label, string Value)[] Facts(SesSeal seal) =>
    [
        ("印章", seal.Info.Name), ("印章标识", seal.Info.SealId), ("标准", seal.Info.Version.Standard()), ("制章者", seal.MakerCertificate.Subject),
        ("有效期", $"{Words.Of(seal.Info.ValidStart)} 至 {Words.Of(seal.Info.ValidEnd)}"),
    ];

    private static int Show(Screen screen, string what, SealVerdict verdict, IReadOnlyList<SealCheck> checks, (string Label, string Value)[] facts)
    {
        var summary = DocumentView.Summary(what, verdict, checks);
        Show(screen, () => DocumentView.ToJson(verdict, summary, facts, checks), () => DocumentView.Show(screen, verdict, summary, facts, checks));
        return DocumentView.ExitOf(verdict);
    }

    private static void Show(Screen screen, Func<object> json, Action view)
    {
        if (screen.Json)
        {
            Screen.Result(json());
        }
        else
        {
            view();
        }
    }

    private static string Existing(string path) => File.Exists(path) ? path : throw new UsageException($"找不到文件 {path}");
}
