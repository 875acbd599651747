using System.CommandLine;
using System.Text.Json;
using ShantingEId.Tool.Bench;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Vectors;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid vectors</c>: the published vectors, by our own library or by anybody's program.</summary>
internal static class VectorsCommand
{
    public static Command Create() => new("vectors", "测试向量：好的和各有一处毛病的证照码、信封、回执、状态列表、状态包、印章，任何实现都可以拿来对照。") { Run(), Answer() };

    private static EidCommand Run()
    {
        var folder = new Option<string>("--vectors") { Description = "测试向量的目录", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("tests", "vectors") };
        var given = new Argument<string[]>("COMMAND") { Description = "要对照的程序及其参数，写在 -- 之后；不写则用本程序自己的库", Arity = ArgumentArity.ZeroOrMore };
        var command = new EidCommand("run", "逐个核验测试向量，列出与应有结论不同的。")
        {
            Examples = ["eid vectors run", "eid vectors run -- node src/shanting-eid-verifier/dist/cli.js vectors", "eid vectors run -- ./my-verifier --vectors"],
            Notes = ["程序从标准输入每行读一个 JSON 问题，向标准输出每行写一个 JSON 答案；格式见 tests/vectors/README.md。\n退出码 0 为全部相符，3 为有不符。"],
            Arguments = { given },
        };
        command.Options.Add(folder);
        command.Do(async (parse, screen, cancel) =>
        {
            var vectors = VectorFile.ReadAll(parse.GetRequiredValue(folder));
            var answers = await AskAllAsync(vectors, parse.GetValue(given) ?? [], cancel);
            return Report(screen, vectors, answers);
        });
        return command;
    }

    private static EidCommand Answer()
    {
        var command = new EidCommand("answer", "用本程序自己的库回答测试向量：标准输入每行一个问题，标准输出每行一个答案。")
        {
            Examples = ["eid vectors run -- eid vectors answer"],
        };
        command.Do(async (_, _, cancel) =>
        {
            var judge = new VectorJudge();
            while (await Console.In.ReadLineAsync(cancel) is { } line)
            {
                Console.Out.WriteLine(Screen.ToJson(await judge.JudgeAsync(Question(line), cancel), compact: true));
                await Console.Out.FlushAsync(cancel);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<IReadOnlyList<VectorAnswer?>> AskAllAsync(IReadOnlyList<VectorFile> vectors, string[] command, CancellationToken cancel)
    {
        using var other = command.Length > 0 ? new LineProgram(command) : null;
        var (own, answers) = (new VectorJudge(), new List<VectorAnswer?>());
        foreach (var vector in vectors)
        {
            answers.Add(other is null ? await own.JudgeAsync(Question(vector.Question), cancel) : VectorAnswer.TryParse(await other.AskAsync(vector.Question, cancel)));
        }

        return answers;
    }

    private static VectorQuestion Question(string line)
    {
        try
        {
            return VectorQuestion.Parse(line);
        }
        catch (JsonException error)
        {
            throw new UsageException($"不是测试向量的问题：{error.Message}");
        }
    }

    private static int Report(Screen screen, IReadOnlyList<VectorFile> vectors, IReadOnlyList<VectorAnswer?> answers)
    {
        var pairs = vectors.Zip(answers, (vector, answer) => (Vector: vector, Answer: answer, IsAsked: answer?.Verdict != VectorAnswer.Unsupported, IsRight: answer == vector.Right)).ToList();
        var (asked, right) = (pairs.Count(pair => pair.IsAsked), pairs.Count(pair => pair.IsRight));
        if (screen.Json)
        {
            Screen.Result(pairs.Select(pair => new { name = pair.Vector.Name, right = pair.Vector.Right, answer = pair.Answer, agrees = pair.IsRight }));
            return asked == right && asked > 0 ? ExitCode.Ok : ExitCode.NotValid;
        }

        screen.Table(["种类", "向量", "相符", "不支持"], pairs.GroupBy(pair => pair.Vector.Kind).Select(kind =>
            (string[])[kind.Key, $"{kind.Count()}", $"{kind.Count(pair => pair.IsRight)}", $"{kind.Count(pair => !pair.IsAsked)}"]));
        foreach (var (vector, answer, _, _) in pairs.Where(pair => pair.IsAsked && !pair.IsRight))
        {
            screen.Plain($"✘ {vector.Name}：应为 {vector.Right}，答为 {answer?.ToString() ?? "（没有可读的答案）"}。{vector.Defect}（{vector.Clause}）");
        }

        screen.Line();
        Figure.AtLeast("vectors_agree", right, "vectors", asked);
        Figure.Show("vectors_not_supported", pairs.Count - asked, "vectors");
        return asked == right && asked > 0 ? ExitCode.Ok : ExitCode.NotValid;
    }
}
