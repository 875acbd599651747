using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ShantingEId.Licenses;

/// <summary>
/// 证照标识, GB/T 36904-2018: root OID, licence type, issuer, serial, version and check character, joined by dots.
/// The serial is the company's credit code, followed by three digits on a comprehensive licence; a change of the face raises the
/// version and keeps the serial.
/// </summary>
public sealed record LicenseId
{
    /// <summary>Type code of 营业执照: the defining authority's credit code and a sequence.</summary>
    public const string BusinessLicenseType = "11100000MB0143028R001";

    // A company's licences of one type are told apart by three digits behind its credit code; its business licence needs none.
    private const int HolderLength = 18;
    private const string TradeLicenseNumber = "001";

    private const string Root = "1.2.156.3005.2.";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private LicenseId(string type, string issuer, string serial, int version)
    {
        Type = type;
        Issuer = issuer;
        Serial = serial;
        Version = version;
    }

    /// <summary>证照类型代码: 18 characters of the defining authority and three digits.</summary>
    public string Type { get; }

    /// <summary>证照颁发机构代码: the issuer's credit code (older identifiers: a division code).</summary>
    public string Issuer { get; }

    /// <summary>流水号: digits and capital letters, chosen by the issuer.</summary>
    public string Serial { get; }

    /// <summary>版本号, 1 to 999.</summary>
    public int Version { get; }

    /// <summary>ISO/IEC 7064 MOD 37,36 over type, issuer, serial and version, without dots and without the root.</summary>
    public char Check => Iso7064.HybridCheck(Alphabet, string.Create(CultureInfo.InvariantCulture, $"{Type}{Issuer}{Serial}{Version:D3}"));

    /// <summary>The identifier of a business licence of this company.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseIdInvalid"/>: version outside 1 to 999.</exception>
    public static LicenseId ForBusinessLicense(CreditCode issuer, CreditCode holder, int version)
    {
        if (version is < 1 or > 999)
        {
            throw new EidException(ErrorReason.LicenseIdInvalid, "证照版本号应在 1 至 999 之间");
        }

        return new LicenseId(BusinessLicenseType, issuer.Value, holder.Value, version);
    }

    /// <summary>The identifier of a 行业综合许可证. No national catalogue defines the type, so the issuer does, as its first.</summary>
    /// <param name="issuer">The issuer.</param>
    /// <param name="holder">The company.</param>
    /// <param name="number">Which of its comprehensive licences, 1 to 999.</param>
    /// <param name="version">Version, 1 to 999.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseIdInvalid"/>: number or version outside 1 to 999.</exception>
    public static LicenseId ForTradeLicense(CreditCode issuer, CreditCode holder, int number, int version)
    {
        if (number is < 1 or > 999 || version is < 1 or > 999)
        {
            throw new EidException(ErrorReason.LicenseIdInvalid, "综合许可证的序号和版本号应在 1 至 999 之间");
        }

        return new LicenseId(issuer.Value + TradeLicenseNumber, issuer.Value, string.Create(CultureInfo.InvariantCulture, $"{holder.Value}{number:D3}"), version);
    }

    /// <summary>The identifier of another version of the same licence.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseIdInvalid"/>: version outside 1 to 999.</exception>
    public LicenseId AtVersion(int version) => version is >= 1 and <= 999 ? new LicenseId(Type, Issuer, Serial, version)
        : throw new EidException(ErrorReason.LicenseIdInvalid, "证照版本号应在 1 至 999 之间");

    /// <summary>Which of its company's comprehensive licences it is, 1 to 999.</summary>
    public int TradeNumber => int.Parse(Serial.AsSpan(HolderLength), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Whether it is a 行业综合许可证 of its issuer.</summary>
    public bool IsTradeLicense => Type == Issuer + TradeLicenseNumber && Serial.Length == HolderLength + 3;

    /// <summary>Credit code of the company whose licence it is.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.UsccInvalid"/>: an identifier of another kind.</exception>
    public CreditCode Holder => CreditCode.Parse(Serial.Length > HolderLength ? Serial[..HolderLength] : Serial);

    /// <summary>Parses strictly: six parts, known root, right check character.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LicenseId? id)
    {
        id = null;
        if (text is null || text.Length > 128 || !text.StartsWith(Root, StringComparison.Ordinal))
        {
            return false;
        }

        var parts = text[Root.Length..].Split('.');
        if (parts.Length != 5 || parts.Any(p => p.Length == 0 || p.Any(c => !Alphabet.Contains(c, StringComparison.Ordinal)))
            || parts[0].Length != 21 || parts[3].Length != 3 || parts[4].Length != 1
            || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var version) || version < 1)
        {
            return false;
        }

        var candidate = new LicenseId(parts[0], parts[1], parts[2], version);
        if (candidate.Check != parts[4][0])
        {
            return false;
        }

        id = candidate;
        return true;
    }

    /// <summary>Parses or throws <see cref="ErrorReason.LicenseIdInvalid"/>.</summary>
    public static LicenseId Parse(string? text) =>
        TryParse(text, out var id) ? id : throw new EidException(ErrorReason.LicenseIdInvalid, "证照标识格式或校验位不符（GB/T 36904）");

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{Type}.{Issuer}.{Serial}.{Version:D3}.{Check}");
}
