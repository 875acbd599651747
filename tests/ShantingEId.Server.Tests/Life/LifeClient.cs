using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Life;

/// <summary>What tests of a company's life do again and again, as the staff and a bank do it.</summary>
public sealed class LifeClient(GrpcChannel staff, GrpcChannel bank)
{
    public const string Authority = "样例机关";

    public IssuanceService.IssuanceServiceClient Staff { get; } = new(staff);

    public VerificationService.VerificationServiceClient Bank { get; } = new(bank);

    public static LifeClient Of(ServerFixture server) => new(server.Channel("staff"), server.Channel("bank"));

    public async Task<IssuedSet> FoundAsync() => await Staff.IssueSetAsync(ServerFixture.ValidRequest());

    public static ChangeRegistrationRequest Change(IssuedSet set, Action<Enterprise> values, params string[] items)
    {
        var request = new ChangeRegistrationRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = "issuedSets/" + set.License.Enterprise.CreditCode, Enterprise = new Enterprise(),
            UpdateMask = new FieldMask { Paths = { items } }, Reason = "样例：变更登记", Authority = Authority,
        };
        values(request.Enterprise);
        return request;
    }

    public static ChangeRegistrationRequest Rename(IssuedSet set, string name) => Change(set, face => face.Name = name, "name");

    public async Task<ChangeRegistrationResponse> ChangeAsync(ChangeRegistrationRequest request) => await Staff.ChangeRegistrationAsync(request);

    /// <summary>Does one of the transitions, by its name.</summary>
    public async Task<IssuedSet> DoAsync(string transition, IssuedSet set, DateTimeOffset? effective = null, string? name = null)
    {
        var (id, at) = (ServerFixture.NewRequestId(), effective?.ToTimestamp());
        name ??= set.Name;
        const string Reason = "样例理由";
        return transition switch
        {
            "Suspend" => await Staff.SuspendSetAsync(new SuspendSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            "Resume" => await Staff.ResumeSetAsync(new ResumeSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            "Revoke" => await Staff.RevokeSetAsync(new RevokeSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            "Rescind" => await Staff.RescindSetAsync(new RescindSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            "Restore" => await Staff.RestoreSetAsync(new RestoreSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            "Cancel" => await Staff.CancelSetAsync(new CancelSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority, EffectiveTime = at }),
            _ => throw new ArgumentOutOfRangeException(nameof(transition), transition, "no such transition"),
        };
    }

    public async Task<Verification> AskAsync(string code, DateTimeOffset? at = null) =>
        await Bank.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "ACCOUNT_OPENING", AsOfTime = at?.ToTimestamp() });

    public async Task<Verification> LookUpAsync(IssuedSet set, DateTimeOffset? at = null) =>
        await Bank.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = set.License.Enterprise.CreditCode, Purpose = "ACCOUNT_OPENING", AsOfTime = at?.ToTimestamp() });

    public async Task<Verification> SealAsync(Seal seal, DateTimeOffset? at = null) =>
        await Bank.VerifySealAsync(new VerifySealRequest { SealCode = seal.SealCode, Purpose = "ACCOUNT_OPENING", AsOfTime = at?.ToTimestamp() });
}
