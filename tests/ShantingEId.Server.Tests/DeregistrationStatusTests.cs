using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Server.Tests.Trades;
using ShantingEId.StatusLists;
using ShantingEId.V1;
using Seal = ShantingEId.V1.Seal;
using State = ShantingEId.V1.Deregistration.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>The same deployment with a public door, where status lists are fetched.</summary>
public sealed class DeregistrationPublicFixture : DeregistrationFixture
{
    public override EidServerOptions Options() => base.Options() with { PublicPort = 0 };

    public HttpClient Browser() => new() { BaseAddress = EidServer.PublicAddress(App) };
}

/// <summary>
/// A simple deregistration ends licence, seals, the certificates of the seals and the comprehensive licence at one instant, for whoever asks: the register, the
/// verification of documents, status lists, packs. A company has seals of an earlier version of its licence in use, too.
/// </summary>
public sealed class DeregistrationStatusTests(DeregistrationPublicFixture server) : IClassFixture<DeregistrationPublicFixture>
{
    private readonly LifeClient life = LifeClient.Of(server);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Certificates_of_all_seals_end_with_it_everywhere(bool itself)
    {
        // 1. A company whose financial seal was replaced, with a comprehensive licence.
        var first = await server.FoundAsync();
        var change = LifeClient.Change(first, _ => { });
        change.ReplaceSeals.Add(Seal.Types.Kind.Finance);
        var second = (await life.ChangeAsync(change)).IssuedSet;
        var trade = await TradeSamples.IssueAsync(server, second);
        var (inUse, lost) = (await SealsAsync(second), (await SealsAsync(first)).Single(seal => seal.Kind == Seal.Types.Kind.Finance));
        var filed = await server.As("holder-app").ApplyDeregistrationAsync(DeregistrationFixture.Application(second, itself));

        // 2. As long as it is not confirmed nothing has ended, also when nobody may object any more.
        server.PassDay(filed.LastDayToObject);
        foreach (var seal in inUse)
        {
            Assert.Equal((KnownState.Good, KnownState.Good), await KnownAsync(seal));
        }

        Assert.Equal(KnownState.Ended, (await KnownAsync(lost)).Certificate);
        Assert.Equal([LicenseStatus.Valid, LicenseStatus.Valid, LicenseStatus.Valid, LicenseStatus.Valid], await ListedAsync(inUse.Select(EntryOf)));

        // 3. Confirmed by the applicant, or by the register itself.
        if (itself)
        {
            await server.DoDueAsync();
        }
        else
        {
            await server.As("holder-app").ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name });
        }

        var ended = await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = second.Name });
        Assert.Equal((IssuedSet.Types.State.Cancelled, State.Cancelled), (ended.State, (await server.As("staff").GetDeregistrationAsync(new GetDeregistrationRequest { Name = filed.Name })).State));
        var end = ended.StateEffectiveTime.ToDateTimeOffset();

        // 4. Each certificate and each seal, from the same instant on; what was sealed before it stands.
        foreach (var seal in inUse)
        {
            var (certificate, bytes) = (Sm2Certificate.Parse(seal.Certificate.ToByteArray()), SesSeal.Parse(seal.SesSeal.ToByteArray()));
            var known = await Status.OfCertificateAsync(certificate, TestContext.Current.CancellationToken);
            Assert.Equal((KnownState.Ended, end), (known.State, known.Since));
            Assert.Equal(KnownState.Ended, (await Status.OfSealAsync(bytes, end, TestContext.Current.CancellationToken)).State);
            Assert.Equal(KnownState.Good, (await Status.OfSealAsync(bytes, end.AddMilliseconds(-1), TestContext.Current.CancellationToken)).State);
        }

        // 5. Lists, by the places in the certificates, and packs.
        server.Time.Advance(TimeSpan.FromSeconds(2));
        var places = inUse.Select(EntryOf).ToArray();
        Assert.Equal([LicenseStatus.Invalid, LicenseStatus.Invalid, LicenseStatus.Invalid, LicenseStatus.Invalid], await ListedAsync(places));
        Assert.NotEqual(LicenseStatus.Valid, Assert.Single(await ListedAsync([EntryOf(lost)])));
        using var browser = server.Browser();
        var states = new PackStates(StatusPack.Open(await browser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken), [Certificate(AuthorityFiles.Root)]));
        Assert.All(places, place => Assert.Equal(LicenseStatus.Invalid, states.OfSeal(place)));

        // 6. The licence of before is replaced, as it was; nothing of the comprehensive licence is left either.
        var asked = new Dictionary<string, Verdict>();
        foreach (var code in new[] { first.LicenseCode, second.LicenseCode, trade.LicenseCode })
        {
            asked[code] = (await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" })).Verdict;
        }

        Assert.Equal([Verdict.Superseded, Verdict.Cancelled, Verdict.Cancelled], asked.Values);
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(trade.LicenseCode, "HTTPS://EID.SHANTING.EXAMPLE/", out var envelope));
        var place = LicenseCode.Read(envelope!)!.Status;
        Assert.Equal((LicenseStatus.Invalid, LicenseStatus.Invalid), (await ListedAsync(place), await ListedAsync(place.OfPermit(0))));
    }

    private IStatusSource Status => server.Services.GetRequiredService<IStatusSource>();

    private async Task<(KnownState Certificate, KnownState Seal)> KnownAsync(Seal seal) =>
    (
        (await Status.OfCertificateAsync(Sm2Certificate.Parse(seal.Certificate.ToByteArray()), TestContext.Current.CancellationToken)).State,
        (await Status.OfSealAsync(SesSeal.Parse(seal.SesSeal.ToByteArray()), server.Time.GetUtcNow(), TestContext.Current.CancellationToken)).State);

    private async Task<IReadOnlyList<Seal>> SealsAsync(IssuedSet set) => (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = set.Name, View = GetIssuedSetRequest.Types.View.Full })).Seals;

    private static StatusEntry EntryOf(Seal seal) => Sm2Certificate.Parse(seal.Certificate.ToByteArray()).StatusEntry!;

    private async Task<LicenseStatus[]> ListedAsync(IEnumerable<StatusEntry> entries)
    {
        var listed = new List<LicenseStatus>();
        foreach (var entry in entries)
        {
            listed.Add(await ListedAsync(entry.Address, entry.Index));
        }

        return [.. listed];
    }

    private Task<LicenseStatus> ListedAsync(StatusReference place) => ListedAsync(StatusReference.AddressOf("HTTPS://EID.SHANTING.EXAMPLE/", place.List), place.Index);

    // As anybody asks who has nothing but the certificate.
    private async Task<LicenseStatus> ListedAsync(string address, int index)
    {
        using var browser = server.Browser();
        var token = await browser.GetByteArrayAsync(new Uri(address).AbsolutePath, TestContext.Current.CancellationToken);
        return (LicenseStatus)StatusToken.Open(token, address, [Certificate(AuthorityFiles.Root), Certificate(AuthorityFiles.LicenseAuthority), Certificate(AuthorityFiles.StatusSigner)]).List[index];
    }

    private Sm2Certificate Certificate(string name) => AuthorityFiles.ReadCertificate(server.Certificates, name);
}
