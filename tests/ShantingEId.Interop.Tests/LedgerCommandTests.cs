using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>The ledger's part of <c>eid fsck</c>: sound beside the running server, and not after somebody has been at it.</summary>
public sealed class LedgerCommandTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Fsck_counts_a_sound_ledger_and_names_one_that_was_tampered_with()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        for (var i = 0; i < 3; i++)
        {
            await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = "TAX_REGISTRATION", Reference = "样例" });
        }

        var (running, text) = Fsck();
        Assert.True(running == 0, text);
        Assert.Contains("✔ 登记簿完好", text, StringComparison.Ordinal);
        Assert.Matches(@"✔ 查询账本 1 本完好：\d+ 批 3 条", text);

        await server.StopAsync();
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(server.Data, "ledger"), "*.ledger"));
        var whole = await File.ReadAllBytesAsync(segment);

        // 1. Another reference in the last record.
        var changed = whole.ToArray();
        changed[changed.AsSpan().LastIndexOf("样例"u8)] ^= 1;
        await File.WriteAllBytesAsync(segment, changed);
        Refused("ledger：第 3 批");

        // 2. All records taken away, as if nobody had ever asked: the signed checkpoint remembers them.
        await File.WriteAllBytesAsync(segment, whole[..whole.AsSpan().IndexOf("TAX_REGISTRATION"u8)]);
        Refused("截去");

        // 3. The ledger put somewhere else.
        var elsewhere = Path.Combine(server.Data, "elsewhere");
        await File.WriteAllBytesAsync(segment, whole);
        Directory.Move(Path.Combine(server.Data, "ledger"), elsewhere);
        Refused("找不到这个账本");
        var (named, found) = Fsck("--ledger", elsewhere);
        Assert.True(named == 0, found);
    }

    private (int Exit, string Output) Fsck(params string[] more) => Eid.Run(["fsck", "--certs", server.Certificates, "--data", server.Data, .. more]);

    private void Refused(string words)
    {
        var (exit, text) = Fsck();
        Assert.True(exit == 1, text);
        Assert.Contains("✘ 发现", text, StringComparison.Ordinal);
        Assert.Contains("账本 ", text, StringComparison.Ordinal);
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.DoesNotContain("完好", text, StringComparison.Ordinal);
    }
}
