using Google.Protobuf.WellKnownTypes;
using ShantingEId.Presenting;
using ShantingEId.Server.Storage;
using ShantingEId.V1;
using HolderSession = ShantingEId.V1.HolderSession;
using Presentation = ShantingEId.V1.Presentation;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>fsck over presentations, what a rebuilt register makes of a code it never heard of, and that rows go in time.</summary>
public sealed class PresentationCheckTests(LiveClockFixture server) : IClassFixture<LiveClockFixture>
{
    private static readonly (string Damage, string Problem)[] Faults =
    [
        ("presented_time = expire_time", "动态码在有效时间之外出示"),
        ("presented_time = issue_time - 5001", "动态码在有效时间之外出示"),
        ("audience = 'tax-bureau'", "动态码出示给了其他单位"),
        ("expire_time = issue_time + 9000", "动态码的有效时间不合规定"),
        ("expire_time = issue_time + 121000", "动态码的有效时间不合规定"),
        ("scope = 0", "动态码的有效时间不合规定"),
        ("presented_by = ''", "动态码的出示记录残缺"),
        ("presented_time = 0", "动态码的出示记录残缺"),
        ("assertion = x'00'", "动态码的出示记录残缺"),
        ("credit_code = '91370406MA00DEM06N'", "动态码不属于其设备会话"),
    ];

    private readonly HolderClient holder = new(server);

    [Fact]
    public async Task Damage_is_named_old_rows_go_and_a_rebuilt_register_accepts_no_code_it_does_not_know()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = new List<Presentation>();
        foreach (var _ in Faults)
        {
            shown.Add(await holder.ShowAsync(session));
            Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(shown[^1])).Verdict);
        }

        var unused = await holder.ShowAsync(session);
        await server.StopAsync();
        Assert.Empty(RegisterCheck.Run(server.Options()));
        Assert.Empty(await server.RebuildAsync()); // Nothing else is missing from the journal.

        // 1. Each damage by itself.
        using (var register = server.OpenRegister())
        {
            foreach (var (i, (damage, _)) in Faults.Index())
            {
                Assert.Equal(1, register.Execute($"UPDATE presentation SET {damage} WHERE token = @it", ("@it", Token(shown[i]))));
            }

            var named = RegisterCheck.Run(server.Options()).ToHashSet();
            Assert.Equal([], Faults.Index().Where(each => !named.Contains(new RegisterProblem("出示 " + Token(shown[each.Index]), each.Item.Problem))).Select(each => each.Item));
            Assert.DoesNotContain(named, problem => problem.Subject == "出示 " + Token(unused));

            // 2. A register that was rebuilt from its journal within the minute: no presentations, no sessions.
            register.Execute("DELETE FROM presentation");
            register.Execute("DELETE FROM holder_session");
        }

        await server.StartAsync();
        var after = new HolderClient(server);
        var answer = await after.BankScansAsync(unused);
        Assert.Equal((Verdict.NotIssued, "NOT_ISSUED", true), (answer.Verdict, answer.Reason, answer.License is null));
        Assert.Equal("HOLDER_PROOF_REQUIRED", (await HolderClient.ReasonOf(after.App.CreatePresentationAsync(HolderClient.Showing(session)))).Reason);

        // 3. What is 30 days over goes when others come.
        var old = await OpenAsync(after, set);
        await after.ShowAsync(old);
        server.Wall.Shift = IPresentationStore.Kept + TimeSpan.FromHours(13);
        try
        {
            await after.ShowAsync(await OpenAsync(after, set, days: 400));
            using var register = server.OpenRegister();
            Assert.Equal((1, 1), (register.Number("SELECT count(*) FROM presentation"), register.Number("SELECT count(*) FROM holder_session")));
        }
        finally
        {
            server.Wall.Shift = TimeSpan.Zero;
        }
    }

    private static string Token(Presentation shown) => shown.Name.Split('/')[1];

    private static async Task<HolderSession> OpenAsync(HolderClient client, IssuedSet set, int days = 0)
    {
        if (days > 0)
        {
            var grant = Stamping.SealClient.Grant(set);
            grant.UntilTime = TimeProvider.System.GetUtcNow().AddDays(days).ToTimestamp();
            await client.Seals.Desk.GrantSealUseAsync(grant);
        }

        return await client.App.OpenSessionAsync(HolderClient.Opening(set));
    }
}
