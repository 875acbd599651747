using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Server;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>A deployment whose codes last as long as they may: several processes start within the life of one.</summary>
public sealed class SlowScanServer : ServerFixture
{
    public override EidServerOptions Options() => base.Options() with { LiveCodeLife = TimeSpan.FromSeconds(120) };
}

/// <summary><c>eid present</c> and <c>eid verify</c> of a live code, as people use them.</summary>
public sealed class PresentCommandTests(SlowScanServer server) : IClassFixture<SlowScanServer>
{
    [Fact]
    public async Task A_code_is_shown_until_somebody_scans_it_and_listed_afterwards()
    {
        var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var company = set.License.Enterprise.CreditCode;
        Has(Run("present", "show", company), 1, "HOLDER_PROOF_REQUIRED", "用印授权");
        await new SealService.SealServiceClient(server.Channel("staff")).GrantSealUseAsync(new GrantSealUseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = company, Caller = "holder-app", Seals = { Seal.Types.Kind.Official }, Uses = { "CONTRACT" }, Reference = "示例授权书〔2026〕1号",
            UntilTime = TimeProvider.System.GetUtcNow().AddDays(30).ToTimestamp(),
        });

        var showing = Task.Run(() => Run("present", "show", company, "--for", "bank", "--use", "样例：开户", "--field", "name", "--json"));
        var code = await ShownAsync();
        Has(Run("verify", code, "--as", "tax-bureau"), 3, "✘ 不予接受", "AUDIENCE_MISMATCH", "重新出示");
        Has(Run("verify", code, "--as", "bank"), 0, "✔ 有效", set.License.Enterprise.Name, "样例：开户");
        Has(Run("verify", code, "--as", "bank"), 3, "✘ 不予接受", "ALREADY_PRESENTED");

        var (exit, output) = await showing;
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, 2, code, "PRESENTED", "银行"), (exit, lines.Length, Text(lines[0], "code"), Text(lines[1], "state"), Text(lines[1], "presentedToTitle")));
        Has(Run("present", "list", company), 0, "已出示给 银行（银行开户）", "样例：开户");
    }

    private static string Text(string json, string name) => JsonDocument.Parse(json).RootElement.GetProperty(name).GetString()!;

    private static void Has((int Exit, string Output) result, int exit, params string[] parts)
    {
        Assert.True(result.Exit == exit, $"{result.Exit}: {result.Output}");
        Assert.All(parts, part => Assert.Contains(part, result.Output, StringComparison.Ordinal));
    }

    private (int Exit, string Output) Run(params string[] arguments) => Eid.Run([.. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private async Task<string> ShownAsync()
    {
        for (var i = 0; i < 1200; i++)
        {
            using (var register = server.OpenRegister())
            {
                if (register.Rows("SELECT code FROM presentation") is [var row, ..])
                {
                    return (string)row[0];
                }
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException("no code was shown");
    }
}
