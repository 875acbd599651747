using Google.Protobuf.WellKnownTypes;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>A company's app, which opens sessions for devices and has live codes made.</summary>
internal sealed class LiveCodes(ServerFixture server)
{
    private readonly HolderService.HolderServiceClient app = new(server.Channel("holder-app"));

    /// <summary>A fresh company that has granted its app a seal, and a session of the app for it.</summary>
    public async Task<(IssuedSet Set, HolderSession Session)> OpenAsync()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var company = set.License.Enterprise.CreditCode;
        await new SealService.SealServiceClient(server.Channel("staff")).GrantSealUseAsync(new GrantSealUseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = company, Caller = "holder-app", Seals = { Seal.Types.Kind.Official }, Uses = { "CONTRACT" }, Reference = "示例授权书〔2026〕1号",
            UntilTime = TimeProvider.System.GetUtcNow().AddDays(30).ToTimestamp(),
        });
        return (set, await app.OpenSessionAsync(new OpenSessionRequest { RequestId = ServerFixture.NewRequestId(), CreditCode = company, Device = "样例手机" }));
    }

    /// <summary>A code of a session, for anybody or for one caller.</summary>
    public async Task<string> ShowAsync(HolderSession session, string audience = "") => (await app.CreatePresentationAsync(new CreatePresentationRequest
    {
        RequestId = ServerFixture.NewRequestId(), Secret = session.Secret, Audience = audience, PurposeText = "样例：办理开户", Scope = new FieldMask { Paths = { "credit_code", "name" } },
    })).Code;
}
