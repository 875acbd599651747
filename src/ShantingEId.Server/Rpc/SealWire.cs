using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Callers;
using ShantingEId.Stamping;
using ShantingEId.V1;
using Domain = ShantingEId.Stamping;

namespace ShantingEId.Server.Rpc;

/// <summary>Messages of SealService from and to what the library knows.</summary>
internal sealed class SealWire(CallerDirectory callers, SealUseTable table)
{
    private const string GrantPrefix = "sealUseGrants/";
    private const int MostWishes = 20;

    /// <summary>A request to grant.</summary>
    public GrantSealCommand ToCommand(GrantSealUseRequest request, Caller caller)
    {
        var holder = Holder(request.CreditCode);
        // Who may be named is told by the register of callers alone; a company outside the caller's regions is not there.
        if (callers.FindByName(request.Caller) is not { Role: CallerRole.HolderApp or CallerRole.Staff })
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "caller", "应为已登记的企业应用或登记人员的名称");
        }

        return caller.Scope.Contains(holder)
            ? new GrantSealCommand(caller.Name, RequestId.Parse(request.RequestId), holder, request.Caller, [.. request.Seals.Select(kind => (SealKind)kind)], [.. request.Uses], request.Reference,
                Wire.ToTime(request.UntilTime, "until_time", ErrorReason.DateOrder) ?? throw EidException.OfField(ErrorReason.DateOrder, "until_time", "不能为空"), grant => ToMessage(grant).ToByteArray())
            : throw StoreErrors.NotFound();
    }

    /// <summary>A request to stamp.</summary>
    public StampCommand ToCommand(StampRequest request, Caller caller)
    {
        var (id, holder) = (RequestId.Parse(request.RequestId), Holder(request.CreditCode));
        var kind = System.Enum.IsDefined(request.Seal) && request.Seal != Seal.Types.Kind.Unspecified ? (SealKind)request.Seal : throw EidException.OfField(ErrorReason.EnumInvalid, "seal", "应为四枚印章之一");
        return new StampCommand(caller.Name, id, holder, kind, request.Use, request.Title, request.SubjectCase switch
        {
            StampRequest.SubjectOneofCase.Document => ToDocument(request.Document),
            StampRequest.SubjectOneofCase.Digest => ToHash(request.Digest),
            _ => throw StampWish.Invalid("subject", "应给出文件（document）或摘要（digest）"),
        }, (use, signature) => new StampResponse { Use = ToMessage(use), SesSignature = ByteString.CopyFrom(signature.Der) }.ToByteArray(),
            reply => StampResponse.Parser.ParseFrom(reply).SesSignature.ToByteArray());
    }

    /// <summary>The number of a grant.</summary>
    public static long ParseGrant(string name) =>
        name.StartsWith(GrantPrefix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(GrantPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && GrantName(number) == name
            ? number : throw SealErrors.GrantNotFound();

    /// <summary>A grant.</summary>
    public SealUseGrant ToMessage(SealGrant grant) => new()
    {
        Name = GrantName(grant.Number), CreditCode = grant.Holder.Value, Caller = grant.Caller, CallerTitle = callers.TitleOf(grant.Caller),
        Seals = { grant.Kinds.Select(kind => (Seal.Types.Kind)kind) }, Uses = { grant.Uses }, Reference = grant.Reference, UntilTime = grant.Until.ToTimestamp(), GrantTime = grant.GrantedTime.ToTimestamp(),
        WithdrawTime = grant.Withdrawal?.Time.ToTimestamp(), WithdrawReason = grant.Withdrawal?.Reason ?? "", UseCount = grant.Count,
    };

    /// <summary>A use.</summary>
    public V1.SealUse ToMessage(Domain.SealUse use) => new()
    {
        Name = use.Position == 0 ? "" : "sealUses/" + use.Position.ToString(CultureInfo.InvariantCulture), Caller = use.Caller, CallerTitle = callers.TitleOf(use.Caller), Grant = GrantName(use.Grant),
        IssuedSet = RegisterName.Of(use.License), Seal = (Seal.Types.Kind)use.Kind, SealCode = use.Code.Value, Use = use.Use,
        UseTitle = table.Uses.FirstOrDefault(each => each.Code == use.Use)?.Name ?? "", Title = use.Title, Digest = ByteString.CopyFrom(use.Digest), Pages = use.Pages,
        StampTime = use.SignedTime.ToTimestamp(), ProvenTime = use.StampedTime?.ToTimestamp(), RequestId = use.RequestId,
    };

    /// <summary>A company.</summary>
    public static CreditCode Holder(string text) => CreditCode.TryParse(text, out var holder, out var problem) ? holder
        : throw EidException.OfField(ErrorReason.UsccInvalid, "credit_code", problem);

    private static StampSubject.Document ToDocument(StampDocument document) => document.Ofd.IsEmpty ? throw EidException.OfField(ErrorReason.DocumentInvalid, "document.ofd", "不能为空")
        : document.Places.Count is < 1 or > MostWishes ? throw StampWish.Invalid("document.places", $"应有 1 至 {MostWishes} 项")
        : new StampSubject.Document(document.Ofd.Memory, [.. document.Places.Select((place, i) => ToWish(place, $"document.places[{i}]"))]);

    private static StampWish ToWish(V1.StampPlace place, string field)
    {
        switch (place.PlaceCase)
        {
            case V1.StampPlace.PlaceOneofCase.Point:
                var pages = place.Point.Pages.Distinct().Order().ToArray();
                return Array.TrueForAll(pages, page => page >= 1) && pages.Length <= StampWish.MostPlaces
                    ? new StampWish.At(pages, Millimetres(place.Point.X, field), Millimetres(place.Point.Y, field)) : throw StampWish.Invalid(field, "页码应从 1 开始");
            case V1.StampPlace.PlaceOneofCase.Keyword:
                return FaceText(place.Keyword.Text) && place.Keyword.Hit >= 0
                    ? new StampWish.OnKeyword(place.Keyword.Text, place.Keyword.Hit) : throw StampWish.Invalid(field, "关键字应为 1 至 60 个字符，次序不能为负数");
            case V1.StampPlace.PlaceOneofCase.Straddle:
                return place.Straddle.Side is V1.StampPlace.Types.Straddle.Types.Side.Right or V1.StampPlace.Types.Straddle.Types.Side.Left
                    ? new StampWish.Straddling((StraddleSide)place.Straddle.Side, Millimetres(place.Straddle.Y, field)) : throw StampWish.Invalid(field, "骑缝章应写明左侧或右侧");
            default:
                throw StampWish.Invalid(field, "应写明坐标、关键字或骑缝之一");
        }
    }

    // Larger than any paper, and small enough that nothing overflows.
    private static double Millimetres(double value, string field) => value is >= 0 and <= 10_000 ? value : throw StampWish.Invalid(field, "坐标应为 0 至 10000 毫米");

    private static bool FaceText(string text) => text.Length is >= 1 and <= 60 && !text.Any(char.IsControl);

    private static StampSubject.Hash ToHash(StampDigest digest) => digest.Sm3.Length != 32 ? throw EidException.OfField(ErrorReason.DocumentInvalid, "digest.sm3", "应为 32 字节的 SM3 摘要")
        : digest.PropertyInfo.Length is < 1 or > 200 || digest.PropertyInfo.Any(c => c is < '!' or > '~') ? throw EidException.OfField(ErrorReason.TextInvalid, "digest.property_info", "应为 1 至 200 个可见的 ASCII 字符")
        : new StampSubject.Hash(digest.Sm3.ToByteArray(), digest.PropertyInfo);

    private static string GrantName(long number) => GrantPrefix + number.ToString(CultureInfo.InvariantCulture);
}
