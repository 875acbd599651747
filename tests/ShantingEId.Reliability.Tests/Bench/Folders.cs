using ShantingEId.Server;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Fresh keys and an empty register in a folder that goes away with the test.</summary>
public sealed class Folders : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("eid-reliability-").FullName;

    public Folders()
    {
        DevCertificates.Create(Certificates, TimeProvider.System);
        Directory.CreateDirectory(Data);
    }

    public string Certificates => Path.Combine(root, "certs");

    public string Data => Path.Combine(root, "data");

    public string Database => Path.Combine(Data, "register.db");

    /// <summary>A file beside the register, for what the client writes down.</summary>
    public string Other(string name) => Path.Combine(root, name);

    public void Dispose() => Directory.Delete(root, recursive: true);
}
