using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid recover</c> and <c>eid approve</c> as two people use them after a backup was brought back; each command in a process of its own.</summary>
public sealed class RecoverCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_old_backup_is_refused_until_two_approved_its_recovery()
    {
        await server.StopAsync();
        File.Copy(server.RegisterPath, server.RegisterPath + ".backup");
        await server.StartAsync();
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.StopAsync();
        File.Copy(server.RegisterPath + ".backup", server.RegisterPath, overwrite: true);
        var plan = Path.Combine(server.Data, "plan.json");

        Has(Register("serve", "--port", "0"), 1, "REGISTER_OUTDATED", "eid recover");
        Has(Register("fsck"), 1, "比登记日志");
        Has(Register("recover", "--out", plan), 0, "须补回 ", $"eid approve {plan}");
        Has(Eid.Run("approve", plan, "--as", "staff", "--certs", server.Certificates), 0, "staff 已批准：从备份恢复登记簿", "共 1 份批准");
        Has(Register("recover", "--plan", plan), 1, "SECOND_PERSON_REQUIRED", "已有 1 人（staff）");
        Has(Eid.Run("approve", plan, "--as", "supervisor", "--certs", server.Certificates), 0, "共 2 份批准");
        Has(Register("recover", "--plan", plan), 0, "逐套复查无误");
        Has(Register("recover", "--out", plan), 0, "登记簿与登记日志一致");
        Has(Register("fsck"), 0, "登记日志完好：第 1 笔至第 ");
        await server.StartAsync();
    }

    private (int Exit, string Output) Register(params string[] arguments) => Eid.Run([.. arguments, "--certs", server.Certificates, "--data", server.Data]);

    private static void Has((int Exit, string Output) run, int exit, params string[] parts)
    {
        Assert.True(run.Exit == exit, run.Output);
        Assert.All(parts, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
    }
}
