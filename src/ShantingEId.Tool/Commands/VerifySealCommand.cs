using System.CommandLine;
using Google.Protobuf;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid verify-seal</c>.</summary>
internal static class VerifySealCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("CODE|FILE") { Description = "14 位印章编码，或印章文件（.esl，SESeal DER）" };
        var command = new EidCommand("verify-seal", "核验一枚印章：是否由登记机关签发、当前（或过去某一时点）是否有效、是否已换发。")
        {
            Examples = ["eid verify-seal 37040600000001", "eid verify-seal seal-official.esl --as bank", "eid verify-seal 37040600000001 --at 2026-03-02T14:00:00+08:00"],
            Arguments = { input },
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        var purpose = PurposeOption.AddTo(command);
        var receipt = ReceiptOption.AddTo(command);
        var at = AtOption.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var text = parse.GetRequiredValue(input);
            var request = new VerifySealRequest
            {
                Purpose = purpose.Of(parse, connection.Caller), WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse), AsOfTime = at.Of(parse),
            };
            if (File.Exists(text))
            {
                request.SesSeal = ByteString.CopyFrom(await File.ReadAllBytesAsync(text, cancel));
            }
            else
            {
                request.SealCode = text;
            }

            var answer = await receipt.KeepAsync(parse, screen, connection.Verification.VerifySealAsync(request, Connection.Reading(cancel)), each => each.Receipt);
            if (screen.Json)
            {
                Screen.Result(answer);
            }
            else
            {
                VerdictView.Show(screen, answer);
            }

            return VerdictView.ExitOf(answer);
        });
        return command;
    }
}
