using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>I20: a stop that was asked for drops nothing it had accepted, and does not wait for ever.</summary>
public sealed class GracefulStopTests
{
    [Fact]
    public async Task On_SIGTERM_accepted_calls_finish_new_ones_hear_UNAVAILABLE_and_the_process_exits_within_ten_seconds()
    {
        using var folders = new Folders();
        await using var server = await ServerProcess.StartAsync(folders);
        using var client = new EidClient(server, folders);
        var refused = new ConcurrentBag<string>();
        using (var acks = new AckLog(folders.Other("acks")))
        {
            var writers = Enumerable.Range(0, 20).Select(_ => WriteUntilRefusedAsync(client, acks, refused)).ToArray();
            await Task.Delay(1500);
            var (took, code) = await server.TerminateAsync();
            await Task.WhenAll(writers);
            Figures.Print("stop_time", took.TotalSeconds, "s", "<= 10");
            Assert.Equal(0, code);
            Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
        }

        var told = AckLog.Read(folders.Other("acks"));
        using var audit = new RegisterAudit(folders.Database);
        // Graceful is more than safe: nothing may be stored whose caller was not told.
        Figures.Print("stop_dropped", audit.Sets - told.Count, "calls", "<= 0");
        Assert.All(refused, status => Assert.Equal("Unavailable", status));
        Assert.Equal(told.Count, audit.Sets);
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, told));
        Assert.True(told.Count > 0, "the load was too small to mean anything");
    }

    [Fact]
    public async Task The_command_waits_as_long_for_what_it_accepted_and_a_second_signal_changes_nothing()
    {
        using var folders = new Folders();
        await using var server = await ServerProcess.StartAsync(Programs.Eid, new ReplicaSettings(folders.Certificates, folders.Data));
        using var client = new EidClient(server, folders);
        await client.WaitUntilItAnswersAsync();
        await using var register = new SqliteConnection($"Data Source={folders.Database};Pooling=false");
        await register.OpenAsync(TestContext.Current.CancellationToken);

        // Longer than a command line waits by itself (2 s).
        var other = register.BeginTransaction(deferred: false);
        var accepted = client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany())).ResponseAsync;
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var stopping = server.TerminateAsync();
        await Task.Delay(300, TestContext.Current.CancellationToken);
        ProcessSignals.Terminate(server.Id);
        await Task.Delay(2700, TestContext.Current.CancellationToken);
        await other.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.Equal(IssuedSet.Types.State.Active, (await accepted).State);
        var (took, code) = await stopping;
        Assert.Equal(0, code);
        Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_of_hours_does_not_keep_the_process_and_its_answered_rows_stand()
    {
        using var folders = new Folders();
        await using var server = await ServerProcess.StartAsync(folders);
        using var client = new EidClient(server, folders);
        using var import = client.Staff.ImportSets();
        var told = new List<Ack>();
        var end = "";
        var requests = new ConcurrentDictionary<long, string>();
        var sending = SendAsync();
        var receiving = ReceiveAsync();
        await Task.Delay(1500);
        var (took, code) = await server.TerminateAsync();
        await Task.WhenAll(sending, receiving);

        Figures.Print("stop_time_import", took.TotalSeconds, "s", "<= 10");
        Assert.Equal(0, code);
        Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
        Assert.True(told.Count > 0, "the load was too small to mean anything");
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, told));
        using var audit = new RegisterAudit(folders.Database);
        Assert.Equal(("Unavailable DRAINING", told.Count), (end, audit.Sets));

        async Task SendAsync()
        {
            try
            {
                for (var row = 1L; ; row++)
                {
                    var request = Samples.Issue(Samples.NextCompany());
                    requests[row] = request.RequestId;
                    await import.RequestStream.WriteAsync(new ImportSetsRequest { Row = row, Request = request });
                }
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException or IOException)
            {
                // The stream ended, as it must.
            }
        }

        async Task ReceiveAsync()
        {
            try
            {
                await foreach (var answer in import.ResponseStream.ReadAllAsync())
                {
                    var set = answer.IssuedSet;
                    told.Add(new Ack("IssueSet", requests[answer.Row], set.License.LicenseId, Convert.ToHexStringLower(set.ManifestDigest.Span)));
                }
            }
            catch (RpcException error)
            {
                end = $"{error.StatusCode} {EidClient.Reason(error)}";
            }
        }
    }

    private static async Task WriteUntilRefusedAsync(EidClient client, AckLog acks, ConcurrentBag<string> refused)
    {
        while (true)
        {
            try
            {
                await Write.Issue().SendAsync(client, acks);
            }
            catch (RpcException error)
            {
                refused.Add(error.StatusCode.ToString());
                return;
            }
        }
    }
}
