using ShantingEId.Recognition;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests.Journal;
using ShantingEId.Server.Tests.Neighbours;

namespace ShantingEId.Server.Tests;

/// <summary>A production deployment that is built and not started: production would listen to the world.</summary>
public abstract class DeploymentCase : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-deployment-").FullName;

    protected DeploymentCase() => ProductionFiles.Create(Certificates);

    protected string Certificates => Path.Combine(folder, "certs");

    protected string Approvals => Path.Combine(Certificates, Deployment.FileName);

    protected virtual EidServerOptions Options => new()
    {
        CertificatesDirectory = Certificates, DataDirectory = Path.Combine(folder, "data"), JournalDirectory = Path.Combine(folder, "journal"), Environment = "Production",
    };

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Approves what the options name, and nothing that was approved before counts along.</summary>
    protected void Approve(EidServerOptions options, params string[] people) => Rebuilt.Approved(options, DeploymentApproval.Of(options), people).Save(Approvals);

    protected static async Task StartsAsync(EidServerOptions options) => await EidServer.Build(options).DisposeAsync();

    protected static void Refused(EidServerOptions options) => Assert.Equal(ErrorReason.SecondPersonRequired, Assert.Throws<EidException>(() => EidServer.Build(options)).Reason);

    protected string Put(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>Where a file beside the folder of keys is.</summary>
    protected string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>Signs a list of this number and puts it in the place of the one before.</summary>
    protected string PutTrustList(long number, string name = "trust-list.cbor")
    {
        var now = Now();
        var signed = new TrustList { Number = number, IssueTime = now, NextUpdate = now.AddDays(30), Entries = [] }.Sign(AuthorityFiles.OpenKey(Certificates, AuthorityFiles.TrustListSigner, now)).Encode();
        File.WriteAllBytes(PathOf(name + ".draft"), signed);
        File.Move(PathOf(name + ".draft"), PathOf(name), overwrite: true);
        return PathOf(name);
    }

    protected string PutNeighbours(long number, string name = "neighbours.cbor")
    {
        RegionServer.WriteList(Certificates, PathOf(name), new NeighbourList { Number = number, IssueTime = Now(), NextUpdate = Now().AddDays(30), Neighbours = [] });
        return PathOf(name);
    }

    private static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
}
