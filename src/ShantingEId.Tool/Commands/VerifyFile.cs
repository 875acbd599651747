using System.CommandLine;
using Google.Protobuf;
using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server.Rpc;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Inspecting;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary>
/// <c>eid verify</c> of files that carry signatures of their own: OFD documents, seals (.esl), electronic signatures
/// (SignedValue.dat). The service knows the state of seals; without it (<c>--offline</c>, or with roots of one's own) what only a register
/// knows is reported as not confirmed.
/// </summary>
internal sealed class VerifyFile
{
    private readonly Option<string?> roots = new("--roots") { Description = "核验文件、离线核验时信任的根证书（PEM，如 authority-chain.pem）", HelpName = "FILE" };
    private readonly Option<string?> trustList = new("--trust-list") { Description = "核验文件时采用的 CA 互认信任列表；其签发者须由 --roots 认可", HelpName = "FILE" };
    private readonly Option<bool> offline = new("--offline") { Description = "不连接服务：证照码按 --pack 核验，文件在本机核验；给出 --roots 或 --trust-list 时文件也是如此" };
    private readonly Option<string[]> packs = new("--pack") { Description = "离线核验所用的状态包；到期的包只答“无法确认”。可以给几个：第一个是本登记机关的，其余是邻区的", HelpName = "FILE" };
    private readonly Option<string?> text = new("--text") { Description = "单独核验 SignedValue.dat 时的原文（Signature.xml）", HelpName = "FILE" };

    private readonly ServiceOptions service;
    private readonly PurposeOption purpose;
    private readonly ReceiptOption receipt;

    private VerifyFile(ServiceOptions service, PurposeOption purpose, ReceiptOption receipt) => (this.service, this.purpose, this.receipt) = (service, purpose, receipt);

    /// <summary>Adds the options.</summary>
    public static VerifyFile AddTo(Command command, ServiceOptions service, PurposeOption purpose, ReceiptOption receipt)
    {
        var file = new VerifyFile(service, purpose, receipt);
        command.Options.Add(file.offline);
        command.Options.Add(file.roots);
        command.Options.Add(file.trustList);
        command.Options.Add(file.text);
        command.Options.Add(file.packs);
        return file;
    }

    /// <summary>Whether the service is to be left alone.</summary>
    public bool IsOffline(ParseResult parse) => parse.GetValue(offline);

    /// <summary>File of the roots; null when none was named.</summary>
    public string? Roots(ParseResult parse) => parse.GetValue(roots);

    /// <summary>Files of packs: our own first, then those of neighbours; empty when none was named.</summary>
    public IReadOnlyList<string> Packs(ParseResult parse) => parse.GetValue(packs) ?? [];

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

    /// <summary>Verifies the file and shows the report: by the service, which knows states, or here.</summary>
    /// <returns>Exit code: 0 only when every step passed.</returns>
    public async Task<int> RunAsync(ParseResult parse, Screen screen, string input, CancellationToken cancel)
    {
        if (new FileInfo(input).Length > OfdReader.MaxBytes)
        {
            throw new EidException(ErrorReason.ContainerLimits, $"文件超过 {OfdReader.MaxBytes / 1024 / 1024} MB");
        }

        var bytes = await File.ReadAllBytesAsync(input, cancel);
        var here = parse.GetValue(offline) || parse.GetValue(roots) is not null || parse.GetValue(trustList) is not null;
        var (certificates, status) = Trust(parse);

        // 1. A document.
        if (OfdReader.LooksLikeOne(bytes))
        {
            var document = here ? DocumentWire.ToMessage(await new DocumentVerifier(certificates, status, TimeProvider.System).VerifyAsync(bytes, cancel))
                : await AskAsync(parse, screen, bytes, cancel);
            DocumentView.Show(screen, document);
            return DocumentView.ExitOf(document);
        }

        // 2. A seal, looked at here; the service is asked for its state by eid verify-seal.
        var seal = await new SealVerifier(certificates, status, TimeProvider.System).VerifyAsync(bytes, cancel);
        if (seal.Seal is { } read)
        {
            return Show(screen, DocumentWire.ToMessage(seal), read);
        }

        // 3. A signature by itself.
        var original = parse.GetValue(text) is { } path ? await File.ReadAllBytesAsync(Existing(path), cancel) : null;
        var report = await new SignatureVerifier(certificates, status, TimeProvider.System).VerifyAsync(bytes, original, cancel);
        if (report.Signature is not { } signature)
        {
            throw new EidException(ErrorReason.DocumentInvalid, $"文件不是 OFD、电子印章或电子签章：{seal.Checks[0].Text}；其他文件请用 eid inspect 查看");
        }

        var answer = here ? DocumentWire.ToMessage(report) : await AskAsync(parse, screen, bytes, original, cancel);
        return Show(screen, answer, signature.ToSign.Seal, ("原文", signature.ToSign.PropertyInfo));
    }

