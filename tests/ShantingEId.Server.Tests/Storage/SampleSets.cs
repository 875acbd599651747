using System.Security.Cryptography;
using ShantingEId.Codes;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.Trades;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>Sets to store: one issued for real, and any number like it whose bytes are of no meaning to the store.</summary>
public sealed class SampleSets : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-sets-").FullName;
    private readonly IssuingAuthority authority;
    private int last;

    public SampleSets()
    {
        DevCertificates.Create(folder, TimeProvider.System);
        authority = AuthorityFiles.Load(folder, production: false, TimeProvider.System.GetUtcNow());
        Real = IssueAsync().GetAwaiter().GetResult();
    }

    /// <summary>Issued for real; every byte verifies.</summary>
    public IssuedSet Real { get; }

    public static DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>The state of every set that is added.</summary>
    public static StateRecord Started { get; } = new(SetState.Active, Now, Now, "", "");

    /// <summary>A set as it stands after it was added.</summary>
    public static StatedEntry Judged(IssuedSet set) => new(set.License.Id, Started, 0);

    public static WriteRequest Request(string? id = null) =>
        new("staff", RequestId.Parse(id ?? SampleCompanies.NewRequestId()), RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(300));

    public static StateRecord Revoked(string reason = "样例：违法经营") => new(SetState.Revoked, Now, Now, reason, "样例机关");

    /// <summary>A set of a fresh company, or of this one.</summary>
    public IssuedSet Next(CreditCode? holder = null, int version = 1)
    {
        var number = Interlocked.Increment(ref last);
        var company = holder ?? CreditCode.Parse(SampleCompanies.CreditCode(SampleCompanies.Next()));
        var facts = EnterpriseFacts.Parse(Real.License.Facts.ToInput() with { CreditCode = company.Value }, DateOnly.FromDateTime(Now.UtcDateTime));
        var license = Real.License with { Id = LicenseId.ForBusinessLicense(Real.License.AuthorityCode, company, version), Facts = facts };
        var seals = SealSet.Create(Real.Seals.Seals.Select(seal => seal with { Code = SealCode.Create("370406", 10_000 + (number * 4) + (int)seal.Kind) }));
        return new IssuedSet(license, seals, RandomNumberGenerator.GetBytes(400), "SAMPLE", TypedCode.Generate(), new StatusReference(1, number));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<IssuedSet> IssueAsync()
    {
        using var artist = new SealArtist(SealFonts.LoadDefault());
        var (kept, now) = (new Keeper(), TimeProvider.System.GetUtcNow());
        var verifier = new Verifier(authority.BuildKeyRing(now), authority.CodePrefix, authority.Environment, kept, new RegisterClock(TimeProvider.System));
        using var maker = new SetMaker(authority, kept, artist.Draw, verifier);
        var issuer = new Issuer(maker, kept, null!, new RegisterClock(TimeProvider.System));
        await issuer.IssueAsync(new IssueCommand("staff", RequestId.Parse(SampleCompanies.NewRequestId()), Wire.ToInput(SampleCompanies.IssueRequest().Enterprise), (_, _) => []), CancellationToken.None);
        return kept.Set!;
    }

    /// <summary>Takes the set that would be stored.</summary>
    private sealed class Keeper : ILicenseStore
    {
        public IssuedSet? Set { get; private set; }

        public ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel) => new((StoredReply?)null);

        public ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) => new(1);

        public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) => new(new Reading(null, Now, 0));

        public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) => new(Set);

        public ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request)
        {
            Set = issuedSet;
            return new(new Committed(null, 1));
        }

        public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<Committed> ReplaceSetAsync(
            IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request) => throw new NotSupportedException();

        public ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request) => throw new NotSupportedException();
    }
}
