namespace ShantingEId.Client;

/// <summary>
/// Names for writes. Make one before the first attempt, keep it, and send it with every repetition: the service answers a
/// repeated request with the first answer instead of writing twice.
/// </summary>
public static class RequestIds
{
    /// <summary>A fresh id: 36 characters of the allowed set.</summary>
    public static string New() => "eid-" + Guid.NewGuid().ToString("N");
}
