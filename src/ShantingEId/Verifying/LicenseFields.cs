namespace ShantingEId.Verifying;

/// <summary>What an answer may show of a licence: the fields of <c>Enterprise</c>, and the seals.</summary>
[Flags]
public enum LicenseFields
{
    /// <summary>Nothing of the face.</summary>
    None = 0,

    /// <summary><c>credit_code</c>, and the identifier of the licence, which contains it.</summary>
    CreditCode = 1 << 0,

    /// <summary><c>name</c>.</summary>
    Name = 1 << 1,

    /// <summary><c>kind</c>.</summary>
    Kind = 1 << 2,

    /// <summary><c>type</c>.</summary>
    Type = 1 << 3,

    /// <summary><c>representative</c>.</summary>
    Representative = 1 << 4,

    /// <summary><c>capital</c>.</summary>
    Capital = 1 << 5,

    /// <summary><c>establish_date</c>.</summary>
    EstablishDate = 1 << 6,

    /// <summary><c>address</c>.</summary>
    Address = 1 << 7,

    /// <summary><c>business_scope</c>.</summary>
    BusinessScope = 1 << 8,

    /// <summary>Kinds, codes and digests of the four seals.</summary>
    Seals = 1 << 9,

    /// <summary>Everything.</summary>
    All = (1 << 10) - 1,
}
