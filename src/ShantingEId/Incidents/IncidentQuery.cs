using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Incidents;

/// <summary>Which sets an incident is about: all criteria given must be fulfilled.</summary>
/// <param name="SignedFrom">Signed from this instant on.</param>
/// <param name="SignedBefore">Signed before this instant.</param>
/// <param name="ManifestKey">Id of the key that signed the manifest, 16 hexadecimal digits; "" for any.</param>
/// <param name="SealIssuer">Common name of who issued the certificate of one of its seals; "" for any.</param>
/// <param name="Division">Division of the company, 2 to 6 digits; "" for any.</param>
/// <param name="Kind">Kind of enterprise; unspecified for any.</param>
public sealed record IncidentQuery(
    DateTimeOffset? SignedFrom = null, DateTimeOffset? SignedBefore = null, string ManifestKey = "", string SealIssuer = "", string Division = "",
    EnterpriseKind Kind = EnterpriseKind.Unspecified)
{
    /// <summary>Whether nothing was asked for, which would be every set there is.</summary>
    public bool IsEmpty => this == new IncidentQuery();

    /// <summary>Whether a manifest must be read to tell.</summary>
    public bool NeedsManifest => ManifestKey.Length > 0 || Kind != EnterpriseKind.Unspecified;

    /// <summary>Refuses criteria that cannot be meant.</summary>
    /// <param name="hasList">Whether sets are named one by one.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.FilterInvalid"/>, <see cref="ErrorReason.EnumInvalid"/>.</exception>
    public void RequireForm(bool hasList)
    {
        if (hasList != IsEmpty)
        {
            throw Field("query", hasList ? "逐一列出执照时不能另加条件" : "至少要有一项条件；确实涉及全部执照的，请写明签发时间的上限");
        }

        if (SignedFrom >= SignedBefore)
        {
            throw Field("query.signed_before", "应晚于 signed_from");
        }

        if (ManifestKey.Length > 0 && (ManifestKey.Length != KeyId.Size * 2 || !ManifestKey.All(char.IsAsciiHexDigitLower)))
        {
            throw Field("query.manifest_key", "应为 16 位十六进制数字（小写）");
        }

        if (Division.Length > 0 && (Division.Length is < 2 or > 6 || !Division.All(char.IsAsciiDigit)))
        {
            throw Field("query.division", "应为 2 至 6 位数字");
        }

        if (SealIssuer.Length > 100)
        {
            throw Field("query.seal_issuer", "不超过 100 个字符");
        }

        if (!Enum.IsDefined(Kind))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "query.kind", "取值无法识别");
        }
    }

    /// <summary>Whether a manifest is signed by the key and about the kind that are asked for.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.InternalFault"/>: it cannot be read, so nobody can tell.</exception>
    public bool Fits(ReadOnlyMemory<byte> manifestBytes) =>
        Envelope.TryParse(manifestBytes, out var envelope) && Manifest.TryRead(envelope, out var manifest)
            ? (ManifestKey.Length == 0 || envelope.KeyId.ToString() == ManifestKey) && (Kind == EnterpriseKind.Unspecified || manifest.License.Facts.Kind == Kind)
            : throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取，无法判断它是否在此次处置之列；请先运行 eid fsck");

    private static EidException Field(string field, string problem) => EidException.OfField(ErrorReason.FilterInvalid, field, problem);
}
