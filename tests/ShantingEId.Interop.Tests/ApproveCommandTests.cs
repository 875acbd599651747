using ShantingEId.Crypto;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid approve</c> of a deployment with lists of whom to recognise, as two people use it; each command in a process of its own.</summary>
public sealed class ApproveCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public void Two_people_approve_the_next_lists_with_everything_else_and_another_list_is_another_matter()
    {
        var (cas, neighbours) = (Signed("cas"), Signed("neighbours", "--neighbours"));
        var (file, lines) = (Path.Combine(server.Certificates, "approvals.json"), new[] { Line("--trust-list", cas), Line("--neighbours", neighbours) });

        Has(Approve("staff", "--trust-list", cas, "--neighbours", neighbours), 0, ["staff 已批准：启用密钥、调用方名册、规则和互认名单", "共 1 份批准", .. lines]);
        Has(Approve("supervisor", "--trust-list", cas, "--neighbours", neighbours), 0, ["共 2 份批准", .. lines]);
        var approved = ApprovalFile.Load(file);
        Assert.Equal(lines, approved.Subject.Where(line => line.StartsWith("--", StringComparison.Ordinal)));
        Assert.Contains(approved.Subject, line => line.StartsWith("callers.json ", StringComparison.Ordinal));

        // What was approved of one list counts for no other, nor without it.
        Has(Approve("staff", "--trust-list", Signed("others"), "--neighbours", neighbours), 0, "共 1 份批准");
        Has(Approve("supervisor", "--trust-list", cas), 0, "共 1 份批准");
        Has(Approve("supervisor", "--trust-list", Path.Combine(server.Data, "none")), 1, "none");
    }

    private string Signed(string name, params string[] options)
    {
        var (entries, list) = (Path.Combine(server.Data, name + ".json"), Path.Combine(server.Data, name + ".cbor"));
        File.WriteAllText(entries, "[]");
        Has(Eid.Run(["trust-list", entries, .. options, "--number", "1", "--out", list, "--certs", server.Certificates]), 0, "✔ 已签发第 1 号");
        return list;
    }

    private static string Line(string name, string file) => $"{name} {Convert.ToHexStringLower(Sm3.Hash(File.ReadAllBytes(file)))}";

    private (int Exit, string Output) Approve(string person, params string[] lists) => Eid.Run(["approve", "--certs", server.Certificates, "--as", person, .. lists]);

    private static void Has((int Exit, string Output) run, int exit, params string[] parts)
    {
        Assert.True(run.Exit == exit, run.Output);
        Assert.All(parts, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
    }
}
