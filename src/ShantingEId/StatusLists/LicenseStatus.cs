using ShantingEId.Issuing;
using ShantingEId.Trades;

namespace ShantingEId.StatusLists;

/// <summary>State of a licence as two bits in a status list. Numbers are those of draft-ietf-oauth-status-list §7.1.</summary>
public enum LicenseStatus
{
    /// <summary>In force.</summary>
    Valid = 0,

    /// <summary>Not in force: ended, not begun, taken back before it began, or never issued.</summary>
    Invalid = 1,

    /// <summary>Paused.</summary>
    Suspended = 2,

    /// <summary>A later version took its place. Application specific in the draft.</summary>
    Superseded = 3,
}

/// <summary>How states of the register stand in status lists.</summary>
public static class LicenseStatuses
{
    /// <summary>The two bits of a state.</summary>
    public static LicenseStatus Of(SetState state) => state switch
    {
        SetState.Active => LicenseStatus.Valid,
        SetState.Suspended => LicenseStatus.Suspended,
        SetState.Superseded => LicenseStatus.Superseded,
        _ => LicenseStatus.Invalid,
    };

    /// <summary>The two bits of a permit, which is worth no more than its licence.</summary>
    /// <param name="permit">The permit.</param>
    /// <param name="license">The two bits of the licence, in force or paused.</param>
    public static LicenseStatus Of(PermitStatus permit, LicenseStatus license) => permit.State switch
    {
        PermitState.Active or PermitState.Confirmed => license,
        PermitState.Suspended => LicenseStatus.Suspended,
        _ => LicenseStatus.Invalid,
    };
}
