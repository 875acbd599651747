using System.Text.Json.Nodes;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Tests.Journal;

namespace ShantingEId.Server.Tests;

/// <summary>I49: in production no one person puts keys, callers or rules into force.</summary>
public sealed class DeploymentTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-deployment-").FullName;

    public DeploymentTests() => ProductionFiles.Create(Certificates);

    private string Certificates => Path.Combine(folder, "certs");

    private string Callers => Path.Combine(Certificates, CallerDirectory.FileName);

    private EidServerOptions Options => new()
    {
        CertificatesDirectory = Certificates, DataDirectory = Path.Combine(folder, "data"), JournalDirectory = Path.Combine(folder, "journal"), Environment = "Production",
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Keys_callers_and_rules_come_into_force_when_two_approved_exactly_these()
    {
        // 1. The first time, and then without anybody.
        Refused();
        Approve("staff");
        Refused();
        Approve("staff", "supervisor");
        await StartsAsync();
        File.Delete(Path.Combine(Certificates, Deployment.FileName));
        await StartsAsync();

        // 2. Any change needs the two again: a caller, a key, a rule.
        Change(file => file["callers"]!.AsArray().Single(each => (string?)each!["name"] == "bank")!["title"] = "样例银行");
        Refused();
        Approve("staff", "supervisor");
        await StartsAsync();
        File.AppendAllText(Path.Combine(Certificates, "code-signer.key.sealed"), "\n");
        Refused();
        Approve("supervisor", "staff");
        await StartsAsync();
        var holidays = Path.Combine(folder, "holidays.txt");
        File.WriteAllText(holidays, "year 2026 样例\noff 2026-01-01 2026-01-01 元旦\n");
        Assert.Equal(ErrorReason.SecondPersonRequired, Refusal(Options with { Holidays = holidays }).Reason);
    }

    [Fact]
    public async Task Nobody_makes_a_second_person_of_himself()
    {
        Approve("staff", "supervisor");
        await StartsAsync();

        // One person who can write the folder registers a second approver, whose key is his too, and approves with both.
        Change(file =>
        {
            var callers = file["callers"]!.AsArray();
            var puppet = callers.Single(each => (string?)each!["name"] == "supervisor")!.DeepClone();
            (puppet["name"], puppet["certificates"]) = ("puppet", callers.Single(each => (string?)each!["name"] == "bank")!["certificates"]!.DeepClone());
            callers.Remove(callers.Single(each => (string?)each!["name"] == "bank"));
            callers.Add(puppet);
        });
        Approve("staff", "bank");

        Refused();

        // Approved for another deployment or content, it is not approved here.
        var wanted = DeploymentApproval.Of(Options);
        (wanted with { Approvals = Rebuilt.Approved(Options, wanted with { Subject = [.. wanted.Subject, "x"] }, "staff", "supervisor").Approvals }).Save(Path.Combine(Certificates, Deployment.FileName));
        Refused();
        Approve("staff", "supervisor");
        await StartsAsync();
    }

    private void Approve(params string[] people) => Rebuilt.Approved(Options, DeploymentApproval.Of(Options), people).Save(Path.Combine(Certificates, Deployment.FileName));

    private void Change(Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(Callers))!;
        change(file);
        File.WriteAllText(Callers, file.ToJsonString());
    }

    private void Refused() => Assert.Equal(ErrorReason.SecondPersonRequired, Refusal(Options).Reason);

    private static EidException Refusal(EidServerOptions options) => Assert.Throws<EidException>(() => EidServer.Build(options));

    private async Task StartsAsync() => await EidServer.Build(Options).DisposeAsync();
}
