using System.CommandLine;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Answer = ShantingEId.V1.AskQuestionsResponse.Types.Answer;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid ask</c>.</summary>
internal static class AskCommand
{
    public static Command Create()
    {
        var subject = new Argument<string>("CODE") { Description = "统一社会信用代码，或二维码的文字、十二位校验短码" };
        var active = new Option<bool>("--active") { Description = "是否有效" };
        var name = new Option<string?>("--name") { Description = "名称是否为此", HelpName = "TEXT" };
        var representative = new Option<string?>("--representative") { Description = "法定代表人（负责人、投资人、经营者）是否为此人", HelpName = "TEXT" };
        var seal = new Option<string?>("--seal") { Description = "此编码的印章是否为现行四枚之一", HelpName = "SEAL_CODE" };
        var command = new EidCommand("ask", "只问是与否：核对名称、法定代表人或印章，不取回登记事项。")
        {
            Examples =
            [
                "eid ask 91370406MA00DEM06N --active --name 枣庄市山亭区样例食品有限公司",
                "eid ask 91370406MA00DEM06N --representative 样例人 --as social-security --purpose SUBSIDY_CHECK",
            ],
            Notes = ["有一个回答不是“是”，退出码即为 3。"],
            Arguments = { subject },
        };
        foreach (var option in (Option[])[active, name, representative, seal])
        {
            command.Options.Add(option);
        }

        var service = ServiceOptions.AddTo(command, "tax-bureau");
        var purpose = PurposeOption.AddTo(command);
        var receipt = ReceiptOption.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            var questions = new List<(string Words, Question Question)>();
            Add(parse.GetValue(active) ? "" : null, "是否有效", _ => new Question { Active = true });
            Add(parse.GetValue(name), "名称是否为", text => new Question { NameMatches = text });
            Add(parse.GetValue(representative), "法定代表人（负责人）是否为", text => new Question { RepresentativeIs = text });
            Add(parse.GetValue(seal), "现行印章中是否有", text => new Question { SealCurrent = text });
            if (questions.Count == 0)
            {
                throw new UsageException("应至少问一项：--active、--name、--representative、--seal");
            }

            using var connection = service.Open(parse);
            var request = new AskQuestionsRequest
            {
                Purpose = purpose.Of(parse, connection.Caller), WithReceipt = receipt.Wanted(parse), Reference = receipt.Reference(parse),
                Questions = { questions.Select(each => each.Question) },
            };
            var text = parse.GetRequiredValue(subject);
            if (CreditCode.TryParse(text, out _, out _))
            {
                request.CreditCode = text;
            }
            else
            {
                request.Code = text;
            }

            var answer = await receipt.KeepAsync(parse, screen, connection.Verification.AskQuestionsAsync(request, Connection.Reading(cancel)), each => each.Receipt);
            if (screen.Json)
            {
                Screen.Result(answer);
            }
            else
            {
                VerdictView.Show(screen, answer, [.. questions.Select(each => each.Words)]);
            }

            return answer.Answers.Count > 0 && answer.Answers.All(each => each == Answer.Yes) ? ExitCode.Ok : ExitCode.NotValid;

            void Add(string? value, string words, Func<string, Question> question)
            {
                if (value is not null)
                {
                    questions.Add((words + value, question(value)));
                }
            }
        });
        return command;
    }
}
