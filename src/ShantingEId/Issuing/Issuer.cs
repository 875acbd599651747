using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Issuing;

/// <summary>A request to issue.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Enterprise">What to print and sign, unchecked.</param>
/// <param name="EncodeReply">Turns the finished set into the answer's bytes, which are stored with it.</param>
public sealed record IssueCommand(string Actor, RequestId RequestId, EnterpriseInput Enterprise, Func<IssuedSet, byte[]> EncodeReply);

/// <summary>What came of an issue.</summary>
/// <param name="Reply">The answer's bytes; the same for every repetition of the request.</param>
/// <param name="Repeated">Whether they were committed earlier.</param>
public sealed record IssueOutcome(byte[] Reply, bool Repeated)
{
    /// <summary>
    /// The earlier answer, if it was given to the same question. The earlier attempt may have died between its commit and its
    /// acknowledgement, so this waits like the first one until every replica has seen the change.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RequestIdReused"/>.</exception>
    internal static async Task<IssueOutcome> RepeatAsync(StoredReply earlier, byte[] content, IChangeFeed feed)
    {
        if (!earlier.ContentDigest.AsSpan().SequenceEqual(content))
        {
            throw new EidException(ErrorReason.RequestIdReused, "request_id 已用于内容不同的另一请求；请换用新的 request_id");
        }

        await feed.SettleAsync(earlier.Position);
        return new IssueOutcome(earlier.Reply, true);
    }
}

/// <summary>Issues one licence with its four seals: all or none.</summary>
/// <param name="authority">Who signs.</param>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="draw">Draws a seal picture.</param>
/// <param name="verifier">The public verify path, used to check every set before it is committed.</param>
/// <param name="clock">The one clock.</param>
public sealed class Issuer(IssuingAuthority authority, ILicenseStore store, IChangeFeed feed, DrawSeal draw, Verifier verifier, RegisterClock clock) : IDisposable
{
    // Numbers are set aside in blocks, so that issuing does not write twice; what a crash leaves unused is never given again.
    private const int BlockSize = 256;
    private readonly NumberBlock sealNumbers = new(store, "seal", BlockSize);
    private readonly NumberBlock statusNumbers = new(store, "status", BlockSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        sealNumbers.Dispose();
        statusNumbers.Dispose();
    }

    /// <summary>Runs every check of an issue, also whether the seals can be drawn, and returns the licence as it would be; writes nothing.</summary>
    public async Task<License> ValidateAsync(EnterpriseInput enterprise, CancellationToken cancel)
    {
        var now = Now();
        var facts = Check(enterprise, now);
        Draw(Designs(facts, 1)); // Any number serves: the pictures are thrown away.
        return await PrepareLicenseAsync(facts, now, cancel);
    }

    /// <summary>Issues. Once this returns, the set is on disk and verifies; when it throws, nothing was issued.</summary>
    /// <exception cref="EidException">Any reason of the catalogue for issuing.</exception>
    public async Task<IssueOutcome> IssueAsync(IssueCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = Now();

        // 1. Policy: every violation at once.
        var facts = Check(command.Enterprise, now);

        // 2. Seen before? The same content gives the earlier answer, other content is refused.
        var content = ContentDigest(facts);
        if (await store.FindReplyAsync(command.Actor, command.RequestId, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, content, feed);
        }

        // 3. Facts and numbers. A number set aside here and not used is lost, never reused.
        License license;
        try
        {
            license = await PrepareLicenseAsync(facts, now, cancel);
        }
        catch (EidException error) when (error.Reason == ErrorReason.LicenseExists)
        {
            // The set in force may be this very request's, committed since step 2.
            if (await store.FindReplyAsync(command.Actor, command.RequestId, cancel) is { } twin)
            {
                return await IssueOutcome.RepeatAsync(twin, content, feed);
            }

            throw;
        }

        var firstSeal = await sealNumbers.TakeAsync(SealKinds.All.Count, cancel);
        var status = StatusIndex.Of(await statusNumbers.TakeAsync(1, cancel), authority.StatusSecret);

        // 4. The four pictures; a missing glyph refuses the whole set.
        var designs = Designs(facts, firstSeal);
        var pictures = Draw(designs);

        // 5 and 6. Keys, certificates and signatures. All of it stays in memory until step 8: a crash before that issued nothing.
        var set = Sign(license, designs, pictures, status, now);

        // 7. Check our own work through the public path.
        if (SetCheck.Problem(set, verifier, authority.Intermediates, authority.Roots, now) is { Length: > 0 } problem)
        {
            throw new EidException(ErrorReason.SelfCheckFailed, $"签发结果未通过自检：{problem}");
        }

        // 8. The commit point. One transaction, never cancelled; after it a retry with the same request id returns the reply.
        var reply = command.EncodeReply(set);
        var committed = await store.AddSetAsync(set, now, new WriteRequest(command.Actor, command.RequestId, content, reply));
        if (committed.Earlier is { } raced)
        {
            return await IssueOutcome.RepeatAsync(raced, content, feed);
        }

        // 9. A first licence is cached nowhere. A later one replaces what replicas may still answer for the company.
        if (license.Id.Version > 1)
        {
            await feed.SettleAsync(committed.Position);
        }

        return new IssueOutcome(reply, false);
    }

