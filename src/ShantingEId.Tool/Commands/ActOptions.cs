using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Tool.Commands;

/// <summary>What every act on a set needs: legal reason, who decided, from when, under which request id, and a person's yes.</summary>
internal sealed class ActOptions
{
    private readonly Option<string> reason = new("--reason") { Description = "法定理由，2 至 200 字；核验时会显示", HelpName = "TEXT", Required = true };
    private readonly Option<string> authority = new("--authority") { Description = "作出决定的机关，2 至 60 字", HelpName = "TEXT", Required = true };
    private readonly Option<string?> effective = new("--effective") { Description = "生效时间，带时区，如 2026-03-02T09:00:00+08:00（默认立即）", HelpName = "TIME" };
    private readonly Option<string?> requestId = new("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "不再询问确认" };

    public static ActOptions AddTo(Command command, bool withTime = true)
    {
        var options = new ActOptions();
        foreach (var option in (Option[])[options.reason, options.authority, .. withTime ? [options.effective] : Array.Empty<Option>(), options.requestId, options.yes])
        {
            command.Options.Add(option);
        }

        return options;
    }

    public string Reason(ParseResult parse) => parse.GetRequiredValue(reason);

    public string Authority(ParseResult parse) => parse.GetRequiredValue(authority);

    public Timestamp? Effective(ParseResult parse) => ParseTime(parse.GetValue(effective), "--effective");

    public string RequestId(ParseResult parse) => parse.GetValue(requestId) ?? RequestIds.New();

    /// <summary>
    /// Asks the person at the terminal, who sees whose licence it is: a credit code alone is too easily mistyped into another company's.
    /// </summary>
    /// <param name="parse">The command line.</param>
    /// <param name="screen">The terminal.</param>
    /// <param name="set">Whose licence, read before anything is sent.</param>
    /// <param name="deed">What is about to be done, e.g. “吊销”.</param>
    /// <param name="effect">What that means, in a few words.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="UsageException">Nobody is there to ask.</exception>
    public async Task<bool> ConfirmAsync(ParseResult parse, Screen screen, Func<Task<IssuedSet>> set, string deed, Func<IssuedSet, string> effect, CancellationToken cancel)
    {
        if (parse.GetValue(yes))
        {
            return true;
        }

        if (!screen.CanAsk)
        {
            throw new UsageException($"不在终端上运行时不能确认；确要{deed}请加 --yes");
        }

        var asked = await set();
        var face = asked.License.Enterprise;
        screen.Error.MarkupLine($"将{deed} [bold]{Markup.Escape(face.Name)}[/]（{Markup.Escape(face.CreditCode)}）：{Markup.Escape(effect(asked))}");
        screen.Error.MarkupLine($"  理由：{Markup.Escape(Reason(parse))}");
        return await new ConfirmationPrompt($"确认{deed}？") { DefaultValue = false }.ShowAsync(screen.Error, cancel);
    }

    /// <summary>Sends, and says the request id when it is worth repeating.</summary>
    public static async Task<T> SendAsync<T>(Screen screen, string id, AsyncUnaryCall<T> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException error) when (EidError.From(error).IsTransient)
        {
            screen.Note($"本次请求的编号：--request-id {id}");
            throw;
        }
    }

    /// <summary>A time as people write it on a command line; null where none is given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static Timestamp? ParseTime(string? text, string option) => text is null ? null
        : DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.fffzzz"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? Timestamp.FromDateTimeOffset(time)
            : throw new UsageException($"{option} 应写成 2026-03-02T09:00:00+08:00 的形式");
}
