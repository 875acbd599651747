using System.Diagnostics;
using System.Globalization;
using System.Text;
using ShantingEId.Receipts;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A process that does nothing but append to a ledger and write down, in a file of its own, what it was promised.</summary>
internal static class LedgerHost
{
    public const string Command = "ledger-for-test";
    public const string Refused = "refused";

    /// <summary>Runs in the child: until it is killed, or its standard input ends.</summary>
    public static async Task<int> RunAsync(string certificates, string ledger, string acks, bool flush)
    {
        new Thread(() =>
        {
            Console.OpenStandardInput().CopyTo(Stream.Null);
            Environment.Exit(3);
        }) { IsBackground = true }.Start();
        var options = Options(certificates, ledger);
        // The planted bug: everything as it is, and nothing flushed.
        using var opened = LookupLedger.Open(flush ? options : options with { Flush = _ => { } });
        using var told = File.OpenHandle(acks, FileMode.OpenOrCreate, FileAccess.Write);
        for (var number = 0; ; number++)
        {
            var reference = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{number}");
            string line;
            try
            {
                var place = await opened.AppendAsync(Record(reference).Encode(), withReceipt: number % 3 == 0);
                line = string.Create(CultureInfo.InvariantCulture, $"{place.Tick} {place.Index} {reference}\n");
            }
            catch (EidException error) when (error.Reason == ErrorReason.AuditUnavailable)
            {
                line = Refused + "\n";
                await Task.Delay(20);
            }

            RandomAccess.Write(told, Encoding.ASCII.GetBytes(line), RandomAccess.GetLength(told));
        }
    }

    /// <summary>Starts one, behind a tracer where given.</summary>
    public static Process Start(Folders folders, string ledger, string acks, bool flush = true, params string[] tracer)
    {
        string[] command = [.. tracer, "dotnet", typeof(LedgerHost).Assembly.Location, Command, folders.Certificates, ledger, acks, flush ? "flush" : "skip"];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>How the child keeps its ledger.</summary>
    public static LedgerOptions Options(string certificates, string ledger)
    {
        var authority = AuthorityFiles.Load(certificates, production: false, TimeProvider.System.GetUtcNow());
        return new LedgerOptions
        {
            Directory = ledger, CheckpointFile = ledger + "-checkpoints.txt", Environment = authority.Environment, Signer = authority.ReceiptSigner, SegmentBytes = 64 * 1024,
        };
    }

    /// <summary>A record that is known again by its reference.</summary>
    public static LookupRecord Record(string reference) => new(
        TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow(), "VerifyCode", "bank", "ACCOUNT_OPENING", LookupRecord.DigestRequest("VerifyCode", reference), "", 7,
        "LICENSE_NOT_FOUND", LookupRecord.NothingShown, reference);

    /// <summary>Promises that the ledger does not keep.</summary>
    public static List<string> Broken(IEnumerable<string> acks, string ledger, long through)
    {
        var kept = new HashSet<string>();
        using (var reader = new LedgerReader(ledger, LedgerFolder.ReadName(ledger)!))
        {
            reader.Seek(0);
            while (reader.Next(through) is { } tick)
            {
                kept.UnionWith(tick.Rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Tick} {row.Index} {row.Reference}")));
            }
        }

        return [.. acks.Where(ack => ack != Refused && !kept.Contains(ack))];
    }

    /// <summary>What a child was told so far; a line that was cut off by its death was not read by anybody.</summary>
    public static List<string> Told(string acks)
    {
        if (!File.Exists(acks))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(acks, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
