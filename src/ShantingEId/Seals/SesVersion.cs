namespace ShantingEId.Seals;

/// <summary>Which standard a seal or signature follows; they differ in form, in what is signed, and in when a check may stop.</summary>
public enum SesVersion
{
    /// <summary>GM/T 0031-2014.</summary>
    V1 = 1,

    /// <summary>GB/T 38540-2020, the national standard; ours.</summary>
    V4 = 4,

    /// <summary>GM/T 0031-2025.</summary>
    V5 = 5,
}

/// <summary>Names of the versions.</summary>
public static class SesVersions
{
    /// <summary>Number of the standard, e.g. <c>GB/T 38540-2020</c>.</summary>
    public static string Standard(this SesVersion version) => version switch
    {
        SesVersion.V1 => "GM/T 0031-2014",
        SesVersion.V4 => "GB/T 38540-2020",
        _ => "GM/T 0031-2025",
    };
}
