using System.CommandLine;
using System.Text;
using ShantingEId.Documents;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid verify</c>.</summary>
internal static class VerifyCommand
{
    // A code has at most 2,048 characters; a text file that is much longer holds something else.
    private const int MaxTextFile = 64 * 1024;

    public static Command Create()
    {
        var input = new Argument<string>("TEXT|FILE") { Description = "二维码的文字、十二位校验短码、带二维码的图片（PNG、JPEG、WebP）或文字文件；或有签章的 OFD 文件、印章（.esl）、签章（SignedValue.dat）" };
        var command = new EidCommand("verify", "核验证照码或校验短码：执照是否真实、在册、当前有效；也核验有签章的 OFD 文件、印章和签章。")
        {
            Examples =
            [
                "eid verify 7K3M-9QWX-2B4T",
                "eid verify photo.jpg",
                "eid verify license-code.txt --as bank",
                "eid verify contract.ofd",
                "eid verify contract.ofd --offline --pack today.pack --roots authority-chain.pem",
                "eid verify photo.jpg --offline --pack today.pack --roots authority-chain.pem",
                "eid verify official-seal.esl --roots authority-chain.pem --trust-list trust-list.cbor",
                "eid verify 7K3M-9QWX-2B4T --receipt huizhi.eidr --reference 样例-2026-001",
                "eid verify 7K3M-9QWX-2B4T --as tax-bureau --purpose TAX_REGISTRATION --json",
            ],
            Notes = ["一张图片中有几个二维码，就逐个核验；有一个不是“有效”，退出码即为 3。第二个起，核验回执的文件名加编号。",
                "OFD 文件和签章由服务逐步核对签名、证书、时间、印章状态和文件是否被改动，文件会交给服务；--offline 在本机核对：给出 --pack 的，印章状态取自状态包；否则吊销和停用状态报告为“无法确认”，退出码为 3。",
                "印章（.esl）总在本机核对；它现在的状态用 eid verify-seal 查询。"],
            Arguments = { input },
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        var purpose = PurposeOption.AddTo(command);
        var receipt = ReceiptOption.AddTo(command);
        var at = AtOption.AddTo(command);
        var file = VerifyFile.AddTo(command, service, purpose, receipt);
        var offline = VerifyOffline.Of(file);
        command.Do(async (parse, screen, cancel) =>
        {
            if (VerifyFile.IsOne(parse.GetRequiredValue(input)))
            {
                if (receipt.Wanted(parse) || at.Of(parse) is not null || (offline.HasPack(parse) && !file.IsOffline(parse)))
                {
                    throw new UsageException("--receipt 和 --at 只用于证照码；文件用 --pack 核验时须加 --offline");
                }

                return await file.RunAsync(parse, screen, parse.GetRequiredValue(input), cancel);
            }

            var codes = Read(parse.GetRequiredValue(input));
            if (offline.Wanted(parse))
            {
                return receipt.Wanted(parse) || at.Of(parse) is not null ? throw new UsageException("--receipt 和 --at 需要连接服务") : offline.Run(parse, screen, codes);
            }

            using var connection = service.Open(parse);
            var answers = new List<Verification>();
            foreach (var code in codes)
            {
                var request = new VerifyCodeRequest
                {
                    Code = code, Purpose = purpose.Of(parse, connection.Caller), WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse), AsOfTime = at.Of(parse),
                };
                answers.Add(await receipt.KeepAsync(parse, screen, connection.Verification.VerifyCodeAsync(request, Connection.Reading(cancel)), each => each.Receipt, answers.Count + 1));
            }

            Show(screen, answers);
            return answers.Select(VerdictView.ExitOf).Max();
        });
        return command;
    }

    private static void Show(Screen screen, List<Verification> answers)
    {
        if (screen.Json)
        {
            if (answers.Count == 1)
            {
                Screen.Result(answers[0]);
            }
            else
            {
                Screen.Results(answers);
            }

            return;
        }

        for (var i = 0; i < answers.Count; i++)
        {
            if (answers.Count > 1)
            {
                if (i > 0)
                {
                    screen.Line("\n");
                }

                screen.Plain($"第 {i + 1} 个二维码，共 {answers.Count} 个");
            }

            VerdictView.Show(screen, answers[i]);
        }
    }

    private static bool LooksLikePath(string input) => !input.Contains("://", StringComparison.Ordinal)
        && (input.Contains('/', StringComparison.Ordinal) || Path.GetExtension(input).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG" or ".WEBP" or ".TXT" or ".OFD" or ".ESL" or ".DAT");

    private static IReadOnlyList<string> Read(string input)
    {
        if (!File.Exists(input))
        {
            // A mistyped path would otherwise be answered with "not a code of ours".
            return LooksLikePath(input)
                ? throw new UsageException($"找不到文件 {input}")
                : [input];
        }

        var bytes = File.ReadAllBytes(input);
        if (Files.IsPicture(bytes))
        {
            return CodeReader.Read(bytes) is { Count: > 0 } found
                ? found
                : throw new EidException(ErrorReason.PictureUnreadable, "图片中没有可识读的二维码");
        }

        if (bytes.Length > MaxTextFile || bytes.Contains((byte)0))
        {
            throw new EidException(ErrorReason.PictureUnreadable, "文件既不是图片，也不是证照码文字；其他文件请用 eid inspect 查看");
        }

        // Editors end a file with a line break, which is not part of the code.
        var lines = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length > 0 ? lines : throw new EidException(ErrorReason.QrTextInvalid, "文件是空的");
    }
}
