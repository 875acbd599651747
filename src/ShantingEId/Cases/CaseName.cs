using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>Resource name of a case: by its id, or by its company, then its newest case is meant.</summary>
public sealed record CaseName
{
    private const string Collection = "cases/";

    private CaseName(CaseId? id, CreditCode? holder) => (Id, Holder) = (id, holder);

    /// <summary>The case meant; null when the name gives a company.</summary>
    public CaseId? Id { get; }

    /// <summary>The company meant; null when the name gives a case.</summary>
    public CreditCode? Holder { get; }

    /// <summary>Name of a case.</summary>
    public static string Of(CaseId id) => Collection + id;

    /// <summary>Parses <c>cases/{case}</c> or <c>cases/{credit_code}</c>.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CaseIdInvalid"/> or <see cref="ErrorReason.UsccInvalid"/>, on field <c>name</c>.</exception>
    public static CaseName Parse(string? text)
    {
        if (text?.StartsWith(Collection, StringComparison.Ordinal) == true)
        {
            var id = text[Collection.Length..];
            if (CaseId.TryParse(id, out var known))
            {
                return new CaseName(known, null);
            }

            // A credit code has 18 characters, an id 20.
            if (id.Length == 18)
            {
                return CreditCode.TryParse(id, out var holder, out var problem) ? new CaseName(null, holder) : throw Invalid(ErrorReason.UsccInvalid, problem);
            }
        }

        throw Invalid(ErrorReason.CaseIdInvalid, "应为 cases/{办件编号} 或 cases/{统一社会信用代码}");
    }

    /// <summary>Parses the name of a case alone; a company may have several.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CaseIdInvalid"/>, on field <c>name</c>.</exception>
    public static CaseId ParseId(string? text) =>
        text?.StartsWith(Collection, StringComparison.Ordinal) == true && CaseId.TryParse(text[Collection.Length..], out var id) ? id
            : throw Invalid(ErrorReason.CaseIdInvalid, "应为 cases/{办件编号}");

    internal static EidException Invalid(ErrorReason reason, string problem) => new(reason, $"name {problem}", [new FieldViolation("name", reason, problem)]);
}

/// <summary>Resource name of a step, <c>cases/{case}/steps/{kind}</c>.</summary>
/// <param name="Case">The case.</param>
/// <param name="Kind">The step.</param>
public sealed record StepName(CaseId Case, StepKind Kind)
{
    private const string Steps = "/steps/";

    /// <summary>Parses strictly.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CaseIdInvalid"/>, on field <c>name</c>.</exception>
    public static StepName Parse(string? text)
    {
        var at = text?.IndexOf(Steps, StringComparison.Ordinal) ?? -1;
        return at > 0 && StepKinds.TryParse(text![(at + Steps.Length)..], out var kind) ? new StepName(CaseName.ParseId(text[..at]), kind)
            : throw CaseName.Invalid(ErrorReason.CaseIdInvalid, "应为 cases/{办件编号}/steps/{事项}，如 cases/…/steps/TAX");
    }

    /// <inheritdoc/>
    public override string ToString() => CaseName.Of(Case) + Steps + Kind.WireName();
}
