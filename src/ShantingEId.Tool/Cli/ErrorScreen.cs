using Grpc.Core;
using ShantingEId.Client;
using Spectre.Console;

namespace ShantingEId.Tool.Cli;

/// <summary>Shows an error: what, which fields, machine reason, next step. All of it on standard error.</summary>
internal static class ErrorScreen
{
    public static int Show(Screen screen, EidError error) => Show(screen, error, NextStep(error));

    /// <summary>The same for what the library refuses on this side.</summary>
    public static int Show(Screen screen, EidException error)
    {
        var refused = new EidError
        {
            Code = StatusCode.InvalidArgument,
            Reason = error.Reason.WireName(),
            Message = error.Message,
            Violations = [.. error.Violations.Select(field => new EidFieldViolation(field.Field, field.Reason.WireName(), field.Message))],
            Metadata = error.Metadata,
        };
        // A register that this process cannot open: there was no request that could be repeated.
        return Show(screen, refused, error.Reason == ErrorReason.StoreUnavailable ? "请按上面的原因处理，然后重新运行。" : NextStep(refused));
    }

    public static string NextStep(EidError error) => error.RetryAfter is { } wait && error.IsTransient
        ? $"请在 {Math.Ceiling(wait.TotalSeconds)} 秒后用同一个 --request-id 重试。"
        : NextSteps.For(error.Violations.Count > 1 ? "LINT_FAILED" : error.Reason);

    private static int Show(Screen screen, EidError error, string nextStep)
    {
        Write(screen, error, nextStep);
        // DEADLINE_EXCEEDED leaves the outcome open, as UNAVAILABLE does; both are repeated with the same request id.
        return error.Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded || error.Reason == EidError.TlsFailed ? ExitCode.Unreachable : ExitCode.Refused;
    }

    private static void Write(Screen screen, EidError error, string nextStep)
    {
        if (screen.Json)
        {
            Console.Error.WriteLine(Screen.ToJson(new
            {
                error = new { code = error.Code.ToString(), reason = error.Reason, message = error.Message, violations = error.Violations, metadata = error.Metadata, nextStep },
            }, compact: true));
            return;
        }

        // With fields at fault the message repeats them in one line; the list is easier to work off.
        // A call that ran out of time on this side carries no words of the service's.
        var headline = error.Message.Length == 0 ? "服务没有在时限内答复" : error.Violations.Count > 1 ? $"有 {error.Violations.Count} 处需要更正" : error.Message.TrimEnd('。');
        screen.Error.MarkupLine($"[red]✘[/] {Markup.Escape(headline)}（{Markup.Escape(error.Reason)}）");
        if (error.Violations.Count > 1)
        {
            foreach (var field in error.Violations)
            {
                screen.Error.MarkupLine($"  · {Markup.Escape(field.Field)}：{Markup.Escape(field.Message)}（{Markup.Escape(field.Reason)}）");
            }
        }

        foreach (var (name, value) in error.Metadata)
        {
            screen.Error.MarkupLine($"  {Markup.Escape(name)}：{Markup.Escape(value)}");
        }

        screen.Error.MarkupLine($"  下一步：{Markup.Escape(nextStep)}");
    }
}
