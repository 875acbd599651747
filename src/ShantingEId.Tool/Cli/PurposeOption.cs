using System.CommandLine;

namespace ShantingEId.Tool.Cli;

/// <summary>用证事由: with which registered reason a relying party asks. A caller with one purpose need not repeat it.</summary>
internal sealed class PurposeOption
{
    private static readonly Dictionary<string, string> Usual = new()
    {
        ["tax-bureau"] = "TAX_REGISTRATION",
        ["social-security"] = "SOCIAL_SECURITY_REGISTRATION",
        ["bank"] = "ACCOUNT_OPENING",
        ["staff"] = "COUNTER_CHECK",
        ["holder-app"] = "PUBLIC_SCAN",
        ["auditor"] = "AUDIT",
    };

    private readonly Option<string?> purpose = new("--purpose")
    {
        Description = "用证事由，决定返回哪些事项（样例调用方各有默认值，如 tax-bureau 为 TAX_REGISTRATION）", HelpName = "PURPOSE",
    };

    public static PurposeOption AddTo(Command command)
    {
        var option = new PurposeOption();
        command.Options.Add(option.purpose);
        return option;
    }

    // An unknown caller without a purpose is sent as it is: the service's refusal is more exact than a guess here.
    public string Of(ParseResult parse, string caller) => parse.GetValue(purpose) ?? Usual.GetValueOrDefault(caller, "");
}
