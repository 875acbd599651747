using System.Diagnostics.CodeAnalysis;

namespace ShantingEId.Cases;

/// <summary>What is done in a step of a case.</summary>
public enum StepKind
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>营业执照和四枚电子印章; every case has it.</summary>
    License = 1,

    /// <summary>公章刻制: the physical set.</summary>
    SealEngraving = 2,

    /// <summary>税务登记.</summary>
    Tax = 3,

    /// <summary>社会保险登记.</summary>
    SocialSecurity = 4,

    /// <summary>医疗保险登记.</summary>
    MedicalInsurance = 5,

    /// <summary>住房公积金登记.</summary>
    HousingFund = 6,

    /// <summary>银行预约开户.</summary>
    BankAppointment = 7,

    /// <summary>就业登记.</summary>
    Employment = 8,
}

/// <summary>Names of step kinds.</summary>
public static class StepKinds
{
    /// <summary>Every kind, in order.</summary>
    public static IReadOnlyList<StepKind> All { get; } = [.. Enum.GetValues<StepKind>().Where(kind => kind != StepKind.Unspecified)];

    /// <summary>Upper snake name, as in resource names and in the catalogue.</summary>
    public static string WireName(this StepKind kind) => WireNames<StepKind>.Of(kind);

    /// <summary>Parses an upper snake name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StepKind kind)
    {
        kind = text is null ? StepKind.Unspecified : All.FirstOrDefault(each => each.WireName() == text);
        return kind != StepKind.Unspecified;
    }
}
