using System.CommandLine;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Tool.Commands;

/// <summary><c>--at</c>: asks how it was at a past instant.</summary>
internal sealed class AtOption
{
    private readonly Option<string?> at = new("--at") { Description = "查询过去某一时点的情况，带时区，如 2026-03-02T09:00:00+08:00（默认现在）", HelpName = "TIME" };

    public static AtOption AddTo(Command command)
    {
        var option = new AtOption();
        command.Options.Add(option.at);
        return option;
    }

    public Timestamp? Of(ParseResult parse) => ActOptions.ParseTime(parse.GetValue(at), "--at");
}
