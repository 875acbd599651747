using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>A request to open a case.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Enterprise">The application, unchecked.</param>
/// <param name="Steps">Steps asked for besides the licence.</param>
/// <param name="EncodeReply">Turns the case into the answer's bytes.</param>
public sealed record OpenCommand(string Actor, RequestId RequestId, EnterpriseInput Enterprise, IReadOnlyList<StepKind> Steps, Func<CaseFile, byte[]> EncodeReply);

/// <summary>A request for further steps.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Case">Which case.</param>
/// <param name="Steps">Steps asked for.</param>
/// <param name="EncodeReply">Turns the case into the answer's bytes.</param>
public sealed record AddCommand(string Actor, RequestId RequestId, CaseId Case, IReadOnlyList<StepKind> Steps, Func<CaseFile, byte[]> EncodeReply);

/// <summary>A department's report.</summary>
/// <param name="Actor">Registered caller; must hold the step.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Step">Which step.</param>
/// <param name="Act">Accept, complete, return or refuse.</param>
/// <param name="Reason">Why; with return and refuse.</param>
/// <param name="Evidence">What shows it; with complete.</param>
/// <param name="MayKnow">Whether the caller may know of a company's steps at all.</param>
/// <param name="EncodeReply">Turns the case into the answer's bytes.</param>
public sealed record ReportCommand(
    string Actor, RequestId RequestId, StepName Step, StepAct Act, string Reason, Evidence? Evidence, Func<CreditCode, bool> MayKnow, Func<CaseFile, byte[]> EncodeReply);

/// <summary>A decision of registration staff.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Step">Which step.</param>
/// <param name="Act">Grant, return, refuse, reopen or withdraw.</param>
/// <param name="Reason">Why; with return, refuse and withdraw.</param>
/// <param name="Mended">With reopen of the licence: the facts as they are now; null leaves them.</param>
/// <param name="EncodeReply">Turns the case into the answer's bytes.</param>
public sealed record DecideCommand(
    string Actor, RequestId RequestId, StepName Step, StepAct Act, string Reason, EnterpriseInput? Mended, Func<CaseFile, byte[]> EncodeReply);

/// <summary>How the answer of an issue is written and read again: it is kept in the words of the API.</summary>
/// <param name="Encode">The answer's bytes.</param>
/// <param name="LicenseOf">Which licence they are about.</param>
public sealed record SetCodec(Func<IssuedSet, StateRecord, byte[]> Encode, Func<byte[], LicenseId> LicenseOf);
