using System.Text.Json;

namespace ShantingEId;

/// <summary>
/// Machine reasons of refusals. The wire name is the upper snake form (<see cref="ErrorReasons.WireName"/>);
/// names on the wire never change their meaning.
/// </summary>
public enum ErrorReason
{
#pragma warning disable CS1591 // The names are the documentation; the table below gives each its kind.
    // Callers and transport
    ClientCertInvalid,
    AccessDenied,
    PurposeRequired,
    PurposeNotGranted,
    FieldNotGranted,
    RateLimited,
    AuditUnavailable,
    MessageTooLarge,
    CompressionNotSupported,
    MalformedRequest,
    MalformedFrame,
    DeadlineTooShort,
    DeadlineExceeded,
    PathUnknown,
    ContentTypeNotSupported,

    // Store and process
    StoreUnavailable,
    OutcomeUnknown,
    RegisterOutdated,
    StorageFull,
    Draining,
    InternalFault,

    // Writing
    RequestIdInvalid,
    RequestIdReused,
    VersionConflict,
    SigningKeyUnusable,
    ClockSkew,
    SelfCheckFailed,

    // Facts on the face
    UsccInvalid,
    TextInvalid,
    DateInvalid,
    DateOrder,
    AmountInvalid,
    EnumInvalid,
    LintFailed,
    LicenseIdInvalid,

    // Register
    LicenseExists,
    LicenseNotFound,
    AlreadyRevoked,
    ReasonRequired,
    EffectiveTimeInvalid,
    TransitionNotAllowed,
    ChangePending,
    NoChangePending,
    NothingChanged,

    // Comprehensive licences
    TradeUnknown,
    PermitInvalid,
    PermitNotFound,
    HolderNotInForce,
    LicenseTypeMismatch,

    // Simple deregistration
    CommitmentInvalid,
    DeclarationIncomplete,
    DeregistrationBarred,
    DeregistrationOpen,
    DeregistrationNotFound,
    DeregistrationNotAllowed,
    PublicationNotOver,
    ObjectionPeriodOver,
    ObjectionGroundInvalid,
    ObjectionExists,
    ObjectionNotFound,
    ObjectionWithdrawn,

    // Cases
    CaseIdInvalid,
    CaseNotFound,
    CaseExists,
    CaseClosed,
    StepNotFound,
    StepExists,
    StepNotOffered,
    EvidenceRequired,
    ProgressCodeInvalid,

    // Incidents
    IncidentNotFound,
    IncidentEmpty,
    IncidentDiffers,
    IncidentNotAllowed,
    SecondPersonRequired,

    // Use of seals
    SealUseUnknown,
    SealUseNotAllowed,
    SealUseNotGranted,
    SealGrantNotFound,
    SealNotInForce,
    StampPlaceInvalid,

    // Live codes
    HolderProofRequired,
    ScopeInvalid,
    AudienceUnknown,
    IdentityAssertionInvalid,
    PresentationNotFound,

    // Keys, seals, codes
    PublicKeyInvalid,
    CertificateInvalid,
    SealSetInvalid,
    SealCodeInvalid,
    SealImageInvalid,
    Asn1Invalid,
    Asn1Limits,
    AlgorithmInvalid,
    KeyVaultSealed,
    QrTextInvalid,
    PictureUnreadable,
    ReceiptInvalid,

    // Documents, trust, time stamps
    ContainerLimits,
    ContainerUnsafe,
    XmlUnsafe,
    DocumentInvalid,
    TrustListInvalid,
    StatusInvalid,
    TimeStampInvalid,
    TimeStampUnavailable,
    LicenseNotInForce,
    CopyNotFound,
    CopyExpiryInvalid,
    CopyExpired,
    AlreadyDownloaded,
    ReceiverUnknown,

    // Lists, feed, batches
    PageTokenInvalid,
    PageSizeInvalid,
    MarkInvalid,
    FilterInvalid,
    QuestionInvalid,
    AgeInvalid,
    AsOfInvalid,
#pragma warning restore CS1591
}

