using Microsoft.AspNetCore.Builder;
using ShantingEId.Client;
using ShantingEId.V1;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>The SDK against the real server, whose process is replaced under it.</summary>
public sealed class RestartTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>, IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("eid-restart-").FullName;
    private WebApplication? server;
    private int port;

    private CancellationToken Cancel { get; } = Patience.OneMinute();

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_question_waits_for_the_server_and_a_write_is_done_once()
    {
        using var staff = Connect("staff", "COUNTER_CHECK");
        using var tax = Connect("tax-bureau", "TAX_REGISTRATION");
        var request = ServerFixture.ValidRequest();
        var issued = await staff.IssueAsync(request.RequestId, request.Enterprise, Cancel);

        await StopAsync();
        var asking = tax.VerifyAsync(issued.LicenseCode, cancel: Cancel);
        var issuing = staff.IssueAsync(request.RequestId, request.Enterprise, Cancel);
        await Task.Delay(300, Cancel);
        await StartAsync();

        Assert.True((await asking).IsValid);
        Assert.Equal(issued, await issuing);
        Assert.Equal(issued.License.LicenseId, (await tax.LookupAsync(request.Enterprise.CreditCode, cancel: Cancel)).License!.LicenseId);
    }

    [Fact]
    public async Task A_batch_outlives_the_server_and_every_receipt_holds()
    {
        using var staff = Connect("staff", "COUNTER_CHECK");
        var codes = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var request = ServerFixture.ValidRequest();
            codes.Add((await staff.IssueAsync(request.RequestId, request.Enterprise, Cancel)).TypedCode);
        }

        var asked = Enumerable.Range(0, 180).Select(i => i % 30 == 29 ? "样例\u0001" : codes[i % codes.Count]).ToList();
        using var tax = Connect("tax-bureau", "TAX_REGISTRATION", withReceipt: true);
        var got = new List<EidBatchAnswer>();

        await foreach (var answer in tax.VerifyManyAsync(asked.ToAsyncEnumerable(), new EidLookupOptions { Reference = "样例批次" }, Cancel))
        {
            got.Add(answer);
            if (got.Count == 40)
            {
                await StopAsync();
                await StartAsync();
            }
        }

        Assert.Equal(Enumerable.Range(0, asked.Count).Select(i => (long)i), got.Select(answer => answer.Item).Order());
        Assert.All(got.Where(answer => answer.Item % 30 == 29), answer => Assert.Equal(("QR_TEXT_INVALID", "QR_TEXT_INVALID", "样例批次"), (answer.Error!.Reason, answer.RefusalReceipt!.Reason, answer.RefusalReceipt.Reference)));
        Assert.All(got.Where(answer => answer.Item % 30 != 29), answer => Assert.True(answer.IsValid && answer.Answer!.Receipt!.IsAbout(answer.Text), answer.ToString()));
    }

    [Fact]
    public async Task The_change_feed_goes_on_where_it_was()
    {
        using var staff = Connect("staff", "COUNTER_CHECK");
        using var bank = Connect("bank", "ACCOUNT_OPENING");
        var heard = new List<Change>();
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listening = Task.Run(
            async () =>
            {
                await foreach (var change in bank.WatchChangesAsync(0, cancel: Cancel).Take(5))
                {
                    heard.Add(change);
                    if (heard.Count == 2)
                    {
                        second.SetResult();
                    }
                }
            }, Cancel);
        async Task<IssuedSet> IssueAsync() => ServerFixture.ValidRequest() is var request ? await staff.IssueAsync(request.RequestId, request.Enterprise, Cancel) : null!;

        var first = await IssueAsync();
        await IssueAsync();
        await second.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await StopAsync();
        await StartAsync();
        await staff.RevokeAsync(RequestIds.New(), first.Name, "样例理由", "样例机关", Cancel);
        await IssueAsync();
        await IssueAsync();
        await listening.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal(heard.Select(change => change.Mark).Distinct().Order(), heard.Select(change => change.Mark));
        Assert.Equal(5, heard.Count);
        Assert.Equal((first.Name, Change.Types.Kind.Revoked, "样例理由"), (heard[2].IssuedSet, heard[2].Kind, heard[2].Reason));
        var error = await Assert.ThrowsAsync<EidCallException>(async () => await bank.WatchChangesAsync(heard[^1].Mark + 1, cancel: Cancel).FirstAsync(Cancel));
        Assert.Equal("MARK_INVALID", error.Error.Reason);
    }

    [Fact]
    public async Task Refusals_bring_their_receipts_and_staff_sees_who_asked()
    {
        using var staff = Connect("staff", "COUNTER_CHECK");
        using var tax = Connect("tax-bureau", "TAX_REGISTRATION", withReceipt: true);
        var request = ServerFixture.ValidRequest();
        await staff.IssueAsync(request.RequestId, request.Enterprise, Cancel);
        var code = request.Enterprise.CreditCode;

        var refusal = await Assert.ThrowsAsync<EidCallException>(() => tax.LookupAsync(code, new EidLookupOptions { Purpose = "ACCOUNT_OPENING", Reference = "样例1号" }, Cancel));
        Assert.Equal(("PURPOSE_NOT_GRANTED", Verdict.Unspecified, "ACCOUNT_OPENING", "样例1号"), (refusal.Error.Reason, refusal.Receipt!.Verdict, refusal.Receipt.Purpose, refusal.Receipt.Reference));
        var some = await tax.LookupAsync(code, new EidLookupOptions { Fields = ["name"], Reference = "样例2号", MaxStateAge = TimeSpan.Zero }, Cancel);
        Assert.True(some is { IsValid: true, License.Enterprise: { Name.Length: > 0, Representative.Length: 0 }, Seals.Count: 0 });
        var replies = await tax.AskAsync(EidSubject.Company(code), [EidQuestions.NameMatches("另一样例公司"), EidQuestions.Active()], cancel: Cancel);
        Assert.Equal([false, true], replies.Replies);
        Assert.Equal(("NO", "YES"), (replies.Receipt!.Facts["answer.1"], replies.Receipt.Facts["answer.2"]));

        // The list follows the ledger by a moment.
        var listed = await staff.ListLookupsAsync(code, cancel: Cancel);
        for (var i = 0; i < 100 && listed.Newest.Count < 3; i++)
        {
            await Task.Delay(100, Cancel);
            listed = await staff.ListLookupsAsync(code, cancel: Cancel);
        }

        Assert.Contains(listed.Newest, lookup => lookup is { Caller: "tax-bureau", Reference: "样例2号" });
        Assert.Contains(listed.Newest, lookup => lookup.Name == refusal.Receipt.Name && lookup.Reason == "PURPOSE_NOT_GRANTED");
    }

    private EidClient Connect(string caller, string purpose, bool withReceipt = false) => EidClient.Connect(new EidClientOptions
    {
        Address = new UriBuilder("https", "localhost", port).Uri, Certificate = EidCertificate.FromFolder(certificates.Folder, caller), Purpose = purpose,
        WithReceipt = withReceipt, Trust = EidTrust.FromFolder(certificates.Folder), Timeout = TimeSpan.FromSeconds(20),
    });

    private async Task StartAsync()
    {
        server = EidServer.Build(new EidServerOptions { CertificatesDirectory = certificates.Folder, DataDirectory = data, Environment = "Development", Port = port });
        await server.StartAsync(Cancel);
        port = EidServer.Address(server).Port;
    }

    private async Task StopAsync()
    {
        await server!.StopAsync(CancellationToken.None);
        await server.DisposeAsync();
    }
}
