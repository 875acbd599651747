using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Calendar;
using ShantingEId.Cases;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Rpc;

/// <summary>Puts the one window together.</summary>
internal static class CaseWiring
{
    /// <summary>The deployment's own catalogue of steps, beside the callers.</summary>
    public const string FileName = "case-steps.json";

    /// <summary>Adds it.</summary>
    /// <exception cref="EidException">The catalogue does not fit the callers.</exception>
    public static void Add(IServiceCollection services, EidServerOptions options, CallerDirectory callers, ICaseStore cases)
    {
        var catalogue = LoadCatalogue(Path.Combine(options.CertificatesDirectory, FileName), callers);
        services.AddSingleton(provider => new CaseRules(catalogue, provider.GetRequiredService<WorkCalendar>()));
        services.AddSingleton(cases); // The register itself, which is closed as such.
        services.AddSingleton(CaseWire.SetCodec);
        services.AddSingleton<CaseDesk>();
        services.AddSingleton<CaseWire>();
        services.AddSingleton<StepList>();
    }

    /// <summary>
    /// The catalogue. A file must fit the callers in everything it says. What this release brings along offers as many of its steps as
    /// there are departments for: a deployment without an engraver has no engraving.
    /// </summary>
    internal static StepCatalogue LoadCatalogue(string path, CallerDirectory callers)
    {
        if (!File.Exists(path))
        {
            return StepCatalogue.BuiltIn.Without(plan => !Holds(plan));
        }

        try
        {
            var catalogue = StepCatalogue.Parse(File.ReadAllText(path));
            return catalogue.Plans.FirstOrDefault(plan => plan.Kind != StepKind.License && !Holds(plan)) is not { } orphan ? catalogue
                : throw new FormatException($"{orphan.Kind.WireName()} 的办理单位 {orphan.Department} 未登记为用证单位，或没有事由 {orphan.Purpose}、方法 CaseService/GetStep 和 CaseService/ReportStep");
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.AccessDenied, $"办件事项清单 {FileName} 有误：{error.Message}", error);
        }

        bool Holds(StepPlan plan) => callers.All.Any(caller => caller.Name == plan.Department && caller.Purposes.Contains(plan.Purpose)
            && caller.MayCall(MethodRule.Of("CaseService", "GetStep")) && caller.MayCall(MethodRule.Of("CaseService", "ReportStep")));
    }
}
