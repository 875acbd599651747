using System.Text.Json;
using System.Text.Json.Serialization;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Public;
using ShantingEId.Server.Rpc;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Callers;

/// <summary>A registered purpose 用证事由, the fields it grants and the questions that may be asked under it.</summary>
/// <param name="Title">Chinese title.</param>
/// <param name="Fields">Names of <c>Enterprise</c> fields, and <c>seals</c>.</param>
/// <param name="Questions">Names of <c>Question</c> fields; none when left out.</param>
internal sealed record Purpose(string Title, string[] Fields, string[]? Questions = null)
{
    /// <summary>Every question a purpose may grant.</summary>
    public static IReadOnlyDictionary<string, QuestionKind> KnownQuestions { get; } = new Dictionary<string, QuestionKind>
    {
        ["active"] = QuestionKind.Active, ["name_matches"] = QuestionKind.NameMatches,
        ["representative_is"] = QuestionKind.RepresentativeIs, ["seal_current"] = QuestionKind.SealCurrent,
        ["permit_active"] = QuestionKind.PermitActive,
    };

    /// <summary>The fields as a set.</summary>
    [JsonIgnore]
    public LicenseFields Granted { get; } = FieldMask.Of(Fields);

    /// <summary>Whether the question may be asked.</summary>
    public bool Grants(QuestionKind question) => Questions?.Any(name => KnownQuestions[name] == question) == true;
}

/// <summary>A registered caller.</summary>
/// <param name="Name">Short name; stands in the log.</param>
/// <param name="Title">Chinese title.</param>
/// <param name="Role">Kind of caller.</param>
/// <param name="Certificates">SHA-256 fingerprints of its TLS certificates, hexadecimal; two while one is being replaced.</param>
/// <param name="Methods">Methods granted, e.g. <c>VerificationService/VerifyCode</c>.</param>
/// <param name="Purposes">Names of purposes granted.</param>
/// <param name="Regions">Divisions (2 to 6 digits) whose companies it may look up by credit code and follow; all when left out.</param>
/// <param name="Quota">What it may use; null is the default of its role.</param>
internal sealed record Caller(
    string Name, string Title, CallerRole Role, string[] Certificates, string[] Methods, string[] Purposes, string[]? Regions = null, Quota? Quota = null)
{
    /// <summary>The divisions as a set.</summary>
    [JsonIgnore]
    public Regions Scope { get; } = Callers.Regions.TryParse(Regions ?? []) ?? Callers.Regions.All;

    /// <summary>Whether the method is granted: in its own list and open to its role. Everything else is denied.</summary>
    public bool MayCall(MethodRule rule) => Array.IndexOf(rule.Roles, Role) >= 0 && Array.IndexOf(Methods, rule.Grant) >= 0;
}

/// <summary>Who may call, from a file; read once at start, refused as a whole when anything in it does not make sense.</summary>
internal sealed class CallerDirectory
{
    public const string FileName = "callers.json";

    // Names stand in the ledger and in receipts.
    private const int MaxName = 64;

    private static readonly JsonSerializerOptions Json = new(AuthorityFiles.Json)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Dictionary<string, Caller> byFingerprint = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> titles = [];
    private readonly Dictionary<string, Purpose> purposes;

    private CallerDirectory(FileContent content)
    {
        purposes = content.Purposes;
        All = content.Callers;
        foreach (var (name, purpose) in purposes)
        {
            Require(name.Length is > 0 and <= MaxName, $"用证事由 {name} 的名称应为 1 至 {MaxName} 个字符");
            RequireAll(purpose.Fields, FieldMask.Known.Contains, $"用证事由 {name} 含有未知字段");
            RequireAll(purpose.Questions ?? [], Purpose.KnownQuestions.ContainsKey, $"用证事由 {name} 含有未知问题");
        }

        var known = MethodRule.All.Keys.Select(path => path[(path.LastIndexOf('.') + 1)..]).ToHashSet();
        foreach (var caller in content.Callers)
        {
            RequireAll(caller.Methods, known.Contains, $"{caller.Name} 含有未知方法");
            RequireAll(caller.Purposes, purposes.ContainsKey, $"{caller.Name} 含有未登记的用证事由");
            Require(caller.Quota?.IsSensible ?? true, $"{caller.Name} 的 quota 应为正整数");
            // An empty list would read as "nowhere" and mean everywhere.
            Require(caller.Regions is null || caller.Regions.Length > 0 && Regions.TryParse(caller.Regions) is not null, $"{caller.Name} 的区划应为 2 至 6 位数字；不限区划的不写 regions");
            Require(!caller.Name.StartsWith('#'), $"{caller.Name} 的名称不能以 # 开头，那是登记系统自己的");
            Require(caller.Name.Length is > 0 and <= MaxName && titles.TryAdd(caller.Name, caller.Title), $"{caller.Name} 重名，或名称不是 1 至 {MaxName} 个字符");
            Require(caller.Certificates.Length > 0, $"{caller.Name} 没有证书指纹");
            foreach (var fingerprint in caller.Certificates)
            {
                Require(fingerprint.Length == 64 && fingerprint.All(char.IsAsciiHexDigit), $"{caller.Name} 的证书指纹应为 SHA-256 十六进制");
                Require(byFingerprint.TryAdd(fingerprint, caller), $"{caller.Name} 的证书指纹已属于另一调用方");
            }
        }
    }

