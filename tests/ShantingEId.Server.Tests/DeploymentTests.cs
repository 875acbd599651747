using System.Text.Json.Nodes;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Tests.Journal;

namespace ShantingEId.Server.Tests;

/// <summary>I49: in production no one person puts keys, callers, rules or lists of whom to recognise into force.</summary>
public sealed class DeploymentTests : DeploymentCase
{
    private string Callers => Path.Combine(Certificates, CallerDirectory.FileName);

    [Fact]
    public async Task What_two_approved_starts_again_without_them()
    {
        Refused(Options);
        Approve(Options, "staff");
        Refused(Options);
        Approve(Options, "staff", "supervisor");
        await StartsAsync(Options);
        File.Delete(Approvals);

        await StartsAsync(Options);
    }

    [Theory]
    [InlineData("a caller")]
    [InlineData("a sealed key")]
    [InlineData("a predecessor's certificate")]
    [InlineData("the authority's description")]
    [InlineData("the border of licences")]
    [InlineData("holidays")]
    [InlineData("trades")]
    [InlineData("uses of seals")]
    [InlineData("working days")]
    [InlineData("another list of CAs")]
    [InlineData("no list of CAs")]
    [InlineData("other neighbours")]
    [InlineData("no neighbours")]
    public async Task Any_change_needs_the_two_again(string matter)
    {
        var before = Options with { TrustList = PutTrustList(1), Neighbours = PutNeighbours(1) };
        Approve(before, "staff", "supervisor");
        await StartsAsync(before);

        var next = Changed(before, matter);
        Refused(next);
        Approve(next, "staff");
        Refused(next);
        Approve(next, "supervisor", "supervisor");
        Refused(next);
        Approve(next, "supervisor", "staff");
        await StartsAsync(next);
    }

    [Fact]
    public async Task Nobody_makes_a_second_person_of_himself()
    {
        Approve(Options, "staff", "supervisor");
        await StartsAsync(Options);

        // One person who can write the folder registers a second approver, whose key is his too, and approves with both.
        ChangeCallers(file =>
        {
            var callers = file["callers"]!.AsArray();
            var puppet = callers.Single(each => (string?)each!["name"] == "supervisor")!.DeepClone();
            (puppet["name"], puppet["certificates"]) = ("puppet", callers.Single(each => (string?)each!["name"] == "bank")!["certificates"]!.DeepClone());
            callers.Remove(callers.Single(each => (string?)each!["name"] == "bank"));
            callers.Add(puppet);
        });
        Approve(Options, "staff", "bank");

        Refused(Options);

        // Approved for another deployment or content, it is not approved here.
        var wanted = DeploymentApproval.Of(Options);
        (wanted with { Approvals = Rebuilt.Approved(Options, wanted with { Subject = [.. wanted.Subject, "x"] }, "staff", "supervisor").Approvals }).Save(Approvals);
        Refused(Options);
        Approve(Options, "staff", "supervisor");
        await StartsAsync(Options);
    }

    private void ChangeCallers(Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(Callers))!;
        change(file);
        File.WriteAllText(Callers, file.ToJsonString());
    }

    private EidServerOptions Changed(EidServerOptions options, string matter)
    {
        switch (matter)
        {
            case "a caller":
                ChangeCallers(file => file["callers"]!.AsArray().Single(each => (string?)each!["name"] == "bank")!["title"] = "样例银行");
                return options;
            case "a sealed key":
                File.AppendAllText(Path.Combine(Certificates, "code-signer.key.sealed"), "\n");
                return options;
            case "a predecessor's certificate":
                File.Copy(Path.Combine(Certificates, "code-signer.crt"), Path.Combine(Certificates, "code-signer-1.crt"));
                return options;
            case "the authority's description":
                var description = Path.Combine(Certificates, AuthorityFiles.Description);
                var file = JsonNode.Parse(File.ReadAllText(description))!;
                file["name"] = "样例登记机关";
                File.WriteAllText(description, file.ToJsonString());
                return options;
            case "the border of licences":
                File.WriteAllText(Path.Combine(Certificates, "border.svg"), """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 297 210"><path d="M0 0H297V210H0Z" fill="#ffffff"/></svg>""");
                return options;
            case "holidays":
                return options with { Holidays = Put("holidays.txt", "year 2026 样例\noff 2026-01-01 2026-01-01 元旦\n") };
            case "trades":
                return options with { Trades = Put("trades.txt", OfThisRelease("trades.txt")) };
            case "uses of seals":
                return options with { SealUses = Put("seal-uses.txt", OfThisRelease("seal-uses.txt")) };
            case "working days":
                return options with { Deregistration = options.Deregistration with { PublicationInWorkingDays = true } };
            case "another list of CAs":
                PutTrustList(2);
                return options;
            case "other neighbours":
                PutNeighbours(2);
                return options;
            default:
                return matter == "no neighbours" ? options with { Neighbours = null } : options with { TrustList = null };
        }
    }

    private static string OfThisRelease(string name)
    {
        using var text = new StreamReader(typeof(Licenses.CreditCode).Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
