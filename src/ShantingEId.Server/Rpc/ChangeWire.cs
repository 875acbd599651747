using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Companies;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>The mapping between the messages of ChangeRegistration and the library's types.</summary>
internal static class ChangeWire
{
    /// <summary>Items by their names in Enterprise.</summary>
    public static IReadOnlyDictionary<string, FaceItems> Items { get; } = new Dictionary<string, FaceItems>(StringComparer.Ordinal)
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
            items |= Items.TryGetValue(path, out var item) ? item : throw EidException.OfField(ErrorReason.FilterInvalid, "update_mask", $"“{path}”不是可以变更的事项");
        }

        if (request.ReplaceSeals.Any(kind => kind == V1.Seal.Types.Kind.Unspecified || !System.Enum.IsDefined(kind)))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "replace_seals", "取值无法识别");
        }

        return new ChangeCommand(
            actor, RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), items, Wire.ToInput(request.Enterprise),
            [.. request.ReplaceSeals.Select(kind => (SealKind)kind).Distinct()], request.Reason, request.Authority, Wire.ToTime(request.EffectiveTime),
            changed => ToMessage(changed).ToByteArray())
        {
            Filed = [.. request.FiledItems.Select(item => new FiledInput((FiledItemKind)item.Kind, item.Text))], EncodeFiled = alone => ToMessage(alone).ToByteArray(),
        };
    }

    /// <summary>What a change would lead to.</summary>
    public static ChangeRegistrationResponse ToPreview(ChangePreview preview) => Fill(
        new ChangeRegistrationResponse
        {
            IssuedSet = new V1.IssuedSet
            {
                Name = preview.Before is null ? RegisterName.Of(preview.License.Id) : "", License = Wire.ToMessage(preview.License), Warnings = { preview.License.Facts.Warnings },
            },
            ReplacedSet = preview.Before is not { } before ? null : new V1.IssuedSet { Name = RegisterName.Of(before.License.Id), License = Wire.ToMessage(before.License) },
            FiledItems = { preview.Filed.Select(change => ToMessage(change)) },
        }, preview.Change);

    /// <summary>A filed item.</summary>
    public static V1.FiledItem ToMessage(FiledChange change, DateTimeOffset? effective = null, DateTimeOffset? recorded = null) => new()
    {
        Kind = (V1.FiledItem.Types.Kind)change.Item.Kind, Text = change.Item.Text, EarlierText = change.Earlier ?? "", EffectiveTime = effective?.ToTimestamp(), RecordedTime = recorded?.ToTimestamp(),
    };

    private static ChangeRegistrationResponse ToMessage(FiledAlone alone) => Fill(
        new ChangeRegistrationResponse
        {
            IssuedSet = Wire.ToMessage(alone.Entry, alone.Manifest, alone.Entry.State),
            FiledItems = { alone.Filing.Changes.Select(change => ToMessage(change, alone.Filing.EffectiveTime, alone.Filing.RecordedTime)) },
        }, RegistrationChange.Nothing);

    /// <summary>What a change has led to.</summary>
    public static ChangeRegistrationResponse ToMessage(ChangedSet changed) => Fill(
        new ChangeRegistrationResponse
        {
            IssuedSet = Wire.ToMessage(changed.Set, changed.Started), ReplacedSet = Wire.ToMessage(changed.Replaced, changed.Before, changed.Ended),
            FiledItems = { changed.Filed.Select(change => ToMessage(change, changed.Started.EffectiveTime, changed.Started.RecordedTime)) },
        }, changed.Change);

    private static ChangeRegistrationResponse Fill(ChangeRegistrationResponse message, RegistrationChange change)
    {
        message.ChangedItems.AddRange(Items.Where(item => change.Items.HasFlag(item.Value)).Select(item => item.Key));
        message.ReissuedSeals.AddRange(SealKinds.All.Where(change.Reissued.Contains).Select(kind => (V1.Seal.Types.Kind)kind));
        message.CarriedSeals.AddRange(change.Carried.Select(kind => (V1.Seal.Types.Kind)kind));
        return message;
    }
}
