using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>The registration desk and the tax office, connected to one server.</summary>
public sealed class EidClient : IDisposable
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> IssueSet = new(MethodType.Unary, "shanting.eid.v1.IssuanceService", "IssueSet", Bytes, Bytes);
    private readonly GrpcChannel staffChannel;
    private readonly GrpcChannel taxChannel;
    private readonly Lazy<GrpcChannel> supervisorChannel; // Not every set of keys has one.
    private readonly Lazy<GrpcChannel> holderChannel;

    public EidClient(ServerProcess server, Folders folders)
    {
        staffChannel = Open(server.Address, folders.Certificates, "staff");
        taxChannel = Open(server.Address, folders.Certificates, "tax-bureau");
        supervisorChannel = new Lazy<GrpcChannel>(() => Open(server.Address, folders.Certificates, "supervisor"));
        holderChannel = new Lazy<GrpcChannel>(() => Open(server.Address, folders.Certificates, "holder-app"));
        Staff = new IssuanceService.IssuanceServiceClient(staffChannel);
        Tax = new VerificationService.VerificationServiceClient(taxChannel);
    }

    public IssuanceService.IssuanceServiceClient Staff { get; }

    public VerificationService.VerificationServiceClient Tax { get; }

    /// <summary>Changes, as the registration desk reads them.</summary>
    public ChangeService.ChangeServiceClient Changes => new(staffChannel);

    /// <summary>Incidents, as the registration desk prepares them.</summary>
    public IncidentService.IncidentServiceClient Incidents => new(staffChannel);

    /// <summary>And as somebody else approves them.</summary>
    public IncidentService.IncidentServiceClient Supervisor => new(supervisorChannel.Value);

    /// <summary>Uses of seals, as the registration desk grants them.</summary>
    public SealService.SealServiceClient Seals => new(staffChannel);

    /// <summary>Live codes, as a company's app shows them.</summary>
    public HolderService.HolderServiceClient Holder => new(holderChannel.Value);

    /// <summary>Cases, as the registration desk opens them.</summary>
    public CaseService.CaseServiceClient Cases => new(staffChannel);

    /// <summary>And as the tax office reports on its steps.</summary>
    public CaseService.CaseServiceClient TaxSteps => new(taxChannel);

    /// <summary>Deregistrations, as the registration desk files and confirms them.</summary>
    public DeregistrationService.DeregistrationServiceClient Deregistrations => new(staffChannel);

    /// <summary>Comprehensive licences, as the registration desk issues and changes them.</summary>
    public TradeService.TradeServiceClient Trades => new(staffChannel);

    /// <summary>Verification as the registration desk may use it.</summary>
    public VerificationService.VerificationServiceClient Desk => new(staffChannel);

    /// <summary>Issues and returns the answer exactly as it came over the wire.</summary>
    public async Task<byte[]> IssueRawAsync(byte[] request) =>
        await staffChannel.CreateCallInvoker().AsyncUnaryCall(IssueSet, null, default, request);

    /// <summary>The verdict on a code, as the tax office hears it.</summary>
    public async Task<Verification.Types.Verdict> VerifyAsync(string code) =>
        (await Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" })).Verdict;

    /// <summary>Everything the tax office hears about a code.</summary>
    public async Task<Verification> AskAsync(string code) =>
        await Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" }, deadline: In(8));

    /// <summary>Everything the tax office hears about a seal.</summary>
    public async Task<Verification> AskSealAsync(string sealCode) =>
        await Tax.VerifySealAsync(new VerifySealRequest { SealCode = sealCode, Purpose = "TAX_REGISTRATION" }, deadline: In(8));

    /// <summary>The same as <see cref="AskAsync"/>, asked again when a busy machine was too slow; for what is prepared, not for what is tested.</summary>
    public async Task<Verification> AskPatientlyAsync(string code)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AskAsync(code);
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Unavailable && attempt < 20)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Everything the tax office hears about a company.</summary>
    public async Task<Verification> LookupAsync(string creditCode) =>
        await Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = creditCode, Purpose = "TAX_REGISTRATION" }, deadline: In(8));

    /// <summary>So many seconds from now, as gRPC wants it: nothing in a fault test waits for ever.</summary>
    public static DateTime In(int seconds) => TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(seconds);

    /// <summary>Returns when the server has answered a call. The first one compiles the way through it, which a busy machine may not do in the time of a call.</summary>
    public async Task WaitUntilItAnswersAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await LookupAsync(SampleCompanies.CreditCode(1));
                return;
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Unavailable && attempt < 20)
            {
                await Task.Delay(100);
            }
        }
    }

    public void Dispose()
    {
        staffChannel.Dispose();
        taxChannel.Dispose();
        if (supervisorChannel.IsValueCreated)
        {
            supervisorChannel.Value.Dispose();
        }

        if (holderChannel.IsValueCreated)
        {
            holderChannel.Value.Dispose();
        }
    }

    /// <summary>The machine reason of a refusal; "" when the error did not come from the service.</summary>
    public static string Reason(RpcException error) => error.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? "";

    private static GrpcChannel Open(Uri address, string certificates, string caller)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(certificates, "tls-ca.crt")) },
                },
                ClientCertificates = [X509Certificate2.CreateFromPemFile(Path.Combine(certificates, caller + ".crt"), Path.Combine(certificates, caller + ".key"))],
            },
        };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
