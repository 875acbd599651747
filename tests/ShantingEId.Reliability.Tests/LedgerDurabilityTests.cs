using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using ShantingEId.Receipts;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I46 for look-ups: what was answered stands in the ledger, whatever becomes of process and disk. EID_LEDGER_KILLS sets the number
/// of kills; a campaign takes 1000.
/// </summary>
public sealed class LedgerDurabilityTests : IDisposable
{
    private const int Acks = 200;
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("EID_LEDGER_KILLS") ?? "12", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly Folders folders = new();

    public void Dispose() => folders.Dispose();

    private string Ledger => Path.Combine(folders.Data, "ledger");

    [Fact]
    public async Task Killed_again_and_again_it_keeps_every_promise()
    {
        var acks = folders.Other("acks");
        var told = 0;
        for (var i = 0; i < Kills; i++)
        {
            using var child = LedgerHost.Start(folders, Ledger, acks);
            await UntilAsync(() => LedgerHost.Told(acks).Count > told + 5);
            await Task.Delay(RandomNumberGenerator.GetInt32(300), TestContext.Current.CancellationToken);
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            told = LedgerHost.Told(acks).Count;
        }

        long through;
        using (var ledger = LookupLedger.Open(LedgerHost.Options(folders.Certificates, Ledger)))
        {
            through = ledger.DurableTick;
        }

        var broken = LedgerHost.Broken(LedgerHost.Told(acks), Ledger, through);
        Figures.Print("ledger_kills", Kills, "kills", ">= 12");
        Figures.Print("ledger_acked", told, "look-ups", "> 0");
        Figures.Print("ledger_lost", broken.Count, "look-ups", "<= 0");
        Assert.Empty(broken.Take(5));
        Assert.Empty(Check().Problems);
    }

    [Fact]
    public async Task Every_answer_leaves_after_its_record_was_flushed_to_disk()
    {
        var violations = await FlushViolationsAsync(flush: true);
        Figures.Print("ledger_flush_violations", violations.Count, "look-ups", "<= 0");
        Assert.Empty(violations.Take(10));
    }

    [Fact]
    public async Task The_check_notices_a_ledger_that_does_not_flush()
    {
        var violations = await FlushViolationsAsync(flush: false);
        Figures.Print("ledger_flush_canary_found", violations.Count, "look-ups", "> 100");
        Assert.True(violations.Count > Acks / 2, $"only {violations.Count} of {Acks} unflushed look-ups were noticed");
    }

    [Fact]
    public async Task A_full_disk_stops_answers_and_space_alone_mends_it()
    {
        Directory.CreateDirectory(Ledger);
        using var disk = SmallDisk.TryMount(Ledger, 1, out var obstacle);
        Assert.SkipWhen(disk is null, obstacle);
        using var ledger = LookupLedger.Open(LedgerHost.Options(folders.Certificates, Ledger));
        var acks = new List<string>();

        // 1. Until nothing more fits, and on: every refusal says so, at once.
        var refused = 0;
        for (var i = 0; refused < 50; i++)
        {
            refused += await TryAppendAsync(ledger, acks, $"full {i}") ? 0 : 1;
        }

        Assert.Equal((LedgerState.Full, "查询账本所在磁盘已满"), (ledger.Health.State, ledger.Health.Text));
        await Task.Delay(600, TestContext.Current.CancellationToken); // It looks for space meanwhile, and finds none.
        Assert.False(await TryAppendAsync(ledger, acks, "still full"));
        Assert.True(acks.Count > 100);

        // 2. Space comes back.
        disk!.Grow(4);
        var watch = Stopwatch.StartNew();
        while (!await TryAppendAsync(ledger, acks, "again") && watch.Elapsed < Long)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        var resumed = watch.Elapsed;
        Assert.Equal(LedgerState.Working, ledger.Health.State);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(await TryAppendAsync(ledger, acks, $"after {i}"));
        }

        var through = ledger.DurableTick;
        ledger.Dispose();
        Figures.Print("ledger_full_resume_time", resumed.TotalSeconds, "s", "<= 2");
        Figures.Print("ledger_full_acked", acks.Count, "look-ups", "> 0");
        Assert.True(resumed < TimeSpan.FromSeconds(2), $"{resumed}");
        Assert.Empty(LedgerHost.Broken(acks, Ledger, through));
        Assert.Empty(Check().Problems);
        Assert.Empty(Check().Remarks);
    }

    private LedgerReport Check() => LedgerCheck.Run(new EidServerOptions { CertificatesDirectory = folders.Certificates, DataDirectory = folders.Data, Environment = "Development", LedgerDirectory = Ledger });

    private async Task<List<string>> FlushViolationsAsync(bool flush)
    {
        Assert.SkipWhen(SystemCallTrace.Obstacle() is { Length: > 0 }, SystemCallTrace.Obstacle());
        var (trace, acks) = (folders.Other("trace"), folders.Other("acks"));
        using (var child = LedgerHost.Start(folders, Ledger, acks, flush, SystemCallTrace.Command(trace)))
        {
            await UntilAsync(() => LedgerHost.Told(acks).Count >= Acks);
            child.Kill(entireProcessTree: true);
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // One look-up at a time: between two answers its record must have been written, and flushed after that.
        var violations = new List<string>();
        TracedCall? written = null, flushed = null;
        var answers = 0;
        foreach (var call in SystemCallTrace.Read(trace, ".ledger", target => target.EndsWith("/acks", StringComparison.Ordinal)))
        {
            switch (call.Kind)
            {
                case CallKind.LogWrite:
                    (written, flushed) = (call, null);
                    break;
                case CallKind.LogFlush when written is not null && call.Entry > written.Exit:
                    flushed = call;
                    break;
                case CallKind.Send:
                    answers++;
                    if (written is null || flushed is null || flushed.Exit >= call.Entry)
                    {
                        violations.Add($"answer {answers}: {(written is null ? "not written" : "not flushed")}");
                    }

                    written = null;
                    break;
                default:
                    break;
            }
        }

        Assert.True(answers >= Acks, $"{answers} answers in the trace");
        return violations;
    }

    private static async Task<bool> TryAppendAsync(LookupLedger ledger, List<string> acks, string reference)
    {
        try
        {
            var place = await ledger.AppendAsync(LedgerHost.Record(reference).Encode(), withReceipt: false);
            acks.Add(string.Create(CultureInfo.InvariantCulture, $"{place.Tick} {place.Index} {reference}"));
            return true;
        }
        catch (EidException error)
        {
            Assert.Equal((ErrorReason.AuditUnavailable, TimeSpan.FromSeconds(1)), (error.Reason, error.RetryAfter));
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        var watch = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(watch.Elapsed < Long, "the child did not get there");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
