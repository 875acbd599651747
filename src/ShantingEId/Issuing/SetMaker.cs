using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Issuing;

/// <summary>
/// Makes sets: draws and signs new seals, takes over others, binds them to a licence by a manifest and checks the result like a
/// stranger. Everything stays in memory; committing is for who asks.
/// </summary>
/// <param name="authority">Who signs.</param>
/// <param name="store">Sets numbers aside.</param>
/// <param name="draw">Draws a seal picture.</param>
/// <param name="verifier">The public verify path, used to check every set before it is committed.</param>
public sealed class SetMaker(IssuingAuthority authority, ILicenseStore store, DrawSeal draw, Verifier verifier) : IDisposable
{
    // Numbers are set aside in blocks, so that issuing does not write twice; what a crash leaves unused is never given again.
    private const int BlockSize = 256;
    private readonly NumberBlock sealNumbers = new(store, "seal", BlockSize);
    private readonly NumberBlock statusNumbers = new(store, "status", BlockSize);

    /// <summary>Whose licences these are.</summary>
    public IssuingAuthority Authority => authority;

    /// <inheritdoc/>
    public void Dispose()
    {
        sealNumbers.Dispose();
        statusNumbers.Dispose();
    }

    /// <summary>Refuses what cannot be drawn, naming every missing glyph; makes nothing.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>.</exception>
    public void RequireDrawable(EnterpriseFacts facts, IReadOnlyCollection<SealKind> kinds) => Draw(Designs(facts, kinds, 1)); // Any number serves: the pictures are thrown away.

    /// <summary>Makes the set of a licence.</summary>
    /// <param name="license">The licence; one of a trade has no seals.</param>
    /// <param name="carried">Seals that stay; the other kinds are made anew.</param>
    /// <param name="now">When it is signed; new seals hold from the licence's own time on.</param>
    /// <param name="cancel">Gives up before anything was signed.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>, <see cref="ErrorReason.SigningKeyUnusable"/>, <see cref="ErrorReason.SelfCheckFailed"/>; store errors.</exception>
    public async Task<IssuedSet> MakeAsync(License license, IReadOnlyList<IssuedSeal> carried, DateTimeOffset now, CancellationToken cancel)
    {
        // 1. Numbers. One set aside here and not used is lost, never reused.
        SealKind[] fresh = license.Trade is null ? [.. SealKinds.All.Except(carried.Select(seal => seal.Kind))] : [];
        var firstSeal = fresh.Length == 0 ? 0 : await sealNumbers.TakeAsync(fresh.Length, cancel);
        var status = StatusIndex.Of(await statusNumbers.TakeAsync(1, cancel), authority.StatusSecret);

        // 2. Pictures; a missing glyph refuses the whole set.
        var designs = Designs(license.Facts, fresh, firstSeal);
        var pictures = Draw(designs);

        // 3. Keys, certificates and signatures.
        authority.ManifestSigner.RequireUsable(now);
        authority.CodeSigner.RequireUsable(now);
        authority.SealMaker.RequireUsable(now);
        var seals = license.Trade is null ? SealSet.Create([.. carried, .. designs.Zip(pictures, (design, picture) => SignSeal(design, picture, license.IssueTime, status))]) : SealSet.None;
        var manifest = Envelope.Sign(ContentType.Manifest, Manifest.Of(authority.Environment, license, seals).Encode(), authority.ManifestSigner).Encode();
        var code = new LicenseCode(license.Facts.CreditCode, license.Id.Version, license.Facts.Name, ManifestDigest.Of(manifest), status, license.IssueTime);
        var set = new IssuedSet(license, seals, manifest, code.Sign(authority.CodePrefix, authority.CodeSigner), TypedCode.Generate(), status);

        // 4. Our own work, checked through the public path.
        return SetCheck.Problem(set, verifier, authority.Intermediates, authority.Roots, license.IssueTime) is { Length: > 0 } problem
            ? throw new EidException(ErrorReason.SelfCheckFailed, $"签发结果未通过自检：{problem}") : set;
    }

    private SealDesign[] Designs(EnterpriseFacts facts, IReadOnlyCollection<SealKind> kinds, long firstSeal) => [.. kinds.Select((kind, i) =>
        new SealDesign(kind, facts.Name, facts.CreditCode, facts.Representative, SealCode.Create(authority.Division, firstSeal + i)))];

    // Several seals show the same name, and another the representative's: what is missing is reported once, and all of it.
    private SealPicture[] Draw(SealDesign[] designs)
    {
        var pictures = new List<SealPicture>();
        var violations = new List<FieldViolation>();
        foreach (var design in designs)
        {
            try
            {
                pictures.Add(draw(design));
            }
            catch (EidException error) when (error.Reason == ErrorReason.TextInvalid)
            {
                violations.AddRange(error.Violations.Except(violations));
            }
        }

        return pictures.Count == designs.Length ? [.. pictures]
            : throw new EidException(ErrorReason.TextInvalid, string.Join("；", violations.Select(violation => violation.Message)), violations);
    }

    private IssuedSeal SignSeal(SealDesign design, SealPicture picture, DateTimeOffset from, StatusReference license)
    {
        using var key = Sm2PrivateKey.Generate();
        // Subject as real provincial seal certificates have it: O = credit code and name, CN = seal code (standards §1.4).
        var subject = new CertificateSubject(design.CreditCode.Value + design.Name, design.SealCode.Value);
        var place = license.OfSeal(design.Kind);
        var certificate = authority.SealAuthority.Issue(subject, key.PublicKey, CertificateUse.Signing, from, from + authority.SealLifetime,
            new StatusEntry(StatusReference.AddressOf(authority.CodePrefix, place.List), place.Index));
        var info = new SesSealInfo
        {
            VendorId = "ShantingEId", SealId = design.SealCode.Value, Type = design.Kind.SesType(), Name = design.Name + design.Kind.ChineseName(),
            CertificateList = [certificate.Der.ToArray()], CreateTime = from, ValidStart = from, ValidEnd = certificate.NotAfter,
            PictureType = "PNG", Picture = picture.Png, Width = picture.WidthMillimetres, Height = picture.HeightMillimetres,
        };
        return new IssuedSeal(design.Kind, design.SealCode, SesSeal.Create(info, authority.SealMaker), certificate, authority.Vault.Seal(key, design.SealCode.Value));
    }
}
