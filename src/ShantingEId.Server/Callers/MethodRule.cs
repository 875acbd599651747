using Google.Protobuf.Reflection;
using ShantingEId.V1;

namespace ShantingEId.Server.Callers;

/// <summary>What kind of caller is registered.</summary>
internal enum CallerRole
{
    /// <summary>登记人员.</summary>
    Staff,

    /// <summary>用证单位.</summary>
    RelyingParty,

    /// <summary>The company's app.</summary>
    HolderApp,

    /// <summary>审计.</summary>
    Auditor,
}

/// <summary>Who may call a method at most, and its limits. A caller also needs the method in its own list.</summary>
/// <param name="Roles">Roles that may be granted the method.</param>
/// <param name="Ceiling">Longest time a call may take; a caller's longer deadline is cut to this.</param>
/// <param name="IsWrite">Whether unknown fields are refused (a write whose sender means more than we understand must not pass).</param>
internal sealed record MethodRule(CallerRole[] Roles, TimeSpan Ceiling, bool IsWrite = false)
{
    /// <summary>Rule of every method. A method without one is refused, and a test fails.</summary>
    public static IReadOnlyDictionary<string, MethodRule> All { get; } = new Dictionary<string, MethodRule>
    {
        [Name("IssuanceService", "IssueSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        // A whole district's import runs in one call.
        [Name("IssuanceService", "ImportSets")] = new([CallerRole.Staff], TimeSpan.FromHours(4), IsWrite: true),
        [Name("IssuanceService", "GetIssuedSet")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("IssuanceService", "RevokeSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("VerificationService", "VerifyCode")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(2)),
        [Name("VerificationService", "LookupLicense")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(2)),
        [Name("VerificationService", "AskQuestions")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(2)),
        // A batch may be long; what is wrong with one item does not end it.
        [Name("VerificationService", "VerifyCodes")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromHours(1)),
        [Name("VerificationService", "ListLookups")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        // A watcher is sent away after an hour and comes back with its mark.
        [Name("ChangeService", "WatchChanges")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromHours(1)),
        [Name("ChangeService", "ListChanges")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
    };

    /// <summary>Services this server offers.</summary>
    public static IReadOnlyList<ServiceDescriptor> Services { get; } = [IssuanceService.Descriptor, VerificationService.Descriptor, ChangeService.Descriptor];

    private static string Name(string service, string method) => $"/shanting.eid.v1.{service}/{method}";
}
