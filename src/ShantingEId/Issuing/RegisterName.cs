using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>Resource name of a set: by its licence, or by its company.</summary>
public sealed record RegisterName
{
    private const string Collection = "issuedSets/";

    private RegisterName(LicenseId? license, CreditCode? holder)
    {
        License = license;
        Holder = holder;
    }

    /// <summary>The licence meant; null when the name gives a company.</summary>
    public LicenseId? License { get; }

    /// <summary>The company meant; null when the name gives a licence.</summary>
    public CreditCode? Holder { get; }

    /// <summary>Name of a licence's set.</summary>
    public static string Of(LicenseId id) => Collection + id;

    /// <summary>Parses <c>issuedSets/{license_id}</c> or <c>issuedSets/{credit_code}</c>.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseIdInvalid"/> or <see cref="ErrorReason.UsccInvalid"/>, on field <c>name</c>.</exception>
    public static RegisterName Parse(string? text)
    {
        if (text is null || !text.StartsWith(Collection, StringComparison.Ordinal))
        {
            throw Invalid(ErrorReason.LicenseIdInvalid, "应为 issuedSets/{证照标识} 或 issuedSets/{统一社会信用代码}");
        }

        var id = text[Collection.Length..];
        if (id.Contains('.', StringComparison.Ordinal))
        {
            return LicenseId.TryParse(id, out var license) ? new RegisterName(license, null)
                : throw Invalid(ErrorReason.LicenseIdInvalid, "证照标识格式或校验位不符（GB/T 36904）");
        }

        return CreditCode.TryParse(id, out var holder, out var problem) ? new RegisterName(null, holder) : throw Invalid(ErrorReason.UsccInvalid, problem);
    }

    /// <summary>The entry meant, or null.</summary>
    public async ValueTask<RegisterEntry?> FindAsync(ILicenseStore store, CancellationToken cancel) =>
        (await store.FindAsync(License is not null ? RegisterKey.Of(License) : RegisterKey.Of(Holder!), TimeSpan.Zero, cancel)).Entry;

    /// <inheritdoc/>
    public override string ToString() => Collection + (License?.ToString() ?? Holder!.Value);

    private static EidException Invalid(ErrorReason reason, string problem) => new(reason, $"name {problem}", [new FieldViolation("name", reason, problem)]);
}
