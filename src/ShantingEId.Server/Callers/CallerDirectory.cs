using System.Text.Json;
using System.Text.Json.Serialization;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Callers;

/// <summary>A registered purpose 用证事由 and the fields it grants.</summary>
/// <param name="Title">Chinese title.</param>
/// <param name="Fields">Names of <c>Enterprise</c> fields, and <c>seals</c>.</param>
internal sealed record Purpose(string Title, string[] Fields);

/// <summary>A registered caller.</summary>
/// <param name="Name">Short name; stands in the log.</param>
/// <param name="Title">Chinese title.</param>
/// <param name="Role">Kind of caller.</param>
/// <param name="Certificates">SHA-256 fingerprints of its TLS certificates, hexadecimal; two while one is being replaced.</param>
/// <param name="Methods">Methods granted, e.g. <c>VerificationService/VerifyCode</c>.</param>
/// <param name="Purposes">Names of purposes granted.</param>
internal sealed record Caller(string Name, string Title, CallerRole Role, string[] Certificates, string[] Methods, string[] Purposes)
{
    /// <summary>Whether the method is granted: in its own list and open to its role. Everything else is denied.</summary>
    public bool MayCall(string path, MethodRule rule) =>
        rule.Roles.Contains(Role) && Methods.Any(method => path.EndsWith("." + method, StringComparison.Ordinal));
}

/// <summary>Who may call, from a file; read once at start, refused as a whole when anything in it does not make sense.</summary>
internal sealed class CallerDirectory
{
    public const string FileName = "callers.json";

    private static readonly JsonSerializerOptions Json = new(AuthorityFiles.Json)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Dictionary<string, Caller> byFingerprint = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Purpose> purposes;

    private CallerDirectory(FileContent content)
    {
        purposes = content.Purposes;
        foreach (var (name, purpose) in purposes)
        {
            RequireAll(purpose.Fields, Rpc.FieldMask.Known.Contains, $"用证事由 {name} 含有未知字段");
        }

        var known = MethodRule.All.Keys.Select(path => path[(path.LastIndexOf('.') + 1)..]).ToHashSet();
        foreach (var caller in content.Callers)
        {
            RequireAll(caller.Methods, known.Contains, $"{caller.Name} 含有未知方法");
            RequireAll(caller.Purposes, purposes.ContainsKey, $"{caller.Name} 含有未登记的用证事由");
            Require(caller.Certificates.Length > 0, $"{caller.Name} 没有证书指纹");
            foreach (var fingerprint in caller.Certificates)
            {
                Require(fingerprint.Length == 64 && fingerprint.All(char.IsAsciiHexDigit), $"{caller.Name} 的证书指纹应为 SHA-256 十六进制");
                Require(byFingerprint.TryAdd(fingerprint, caller), $"{caller.Name} 的证书指纹已属于另一调用方");
            }
        }
    }

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
        string[] verify = ["VerificationService/VerifyCode", "VerificationService/LookupLicense", "VerificationService/AskQuestions", "VerificationService/VerifyCodes"];
        const string Lookups = "VerificationService/ListLookups";
        var purposes = new Dictionary<string, Purpose>
        {
            ["TAX_REGISTRATION"] = new("税务登记", [.. face, "seals"]),
            ["SOCIAL_SECURITY_REGISTRATION"] = new("社会保险登记", ["credit_code", "name", "kind", "representative", "establish_date", "address"]),
            ["ACCOUNT_OPENING"] = new("银行开户", ["credit_code", "name", "kind", "type", "representative", "capital", "establish_date", "address", "business_scope", "seals"]),
            ["PUBLIC_SCAN"] = new("公众扫码", ["credit_code", "name", "kind", "representative", "address"]),
            ["COUNTER_CHECK"] = new("窗口核对", [.. face, "seals"]),
            ["AUDIT"] = new("审计", [.. face, "seals"]),
        };
        Caller[] callers =
        [
            New("staff", "登记窗口", CallerRole.Staff, ["IssuanceService/IssueSet", "IssuanceService/ImportSets", "IssuanceService/GetIssuedSet", "IssuanceService/RevokeSet", Lookups, .. verify], "COUNTER_CHECK"),
            New("tax-bureau", "税务局", CallerRole.RelyingParty, verify, "TAX_REGISTRATION"),
            New("social-security", "社保中心", CallerRole.RelyingParty, verify, "SOCIAL_SECURITY_REGISTRATION"),
            New("bank", "银行", CallerRole.RelyingParty, verify, "ACCOUNT_OPENING"),
            New("holder-app", "企业应用", CallerRole.HolderApp, ["VerificationService/VerifyCode", Lookups], "PUBLIC_SCAN"),
            New("auditor", "审计", CallerRole.Auditor, ["IssuanceService/GetIssuedSet", Lookups, .. verify], "AUDIT"),
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
