namespace ShantingEId.Seals;

/// <summary>章型: the four seals a new enterprise receives with its licence. Zero is "not said" and is never issued.</summary>
public enum SealKind
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>公章, round with a star.</summary>
    Official = 1,

    /// <summary>财务专用章, round without a star.</summary>
    Finance = 2,

    /// <summary>发票专用章, oval with the taxpayer number (总局公告2011年第7号).</summary>
    Invoice = 3,

    /// <summary>法定代表人名章, square.</summary>
    LegalRepresentative = 4,
}

/// <summary>Names and business codes of the kinds.</summary>
public static class SealKinds
{
    /// <summary>The four kinds in the order in which they are issued and shown.</summary>
    public static IReadOnlyList<SealKind> All { get; } =
        [SealKind.Official, SealKind.Finance, SealKind.Invoice, SealKind.LegalRepresentative];

    /// <summary>Chinese name of the kind.</summary>
    public static string ChineseName(this SealKind kind) => kind switch
    {
        SealKind.Official => "公章",
        SealKind.Finance => "财务专用章",
        SealKind.Invoice => "发票专用章",
        SealKind.LegalRepresentative => "法定代表人名章",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Type number inside a SESeal: the engraving systems' codes (1公章 2财务 3发票 6法定代表人名章).</summary>
    internal static int SesType(this SealKind kind) => kind switch
    {
        SealKind.Official => 1,
        SealKind.Finance => 2,
        SealKind.Invoice => 3,
        SealKind.LegalRepresentative => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
