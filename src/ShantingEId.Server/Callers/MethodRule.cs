using System.Collections.Frozen;
using System.Globalization;
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

/// <summary>What must be known about a caller before a method is open to it.</summary>
internal enum CallerAccess
{
    /// <summary>Registered, of a role that may have the method, and granted it by name.</summary>
    Granted,

    /// <summary>Registered.</summary>
    Registered,

    /// <summary>Holds a good certificate of the pinned CA, registered or not: probes of operators.</summary>
    Certified,
}

/// <summary>Who may call a method at most, and its limits. A caller also needs the method in its own list.</summary>
/// <param name="Roles">Roles that may be granted the method.</param>
/// <param name="Ceiling">Longest time a call may take; a caller's longer deadline is cut to this.</param>
/// <param name="IsWrite">Whether unknown fields are refused (a write whose sender means more than we understand must not pass).</param>
/// <param name="IsLookup">Whether it looks for companies; refused to a caller that has asked for too many that do not exist.</param>
/// <param name="IsStream">Whether the call is long; how many a caller holds open at once is limited.</param>
internal sealed record MethodRule(CallerRole[] Roles, TimeSpan Ceiling, bool IsWrite = false, bool IsLookup = false, bool IsStream = false)
{
    /// <summary>Largest request of a method that takes a document: 8 MiB of it, and what goes with it.</summary>
    public const int DocumentBytes = (8 * 1024 * 1024) + EidServer.MaxMessageBytes;

    private readonly string path = "";