/// <summary>Kind and wire name of every <see cref="ErrorReason"/>.</summary>
public static class ErrorReasons
{
    /// <summary>The kind that decides the gRPC status.</summary>
    public static ErrorKind Kind(this ErrorReason reason) => reason switch
    {
        ErrorReason.ClientCertInvalid => ErrorKind.Unauthenticated,
        ErrorReason.AccessDenied or ErrorReason.PurposeNotGranted or ErrorReason.FieldNotGranted
            or ErrorReason.SecondPersonRequired or ErrorReason.SealUseNotGranted or ErrorReason.HolderProofRequired => ErrorKind.PermissionDenied,
        ErrorReason.MessageTooLarge or ErrorReason.StorageFull or ErrorReason.RateLimited => ErrorKind.ResourceExhausted,
        ErrorReason.CompressionNotSupported => ErrorKind.Unimplemented,
        ErrorReason.DeadlineTooShort or ErrorReason.DeadlineExceeded => ErrorKind.DeadlineExceeded,
        ErrorReason.StoreUnavailable or ErrorReason.OutcomeUnknown or ErrorReason.RegisterOutdated or ErrorReason.Draining or ErrorReason.AuditUnavailable
            or ErrorReason.TimeStampUnavailable => ErrorKind.Unavailable,
        ErrorReason.InternalFault or ErrorReason.SelfCheckFailed => ErrorKind.Internal,
        ErrorReason.RequestIdReused or ErrorReason.SigningKeyUnusable or ErrorReason.ClockSkew
            or ErrorReason.KeyVaultSealed or ErrorReason.LintFailed
            or ErrorReason.AlreadyRevoked or ErrorReason.TransitionNotAllowed or ErrorReason.ChangePending or ErrorReason.NoChangePending
            or ErrorReason.NothingChanged or ErrorReason.HolderNotInForce or ErrorReason.LicenseTypeMismatch => ErrorKind.FailedPrecondition,
        ErrorReason.DeregistrationBarred or ErrorReason.DeregistrationNotAllowed or ErrorReason.PublicationNotOver or ErrorReason.ObjectionPeriodOver
            or ErrorReason.ObjectionWithdrawn or ErrorReason.CaseClosed or ErrorReason.StepNotOffered => ErrorKind.FailedPrecondition,
        ErrorReason.LicenseNotInForce or ErrorReason.CopyExpired or ErrorReason.AlreadyDownloaded => ErrorKind.FailedPrecondition,
        ErrorReason.IncidentEmpty or ErrorReason.IncidentDiffers or ErrorReason.IncidentNotAllowed or ErrorReason.SealNotInForce => ErrorKind.FailedPrecondition,
        ErrorReason.VersionConflict => ErrorKind.Aborted,
        ErrorReason.LicenseExists or ErrorReason.DeregistrationOpen or ErrorReason.ObjectionExists
            or ErrorReason.CaseExists or ErrorReason.StepExists => ErrorKind.AlreadyExists,
        ErrorReason.LicenseNotFound or ErrorReason.PathUnknown or ErrorReason.DeregistrationNotFound or ErrorReason.ObjectionNotFound
            or ErrorReason.CaseNotFound or ErrorReason.StepNotFound or ErrorReason.PermitNotFound or ErrorReason.IncidentNotFound or ErrorReason.CopyNotFound
            or ErrorReason.SealGrantNotFound or ErrorReason.PresentationNotFound => ErrorKind.NotFound,
        _ => ErrorKind.InvalidArgument,
    };

    /// <summary>Upper snake name used on the wire, e.g. <c>USCC_INVALID</c>.</summary>
    public static string WireName(this ErrorReason reason) => WireNames<ErrorReason>.Of(reason);
}

/// <summary>Upper snake names of an enum's values, made once.</summary>
internal static class WireNames<T>
    where T : struct, Enum
{
    private static readonly Dictionary<T, string> Names =
        Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString()));

    public static string Of(T value) => Names[value];
}
