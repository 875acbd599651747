using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text;
using ShantingEId.Tool.Bench;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Commands;
using ShantingEId.Tool.Commands.Cases;
using ShantingEId.Tool.Commands.Documents;
using ShantingEId.Tool.Commands.Stamping;
using ShantingEId.Tool.Commands.Trades;
using ShantingEId.Tool.Commands.Incidents;

// Texts are Chinese first, those of the command-line parser too; figures and dates look the same on every machine.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("zh-Hans");
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

var root = new RootCommand("电子营业执照与四枚电子印章：签发、变更、核验、终止")
{
    DemoCommand.Create(),
    IssueCommand.Create(),
    ImportCommand.Create(),
    ShowCommand.Create(),
    CompanyCommand.Create(),
    SearchCommand.Create(),
    ExportCommand.Create(),
    DocumentCommand.Create(),
    CopyCommand.Create(),
    ChangeCommand.Create(),
    ChangeCommand.CreateWithdraw(),
    VerifySealCommand.Create(),
    DeregCommand.Create(),
    CaseCommand.Create(),
    TradeCommand.Create(),
    IncidentCommand.Create(),
    SealGrantCommand.Create(),
    StampCommand.Create(),
    SealUsesCommand.Create(),
    PresentCommand.Create(),
    VerifyCommand.Create(),
    VerifyReceiptCommand.Create(),
    LookupCommand.Create(),
    AskCommand.Create(),
    LookupsCommand.Create(),
    WatchCommand.Create(),
    InspectCommand.Create(),
    ServeCommand.Create(),
    DevCertsCommand.Create(),
    DevTsaCommand.Create(),
    TrustListCommand.Create(),
    PackCommand.Create(),
    FsckCommand.Create(),
    RecoverCommand.Create(),
    ApproveCommand.Create(),
    OpenApiCommand.Create(),
    BenchCommand.Create(),
};
foreach (var act in StateCommands.CreateAll().Reverse())
{
    root.Subcommands.Insert(root.Subcommands.IndexOf(root.Subcommands.First(command => command.Name == "verify")), act);
}

root.Options.OfType<HelpOption>().Single().Action = new HelpScreen();
root.SetAction(parse =>
{
    HelpScreen.Print(root, Console.Error);
    return ExitCode.Usage;
});

var parsed = root.Parse(args);
var run = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
if (parsed.CommandResult.Command is EidCommand { StopsByItself: true })
{
    run.ProcessTerminationTimeout = null;
}

return parsed.Errors.Count > 0 && parsed.Action is not HelpScreen
    ? HelpScreen.PrintErrors(parsed, Console.Error)
    : await parsed.InvokeAsync(run);
