using System.Collections.Frozen;
using ShantingEId.Verifying;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Server.Rpc;

/// <summary>Names of fields, turned into sets once: when a purpose is read, and when a caller asks for less.</summary>
internal static class FieldMask
{
    private static readonly FrozenDictionary<string, LicenseFields> ByName = new Dictionary<string, LicenseFields>
    {
        ["credit_code"] = LicenseFields.CreditCode, ["name"] = LicenseFields.Name, ["kind"] = LicenseFields.Kind, ["type"] = LicenseFields.Type,
        ["representative"] = LicenseFields.Representative, ["capital"] = LicenseFields.Capital, ["establish_date"] = LicenseFields.EstablishDate,
        ["address"] = LicenseFields.Address, ["business_scope"] = LicenseFields.BusinessScope, ["seals"] = LicenseFields.Seals,
    }.ToFrozenDictionary();

    /// <summary>Every name a purpose may grant.</summary>
    public static IReadOnlySet<string> Known { get; } = ByName.Keys.ToHashSet();

    /// <summary>The set of these names; unknown ones grant nothing.</summary>
    public static LicenseFields Of(IEnumerable<string> names) =>
        names.Aggregate(LicenseFields.None, (fields, name) => fields | ByName.GetValueOrDefault(name));

    /// <summary>The names in a set, in the order of the fields.</summary>
    public static IEnumerable<string> NamesOf(LicenseFields fields) => ByName.Where(each => fields.HasFlag(each.Value)).OrderBy(each => each.Value).Select(each => each.Key);

    /// <summary>What of the granted fields is asked for; all of them when nothing is said.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.FieldNotGranted"/>: more than is granted. A field that does not exist is granted to nobody.</exception>
    public static LicenseFields Narrow(LicenseFields granted, ProtoMask? asked)
    {
        if (asked is null || asked.Paths.Count == 0)
        {
            return granted;
        }

        var fields = LicenseFields.None;
        for (var i = 0; i < asked.Paths.Count; i++)
        {
            fields |= ByName.TryGetValue(asked.Paths[i], out var field) && granted.HasFlag(field) ? field : throw NotGranted($"read_mask.paths[{i}]");
        }

        return fields;
    }

    /// <summary>More was asked for than the purpose grants.</summary>
    public static EidException NotGranted(string path) => new(ErrorReason.FieldNotGranted, $"{path} 超出此用证事由可以查询的范围",
        [new FieldViolation(path, ErrorReason.FieldNotGranted, "超出此用证事由可以查询的范围")]);
}
