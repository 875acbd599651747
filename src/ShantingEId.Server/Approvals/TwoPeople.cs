using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Approvals;

/// <summary>
/// I49: acts of great weight need two people, also where they are done at the machine and not by a call: putting keys, callers and rules into
/// force, and restoring the register. Who may be one of the two is who may prepare or approve bulk acts (<c>IncidentService</c>).
/// </summary>
internal static class TwoPeople
{
    private static readonly string[] Grants = ["IncidentService/PrepareIncident", "IncidentService/ApproveIncident"];

    /// <summary>Who may approve, by the fingerprints of their certificates.</summary>
    public static Dictionary<string, string> Of(CallerDirectory callers) =>
        callers.All.Where(caller => caller.Role == CallerRole.Staff && caller.Methods.Intersect(Grants).Any())
            .SelectMany(caller => caller.Certificates.Select(fingerprint => (fingerprint.ToUpperInvariant(), caller.Name))).ToDictionary();

    /// <summary>The two, or more, who approved; refuses where there are fewer.</summary>
    /// <param name="subject">What had to be approved.</param>
    /// <param name="environment">Name of the deployment.</param>
    /// <param name="approvals">What was handed in.</param>
    /// <param name="people">Who may, from <see cref="Of"/>.</param>
    /// <param name="act">The act in Chinese, for the refusal.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SecondPersonRequired"/>.</exception>
    public static IReadOnlyList<string> Require(string subject, string environment, IEnumerable<Approval> approvals, IReadOnlyDictionary<string, string> people, string act)
    {
        string[] who = [.. approvals.Select(approval => approval.SignerOf(subject, environment)).OfType<string>().Select(fingerprint => people.GetValueOrDefault(fingerprint)).OfType<string>()
            .Distinct().Order(StringComparer.Ordinal)];
        return who.Length >= 2 ? who : throw new EidException(ErrorReason.SecondPersonRequired,
            $"{act}须经两人批准，已有 {who.Length} 人{(who.Length == 0 ? "" : $"（{who[0]}）")}；可批准的是有权准备或批准批量处置的登记人员");
    }
}