    /// <summary>Rule of every method. A method without one is refused, and a test fails.</summary>
    public static IReadOnlyDictionary<string, MethodRule> All { get; } = Completed(new Dictionary<string, MethodRule>
    {
        [Name("IssuanceService", "IssueSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        // A whole district's import runs in one call.
        [Name("IssuanceService", "ImportSets")] = new([CallerRole.Staff], TimeSpan.FromHours(4), IsWrite: true, IsStream: true),
        [Name("IssuanceService", "GetIssuedSet")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("IssuanceService", "ChangeRegistration")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "WithdrawChange")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "SuspendSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "ResumeSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "RescindSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "RestoreSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "CancelSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IssuanceService", "RevokeSet")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("VerificationService", "VerifyCode")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(2), IsLookup: true),
        [Name("VerificationService", "LookupLicense")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(2), IsLookup: true),
        [Name("VerificationService", "VerifySeal")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(2), IsLookup: true),
        [Name("VerificationService", "AskQuestions")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(2), IsLookup: true),
        // A batch may be long; what is wrong with one item does not end it.
        [Name("VerificationService", "VerifyCodes")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromHours(1), IsLookup: true, IsStream: true),
        [Name("VerificationService", "ListLookups")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        // A watcher is sent away after an hour and comes back with its mark.
        [Name("ChangeService", "WatchChanges")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromHours(1), IsStream: true),
        [Name("ChangeService", "ListChanges")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("TradeService", "ListTrades")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("TradeService", "IssueTradeLicense")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("TradeService", "ChangeTradeLicense")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("TradeService", "ChangePermit")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("TradeService", "ListTradeLicenses")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("TradeService", "ListDuePermits")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        // Departments ask about companies that came to them; the whole record, and lists of names, are the registrar's and the auditor's.
        [Name("RegisterService", "GetCompanyTimeline")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("RegisterService", "SearchCompanies")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DeregistrationService", "ApplyDeregistration")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "GetDeregistration")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DeregistrationService", "ListDeregistrations")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DeregistrationService", "ListNotices")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DeregistrationService", "RaiseObjection")] = new([CallerRole.Staff, CallerRole.RelyingParty], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "WithdrawObjection")] = new([CallerRole.Staff, CallerRole.RelyingParty], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "ReturnDeregistration")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "ResubmitDeregistration")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "WithdrawDeregistration")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "TerminateDeregistration")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DeregistrationService", "ConfirmDeregistration")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("CaseService", "OpenCase")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("CaseService", "AddSteps")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("CaseService", "DecideStep")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("CaseService", "GetCase")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("CaseService", "WatchCase")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromHours(1), IsStream: true),
        [Name("CaseService", "GetProgress")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(2), IsLookup: true),
        [Name("CaseService", "ListSteps")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("CaseService", "WatchSteps")] = new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromHours(1), IsStream: true),
        // Only the department that holds a step; staff sees the whole case.
        [Name("CaseService", "GetStep")] = new([CallerRole.RelyingParty], TimeSpan.FromSeconds(5), IsLookup: true),
        [Name("CaseService", "ReportStep")] = new([CallerRole.RelyingParty], TimeSpan.FromSeconds(10), IsWrite: true),
        // A search may read the whole register.
        [Name("IncidentService", "PrepareIncident")] = new([CallerRole.Staff], TimeSpan.FromMinutes(5), IsWrite: true),
        [Name("IncidentService", "ApproveIncident")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IncidentService", "GetIncident")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("IncidentService", "ListIncidents")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("IncidentService", "ListIncidentSets")] = new([CallerRole.Staff, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("IncidentService", "PauseIncident")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("IncidentService", "ContinueIncident")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        // Documents: made here, or sent here to be judged. Both take the machine some time, so few are worked on at once and the others wait.
        [Name("DocumentService", "GetLicenseDocument")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DocumentService", "CreateLicenseCopy")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("DocumentService", "ListLicenseCopies")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("DocumentService", "DownloadLicenseCopy")] = new([CallerRole.RelyingParty], TimeSpan.FromSeconds(10), IsWrite: true, IsLookup: true),
        [Name("DocumentService", "VerifyDocument")] =
            new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(10), IsLookup: true) { MaxRequestBytes = DocumentBytes },
        [Name("DocumentService", "VerifyStamp")] =
            new([CallerRole.Staff, CallerRole.RelyingParty, CallerRole.Auditor], TimeSpan.FromSeconds(10), IsLookup: true) { MaxRequestBytes = DocumentBytes },
        [Name("IncidentService", "StopIncident")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("SealService", "GrantSealUse")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("SealService", "WithdrawSealUse")] = new([CallerRole.Staff], TimeSpan.FromSeconds(10), IsWrite: true),
        [Name("SealService", "ListSealUseGrants")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("SealService", "Stamp")] = new([CallerRole.Staff, CallerRole.HolderApp], TimeSpan.FromSeconds(20), IsWrite: true) { MaxRequestBytes = DocumentBytes },
        [Name("HolderService", "OpenSession")] = new([CallerRole.HolderApp], TimeSpan.FromSeconds(5), IsWrite: true),
        [Name("HolderService", "EndSession")] = new([CallerRole.HolderApp], TimeSpan.FromSeconds(5), IsWrite: true),
        [Name("HolderService", "CreatePresentation")] = new([CallerRole.HolderApp], TimeSpan.FromSeconds(5), IsWrite: true),
        // No code lives longer.
        [Name("HolderService", "WatchPresentation")] = new([CallerRole.HolderApp], TimeSpan.FromMinutes(5), IsStream: true),
        [Name("HolderService", "ListPresentations")] = new([CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
        [Name("SealService", "ListSealUses")] = new([CallerRole.Staff, CallerRole.HolderApp, CallerRole.Auditor], TimeSpan.FromSeconds(10)),
    });

    /// <summary>Services this server offers.</summary>
    public static IReadOnlyList<ServiceDescriptor> Services { get; } = [IssuanceService.Descriptor, VerificationService.Descriptor, ChangeService.Descriptor, DeregistrationService.Descriptor, CaseService.Descriptor, RegisterService.Descriptor, TradeService.Descriptor, IncidentService.Descriptor, DocumentService.Descriptor, SealService.Descriptor, HolderService.Descriptor];

    /// <summary>Path of the method in gRPC.</summary>
    public string Path
    {
        get => path;
        init
        {
            path = value;
            Grant = value[(value.LastIndexOf('.') + 1)..];
            Method = value[(value.LastIndexOf('/') + 1)..];
        }
    }

    /// <summary>What must be known about the caller.</summary>
    public CallerAccess Access { get; init; }

    /// <summary>Name under which callers are granted the method, e.g. <c>VerificationService/VerifyCode</c>.</summary>
    public string Grant { get; private init; } = "";

    /// <summary>Name of the method alone.</summary>
    public string Method { get; private init; } = "";

    /// <summary>Size of the largest request, of a message in gRPC; Base64 makes a body of JSON longer, see <see cref="MaxJsonBytes"/>.</summary>
    public int MaxRequestBytes { get; init; } = EidServer.MaxMessageBytes;

    /// <summary>Whether a call takes one of its caller's places from its first byte on: what is long, and what fills memory before it is looked at.</summary>
    public bool TakesPlace => IsStream || MaxRequestBytes > EidServer.MaxMessageBytes;

    /// <summary>Whether others of its service take larger requests: gRPC limits messages by service, so the gate holds the method's own limit before, and after parsing it is held once more.</summary>
    public bool IsBelowService { get; private init; }

    /// <summary>Whether the gate looks at the length of the message first.</summary>
    public bool IsNarrow => IsBelowService && !IsStream;

    /// <summary>The same for a body of JSON, where Base64 takes a third more for a document.</summary>
    public int MaxJsonBytes => MaxRequestBytes == DocumentBytes ? DocumentBytes / 3 * 4 : MaxRequestBytes;

    /// <summary>The ceiling as gRPC spells it.</summary>
    public string CeilingHeader { get; } = string.Create(CultureInfo.InvariantCulture, $"{(long)Ceiling.TotalSeconds}S");

    /// <summary>The largest request of a service.</summary>
    public static int MaxRequestBytesOf(ServiceDescriptor service) => service.Methods.Max(method => Of(service.Name, method.Name).MaxRequestBytes);

    /// <summary>The rule of a method of ours.</summary>
    public static MethodRule Of(string service, string method) => All[Name(service, method)];

    private static FrozenDictionary<string, MethodRule> Completed(Dictionary<string, MethodRule> rules)
    {
        var most = rules.GroupBy(rule => ServiceOf(rule.Key)).ToDictionary(service => service.Key, service => service.Max(rule => rule.Value.MaxRequestBytes));
        return rules.ToFrozenDictionary(rule => rule.Key, rule => rule.Value with { Path = rule.Key, IsBelowService = rule.Value.MaxRequestBytes < most[ServiceOf(rule.Key)] });
    }

    private static string ServiceOf(string path) => path[..path.LastIndexOf('/')];

    private static string Name(string service, string method) => $"/shanting.eid.v1.{service}/{method}";
}
