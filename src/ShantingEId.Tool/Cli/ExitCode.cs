namespace ShantingEId.Tool.Cli;

/// <summary>What scripts may rely on; every help page shows this table.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Refused = 1;
    public const int Usage = 2;
    public const int NotValid = 3;
    public const int Unreachable = 4;
    public const int Interrupted = 130;

    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "成功；核验结论为有效"),
        (Refused, "服务拒绝了请求，或输入的内容有误"),
        (Usage, "命令用法有误，什么也没有做"),
        (NotValid, "核验完成，但结论不是“有效”"),
        (Unreachable, "服务连接不上或暂时不可用，可以原样重试"),
    ];
}

/// <summary>The command line cannot be carried out as it stands; the message says what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