    private async Task<DocumentVerification> AskAsync(ParseResult parse, Screen screen, byte[] document, CancellationToken cancel)
    {
        using var connection = service.Open(parse);
        var request = new VerifyDocumentRequest
        {
            Document = ByteString.CopyFrom(document), Purpose = purpose.Of(parse, connection.Caller), WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse),
        };
        return await receipt.KeepAsync(parse, screen, connection.Documents.VerifyDocumentAsync(request, Connection.Writing(cancel)), answer => answer.Receipt);
    }

    private async Task<StampVerification> AskAsync(ParseResult parse, Screen screen, byte[] signature, byte[]? original, CancellationToken cancel)
    {
        using var connection = service.Open(parse);
        var request = new VerifyStampRequest
        {
            Signature = ByteString.CopyFrom(signature), Purpose = purpose.Of(parse, connection.Caller), WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse),
        };
        if (original is not null)
        {
            request.TextDigest = ByteString.CopyFrom(Sm3.Hash(original)); // Nobody need send what was signed.
        }

        return await receipt.KeepAsync(parse, screen, connection.Documents.VerifyStampAsync(request, Connection.Writing(cancel)), answer => answer.Receipt);
    }

    private (CertificateTrust Certificates, IStatusSource Status) Trust(ParseResult parse)
    {
        var given = parse.GetValue(roots) is { } path ? Inspecting.Trust.Certificates(File.ReadAllText(Existing(path))).Select(der => Sm2Certificate.Parse(der)).ToList() : [];
        var own = given.Where(certificate => certificate.IsIssuedBy(certificate)).ToList();
        if (given.Count > 0 && own.Count == 0)
        {
            throw new UsageException("--roots 中没有自签名的 SM2 根证书");
        }

        // A pack brings along what stands between, and the list of other CAs; the roots it does not.
        var pack = Packs(parse) switch
        {
            [] => null,
            [var file] => StatusPack.Open(PackCommand.Read(file), own = [.. RootsOption.Read(Roots(parse)).Roots]),
            _ => throw new UsageException("核验文件只用本登记机关的一个状态包"),
        };
        List<Sm2Certificate> known = [.. given, .. own, .. pack?.Certificates ?? []];
        var list = parse.GetValue(trustList) is { } listPath ? TrustList.Open(File.ReadAllBytes(Existing(listPath)), known) : pack is { TrustList.Length: > 0 } ? TrustList.Open(pack.TrustList, known) : null;
        return (new CertificateTrust(own, known, list), pack is null ? NoStatus.Instance : new PackStatus(new PackStates(pack), own, TimeProvider.System));
    }

    private static int Show(Screen screen, StampVerification answer, SesSeal seal, params (string Label, string Value)[] more)
    {
        DocumentView.Show(screen, answer,
        [
            ("标准", seal.Info.Version.Standard()), ("制章者", seal.MakerCertificate.Subject), ("有效期", $"{Words.Of(seal.Info.ValidStart)} 至 {Words.Of(seal.Info.ValidEnd)}"), .. more,
        ]);
        return DocumentView.ExitOf(answer.Verdict);
    }

    private static string Existing(string path) => File.Exists(path) ? path : throw new UsageException($"找不到文件 {path}");
}
