using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>What every change of a set must bring along.</summary>
internal static class ChangeRules
{
    /// <summary>A legal reason and who decided.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ReasonRequired"/>, <see cref="ErrorReason.TextInvalid"/>.</exception>
    public static void RequireGrounds(string reason, string decidedBy)
    {
        if (FaceText.Problem(reason, 2, 200) is { Length: > 0 } reasonProblem)
        {
            throw EidException.OfField(ErrorReason.ReasonRequired, "reason", reasonProblem);
        }

        if (FaceText.Problem(decidedBy, 2, 60) is { Length: > 0 } authorityProblem)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "authority", authorityProblem);
        }
    }

    /// <summary>A set as it is recorded now must allow the transition, and no change may wait for its time.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.AlreadyRevoked"/>.</exception>
    public static void RequireAllowed(SetTransition transition, StatedEntry newest, DateTimeOffset now)
    {
        var (id, last) = (newest.LicenseId, newest.State);
        if (IsWaiting(last, now))
        {
            throw StoreErrors.ChangePending(id, last.EffectiveTime);
        }

        if (!transition.Allows(last.State))
        {
            throw transition == SetTransition.Revoke && last.State == SetState.Revoked ? StoreErrors.AlreadyRevoked(id)
                : StoreErrors.TransitionNotAllowed(id, last.State);
        }
    }

    /// <summary>A company files items while its licence is in force or paused, and while no change waits for its time.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.TransitionNotAllowed"/>.</exception>
    public static void RequireFileable(StatedEntry newest, DateTimeOffset now)
    {
        if (IsWaiting(newest.State, now))
        {
            throw StoreErrors.ChangePending(newest.LicenseId, newest.State.EffectiveTime);
        }

        if (newest.State.State is not (SetState.Active or SetState.Suspended))
        {
            throw StoreErrors.TransitionNotAllowed(newest.LicenseId, newest.State.State);
        }
    }

    /// <summary>Whether a state was recorded for a later time, and that time has not come.</summary>
    public static bool IsWaiting(StateRecord state, DateTimeOffset now) => state.EffectiveTime > state.RecordedTime && state.EffectiveTime > now;
}
