using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid verify --offline</c>: codes by a pack, without the service.</summary>
internal sealed class VerifyOffline
{
    private readonly Option<string?> pack = new("--pack") { Description = "离线核验所用的状态包；到期的包只答“无法确认”", HelpName = "FILE" };

    private readonly VerifyFile file;

    private VerifyOffline(VerifyFile file) => this.file = file;

    /// <summary>Adds the option; <c>--offline</c> and <c>--roots</c> are those of files.</summary>
    public static VerifyOffline AddTo(Command command, VerifyFile file)
    {
        var added = new VerifyOffline(file);
        command.Options.Add(added.pack);
        return added;
    }

    /// <summary>Whether a pack was named.</summary>
    public bool HasPack(ParseResult parse) => parse.GetValue(pack) is not null;

    /// <summary>Whether the service is to be left alone.</summary>
    /// <exception cref="UsageException">One of the two options without the other.</exception>
    public bool Wanted(ParseResult parse) => (file.IsOffline(parse), parse.GetValue(pack)) switch
    {
        (true, null) => throw new UsageException("--offline 需要用 --pack 指明状态包"),
        (false, not null) => throw new UsageException("--pack 只用于 --offline"),
        var (wanted, _) => wanted,
    };

    /// <summary>Judges the codes.</summary>
    /// <returns>Exit code: 0 only when every one was valid when the pack was made.</returns>
    public int Run(ParseResult parse, Screen screen, IReadOnlyList<string> codes)
    {
        var trust = RootsOption.Read(file.Roots(parse));
        var verifier = new OfflineVerifier(StatusPack.Open(PackCommand.Read(parse.GetValue(pack)!), trust.Roots), trust);
        var answers = codes.Select(verifier.Verify).ToList();
        if (screen.Json)
        {
            var shown = answers.Select(answer => (object)new
            {
                verdict = WireName(answer.Verdict), reason = answer.Reason, explanation = answer.Explanation, nextStep = answer.NextStep, statusAsOfTime = answer.StatusAsOf,
                creditCode = answer.Claims?.Holder.Value, name = answer.Claims?.Name, version = answer.Claims?.Version, currentVersion = answer.Successor?.Version, currentName = answer.Successor?.Name,
            }).ToList();
            Screen.Result(shown.Count == 1 ? shown[0] : shown);
        }
        else
        {
            answers.ForEach(answer => VerdictView.Show(screen, answer));
        }

        return answers.All(answer => answer.Verdict == Verifying.Verdict.Valid) ? ExitCode.Ok : ExitCode.NotValid;
    }

    private static string WireName(Verifying.Verdict verdict) => System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(verdict.ToString());
}
