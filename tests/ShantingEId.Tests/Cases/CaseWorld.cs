using ShantingEId.Calendar;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Cases;

/// <summary>Cases to play with, without any store.</summary>
internal static class CaseWorld
{
    /// <summary>Credit codes of two invented companies.</summary>
    public const string Company = "91370406MA0047112H", OtherCompany = "91370406MA0047120C";

    /// <summary>Monday 9 March 2026, 12:00 in China.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 3, 9, 4, 0, 0, TimeSpan.Zero);

    public static readonly DateOnly Today = WorkCalendar.DayOf(Noon);

    public static CaseRules Rules { get; } = new(StepCatalogue.BuiltIn, WorkCalendar.Announced);

    public static EnterpriseInput Input => new()
    {
        CreditCode = Company, Name = "枣庄市山亭区样例食品有限公司", Kind = EnterpriseKind.Company, Type = "有限责任公司", Representative = "样例人",
        Capital = "50(万元人民币)", EstablishDate = "2026-03-09", Address = "枣庄市山亭区样例路1号", BusinessScope = "食品销售（样例）",
    };

    public static EnterpriseFacts Facts(EnterpriseInput? input = null) => EnterpriseFacts.Parse(input ?? Input, Today);

    public static LicenseId License { get; } = LicenseId.ForBusinessLicense(CreditCode.Parse("11370406MB9TE5T085"), CreditCode.Parse(Company), 1);

    /// <summary>A case that was opened just now, for a person when there are findings.</summary>
    public static CaseFile Open(IReadOnlyList<StepKind> kinds, params IReadOnlyList<Finding> findings) => Rules.Open(
        new CaseFile
        {
            Id = CaseId.New(), Progress = ProgressCode.Generate(), OpenedBy = "staff", OpenRequest = RequestId.Parse("sample-request-1"), ContentDigest = new byte[32],
            Facts = Facts(), FactsRevision = 1, OpenTime = Noon, Findings = findings, Events = [],
        }, kinds);

    /// <summary>The same, licensed.</summary>
    public static CaseFile Licensed(params IReadOnlyList<StepKind> kinds) => Rules.Issue(Open(kinds), License, Noon.AddMinutes(1));

    public static CaseFile Act(this CaseFile subject, StepKind kind, StepAct act, string reason = "") =>
        Rules.Act(subject, kind, act, "sample", Noon.AddHours(1), reason, act == StepAct.Complete ? new Evidence("样例已办", "样例-1") : null);

    public static CaseFile Done(this CaseFile subject, StepKind kind) => subject.Act(kind, StepAct.Accept).Act(kind, StepAct.Complete);

    public static StepState State(this CaseFile subject, StepKind kind) => subject.Find(kind)!.State;
}
