using System.CommandLine;
using System.Text;
using ShantingEId.Receipts;
using ShantingEId.Server.Callers;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid verify-receipt</c>.</summary>
internal static class VerifyReceiptCommand
{
    // What a development folder trusts; elsewhere --roots says it.
    private static readonly string[] DevelopmentCertificates = ["root.crt", "license-ca.crt", "receipt-signer.crt"];

    public static Command Create()
    {
        var input = new Argument<string>("FILE") { Description = "核验回执文件（原始字节，或其 Base64 文字）" };
        var roots = new Option<string?>("--roots") { Description = $"信任的证书（PEM，如导出的 authority-chain.pem）；默认用 {ServiceOptions.DefaultCertificates} 中的开发证书", HelpName = "FILE" };
        var callers = new Option<string?>("--callers") { Description = $"调用方名册（{CallerDirectory.FileName}），用来显示单位和事由的名称；不影响核对结果", HelpName = "FILE" };
        var command = new EidCommand("verify-receipt", "核对核验回执：谁在何时因何事由查过，得到什么答复；不需要连接服务。")
        {
            Examples =
            [
                "eid verify-receipt receipt.cbor --roots authority-chain.pem",
                "eid verify-receipt receipt.cbor --json",
            ],
            Notes = ["回执证明当时的答复，长期有效；执照现在是否有效，须用 eid verify 再次查询。\n退出码 0 为回执真实完整，3 为不能采信，1 为文件不是回执。"],
            Arguments = { input },
        };
        command.Options.Add(roots);
        command.Options.Add(callers);
        command.Do((parse, screen, _) =>
        {
            var receipt = Read(parse.GetRequiredValue(input));
            var problem = receipt.Problem(LoadTrust(parse.GetValue(roots)));
            if (screen.Json)
            {
                Screen.Result(ReceiptView.ToJson(receipt, problem));
            }
            else
            {
                ReceiptView.Show(screen, receipt, problem, LoadTitles(parse.GetValue(callers), isDevelopment: parse.GetValue(roots) is null));
            }

            return Task.FromResult(problem.Length == 0 ? ExitCode.Ok : ExitCode.NotValid);
        });
        return command;
    }

    /// <summary>A receipt as bytes, or as the Base64 text that JSON carries.</summary>
    public static Receipt? TryRead(byte[] bytes)
    {
        if (Receipt.TryParse(bytes, out var receipt))
        {
            return receipt;
        }

        var text = Encoding.ASCII.GetString(bytes).Trim().Trim('"');
        var decoded = new byte[text.Length];
        return Convert.TryFromBase64String(text, decoded, out var length) && Receipt.TryParse(decoded.AsMemory(0, length), out receipt) ? receipt : null;
    }

    private static Receipt Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"找不到文件 {path}");
        }

        if (new FileInfo(path).Length > 2 * Receipt.MaxSize)
        {
            throw new EidException(ErrorReason.ReceiptInvalid, "文件过大，不是核验回执");
        }

        return TryRead(File.ReadAllBytes(path)) ?? throw new EidException(ErrorReason.ReceiptInvalid, "文件不是核验回执，或者残缺");
    }

    private static ReceiptTrust LoadTrust(string? path)
    {
        if (path is not null)
        {
            return File.Exists(path) ? ReceiptTrust.FromPem(File.ReadAllText(path)) : throw new UsageException($"找不到文件 {path}");
        }

        var files = DevelopmentCertificates.Select(name => Path.Combine(ServiceOptions.DefaultCertificates, name)).ToArray();
        return files.All(File.Exists)
            ? ReceiptTrust.FromPem(string.Concat(files.Select(File.ReadAllText)))
            : throw new UsageException("请用 --roots 指明信任的证书，如导出的 authority-chain.pem");
    }

    // The titles of a development folder go with its certificates; other receipts are another deployment's.
    private static Titles LoadTitles(string? path, bool isDevelopment)
    {
        if (path is not null)
        {
            return File.Exists(path) ? Titles.Load(path) : throw new UsageException($"找不到文件 {path}");
        }

        var usual = Path.Combine(ServiceOptions.DefaultCertificates, CallerDirectory.FileName);
        try
        {
            return isDevelopment && File.Exists(usual) ? Titles.Load(usual) : Titles.None;
        }
        catch (EidException)
        {
            return Titles.None; // Nobody named this file, and the receipt holds without it.
        }
    }
}
