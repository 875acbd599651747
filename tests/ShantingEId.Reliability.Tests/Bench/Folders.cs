using System.Text.Json.Nodes;
using ShantingEId.Server;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Fresh keys and an empty register in a folder that goes away with the test.</summary>
public sealed class Folders : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("eid-reliability-").FullName;

    public Folders() : this(certificates => DevCertificates.Create(certificates, TimeProvider.System))
    {
    }

    /// <summary>The same, with keys from elsewhere.</summary>
    /// <param name="createKeys">Fills the folder that it is given with keys and callers.</param>
    public Folders(Action<string> createKeys)
    {
        createKeys(Certificates);
        LiftQuotas();
        Directory.CreateDirectory(Data);
    }

    public string Certificates => Path.Combine(root, "certs");

    public string Data => Path.Combine(root, "data");

    public string Database => Path.Combine(Data, "register.db");

    /// <summary>A file beside the register, for what the client writes down.</summary>
    public string Other(string name) => Path.Combine(root, name);

    public void Dispose() => Directory.Delete(root, recursive: true);

    // A few clients of a test do what a country's counters do together.
    private void LiftQuotas()
    {
        var file = Path.Combine(Certificates, "callers.json");
        var content = JsonNode.Parse(File.ReadAllText(file))!;
        foreach (var caller in content["callers"]!.AsArray())
        {
            caller!["quota"] = new JsonObject { ["calls_per_second"] = 1_000_000, ["burst"] = 1_000_000, ["misses_per_minute"] = 1_000_000, ["streams"] = 1000 };
        }

        File.WriteAllText(file, content.ToJsonString());
    }
}
