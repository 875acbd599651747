using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid verify --offline</c>: codes by a pack, without the service.</summary>
internal sealed class VerifyOffline
{
    private readonly VerifyFile file;

    private VerifyOffline(VerifyFile file) => this.file = file;

    /// <summary>Its options are those of files.</summary>
    public static VerifyOffline Of(VerifyFile file) => new(file);

    /// <summary>Whether a pack was named.</summary>
    public bool HasPack(ParseResult parse) => file.Packs(parse).Count > 0;

    /// <summary>Whether the service is to be left alone.</summary>
    /// <exception cref="UsageException">One of the two options without the other.</exception>
    public bool Wanted(ParseResult parse) => (file.IsOffline(parse), HasPack(parse)) switch
    {
        (true, false) => throw new UsageException("--offline 需要用 --pack 指明状态包"),
        (false, true) => throw new UsageException("--pack 只用于 --offline"),
        var (wanted, _) => wanted,
    };

    /// <summary>Judges the codes.</summary>
    /// <returns>Exit code: 0 only when every one was valid when the pack was made.</returns>
    public int Run(ParseResult parse, Screen screen, IReadOnlyList<string> codes)
    {
        var trust = RootsOption.Read(file.Roots(parse));
        var packs = file.Packs(parse).Select(PackCommand.Read).ToList();
        var verifier = new OfflineVerifier(StatusPack.Open(packs[0], trust.Roots), trust, null, packs.Skip(1).Select(bytes => (ReadOnlyMemory<byte>)bytes));
        var answers = codes.Select(verifier.Verify).ToList();
        if (screen.Json)
        {
            var shown = answers.Select(answer => (object)new
            {
                verdict = WireName(answer.Verdict), reason = answer.Reason, explanation = answer.Explanation, nextStep = answer.NextStep, statusAsOfTime = answer.StatusAsOf,
                creditCode = answer.Claims?.Holder.Value, name = answer.Claims?.Name, version = answer.Claims?.Version, currentVersion = answer.Successor?.Version, currentName = answer.Successor?.Name,
                permits = answer.Permits.Count == 0 ? null : answer.Permits.Select(permit => new { name = permit.Name, state = WireName(permit.State) }), issuerDivision = answer.Neighbour?.Division, issuerName = answer.Neighbour?.Name,
            }).ToList();
            Screen.Result(shown.Count == 1 ? shown[0] : shown);
        }
        else
        {
            answers.ForEach(answer => VerdictView.Show(screen, answer));
        }

        return answers.All(answer => answer.Verdict == Verifying.Verdict.Valid) ? ExitCode.Ok : ExitCode.NotValid;
    }

    private static string WireName(Enum value) => System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString());
}
