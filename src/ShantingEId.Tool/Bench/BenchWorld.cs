using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;
using ShantingEId.Verifying;

namespace ShantingEId.Tool.Bench;

/// <summary>What a benchmark runs on: fresh development keys and a fresh durable register in a temporary folder.</summary>
internal sealed class BenchWorld : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-bench-").FullName;
    private readonly SealArtist artist = new(SealFonts.LoadDefault());
    private readonly List<SqliteStore> stores = [];
    private readonly List<SetMaker> makers = [];

    public BenchWorld()
    {
        DevCertificates.Create(folder, TimeProvider.System);
        Authority = AuthorityFiles.Load(folder, production: false, TimeProvider.System.GetUtcNow());
    }

    public IssuingAuthority Authority { get; }

    public SealArtist Artist => artist;

    /// <summary>A fresh register with the issuer and verifier over it; time spent in drawing and in the store is counted apart.</summary>
    public (Issuer Issuer, Verifier Verifier, TimedStore Store) NewRegister(Stages stages)
    {
        var (issuer, _, verifier, store) = NewLife(stages);
        return (issuer, verifier, store);
    }

    /// <summary>The same with who changes registrations.</summary>
    public (Issuer Issuer, RegistrationChanger Changer, Verifier Verifier, TimedStore Store) NewLife(Stages stages)
    {
        var sqlite = SqliteStore.OpenFile(Path.Combine(folder, $"register-{stores.Count}.db"), TimeProvider.System);
        var feed = new SqliteFeed(sqlite, Path.Combine(folder, $"register-{stores.Count}.db-cache"), TimeSpan.FromSeconds(1));
        stores.Add(sqlite);
        var store = new TimedStore(sqlite, stages);
        var verifier = new Verifier(Authority.BuildKeyRing(TimeProvider.System.GetUtcNow()), Authority.CodePrefix, Authority.Environment, store, TimeProvider.System);
        var maker = new SetMaker(Authority, store, design => stages.Drawing.Time(() => artist.Draw(design)), verifier);
        makers.Add(maker);
        var clock = new RegisterClock(TimeProvider.System);
        return (new Issuer(maker, store, feed, clock), new RegistrationChanger(maker, store, feed, clock, sqlite), verifier, store);
    }

    /// <summary>An issuer over a register that somebody else opened.</summary>
    public Issuer NewIssuer(ILicenseStore store, IChangeFeed feed, IRegisterReader reader)
    {
        var maker = new SetMaker(Authority, store, artist.Draw,
            new Verifier(Authority.BuildKeyRing(TimeProvider.System.GetUtcNow()), Authority.CodePrefix, Authority.Environment, reader, TimeProvider.System));
        makers.Add(maker);
        return new Issuer(maker, store, feed, new RegisterClock(TimeProvider.System));
    }

    /// <summary>A fresh folder that goes away with the rest.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Issues one row and hands back the set.</summary>
    public static async Task<IssuedSet> IssueAsync(Issuer issuer, EnterpriseInput row, int number)
    {
        IssuedSet? issued = null;
        await issuer.IssueAsync(new IssueCommand("bench", RequestId.Parse($"bench-request-{number:D8}"), row, (set, _) =>
        {
            issued = set;
            return set.Manifest;
        }), CancellationToken.None);
        return issued!;
    }

    /// <summary>Changes the registration of one company.</summary>
    public static Task ChangeAsync(RegistrationChanger changer, string holder, int number, FaceItems items, EnterpriseInput face) =>
        changer.ChangeAsync(new ChangeCommand("bench", RequestId.Parse($"bench-change-{number:D8}"), RegisterName.Parse("issuedSets/" + holder), items, face, [],
            "样例：变更登记", "样例机关", null, changed => changed.Set.Manifest), CancellationToken.None);

    public void Dispose()
    {
        makers.ForEach(maker => maker.Dispose());
        stores.ForEach(store => store.Dispose());

        artist.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
