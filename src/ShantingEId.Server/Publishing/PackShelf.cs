using System.Collections.Concurrent;
using System.Globalization;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Neighbours;
using ShantingEId.Server.Storage;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Publishing;

/// <summary>
/// The packs for counters without network, as files of a folder that replicas may share: the newest, made when it is due and
/// asked for, and earlier ones as long as deltas start from them.
/// </summary>
internal sealed class PackShelf(StatusBoard board, SqlStore store, PackMaker maker, NeighbourDirectory? neighbours, TimeProvider clock, EidServerOptions options) : IDisposable
{
    private const string Ending = ".pack";
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly ConcurrentDictionary<long, Published> deltas = new();
    private (long Number, DateTimeOffset Time, Published Pack)? newest;

    /// <summary>The newest pack; made first when the one at hand is due to be replaced.</summary>
    /// <exception cref="EidException">The register cannot be read.</exception>
    public async Task<Published> LatestAsync(CancellationToken cancel)
    {
        await one.WaitAsync(cancel);
        try
        {
            var last = Numbers().DefaultIfEmpty(0).Max();
            if (newest?.Number != last)
            {
                newest = Load(last);
                deltas.Clear();
            }

            var age = clock.GetUtcNow() - newest?.Time;
            if (newest is { } known && age >= TimeSpan.Zero && age < options.PackEvery)
            {
                return known.Pack;
            }

            var reading = await board.ReadAsync();
            var bytes = maker.Make(last + 1, reading, await store.SuccessionsAsync(reading.AsOf, cancel), neighbours?.Current.Bytes ?? []);
            Keep(last + 1, bytes);
            newest = Load(last + 1);
            deltas.Clear();
            return newest!.Value.Pack;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>What changed between a pack and the newest; null when the pack is not here any more, or is the newest.</summary>
    public async Task<Published?> DeltaAsync(long from, CancellationToken cancel)
    {
        var latest = await LatestAsync(cancel);
        return !File.Exists(PathOf(from)) || newest is not { } to || from >= to.Number ? null
            : deltas.GetOrAdd(from, _ => Published.Of(PackDelta.Make(File.ReadAllBytes(PathOf(from)), latest.Bytes)));
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private (long, DateTimeOffset, Published)? Load(long number) =>
        number > 0 && File.ReadAllBytes(PathOf(number)) is var bytes && Envelope.TryParse(bytes, out var envelope) && StatusPack.TryRead(envelope, out var pack)
            ? (number, pack.ProducedAt, Published.Of(bytes)) : null; // A damaged file is replaced by the next number.

    // Whole or not at all; another replica that was first stays.
    private void Keep(long number, byte[] bytes)
    {
        var draft = Path.Combine(options.PackPath, $"{Guid.NewGuid():N}.draft");
        File.WriteAllBytes(draft, bytes);
        try
        {
            File.Move(draft, PathOf(number));
        }
        catch (IOException) when (File.Exists(PathOf(number)))
        {
            File.Delete(draft);
        }

        foreach (var old in Numbers().Where(each => each <= number - options.PacksKept))
        {
            File.Delete(PathOf(old));
        }
    }

    private IEnumerable<long> Numbers() => Directory.CreateDirectory(options.PackPath).EnumerateFiles("*" + Ending)
        .Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file.Name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);

    private string PathOf(long number) => Path.Combine(options.PackPath, number.ToString(CultureInfo.InvariantCulture) + Ending);
}

/// <summary>Makes packs: what of a deployment stands in every one of them.</summary>
/// <param name="authority">Whose packs they are.</param>
/// <param name="signer">Signs states.</param>
/// <param name="more">Certificates by which a counter judges what else it has before it: the trust list's signer, those of the authority's own seals, of other keys for states.</param>
/// <param name="trustList">The signed list of recognised CAs; null without.</param>
/// <param name="lifetime">How long a pack counts.</param>
internal sealed class PackMaker(IssuingAuthority authority, SigningKey signer, IReadOnlyList<Sm2Certificate> more, TrustListFile? trustList, TimeSpan lifetime)
{
    /// <summary>The key that signs states.</summary>
    public SigningKey Signer => signer;

    /// <summary>From the deployment's folder.</summary>
    /// <param name="options">Which folder.</param>
    /// <param name="authority">Whose packs they are.</param>
    /// <param name="trustList">The list of recognised CAs that goes along; null without.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>; <see cref="ErrorReason.StatusInvalid"/>: terms that make no sense.</exception>
    public static PackMaker Load(EidServerOptions options, IssuingAuthority authority, TrustListFile? trustList = null)
    {
        if (options.StatusTtl < TimeSpan.FromSeconds(1) || options.StatusLifetime <= options.StatusTtl || options.PackLifetime < TimeSpan.FromSeconds(1) || options.PacksKept < 1)
        {
            throw new EidException(ErrorReason.StatusInvalid, "状态列表和状态包的期限设置有误：副本可用时间至少 1 秒，且短于作废时间");
        }

        var folder = options.CertificatesDirectory;
        IEnumerable<Sm2Certificate> Of(string name) => File.Exists(Path.Combine(folder, name + ".crt")) ? [AuthorityFiles.ReadCertificate(folder, name)] : [];
        // Those of states before and after this one: who holds a pack goes on to read lists when that key is exchanged.
        Sm2Certificate[] more = [.. Of(AuthorityFiles.TrustListSigner), .. Of(AuthorityFiles.OwnSeal), .. AuthorityFiles.Beside(folder, AuthorityFiles.OwnSeal), .. AuthorityFiles.Beside(folder, AuthorityFiles.StatusSigner)];
        return new PackMaker(authority, SignerOf(options, authority), more, trustList, options.PackLifetime);
    }

    // It must lead to our root and be certified for this.
    private static SigningKey SignerOf(EidServerOptions options, IssuingAuthority authority)
    {
        var now = options.Clock.GetUtcNow();
        var signer = AuthorityFiles.OpenKey(options.CertificatesDirectory, AuthorityFiles.StatusSigner, now);
        var problem = signer.Certificate.MaySignStatus ? CertificateChain.Problem(signer.Certificate, authority.Intermediates, authority.Roots, now) : $"（{signer.Certificate.CommonName}）不允许签发证照状态";
        return problem.Length == 0 ? signer : throw new EidException(ErrorReason.SigningKeyUnusable, "证照状态签名证书" + problem);
    }

    /// <summary>Makes one from the register itself, without a service.</summary>
    /// <exception cref="EidException">Keys or register are not usable.</exception>
    public static async Task<byte[]> MakeFromRegisterAsync(EidServerOptions options, long number)
    {
        var clock = new RegisterClock(options.Clock);
        var authority = AuthorityFiles.Load(options.CertificatesDirectory, options.IsProduction, clock.GetUtcNow());
        var trustList = options.TrustList is not { } cas ? null : new TrustListFile(
            cas, [.. authority.Roots, .. authority.Intermediates, AuthorityFiles.ReadCertificate(options.CertificatesDirectory, AuthorityFiles.TrustListSigner)], options.Clock);
        var maker = Load(options, authority, trustList);
        var (store, feed) = Register.Open(options with { Clock = clock }, authority.StatusSecret);
        try
        {
            // A pack says whom counters believe; so what it carries is what two people put into force for the service.
            NeighbourDirectory.Check(options, authority);
            var neighbours = options.Neighbours is { } path ? await File.ReadAllBytesAsync(path) : [];
            if (trustList is not null)
            {
                await ApprovedLists.RequireInForceAsync(options, store, Deployment.TrustList, trustList.Bytes);
            }

            if (neighbours.Length > 0)
            {
                await ApprovedLists.RequireInForceAsync(options, store, Deployment.Neighbours, neighbours);
            }

            using var board = new StatusBoard(store, clock);
            var reading = await board.ReadAsync();
            return maker.Make(number, reading, await store.SuccessionsAsync(reading.AsOf, CancellationToken.None), neighbours);
        }
        finally
        {
            if (feed is IAsyncDisposable listening)
            {
                await listening.DisposeAsync();
            }

            (feed as IDisposable)?.Dispose();
            await store.DisposeAsync();
        }
    }

    /// <summary>Makes and signs one.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="reading">The states.</param>
    /// <param name="successions">What replaced licences were replaced by.</param>
    /// <param name="neighbours">The signed list of neighbouring issuers by now; empty without.</param>
    public byte[] Make(long number, BoardReading reading, IReadOnlyList<PackedSuccession> successions, byte[] neighbours)
    {
        var produced = DateTimeOffset.FromUnixTimeSeconds(reading.AsOf.ToUnixTimeSeconds());
        // Also those whose time is over: who reads a pack judges them by their own time.
        var codes = authority.Others.Codes.Prepend(authority.CodeSigner.Certificate).DistinctBy(certificate => certificate.PublicKey.KeyId).ToList();
        var states = reading.Lists.ToDictionary(list => list.Number, list => list.States);
        return new StatusPack
        {
            Number = number, ProducedAt = produced, ExpireTime = produced + lifetime, CodePrefix = authority.CodePrefix,
            Certificates = [.. authority.Intermediates.Concat(codes).Append(signer.Certificate).Concat(more).DistinctBy(certificate => certificate.PublicKey.KeyId)],
            CodeSigners = [.. codes.Select(certificate => certificate.PublicKey.KeyId)], TrustList = trustList?.Bytes ?? [],
            Lists = reading.Lists, Seals = reading.Seals, Permits = reading.Permits, Neighbours = neighbours,
            // The two readings are not one snapshot: only what the lists say was replaced has a successor.
            Successions = [.. successions.Where(one => states.TryGetValue(one.Old.List, out var list) && list[one.Old.Index] == (int)LicenseStatus.Superseded)],
        }.Sign(signer).Encode();
    }
}
