using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>A face item that may change while the company stays the same (条例 24; 细则 31).</summary>
[Flags]
public enum FaceItems
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>名称.</summary>
    Name = 1,

    /// <summary>类型.</summary>
    Type = 2,

    /// <summary>法定代表人, 负责人 …</summary>
    Representative = 4,

    /// <summary>注册资本（出资额）.</summary>
    Capital = 8,

    /// <summary>住所.</summary>
    Address = 16,

    /// <summary>经营范围.</summary>
    BusinessScope = 32,
}

/// <summary>What a change of the registration leads to: which items differ, and which seals can no longer be used.</summary>
/// <param name="Items">Items that differ.</param>
/// <param name="Reissued">Seals that are made anew: they show what has changed, were reported lost, or would not outlast the change.</param>
public sealed record RegistrationChange(FaceItems Items, IReadOnlyCollection<SealKind> Reissued)
{
    /// <summary>Nothing differs and nothing is made anew.</summary>
    public static RegistrationChange Nothing { get; } = new(FaceItems.None, []);

    /// <summary>Seals that stay as they are, under the new manifest.</summary>
    public IEnumerable<SealKind> Carried => SealKinds.All.Except(Reissued);

    /// <summary>Compares.</summary>
    /// <param name="before">The licence in force.</param>
    /// <param name="after">What is to stand on the new one.</param>
    /// <param name="lost">Seals to be replaced whatever else changes.</param>
    public static RegistrationChange Between(EnterpriseFacts before, EnterpriseFacts after, IReadOnlyCollection<SealKind> lost)
    {
        var items = FaceItems.None;
        void Compare(FaceItems item, string? was, string? becomes) => items |= was == becomes ? FaceItems.None : item;
        Compare(FaceItems.Name, before.Name, after.Name);
        Compare(FaceItems.Type, before.Type, after.Type);
        Compare(FaceItems.Representative, before.Representative, after.Representative);
        Compare(FaceItems.Capital, before.Capital?.Text, after.Capital?.Text);
        Compare(FaceItems.Address, before.Address, after.Address);
        Compare(FaceItems.BusinessScope, before.BusinessScope, after.BusinessScope);

        // Every seal bears the company's name, in its picture or in its certificate; the name seal bears the representative's.
        return new RegistrationChange(items, items.HasFlag(FaceItems.Name) ? SealKinds.All
            : [.. SealKinds.All.Where(kind => lost.Contains(kind) || (kind == SealKind.LegalRepresentative && items.HasFlag(FaceItems.Representative)))]);
    }
}
