using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Ofd;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;

namespace ShantingEId.Server.Tests.Documents;

/// <summary>What tests of documents share: clients, sets, and documents that a company seals itself.</summary>
public abstract class DocumentContract(ServerFixture server)
{
    protected const string Purpose = "ACCOUNT_OPENING";

    protected ServerFixture Server => server;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected DocumentService.DocumentServiceClient As(string caller) => new(server.Channel(caller));

    protected async Task<IssuedSet> IssueAsync() => await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: Cancel);

    protected async Task RevokeAsync(IssuedSet set) =>
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：违法经营", Authority = "样例机关" }, cancellationToken: Cancel);

    protected async Task<LicenseDocument> OfdAsync(IssuedSet set) => await As("staff").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name }, cancellationToken: Cancel);

    protected async Task<DocumentVerification> JudgeAsync(ByteString document, string reference = "") =>
        await As("bank").VerifyDocumentAsync(new VerifyDocumentRequest { Document = document, Purpose = Purpose, Reference = reference }, cancellationToken: Cancel);

    /// <summary>The look-ups of a company as it sees them, once there are so many: the ledger takes a moment to arrive.</summary>
    protected async Task<IReadOnlyList<Lookup>> LookupsAsync(IssuedSet set, int count)
    {
        var client = new VerificationService.VerificationServiceClient(server.Channel("holder-app"));
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50, Cancel))
        {
            var found = (await client.ListLookupsAsync(new ListLookupsRequest { CreditCode = set.License.Enterprise.CreditCode }, cancellationToken: Cancel)).Lookups;
            if (found.Count >= count || watch.Elapsed > TimeSpan.FromSeconds(20))
            {
                Assert.Equal(count, found.Count);
                return found;
            }
        }
    }

    /// <summary>A document with the company's own official seal on it, as its app would make one.</summary>
    protected async Task<OfdFile> SealedByCompanyAsync(IssuedSet set, OfdFile? document = null, DateTimeOffset? time = null)
    {
        var (seal, key) = await SealOfAsync(set);
        document ??= OfdReaderFile.Of((await OfdAsync(set)).Content.Span);
        return OfdSigner.Sign(document, seal.Seal, new SigningKey(key, seal.Certificate), time ?? TimeProvider.System.GetUtcNow(), new ShantingEId.Documents.Ofd.StampPlace(0, new ShantingEId.Documents.Faces.Box(20, 20, 40, 40)));
    }

    /// <summary>A stamp of the company by itself.</summary>
    protected async Task<SesSignature> StampAsync(IssuedSet set, byte[] text, DateTimeOffset? time = null)
    {
        var (seal, key) = await SealOfAsync(set);
        return SesSignature.Create(seal.Seal, new SigningKey(key, seal.Certificate), time ?? TimeProvider.System.GetUtcNow(), Sm3.Hash(text), "/sample");
    }

    private async Task<(IssuedSeal Seal, Sm2PrivateKey Key)> SealOfAsync(IssuedSet set)
    {
        var store = server.Services.GetRequiredService<ILicenseStore>();
        var whole = (await store.LoadSetAsync(LicenseId.Parse(set.License.LicenseId), Cancel))!;
        var seal = whole.Seals.Seals.First(each => each.Kind == SealKind.Official);
        using var register = server.OpenRegister();
        var sealedKey = (byte[])register.Rows("SELECT sealed_key FROM seal WHERE seal_code = @code", ("@code", seal.Code.Value))[0][0];
        return (seal, server.Services.GetRequiredService<IssuingAuthority>().Vault.Open(sealedKey, seal.Code.Value));
    }

    protected static Timestamp In(TimeSpan time) => Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + time);

    protected static void Is(StatusCode status, string reason, Refusal refusal) => Assert.Equal((status, reason), (refusal.Status, refusal.Reason));
}

/// <summary>An OFD file to go on with.</summary>
internal static class OfdReaderFile
{
    public static OfdFile Of(ReadOnlySpan<byte> bytes) =>
        new(ShantingEId.Documents.Reading.OfdReader.Read(bytes.ToArray()).Files.Select(file => new OfdEntry(file.Key, file.Value)));
}
