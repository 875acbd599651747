using System.CommandLine;

namespace ShantingEId.Tool.Cli;

/// <summary>Where the register is, if it is not a file.</summary>
internal static class PostgresOption
{
    /// <summary>The same from the environment, so that a password stands in no list of processes.</summary>
    public const string Variable = "EID_POSTGRES";

    public static Option<string?> Create() => new("--postgres")
    {
        Description = $"登记簿在 PostgreSQL 时的连接串；含密码时请改用环境变量 {Variable}（默认用 --data 目录中的 SQLite）", HelpName = "CONNECTION",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } connection ? connection : null,
    };
}
