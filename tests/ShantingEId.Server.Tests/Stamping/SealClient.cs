using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Seal.Types.Kind;
using Side = ShantingEId.V1.StampPlace.Types.Straddle.Types.Side;

namespace ShantingEId.Server.Tests.Stamping;

/// <summary>What tests of stamping do again and again: the desk grants, the company's app stamps, a stranger verifies.</summary>
public sealed class SealClient(ServerFixture server)
{
    public LifeClient Life { get; } = LifeClient.Of(server);

    public SealService.SealServiceClient Desk { get; } = new(server.Channel("staff"));

    public SealService.SealServiceClient App { get; } = new(Large(server, "holder-app"));

    public SealService.SealServiceClient Auditor { get; } = new(server.Channel("auditor"));

    public static GrantSealUseRequest Grant(IssuedSet set, string caller = "holder-app", Kind[]? seals = null, params string[] uses) => new()
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Caller = caller,
        Seals = { seals ?? [Kind.Official, Kind.Finance, Kind.Invoice, Kind.LegalRepresentative] }, Uses = { uses.Length > 0 ? uses : ["CONTRACT", "FINANCE", "INVOICE"] },
        Reference = "示例授权书〔2026〕1号", UntilTime = TimeProvider.System.GetUtcNow().AddDays(30).ToTimestamp(),
    };

    /// <summary>A fresh company that has granted its app everything.</summary>
    public async Task<IssuedSet> GrantedAsync()
    {
        var set = await Life.FoundAsync();
        await Desk.GrantSealUseAsync(Grant(set));
        return set;
    }

    public static StampRequest OfDocument(IssuedSet set, byte[] document, params StampPlace[] places) => new()
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Seal = Kind.Official, Use = "CONTRACT", Title = "示例合同",
        Document = new StampDocument { Ofd = ByteString.CopyFrom(document), Places = { places.Length > 0 ? places : [At(100, 200)] } },
    };

    public static StampRequest OfDigest(IssuedSet set, byte[] text) => new()
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Seal = Kind.Official, Use = "CONTRACT", Title = "示例摘要",
        Digest = new StampDigest { Sm3 = ByteString.CopyFrom(Sm3.Hash(text)), PropertyInfo = "/Doc_0/Signs/Sign_0/Signature.xml" },
    };

    public static StampPlace At(double x, double y, params int[] pages) => new() { Point = new StampPlace.Types.Point { X = x, Y = y, Pages = { pages } } };

    public static StampPlace Keyword(string text, int hit = 0) => new() { Keyword = new StampPlace.Types.Keyword { Text = text, Hit = hit } };

    public static StampPlace Straddle(Side side, double y = 150) => new() { Straddle = new StampPlace.Types.Straddle { Side = side, Y = y } };

    /// <summary>What somebody elsewhere makes of it, who trusts our root and knows of no revocation.</summary>
    public async Task<DocumentReport> VerifyAsync(ByteString document)
    {
        var authority = AuthorityFiles.Load(server.Certificates, production: false, TimeProvider.System.GetUtcNow());
        return await new DocumentVerifier(new CertificateTrust(authority.Roots, authority.Intermediates), new AllGood(), TimeProvider.System).VerifyAsync(document.ToByteArray(), TestContext.Current.CancellationToken);
    }

    public async Task<SignatureReport> VerifyAsync(ByteString signature, byte[] text)
    {
        var authority = AuthorityFiles.Load(server.Certificates, production: false, TimeProvider.System.GetUtcNow());
        return await new SignatureVerifier(new CertificateTrust(authority.Roots, authority.Intermediates), new AllGood(), TimeProvider.System).VerifyAsync(signature.ToByteArray(), text, TestContext.Current.CancellationToken);
    }

    public async Task<List<SealUse>> UsesAsync(IssuedSet set, int size = 500)
    {
        var uses = new List<SealUse>();
        var request = new ListSealUsesRequest { CreditCode = set.License.Enterprise.CreditCode, PageSize = size };
        do
        {
            var page = await App.ListSealUsesAsync(request);
            uses.AddRange(page.Uses);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return uses;
    }

    private static GrpcChannel Large(ServerFixture server, string caller) => GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions
    {
        HttpHandler = server.Handler(server.Certificate(caller)), DisposeHttpClient = true, MaxReceiveMessageSize = 16 * 1024 * 1024,
    });

    private sealed class AllGood : IStatusSource
    {
        private static readonly KnownStatus Good = new(KnownState.Good, null, "样例");

        public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => ValueTask.FromResult(Good);

        public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(Good);
    }
}
