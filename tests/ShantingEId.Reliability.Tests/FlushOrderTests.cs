using ShantingEId.Reliability.Tests.Bench;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I2: an acknowledgement leaves only after the write-ahead log was flushed. kill -9 cannot show this, because the page cache
/// survives the process; so the system calls are read. synchronous=NORMAL passes every kill loop and must fail here.
/// </summary>
public sealed class FlushOrderTests
{
    private const int Acks = 200;

    [Fact]
    public async Task Every_acknowledgement_leaves_after_its_commit_was_flushed_to_disk()
    {
        var (violations, late) = await ViolationsAsync("FULL");
        Figures.Print("flush_order_acks", Acks, "acks", ">= 200");
        Figures.Print("flush_order_violations", violations.Count, "acks", "<= 0");
        Figures.Print("flush_order_journal_late", late.Count, "acks", "<= 0");
        Assert.Empty(violations.Take(10));
        Assert.Empty(late.Take(10));
    }

    [Fact]
    public async Task The_check_notices_a_register_that_acknowledges_before_flushing()
    {
        var (violations, _) = await ViolationsAsync("NORMAL");
        Figures.Print("flush_order_canary_found", violations.Count, "acks", "> 100");
        // Not all 200: now and then a checkpoint flushes for its own reasons.
        Assert.True(violations.Count > Acks / 2, $"only {violations.Count} of {Acks} unflushed acknowledgements were noticed");
    }

    private static async Task<(List<string> Log, List<string> Journal)> ViolationsAsync(string synchronous)
    {
        Assert.SkipWhen(SystemCallTrace.Obstacle() is { Length: > 0 }, SystemCallTrace.Obstacle());
        using var folders = new Folders();
        var traceFile = folders.Other("trace");
        var windows = new List<(double Sent, double Received)>();
        int port;
        // Without the ledger: taking look-ups into the register is a write of its own, at any moment.
        var settings = new ReplicaSettings(folders.Certificates, folders.Data) { Synchronous = synchronous, HasLedger = false };
        await using (var server = await ServerProcess.StartAsync(settings, SystemCallTrace.Command(traceFile)))
        {
            using var client = new EidClient(server, folders);
            await client.WaitUntilItAnswersAsync();
            port = server.Address.Port;
            // One request at a time: all that happens between sending and hearing belongs to it.
            for (var i = 0; i < Acks; i++)
            {
                var request = Samples.Issue(Samples.NextCompany());
                var sent = Now();
                await client.Staff.IssueSetAsync(request);
                windows.Add((sent, Now()));
            }

            await server.TerminateAsync();
        }

        var calls = SystemCallTrace.Read(traceFile, port);
        var journal = SystemCallTrace.Read(traceFile, ".open", _ => false);
        return (Found(window => Violation(calls, window.Sent, window.Received)), Found(window => Late(calls, journal, window.Sent, window.Received)));

        List<string> Found(Func<(double Sent, double Received), string> look) =>
            [.. windows.Select((window, i) => look(window) is { Length: > 0 } text ? $"ack {i}: {text}" : "").Where(text => text.Length > 0)];
    }

    // What is in the register is in its journal: flushed there before the commit is written to the log.
    private static string Late(List<TracedCall> calls, List<TracedCall> journal, double sent, double received)
    {
        var during = journal.Where(call => call.Began >= sent && call.Began <= received).ToArray();
        return calls.LastOrDefault(call => call.Kind == CallKind.LogWrite && call.Began >= sent && call.Began <= received) is not { } commit ? "nothing was written to the log"
            : during.FirstOrDefault(call => call.Kind == CallKind.LogWrite) is not { } write ? "nothing was written to the journal"
            : during.Any(call => call.Kind == CallKind.LogFlush && call.Entry > write.Exit && call.Exit < commit.Entry) ? "" : "the journal was not flushed before the commit was written";
    }

    // The commit is the last write to the log before the client heard; the first thing sent after it may carry the answer.
    private static string Violation(List<TracedCall> calls, double sent, double received)
    {
        var during = calls.Where(call => call.Began >= sent && call.Began <= received).ToArray();
        if (during.LastOrDefault(call => call.Kind == CallKind.LogWrite) is not { } write)
        {
            return "nothing was written to the log before the answer was heard";
        }

        if (during.FirstOrDefault(call => call.Kind == CallKind.Send && call.Entry > write.Entry) is not { } send)
        {
            return "the answer was sent before the log was written";
        }

        return during.Any(call => call.Kind == CallKind.LogFlush && call.Entry > write.Exit && call.Exit < send.Entry) ? "" : "the log was not flushed before the answer was sent";
    }

    private static double Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMicroseconds / 1e6;
}
