using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Approvals;

/// <summary>
/// I49: whose certificates and codes are recognised is put into force by two people, also where a signed list is replaced while the service runs. What they
/// approve is the deployment as its files lie there, as before a start. Outside production nobody is asked. Safe for concurrent use.
/// </summary>
internal sealed class ApprovedLists(EidServerOptions options, IssuingAuthority authority, SqlStore store)
{
    /// <summary>Refuses a list that two people did not approve; puts into force what they did.</summary>
    /// <param name="name">Which: <see cref="Deployment.TrustList"/> or <see cref="Deployment.Neighbours"/>.</param>
    /// <param name="list">The bytes that would be in force.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SecondPersonRequired"/>; the register cannot be asked.</exception>
    public void Require(string name, byte[] list)
    {
        if (!options.IsProduction)
        {
            return;
        }

        var callers = CallerDirectory.Load(Path.Combine(options.CertificatesDirectory, CallerDirectory.FileName));
        var inForce = Deployment.RequireApprovedAsync(options, authority, callers, store).GetAwaiter().GetResult();
        // The file may have been exchanged since these bytes were read from it.
        RequireIn(inForce, name, list);
    }

    /// <summary>Refuses a list other than the one in force: for what is made from the register without a service.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SecondPersonRequired"/>.</exception>
    public static async Task RequireInForceAsync(EidServerOptions options, SqlStore store, string name, byte[] list)
    {
        if (options.IsProduction)
        {
            RequireIn(await store.DeploymentInForceAsync(), name, list);
        }
    }

    private static void RequireIn(Deployment? inForce, string name, byte[] list)
    {
        if (inForce?.Has(name, list) != true)
        {
            throw new EidException(ErrorReason.SecondPersonRequired, $"{name} 所指的名单不是经两人批准启用的那一份");
        }
    }
}
