using System.Globalization;

namespace ShantingEId.Licenses;

/// <summary>What a registrar, a file or a call says about an enterprise, unchecked.</summary>
public sealed record EnterpriseInput
{
    /// <summary>统一社会信用代码.</summary>
    public string CreditCode { get; init; } = "";

    /// <summary>名称.</summary>
    public string Name { get; init; } = "";

    /// <summary>Form of licence; <see cref="EnterpriseKind.Unspecified"/> is refused.</summary>
    public EnterpriseKind Kind { get; init; }

    /// <summary>类型 as registered; may be empty.</summary>
    public string Type { get; init; } = "";

    /// <summary>法定代表人, 负责人, 经营者 …</summary>
    public string Representative { get; init; } = "";

    /// <summary>注册资本 as registered; may be empty.</summary>
    public string Capital { get; init; } = "";

    /// <summary>成立日期, <c>yyyy-MM-dd</c>.</summary>
    public string EstablishDate { get; init; } = "";

    /// <summary>住所.</summary>
    public string Address { get; init; } = "";

    /// <summary>经营范围.</summary>
    public string BusinessScope { get; init; } = "";
}

/// <summary>
/// The checked facts on the face of a licence (条例 9, 22; 细则 23). Can only be made by <see cref="Parse"/>, which reports
/// every violation at once.
/// </summary>
public sealed record EnterpriseFacts
{
    private static readonly DateOnly Earliest = new(1949, 1, 1);

    private EnterpriseFacts(CreditCode creditCode, EnterpriseKind kind, DateOnly establishDate, RegisteredCapital? capital, EnterpriseInput input)
    {
        CreditCode = creditCode;
        Kind = kind;
        EstablishDate = establishDate;
        Capital = capital;
        Name = input.Name;
        Type = input.Type;
        Representative = input.Representative;
        Address = input.Address;
        BusinessScope = input.BusinessScope;
    }

    /// <summary>统一社会信用代码.</summary>
    public CreditCode CreditCode { get; }

    /// <summary>Form of licence.</summary>
    public EnterpriseKind Kind { get; }

    /// <summary>名称, 2 to 60 characters.</summary>
    public string Name { get; }

    /// <summary>类型 as registered, up to 60 characters; may be empty.</summary>
    public string Type { get; }

    /// <summary>Who stands for it, 2 to 24 characters; the label depends on <see cref="Kind"/>.</summary>
    public string Representative { get; }

    /// <summary>Null where none is registered or the kind has none.</summary>
    public RegisteredCapital? Capital { get; }

    /// <summary>成立日期, which is the date of the licence.</summary>
    public DateOnly EstablishDate { get; }

    /// <summary>住所, 2 to 200 characters.</summary>
    public string Address { get; }

    /// <summary>经营范围, 1 to 2,000 characters.</summary>
    public string BusinessScope { get; }

    /// <summary>Checks the input.</summary>
    /// <param name="input">What was said.</param>
    /// <param name="today">Nothing is founded later than today, by the authority's calendar (UTC+8).</param>
    /// <param name="path">Prefix of the field paths in violations.</param>
    /// <exception cref="EidException">With the first violation's reason and all violations.</exception>
    public static EnterpriseFacts Parse(EnterpriseInput input, DateOnly today, string path = "enterprise")
    {
        var violations = new List<FieldViolation>();
        void Add(string field, ErrorReason reason, string problem) => violations.Add(new FieldViolation($"{path}.{field}", reason, problem));
        void Text(string field, string? value, int min, int max)
        {
            if (FaceText.Problem(value, min, max) is { Length: > 0 } problem)
            {
                Add(field, ErrorReason.TextInvalid, problem);
            }
        }

        if (!CreditCode.TryParse(input.CreditCode, out var code, out var codeProblem))
        {
            Add("credit_code", ErrorReason.UsccInvalid, codeProblem);
        }

        Text("name", input.Name, 2, 60);
        if (!Enum.IsDefined(input.Kind) || input.Kind == EnterpriseKind.Unspecified)
        {
            Add("kind", ErrorReason.EnumInvalid, "应指明主体种类");
        }

        Text("type", input.Type, 0, 60);
        Text("representative", input.Representative, 2, 24);
        RegisteredCapital? capital = null;
        if (FaceText.Problem(input.Capital, 0, 60) is { Length: > 0 } capitalText)
        {
            Add("capital", ErrorReason.TextInvalid, capitalText);
        }
        else if (input.Capital.Length > 0 && !RegisteredCapital.TryParse(input.Capital, out capital, out var capitalProblem))
        {
            Add("capital", ErrorReason.AmountInvalid, capitalProblem);
        }

        if (!DateOnly.TryParseExact(input.EstablishDate, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || date < Earliest || date.Year > 2199)
        {
            Add("establish_date", ErrorReason.DateInvalid, "成立日期应为 1949 年以后存在的日期");
        }
        else if (date > today)
        {
            Add("establish_date", ErrorReason.DateOrder, "成立日期晚于今天");
        }

        Text("address", input.Address, 2, 200);
        Text("business_scope", input.BusinessScope, 1, 2000);

        // Says something only of a code that can exist and a kind that was named.
        if (code is not null && Enum.IsDefined(input.Kind) && input.Kind != EnterpriseKind.Unspecified && !KindFitsCode(input.Kind, code))
        {
            Add("kind", ErrorReason.LintFailed, "主体种类与统一社会信用代码的机构类别不一致");
        }

        if (violations.Count > 0)
        {
            throw new EidException(violations[0].Reason, "登记事项有误：" + string.Join("；", violations.Select(v => $"{v.Field} {v.Message}")), violations);
        }

        return new EnterpriseFacts(code!, input.Kind, date, capital, input);
    }

    /// <summary>What is allowed but unusual, for the registrar's second look.</summary>
    public IReadOnlyList<string> Warnings =>
        CreditCode.OrganisationCodeMatches ? [] : ["统一社会信用代码第 9 至 17 位（组织机构代码）的校验位不符，请核对代码是否录入有误"];

    /// <summary>The same facts as input again, for round trips.</summary>
    public EnterpriseInput ToInput() => new()
    {
        CreditCode = CreditCode.Value, Name = Name, Kind = Kind, Type = Type, Representative = Representative, Capital = Capital?.Text ?? "",
        EstablishDate = EstablishDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Address = Address, BusinessScope = BusinessScope,
    };

    // GB 32100: under department 9, category 2 is 个体工商户 and 3 a cooperative; their branches keep the category.
    private static bool KindFitsCode(EnterpriseKind kind, CreditCode code) => code switch
    {
        { Department: '9', Category: '2' } => kind is EnterpriseKind.IndividualBusiness,
        { Department: '9', Category: '3' } => kind is EnterpriseKind.Cooperative or EnterpriseKind.Branch,
        { Department: '9' } => kind is not (EnterpriseKind.IndividualBusiness or EnterpriseKind.Cooperative),
        _ => false, // A business licence is given under department 9 only.
    };
}
