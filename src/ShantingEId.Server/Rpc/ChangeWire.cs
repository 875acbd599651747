using Google.Protobuf;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>The mapping between the messages of ChangeRegistration and the library's types.</summary>
internal static class ChangeWire
{
    private static readonly Dictionary<string, FaceItems> Items = new(StringComparer.Ordinal)
    {
        ["name"] = FaceItems.Name, ["type"] = FaceItems.Type, ["representative"] = FaceItems.Representative, ["capital"] = FaceItems.Capital,
        ["address"] = FaceItems.Address, ["business_scope"] = FaceItems.BusinessScope,
    };

    /// <summary>What a request asks for.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.FilterInvalid"/>: an item that never changes; <see cref="ErrorReason.EnumInvalid"/>.</exception>
    public static ChangeCommand ToCommand(ChangeRegistrationRequest request, string actor)
    {
        var items = FaceItems.None;
        foreach (var path in request.UpdateMask?.Paths ?? [])
        {
            items |= Items.TryGetValue(path, out var item) ? item : throw Field(ErrorReason.FilterInvalid, "update_mask", $"“{path}”不是可以变更的事项");
        }

        if (request.ReplaceSeals.Any(kind => kind == V1.Seal.Types.Kind.Unspecified || !Enum.IsDefined(kind)))
        {
            throw Field(ErrorReason.EnumInvalid, "replace_seals", "取值无法识别");
        }

        return new ChangeCommand(
            actor, RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), items, Wire.ToInput(request.Enterprise),
            [.. request.ReplaceSeals.Select(kind => (SealKind)kind).Distinct()], request.Reason, request.Authority, Wire.ToTime(request.EffectiveTime),
            changed => ToMessage(changed).ToByteArray());
    }

    /// <summary>What a change would lead to.</summary>
    public static ChangeRegistrationResponse ToPreview(Licenses.License license, Manifest before, RegistrationChange change) => Fill(
        new ChangeRegistrationResponse
        {
            IssuedSet = new V1.IssuedSet { License = Wire.ToMessage(license), Warnings = { license.Facts.Warnings } },
            ReplacedSet = new V1.IssuedSet { Name = RegisterName.Of(before.License.Id), License = Wire.ToMessage(before.License) },
        }, change);

    /// <summary>What a change has led to.</summary>
    public static ChangeRegistrationResponse ToMessage(ChangedSet changed) => Fill(
        new ChangeRegistrationResponse { IssuedSet = Wire.ToMessage(changed.Set, changed.Started), ReplacedSet = Wire.ToMessage(changed.Replaced, changed.Before, changed.Ended) }, changed.Change);

    private static ChangeRegistrationResponse Fill(ChangeRegistrationResponse message, RegistrationChange change)
    {
        message.ChangedItems.AddRange(Items.Where(item => change.Items.HasFlag(item.Value)).Select(item => item.Key));
        message.ReissuedSeals.AddRange(SealKinds.All.Where(change.Reissued.Contains).Select(kind => (V1.Seal.Types.Kind)kind));
        message.CarriedSeals.AddRange(change.Carried.Select(kind => (V1.Seal.Types.Kind)kind));
        return message;
    }

    private static EidException Field(ErrorReason reason, string field, string problem) => new(reason, $"{field} {problem}", [new FieldViolation(field, reason, problem)]);
}
