using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Documents;

/// <summary>Only what is in force is sealed: a sealed document outlives the day on which it was asked for.</summary>
public static class LicenseInForce
{
    /// <summary>The set, in force now as the register itself says; a comprehensive licence with its company's business licence.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.LicenseNotFound"/>; <see cref="ErrorReason.LicenseNotInForce"/>, with its state; <see cref="ErrorReason.HolderNotInForce"/>; store errors.
    /// </exception>
    public static async ValueTask<IssuedSet> RequireAsync(ILicenseStore register, RegisterName name, CancellationToken cancel)
    {
        var entry = await name.FindAsync(register, cancel) ?? throw StoreErrors.NotFound();
        return await ProblemAsync(register, entry, cancel) is { } problem ? throw problem : await register.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
    }

    /// <summary>Why an entry that was just read is not in force; null when it is.</summary>
    public static async ValueTask<EidException?> ProblemAsync(ILicenseStore register, RegisterEntry entry, CancellationToken cancel) =>
        entry.State.State != SetState.Active ? NotInForce(entry.LicenseId, entry.State.State)
        : entry.LicenseId.IsTradeLicense && (await register.FindAsync(RegisterKey.Of(entry.LicenseId.Holder), TimeSpan.Zero, cancel)).Entry is not { State.State: SetState.Active }
            ? new EidException(ErrorReason.HolderNotInForce, "该主体的营业执照目前不在有效状态，其综合许可证不能盖章")
        : null;

    /// <summary>The same in a few words, for who draws the licence all the same; empty when it is in force.</summary>
    /// <param name="problem">What <see cref="ProblemAsync"/> said.</param>
    /// <param name="entry">Of this entry.</param>
    public static string WordsOf(EidException? problem, RegisterEntry entry) =>
        problem is null ? "" : problem.Reason == ErrorReason.HolderNotInForce ? "主体的营业执照不在有效状态" : SetStates.Name(entry.State.State);

    private static EidException NotInForce(LicenseId id, SetState state) => new(ErrorReason.LicenseNotInForce, $"该执照{SetStates.Name(state)}，不能出具盖章的文件")
    {
        Metadata = new Dictionary<string, string> { ["license_id"] = id.ToString(), ["state"] = WireNames<SetState>.Of(state) },
    };
}
