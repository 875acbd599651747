using ShantingEId.Server.Approvals;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Tests.Life;

namespace ShantingEId.Server.Tests.Journal;

/// <summary>What a recovery must not do: nothing from a journal that is not whole, nothing for one person alone.</summary>
public sealed class RecoveryFaultTests(RestoreFixture server) : IClassFixture<RestoreFixture>
{
    [Theory]
    [InlineData("a byte changed", "被改动过")]
    [InlineData("a file lost", "登记日志缺少第|登记日志接不上")]
    [InlineData("another plan", "有变化")]
    public async Task A_journal_that_is_not_whole_restores_nothing(string fault, string says)
    {
        await Backups.LiveBehindAsync(server, server);
        var folder = Path.Combine(server.Data, "journal");
        var plan = await RegisterRecovery.PlanAsync(server.Options());
        var last = JournalFiles.Frames(folder, plan.To)[^1];
        var bytes = await File.ReadAllBytesAsync(last.Path, TestContext.Current.CancellationToken);
        switch (fault)
        {
            case "a byte changed":
                bytes[last.Offset + JournalFrame.PeekSize + 20] ^= 1;
                await File.WriteAllBytesAsync(last.Path, bytes, TestContext.Current.CancellationToken);
                break;
            case "a file lost":
                // What was written first behind the backup; the server was started anew for the rest.
                File.Move(JournalFiles.Frames(folder, plan.From + 1)[0].Path, Path.Combine(server.Data, "lost"));
                break;
            default:
                plan = plan with { To = plan.To - 1 };
                break;
        }

        var refused = await Assert.ThrowsAsync<EidException>(() => RegisterRecovery.RunAsync(server.Options(), Approved(plan)));

        Assert.Contains(says.Split('|'), part => refused.Message.Contains(part, StringComparison.Ordinal));
        Assert.Equal(ErrorReason.RegisterOutdated, Assert.Throws<EidException>(() => EidServer.Build(server.Options())).Reason);

        // Found again, it is done.
        bytes[last.Offset + JournalFrame.PeekSize + 20] ^= fault == "a byte changed" ? (byte)1 : (byte)0;
        await File.WriteAllBytesAsync(last.Path, bytes, TestContext.Current.CancellationToken);
        foreach (var lost in Directory.GetFiles(server.Data, "lost"))
        {
            File.Move(lost, Path.Combine(folder, "000000000000-found.open"));
        }

        Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Approved(await RegisterRecovery.PlanAsync(server.Options()))));
        await server.StartAsync();
    }

    [Fact]
    public async Task A_copy_that_was_changed_is_found_when_what_it_answers_differs()
    {
        var life = LifeClient.Of(server);
        var set = await life.FoundAsync();
        await server.StopAsync();
        await server.BackUpAsync();
        await server.StartAsync();
        await LifeClient.Of(server).DoAsync("Revoke", set);
        await server.StopAsync();
        await server.RestoreAsync();
        using (var copy = server.OpenRegister())
        {
            // Another state: what the revocation changed then, it does not find now.
            Assert.Equal(1, copy.Execute("UPDATE issued_set SET state_recorded = state_recorded + 1 WHERE license_id = @id", ("@id", set.License.LicenseId)));
        }

        var refused = await Assert.ThrowsAsync<EidException>(async () => await RegisterRecovery.RunAsync(server.Options(), Approved(await RegisterRecovery.PlanAsync(server.Options()))));

        Assert.Contains("与当时不同", refused.Message, StringComparison.Ordinal);
        Assert.Throws<EidException>(() => EidServer.Build(server.Options()));
        await server.RestoreAsync();
        Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Approved(await RegisterRecovery.PlanAsync(server.Options()))));
        await server.StartAsync();
    }

    [Fact]
    public async Task Nobody_restores_alone()
    {
        await Backups.LiveBehindAsync(server, server);
        var plan = await RegisterRecovery.PlanAsync(server.Options());
        // Two who agreed to something else, one alone, one twice, one with somebody who may not.
        ApprovalFile[] insufficient =
        [
            plan.ToApprove() with { Approvals = Approved(plan with { To = plan.To + 1 }).Approvals },
            .. ((string[][])[["staff"], ["staff", "staff"], ["staff", "bank"], ["supervisor", "stranger"]]).Select(people => Approved(plan, people)),
        ];
        foreach (var file in insufficient.Append(plan.ToApprove()))
        {
            Assert.Equal(ErrorReason.SecondPersonRequired, (await Assert.ThrowsAsync<EidException>(() => RegisterRecovery.RunAsync(server.Options(), file))).Reason);
        }

        Assert.Empty(await RegisterRecovery.RunAsync(server.Options(), Approved(plan)));
        await server.StartAsync();
    }

    [Fact]
    public async Task A_register_is_not_served_without_its_journal_nor_with_that_of_another()
    {
        await server.StopAsync();
        var empty = Directory.CreateDirectory(Path.Combine(server.Data, Path.GetRandomFileName())).FullName;

        Assert.Equal(ErrorReason.RegisterOutdated, Assert.Throws<EidException>(() => EidServer.Build(server.Options() with { JournalDirectory = empty })).Reason);

        await server.StartAsync();
    }

    private ApprovalFile Approved(RecoveryPlan plan, params string[] people) => Rebuilt.Approved(server.Options(), plan.ToApprove(), people);
}
