using System.Reflection;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>Enums cross the wire by number, so the numbers of the API and of the library must be the same.</summary>
public sealed class EnumNumberTests
{
    [Fact]
    public void Numbers_of_the_api_and_of_the_library_are_equal_in_both_directions()
    {
        Same<Verdict, Verifying.Verdict>();
        Same<Enterprise.Types.Kind, EnterpriseKind>("Kind");
        Same<Seal.Types.Kind, Seals.SealKind>("Kind");
        Same<V1.IssuedSet.Types.State, SetState>("State");
        Same<Deregistration.Types.State, DeregistrationState>("State");
        Same<Deregistration.Types.Impediment, Impediment>("Impediment");
        Same<Deregistration.Types.Event.Types.Act, DeregistrationAct>("Act");
        Same<Step.Types.Kind, ShantingEId.Cases.StepKind>("Kind");
        Same<Step.Types.State, ShantingEId.Cases.StepState>("State");
        Same<FiledItem.Types.Kind, ShantingEId.Companies.FiledItemKind>("Kind");
        Same<Case.Types.State, ShantingEId.Cases.CaseState>("State");
        Same<StampPlace.Types.Straddle.Types.Side, ShantingEId.Documents.Ofd.StraddleSide>("Side");
        Same<Incident.Types.Act, ShantingEId.Incidents.IncidentAct>("Act");
        Same<Incident.Types.State, ShantingEId.Incidents.IncidentState>("State");
        Same<Incident.Types.Event.Types.Deed, ShantingEId.Incidents.IncidentDeed>("Deed");
        Same<DocumentVerification.Types.Verdict, Seals.SealVerdict>();
        Same<DocumentCheck.Types.Outcome, Seals.CheckOutcome>();
        Same<DocumentFile.Types.Standing, ShantingEId.Documents.Reading.FileStanding>();
        Same<GetLicenseDocumentRequest.Types.Format, ShantingEId.Documents.DocumentFormat>();
        Same<IncidentSet.Types.Outcome, ShantingEId.Incidents.SetOutcome>("Outcome");
    }

    private static void Same<TApi, TLibrary>(string prefix = "")
        where TApi : struct, Enum
        where TLibrary : struct, Enum
    {
        static IEnumerable<string> Names<T>(string prefix)
            where T : struct, Enum =>
            typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => $"{field.Name[(field.Name.StartsWith(prefix, StringComparison.Ordinal) ? prefix.Length : 0)..]} = {(int)field.GetRawConstantValue()!}");

        // Zero is "not said"; a library type may leave it out, and then cannot hold it.
        Assert.Equal(Names<TApi>(prefix).Where(name => !name.EndsWith("= 0", StringComparison.Ordinal)).Order(),
            Names<TLibrary>("").Where(name => !name.EndsWith("= 0", StringComparison.Ordinal)).Order());
    }
}
