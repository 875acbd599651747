using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Copies;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>What documents are made and judged with, loaded and checked before a port is opened.</summary>
/// <param name="Authority">The authority.</param>
/// <param name="Seal">Its own seal; null where the deployment has none, which then makes no sealed documents.</param>
/// <param name="OtherSeals">Seals of its own from before that one or after it.</param>
/// <param name="Trust">Whose certificates are believed.</param>
/// <param name="List">The list of CAs of others; null where none is recognised.</param>
/// <param name="Revoked">Revocation lists of those CAs; null where none are kept.</param>
/// <param name="InUse">Certificates that the authority has in use.</param>
/// <param name="Style">Border and emblem.</param>
internal sealed record DocumentWiring(
    IssuingAuthority Authority, AuthoritySeal? Seal, IReadOnlyCollection<SesSeal> OtherSeals, CertificateTrust Trust, TrustListFile? List, RevocationFolder? Revoked, IReadOnlyCollection<Sm2Certificate> InUse, FaceStyle Style)
{
    /// <summary>Loads it from the folder of keys; border and emblem lie there too, so that they are approved with everything else.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>, <see cref="ErrorReason.TrustListInvalid"/>, <see cref="ErrorReason.PictureUnreadable"/>.</exception>
    public static DocumentWiring Load(EidServerOptions options, IssuingAuthority authority, DateTimeOffset now)
    {
        var folder = options.CertificatesDirectory;
        var seal = AuthorityFiles.LoadSeal(folder, authority.Vault, now);
        // The service itself neither signs lists nor stamps times; their certificates may lie elsewhere.
        Sm2Certificate[] others = [.. ((string[])[AuthorityFiles.TrustListSigner, AuthorityFiles.TimeStamper]).Where(name => File.Exists(Path.Combine(folder, name + ".crt"))).Select(name => AuthorityFiles.ReadCertificate(folder, name))];
        Sm2Certificate[] inUse = [.. authority.Roots, .. authority.Intermediates, .. others, .. seal is null ? [] : (Sm2Certificate[])[seal.Signer.Certificate], .. AuthorityFiles.Beside(folder, AuthorityFiles.OwnSeal)];
        var list = options.TrustList is { } path ? new TrustListFile(path, inUse, options.Clock) : null;
        var revoked = options.RevocationLists is { } lists ? new RevocationFolder(lists, options.Clock) : null;
        return new DocumentWiring(authority, seal, AuthorityFiles.LoadOtherSeals(folder), new CertificateTrust(authority.Roots, authority.Intermediates, () => list?.Current), list, revoked, inUse, FaceStyle.Load(folder));
    }

    /// <summary>Adds it.</summary>
    public void Add(IServiceCollection services, SqlStore store)
    {
        services.AddSingleton(_ => FaceFonts.LoadDefault()); // With the first call about documents.
        services.AddSingleton(_ => Turns.OfThisMachine());
        services.AddSingleton(provider => new LicensePress(
            new FaceArtist(provider.GetRequiredService<FaceFonts>(), Style), provider.GetRequiredService<FaceFonts>(), Seal, provider.GetRequiredService<Turns>(), provider.GetService<StampTimes>()));
        services.AddSingleton<ICopyStore>(store);
        services.AddSingleton(new DownloadIds(Authority.StatusSecret));
        services.AddSingleton<CopyDesk>();
        services.AddSingleton(Trust);
        services.AddSingleton(StatusOf);
        services.AddSingleton(new OwnSeals(Seal is null ? OtherSeals : [Seal.Seal, .. OtherSeals]));
        services.AddSingleton<DocumentDesk>();
    }

    /// <summary>From here on files about other CAs are looked at again, by documents and packs: what is refused is said.</summary>
    public void TellRefusals(ILogger<DocumentDesk> log)
    {
        List?.Refused += problem => RecognitionLog.TrustListRefused(log, problem);
        Revoked?.Refused += problem => RecognitionLog.RevocationListRefused(log, problem);
    }

    // The register; of certificates it does not know, the lists of their CAs.
    private IStatusSource StatusOf(IServiceProvider provider)
    {
        var clock = provider.GetRequiredService<RegisterClock>();
        var register = new RegisterStatus(provider.GetRequiredService<Verifier>(), provider.GetRequiredService<ILicenseStore>(), Authority, InUse, Seal?.Seal, OtherSeals, clock);
        return Revoked is null ? register : new ListedStatus(register, Trust, () => Revoked.Current, clock);
    }
}

/// <summary>What is said of files about other CAs.</summary>
internal static partial class RecognitionLog
{
    [LoggerMessage(EventName = "TrustListRefused", Level = LogLevel.Error, Message = "The list of recognised CAs was replaced by one that is not taken; the one before stays in force until its end: {Problem}")]
    public static partial void TrustListRefused(ILogger log, string problem);

    [LoggerMessage(EventName = "RevocationListRefused", Level = LogLevel.Error, Message = "A revocation list is not taken; certificates of its CA cannot be confirmed once the one before is over: {Problem}")]
    public static partial void RevocationListRefused(ILogger log, string problem);
}

/// <summary>The authority's own seals.</summary>
/// <param name="Seals">The one in use and those of before and after; none where the deployment has none.</param>
internal sealed record OwnSeals(IReadOnlyCollection<SesSeal> Seals);
