using Grpc.Core;
using Grpc.Net.Client;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Tool.Cli;

/// <summary>The service as one caller sees it.</summary>
internal sealed class Connection : IDisposable
{
    private readonly GrpcChannel channel;

    private Connection(GrpcChannel channel, string caller)
    {
        this.channel = channel;
        Caller = caller;
        Issuance = new IssuanceService.IssuanceServiceClient(channel);
        Verification = new VerificationService.VerificationServiceClient(channel);
        Changes = new ChangeService.ChangeServiceClient(channel);
        Cases = new CaseService.CaseServiceClient(channel);
        Trades = new TradeService.TradeServiceClient(channel);
        Incidents = new IncidentService.IncidentServiceClient(channel);
        Deregistrations = new DeregistrationService.DeregistrationServiceClient(channel);
        Register = new RegisterService.RegisterServiceClient(channel);
        Documents = new DocumentService.DocumentServiceClient(channel);
        Seals = new SealService.SealServiceClient(channel);
        Holders = new HolderService.HolderServiceClient(channel);
    }

    public string Caller { get; }

    public IssuanceService.IssuanceServiceClient Issuance { get; }

    public VerificationService.VerificationServiceClient Verification { get; }

    public ChangeService.ChangeServiceClient Changes { get; }

    public CaseService.CaseServiceClient Cases { get; }

    public TradeService.TradeServiceClient Trades { get; }

    public DeregistrationService.DeregistrationServiceClient Deregistrations { get; }

    public RegisterService.RegisterServiceClient Register { get; }

    public SealService.SealServiceClient Seals { get; }

    public HolderService.HolderServiceClient Holders { get; }

    public IncidentService.IncidentServiceClient Incidents { get; }

    public DocumentService.DocumentServiceClient Documents { get; }

    public static Connection Open(Uri address, string directory, string caller)
    {
        var certificate = Read(directory, caller + ".crt");
        var key = Read(directory, caller + ".key");
        var authority = Read(directory, "tls-ca.crt");
        try
        {
            return new Connection(EidChannel.Create(address, certificate, key, authority), caller);
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"{directory} 中 {caller} 的证书、私钥或 tls-ca.crt 不是可用的 PEM：{error.Message}");
        }
    }

    /// <summary>Options of one short call: it ends within the time, whatever happens on the way.</summary>
    public static CallOptions Within(TimeSpan time, CancellationToken cancel) =>
        new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + time, cancellationToken: cancel);

    /// <summary>For reads and verifications.</summary>
    public static CallOptions Reading(CancellationToken cancel) => Within(TimeSpan.FromSeconds(5), cancel);

    /// <summary>For what takes documents along.</summary>
    public static CallOptions WithDocument(CancellationToken cancel) => Within(TimeSpan.FromSeconds(20), cancel);

    /// <summary>For writes.</summary>
    public static CallOptions Writing(CancellationToken cancel) => Within(TimeSpan.FromSeconds(10), cancel);

    public void Dispose() => channel.Dispose();

    private static string Read(string directory, string file)
    {
        var path = Path.Combine(directory, file);
        return File.Exists(path)
            ? File.ReadAllText(path)
            : throw new UsageException($"找不到 {path}。试用请先运行 eid dev-certs 生成样例证书；已有证书的，用 --certs 指明目录、--as 指明名称。");
    }
}