    /// <summary>Every registered caller.</summary>
    public IReadOnlyList<Caller> All { get; }

    private sealed record FileContent(Dictionary<string, Purpose> Purposes, Caller[] Callers);

    /// <summary>Reads the file.</summary>
    public static CallerDirectory Load(string path)
    {
        try
        {
            return new CallerDirectory(JsonSerializer.Deserialize<FileContent>(File.ReadAllText(path), Json) ?? throw Invalid("文件为空"));
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.AccessDenied, $"调用方名册 {FileName} 无法读取：{error.Message}", error);
        }
    }

    /// <summary>The caller of a certificate, or null.</summary>
    public Caller? Find(string fingerprint) => byFingerprint.GetValueOrDefault(fingerprint);

    /// <summary>A caller by its name, for benchmarks; null when there is none.</summary>
    public Caller? FindByName(string name) => byFingerprint.Values.FirstOrDefault(caller => caller.Name == name);

    /// <summary>Chinese title of a caller; empty for one that is no longer registered.</summary>
    public string TitleOf(string caller) => caller == PublicDoor.CallerName ? PublicDoor.Caller.Title : titles.GetValueOrDefault(caller, "");

    /// <summary>The relying party that may fetch copies, by its name.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ReceiverUnknown"/>.</exception>
    public Caller RequireReceiver(string name) =>
        All.FirstOrDefault(caller => caller.Name == name && caller.MayCall(MethodRule.Of("DocumentService", "DownloadLicenseCopy")))
        ?? throw EidException.OfField(ErrorReason.ReceiverUnknown, "receiver", "不是登记过、获准下载加注件的用证单位");

    /// <summary>Chinese title of a purpose; empty for one that is not registered.</summary>
    public string TitleOfPurpose(string purpose) => purposes.GetValueOrDefault(purpose)?.Title ?? "";

    /// <summary>Whether the file says what a purpose grants.</summary>
    public bool HasPurpose(string purpose) => purposes.ContainsKey(purpose);

    /// <summary>The purpose a caller names, which must be one of its own.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PurposeRequired"/> or <see cref="ErrorReason.PurposeNotGranted"/>.</exception>
    public Purpose RequirePurpose(Caller caller, string name)
    {
        if (name.Length == 0)
        {
            throw new EidException(ErrorReason.PurposeRequired, "应说明用证事由（purpose）",
                [new FieldViolation("purpose", ErrorReason.PurposeRequired, "不能为空")]);
        }

        // Same answer whether the purpose exists or is somebody else's.
        return caller.Purposes.Contains(name) ? purposes[name] : throw new EidException(ErrorReason.PurposeNotGranted, "贵单位未登记此用证事由");
    }

    /// <summary>The file of a development deployment.</summary>
    public static string DevelopmentFile(IReadOnlyDictionary<string, string> fingerprints)
    {
        string[] face = ["credit_code", "name", "kind", "type", "representative", "capital", "establish_date", "address", "business_scope"];
        string[] verify = ["VerificationService/VerifyCode", "VerificationService/LookupLicense", "VerificationService/VerifySeal", "VerificationService/AskQuestions", "VerificationService/VerifyCodes"];
        const string Lookups = "VerificationService/ListLookups";
        string[] follow = ["ChangeService/WatchChanges", "ChangeService/ListChanges"];
        string[] notices = ["DeregistrationService/ListNotices", "DeregistrationService/RaiseObjection", "DeregistrationService/WithdrawObjection"];
        string[] apply = ["DeregistrationService/ApplyDeregistration", "DeregistrationService/GetDeregistration", "DeregistrationService/ResubmitDeregistration", "DeregistrationService/WithdrawDeregistration", "DeregistrationService/ConfirmDeregistration"];
        string[] decide = ["DeregistrationService/ListDeregistrations", "DeregistrationService/ReturnDeregistration", "DeregistrationService/TerminateDeregistration"];
        string[] run = ["CaseService/OpenCase", "CaseService/AddSteps", "CaseService/DecideStep"];
        string[] see = ["CaseService/GetCase", "CaseService/WatchCase", "CaseService/GetProgress"];
        string[] steps = ["CaseService/ListSteps", "CaseService/WatchSteps"];
        string[] hold = [.. steps, "CaseService/GetStep", "CaseService/ReportStep", "CaseService/GetProgress"];
        string[] trades = [.. V1.TradeService.Descriptor.Methods.Select(method => "TradeService/" + method.Name)];
        string[] register = ["RegisterService/GetCompanyTimeline", "RegisterService/SearchCompanies"];
        string[] incidents = [.. V1.IncidentService.Descriptor.Methods.Select(method => "IncidentService/" + method.Name)];
        string[] judge = ["DocumentService/VerifyDocument", "DocumentService/VerifyStamp"];
        string[] fetch = ["DocumentService/DownloadLicenseCopy", .. judge];
        string[] papers = ["DocumentService/GetLicenseDocument", "DocumentService/ListLicenseCopies"];
        string[] seals = [.. V1.SealService.Descriptor.Methods.Select(method => "SealService/" + method.Name)];
        string[] sealLog = ["SealService/ListSealUseGrants", "SealService/ListSealUses"];
        string[] present = [.. V1.HolderService.Descriptor.Methods.Select(method => "HolderService/" + method.Name)];
        string[] questions = [.. Purpose.KnownQuestions.Keys];
        var purposes = new Dictionary<string, Purpose>
        {
            ["TAX_REGISTRATION"] = new("税务登记", [.. face, "seals"], questions),
            ["SOCIAL_SECURITY_REGISTRATION"] = new("社会保险登记", ["credit_code", "name", "kind", "representative", "establish_date", "address"], ["active", "name_matches", "representative_is"]),
            ["MEDICAL_INSURANCE_REGISTRATION"] = new("医疗保险参保登记", ["credit_code", "name", "kind", "establish_date"], ["active", "name_matches"]),
            ["SEAL_ENGRAVING"] = new("公章刻制", ["credit_code", "name", "representative", "seals"]),
            ["HOUSING_FUND_REGISTRATION"] = new("住房公积金缴存登记", ["credit_code", "name", "kind", "establish_date", "address"]),
            ["EMPLOYMENT_REGISTRATION"] = new("就业登记", ["credit_code", "name", "kind", "address"]),
            ["SUBSIDY_CHECK"] = new("惠企补贴核对", [], ["active", "name_matches", "representative_is"]),
            ["ACCOUNT_OPENING"] = new("银行开户", [.. face, "seals"], questions),
            ["PUBLIC_SCAN"] = new("公众扫码", ["credit_code", "name", "kind", "representative", "address"]),
            ["COUNTER_CHECK"] = new("窗口核对", [.. face, "seals"], questions),
            ["AUDIT"] = new("审计", [.. face, "seals"], questions),
        };
        Caller[] callers =
        [
            New("staff", "登记窗口", CallerRole.Staff, [.. V1.IssuanceService.Descriptor.Methods.Select(method => "IssuanceService/" + method.Name), Lookups, .. verify, .. follow, .. notices, .. apply, .. decide, .. run, .. see, .. steps, .. trades, .. register, .. incidents, .. seals, .. papers, "DocumentService/CreateLicenseCopy", .. judge], "COUNTER_CHECK"),
            New("tax-bureau", "税务局", CallerRole.RelyingParty, [.. verify, .. follow, .. notices, .. hold, .. fetch], "TAX_REGISTRATION"),
            New("social-security", "社保中心", CallerRole.RelyingParty, [.. verify, .. follow, .. notices, .. hold, .. fetch],
                "SOCIAL_SECURITY_REGISTRATION", "MEDICAL_INSURANCE_REGISTRATION", "EMPLOYMENT_REGISTRATION", "SUBSIDY_CHECK"),
            New("bank", "银行", CallerRole.RelyingParty, [.. verify, .. follow, .. notices, .. hold, .. fetch], "ACCOUNT_OPENING"),
            New("engraver", "公章刻制单位", CallerRole.RelyingParty, hold, "SEAL_ENGRAVING"),
            New("housing-fund", "住房公积金管理中心", CallerRole.RelyingParty, [.. verify, .. follow, .. notices, .. hold, .. fetch], "HOUSING_FUND_REGISTRATION"),
            New("holder-app", "企业应用", CallerRole.HolderApp, ["VerificationService/VerifyCode", Lookups, "DeregistrationService/ListNotices", .. apply, .. see, .. papers, "DocumentService/CreateLicenseCopy", "SealService/Stamp", .. sealLog, .. present], "PUBLIC_SCAN"),
            New("auditor", "审计", CallerRole.Auditor, ["IssuanceService/GetIssuedSet", Lookups, .. verify, .. follow, "DeregistrationService/ListNotices", "DeregistrationService/GetDeregistration", "DeregistrationService/ListDeregistrations", .. see, .. steps, "TradeService/ListTrades", "TradeService/ListTradeLicenses", "TradeService/ListDuePermits", .. register, "IncidentService/GetIncident", "IncidentService/ListIncidents", "IncidentService/ListIncidentSets", .. sealLog, "HolderService/ListPresentations", .. papers, .. judge], "AUDIT"),
            New("supervisor", "值班负责人", CallerRole.Staff, ["IssuanceService/GetIssuedSet", .. incidents]),
        ];
        return JsonSerializer.Serialize(new FileContent(purposes, callers), Json);

        Caller New(string name, string title, CallerRole role, string[] methods, params string[] granted) =>
            new(name, title, role, [fingerprints[name]], methods, granted);
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw Invalid(problem);
        }
    }

    private static void RequireAll(string[] names, Func<string, bool> known, string problem)
    {
        if (Array.Find(names, name => !known(name)) is { } unknown)
        {
            throw Invalid($"{problem} {unknown}");
        }
    }

    private static EidException Invalid(string problem) => new(ErrorReason.AccessDenied, $"调用方名册 {FileName} 有误：{problem}");
}