    private static byte[] ContentDigest(EnterpriseFacts facts)
    {
        // U+001F cannot occur in checked text, so the join cannot be read two ways.
        var input = facts.ToInput();
        var text = string.Join('\u001F', "IssueSet", input.CreditCode, input.Name, (int)input.Kind, input.Type, input.Representative,
            input.Capital, input.EstablishDate, input.Address, input.BusinessScope);
        return Sm3.Hash(Encoding.UTF8.GetBytes(text));
    }

    // China keeps one civil time, UTC+8, without daylight saving: "today" is the bureau's day.
    private static EnterpriseFacts Check(EnterpriseInput enterprise, DateTimeOffset now) =>
        EnterpriseFacts.Parse(enterprise, DateOnly.FromDateTime(now.UtcDateTime.AddHours(8)));

    private async Task<License> PrepareLicenseAsync(EnterpriseFacts facts, DateTimeOffset now, CancellationToken cancel)
    {
        var newest = (await store.FindAsync(RegisterKey.Of(facts.CreditCode), TimeSpan.Zero, cancel)).Entry;
        if (newest is { State.State: SetState.Active })
        {
            throw StoreErrors.Exists(newest.LicenseId);
        }

        var id = LicenseId.ForBusinessLicense(authority.CreditCode, facts.CreditCode, (newest?.LicenseId.Version ?? 0) + 1);
        return new License(id, facts, authority.Name, authority.CreditCode, now);
    }

    private SealDesign[] Designs(EnterpriseFacts facts, long firstSeal) => [.. SealKinds.All.Select((kind, i) =>
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

    private IssuedSet Sign(License license, SealDesign[] designs, SealPicture[] pictures, StatusReference status, DateTimeOffset now)
    {
        authority.ManifestSigner.RequireUsable(now);
        authority.CodeSigner.RequireUsable(now);
        authority.SealMaker.RequireUsable(now);
        var seals = SealSet.Create(designs.Zip(pictures, (design, picture) => SignSeal(design, picture, now)));
        var manifest = Envelope.Sign(ContentType.Manifest, Manifest.Of(authority.Environment, license, seals).Encode(), authority.ManifestSigner).Encode();
        var code = new LicenseCode(license.Facts.CreditCode, license.Id.Version, license.Facts.Name, ManifestDigest.Of(manifest), status, now);
        return new IssuedSet(license, seals, manifest, code.Sign(authority.CodePrefix, authority.CodeSigner), TypedCode.Generate(), status);
    }

    private IssuedSeal SignSeal(SealDesign design, SealPicture picture, DateTimeOffset now)
    {
        using var key = Sm2PrivateKey.Generate();
        // Subject as real provincial seal certificates have it: O = credit code and name, CN = seal code (standards §1.4).
        var subject = new CertificateSubject(design.CreditCode.Value + design.Name, design.SealCode.Value);
        var certificate = authority.SealAuthority.Issue(subject, key.PublicKey, CertificateUse.Signing, now, now + authority.SealLifetime);
        var info = new SesSealInfo
        {
            VendorId = "ShantingEId", SealId = design.SealCode.Value, Type = design.Kind.SesType(), Name = design.Name + design.Kind.ChineseName(),
            CertificateList = [certificate.Der.ToArray()], CreateTime = now, ValidStart = now, ValidEnd = certificate.NotAfter,
            PictureType = "PNG", Picture = picture.Png, Width = picture.WidthMillimetres, Height = picture.HeightMillimetres,
        };
        return new IssuedSeal(design.Kind, design.SealCode, SesSeal.Create(info, authority.SealMaker), certificate, authority.Vault.Seal(key, design.SealCode.Value));
    }

    // Whole seconds: certificates and seals carry no fractions, and all five artefacts say the same instant.
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
}
