using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid lookup</c>.</summary>
internal static class LookupCommand
{
    public static Command Create()
    {
        var code = new Argument<string>("CREDIT_CODE") { Description = "统一社会信用代码，18 位" };
        var command = new EidCommand("lookup", "按统一社会信用代码查询执照是否在册、当前是否有效。")
        {
            Examples = ["eid lookup 91370406MA00DEM06N", "eid lookup 91370406MA00DEM06N --as bank --json", "eid lookup 91370406MA00DEM06N --receipt huizhi.eidr --reference 样例-2026-001"],
            Arguments = { code },
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        var purpose = PurposeOption.AddTo(command);
        var receipt = ReceiptOption.AddTo(command);
        var at = AtOption.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var request = new LookupLicenseRequest
            {
                CreditCode = parse.GetRequiredValue(code), Purpose = purpose.Of(parse, connection.Caller),
                WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse), AsOfTime = at.Of(parse),
            };
            var answer = await receipt.KeepAsync(parse, screen, connection.Verification.LookupLicenseAsync(request, Connection.Reading(cancel)), each => each.Receipt);
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
