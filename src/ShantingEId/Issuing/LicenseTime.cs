namespace ShantingEId.Issuing;

/// <summary>How times stand on licences.</summary>
internal static class LicenseTime
{
    /// <summary>Whole seconds: certificates and seals carry no fractions, and all five artefacts say the same instant.</summary>
    public static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    /// <summary>Whole milliseconds, as the register keeps times: what is answered now and what is read again later must not differ.</summary>
    public static DateTimeOffset Stored(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
