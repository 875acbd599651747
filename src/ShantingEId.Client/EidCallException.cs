namespace ShantingEId.Client;

/// <summary>
/// A question that could not be answered. Decide by <see cref="EidError.Reason"/> of <see cref="Error"/>. That a licence is
/// revoked, forged or unknown is never an exception but an answer.
/// </summary>
public sealed class EidCallException : Exception
{
    internal EidCallException(EidError error, Exception? cause, EidReceipt? receipt = null)
        : base($"{error.Message} ({error.Reason})", cause)
    {
        Error = error;
        Receipt = receipt;
    }

    /// <summary>What went wrong.</summary>
    public EidError Error { get; }

    /// <summary>The receipt of the refusal, checked, where one was asked for and the service refused the look-up.</summary>
    public EidReceipt? Receipt { get; }
}
