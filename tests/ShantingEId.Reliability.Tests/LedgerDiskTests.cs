using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>I46, over the wire: a look-up that cannot be recorded is not answered, every answer given is on record, and space alone mends it.</summary>
public sealed class LedgerDiskTests : IDisposable
{
    private readonly Folders folders = new();
    private readonly string ledger;
    private readonly SmallDisk? disk;
    private readonly string obstacle;
    private readonly List<string> answered = [];
    private readonly List<string> refused = [];
    private int asked;

    public LedgerDiskTests()
    {
        ledger = Directory.CreateDirectory(folders.Other("ledger-disk")).FullName;
        disk = SmallDisk.TryMount(ledger, 4, out obstacle);
    }

    public void Dispose()
    {
        disk?.Dispose();
        folders.Dispose();
    }

    [Fact]
    public async Task With_a_full_ledger_disk_nobody_is_answered_unrecorded_and_space_mends_it()
    {
        Assert.SkipWhen(disk is null, obstacle);
        var settings = new ReplicaSettings(folders.Certificates, folders.Data) { Ledger = ledger };
        IssuedSet set;
        TimeSpan resumed;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            using var client = new EidClient(server, folders);
            await client.WaitUntilItAnswersAsync();
            set = await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()));

            // 1. With space, all ways of asking are answered.
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await AskAsync(client, set));
            }

            // 2. Without, none is, once the room left in the last page is used up.
            var filler = Path.Combine(ledger, "filler");
            await File.WriteAllBytesAsync(filler, new byte[disk!.Free]);
            for (var inARow = 0; inARow < 40;)
            {
                inARow = await AskAsync(client, set) ? 0 : inARow + 1;
                Assert.True(asked < 5000, "a full disk stops nobody");
            }

            // 3. Changes have their record in the register itself and go on.
            await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany()));

            // 4. Space comes back, and with it the answers.
            File.Delete(filler);
            var watch = Stopwatch.StartNew();
            while (!await AskAsync(client, set) && watch.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }

            resumed = watch.Elapsed;
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await AskAsync(client, set));
            }

            // 5. Not one moment to write anything more.
            await server.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(settings);
        using var again = new EidClient(second, folders);
        var listed = await ListAsync(again, set.License.Enterprise.CreditCode, answered[^1]);
        var unrecorded = answered.Except(listed).ToList();
        Figures.Print("ledger_full_answered", answered.Count, "answers", "> 0");
        Figures.Print("ledger_full_refused", refused.Count, "answers", "> 0");
        Figures.Print("ledger_full_unrecorded", unrecorded.Count, "answers", "<= 0");
        Figures.Print("ledger_full_resume_time", resumed.TotalSeconds, "s", "<= 2");
        Assert.Empty(unrecorded);
        Assert.Equal(["Unavailable AUDIT_UNAVAILABLE"], refused.Distinct());
        Assert.True(resumed < TimeSpan.FromSeconds(5), $"resumed after {resumed}");
    }

    // One reference for each, by which it is found again.
    private async Task<bool> AskAsync(EidClient client, IssuedSet set)
    {
        var reference = $"case-{++asked}";
        var company = set.License.Enterprise.CreditCode;
        const string Purpose = "TAX_REGISTRATION";
        try
        {
            switch (asked % 4)
            {
                case 0:
                    await client.Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = company, Purpose = Purpose, Reference = reference });
                    break;
                case 1:
                    await client.Tax.AskQuestionsAsync(new AskQuestionsRequest { CreditCode = company, Purpose = Purpose, Reference = reference, Questions = { new Question { Active = true } } });
                    break;
                case 2:
                    await client.Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = set.TypedCode, Purpose = Purpose, Reference = reference, WithReceipt = true });
                    break;
                default:
                    await client.Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = Purpose, Reference = reference });
                    break;
            }

            answered.Add(reference);
            return true;
        }
        catch (RpcException error)
        {
            refused.Add($"{error.StatusCode} {EidClient.Reason(error)}");
            return false;
        }
    }

    // The register is told behind the answers; it is complete when the last one stands in it.
    private static async Task<List<string>> ListAsync(EidClient client, string company, string last)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            var (found, token) = (new List<string>(), "");
            do
            {
                var page = await client.Desk.ListLookupsAsync(new ListLookupsRequest { CreditCode = company, PageSize = 500, PageToken = token });
                found.AddRange(page.Lookups.Select(lookup => lookup.Reference));
                token = page.NextPageToken;
            }
            while (token.Length > 0);

            if (found.Contains(last) || watch.Elapsed > TimeSpan.FromSeconds(20))
            {
                return found;
            }
        }
    }
}
