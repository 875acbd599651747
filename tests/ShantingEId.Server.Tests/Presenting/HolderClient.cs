using Grpc.Core;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Server.Tests.Stamping;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>What tests of live codes do again and again: a company's app opens a session and shows, departments scan.</summary>
public sealed class HolderClient(ServerFixture server)
{
    public static readonly string[] Face = ["credit_code", "name", "kind", "representative", "address"];

    public SealClient Seals { get; } = new(server);

    public HolderService.HolderServiceClient App { get; } = new(server.Channel("holder-app"));

    public VerificationService.VerificationServiceClient Bank { get; } = new(server.Channel("bank"));

    public VerificationService.VerificationServiceClient Tax { get; } = new(server.Channel("tax-bureau"));

    public static OpenSessionRequest Opening(IssuedSet set) =>
        new() { RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Device = "样例手机" };

    /// <summary>A fresh company that has granted its app a seal, and a session of the app for it.</summary>
    public async Task<(IssuedSet Set, HolderSession Session)> OpenAsync()
    {
        var set = await Seals.GrantedAsync();
        return (set, await App.OpenSessionAsync(Opening(set)));
    }

    public static CreatePresentationRequest Showing(HolderSession session, string audience = "", params string[] scope) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Secret = session.Secret, Audience = audience, PurposeText = "样例：办理开户", Scope = new FieldMask { Paths = { scope.Length > 0 ? scope : Face } },
    };

    public async Task<Presentation> ShowAsync(HolderSession session, string audience = "", params string[] scope) => await App.CreatePresentationAsync(Showing(session, audience, scope));

    public static VerifyCodeRequest Scan(Presentation shown, string purpose = "ACCOUNT_OPENING") => new() { Code = shown.Code, Purpose = purpose };

    public async Task<Verification> BankScansAsync(Presentation shown) => await Bank.VerifyCodeAsync(Scan(shown));

    public async Task<Verification> TaxScansAsync(Presentation shown) => await Tax.VerifyCodeAsync(Scan(shown, "TAX_REGISTRATION"));

    /// <summary>How a presentation stands now, as the device sees it.</summary>
    public async Task<Presentation> StandsAsync(HolderSession session, Presentation shown)
    {
        using var watch = App.WatchPresentation(new WatchPresentationRequest { Secret = session.Secret, Name = shown.Name });
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return watch.ResponseStream.Current.Presentation;
    }

    public static void NotAccepted(string reason, Verification answer)
    {
        Assert.Equal((Verification.Types.Verdict.NotAccepted, reason), (answer.Verdict, answer.Reason));
        // Nothing of the company goes with it.
        Assert.Null(answer.License);
        Assert.Null(answer.Live);
    }

    public static async Task<(StatusCode Status, string Reason)> ReasonOf<T>(AsyncUnaryCall<T> call) => await Refusal.Of(call) is var refusal ? (refusal.Status, refusal.Reason) : default;
}
