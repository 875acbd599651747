using System.Globalization;
using System.Security.Cryptography;
using ShantingEId.Receipts;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>
/// I47: whoever changes a ledger afterwards is found out. EID_LEDGER_TAMPERINGS sets how many random changes are tried; a campaign
/// takes 100000.
/// </summary>
public sealed class LedgerCheckTests : IAsyncLifetime, IDisposable
{
    private const int Ticks = 30;
    private static readonly int Tamperings = int.Parse(Environment.GetEnvironmentVariable("EID_LEDGER_TAMPERINGS") ?? "3000", CultureInfo.InvariantCulture);
    private readonly LedgerCase given = new();
    private readonly List<byte[]> good = [];

    public async ValueTask InitializeAsync()
    {
        // Three segments, ticks of one to four records.
        using var ledger = LookupLedger.Open(given.Options with { SegmentBytes = 4500, SignedGather = TimeSpan.FromMilliseconds(5) });
        for (var tick = 0; tick < Ticks; tick++)
        {
            await Task.WhenAll(Enumerable.Range(0, 1 + tick % 4).Select(i => ledger.AppendAsync(LedgerCase.Record(10 * tick + i).Encode(), withReceipt: tick % 4 > 0).AsTask()));
        }

        LedgerCheckpoints.Append(given.Checkpoints, ledger.Newest!, LedgerCase.Authority.ReceiptSigner);
        ledger.Dispose();
        good.AddRange(given.Segments.Select(File.ReadAllBytes));
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose() => given.Dispose();

    [Fact]
    public void A_sound_ledger_has_no_problems()
    {
        Assert.True(good.Count >= 3, $"{good.Count} segments");
        var report = given.Check();

        Assert.Empty(report.Problems);
        Assert.Empty(report.Remarks);
        Assert.True(report.Records >= Ticks);
    }

    [Fact]
    public void Every_random_change_of_a_byte_a_record_or_a_tick_is_found()
    {
        var (missed, kinds) = (new List<string>(), new Dictionary<string, int>());
        var report = new Tampered(given, good);
        for (var i = 0; i < Tamperings; i++)
        {
            var what = report.Tamper();
            kinds[what.Kind] = kinds.GetValueOrDefault(what.Kind) + 1;
            if (!report.IsFound())
            {
                missed.Add($"{what.Kind}: {what.Detail}");
            }
        }

        Assert.Empty(missed.Take(5));
        Assert.Equal(8, kinds.Count);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", kinds.Select(kind => $"{kind.Key} {kind.Value}")));
    }

    [Fact]
    public void A_change_whose_hashes_were_all_made_to_fit_is_found_by_the_checkpoint_alone()
    {
        // The last record another, tree, frame and chain computed anew: nothing inside the ledger contradicts it.
        var tampered = new Tampered(given, good);
        tampered.Rebuild(frames => frames[^1].Records[^1][40] ^= 1);
        tampered.Write();
        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("检查点", StringComparison.Ordinal));

        File.Move(given.Checkpoints, given.Checkpoints + ".away");
        Assert.DoesNotContain(given.Check().Problems, problem => problem.Problem.Contains("被改动", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tick_that_says_an_earlier_time_than_the_one_before_it_is_found()
    {
        var tampered = new Tampered(given, good);
        tampered.Rebuild(frames => frames[^1].Time = frames[^2].Time.AddMilliseconds(-1));
        tampered.Write();
        File.Move(given.Checkpoints, given.Checkpoints + ".away");

        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("不是接着前一批的", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(29)]
    [InlineData(30)]
    public void A_tail_cut_between_ticks_is_found_by_the_checkpoint(int ticks)
    {
        var tampered = new Tampered(given, good);
        tampered.Rebuild(frames => frames.RemoveRange(frames.Count - ticks, ticks));
        tampered.Write();

        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("末尾被截去", StringComparison.Ordinal));
    }

    [Fact]
    public void A_ledger_that_is_gone_or_has_another_name_is_found_by_the_checkpoint()
    {
        var name = Path.Combine(given.Folder, "ledger.id");
        var old = File.ReadAllText(name);
        File.WriteAllText(name, "fedcba9876543210\n");
        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("找不到这个账本", StringComparison.Ordinal));

        File.WriteAllText(name, old);
        Assert.Empty(given.Check().Problems);
        File.Delete(name);
        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("ledger.id", StringComparison.Ordinal));
        Directory.Delete(given.Folder, recursive: true);
        Assert.NotEmpty(given.Check().Problems);
    }

    [Fact]
    public void Segments_that_are_gone_are_found()
    {
        for (var i = 0; i < good.Count; i++)
        {
            var path = LedgerFolder.SegmentPath(given.Folder, i + 1);
            File.Delete(path);
            Assert.NotEmpty(given.Check().Problems);
            File.WriteAllBytes(path, good[i]);
        }

        Assert.Empty(given.Check().Problems);
    }

    [Fact]
    public void Checkpoints_that_were_changed_or_are_of_a_stranger_are_found()
    {
        var line = File.ReadAllText(given.Checkpoints);
        Assert.True(Crypto.Envelope.TryParse(Convert.FromBase64String(line), out var envelope));
        Assert.True(LedgerRoot.TryRead(envelope, out var root));
        foreach (var (wrong, problem) in (IEnumerable<(string, string)>)
        [
            ("@" + line, "不是检查点"),
            (Line(root, ContentType(65001), LedgerCase.Authority.ReceiptSigner), "不是检查点"),
            (Line(root, ContentType(65003), LedgerCase.Authority.ManifestSigner), "签名"),
            (Line(root with { Environment = "other" }, ContentType(65003), LedgerCase.Authority.ReceiptSigner), "部署环境"),
        ])
        {
            File.WriteAllText(given.Checkpoints, line + wrong);
            Assert.Contains(given.Check().Problems, found => found.Problem.Contains(problem, StringComparison.Ordinal));
        }

        // A line that a crash cut off is nobody's fault, and the next one starts on its own.
        File.WriteAllText(given.Checkpoints, line + line[..100]);
        Assert.Empty(given.Check().Problems);
        LedgerCheckpoints.Append(given.Checkpoints, root, LedgerCase.Authority.ReceiptSigner);
        Assert.Single(given.Check().Problems);

        static Crypto.ContentType ContentType(int number) => (Crypto.ContentType)number;
        static string Line(LedgerRoot root, Crypto.ContentType type, Crypto.SigningKey key) => Convert.ToBase64String(Crypto.Envelope.Sign(type, root.Encode(), key).Encode()) + "\n";
    }

    [Fact]
    public void A_long_ledger_without_recent_checkpoints_is_doubted()
    {
        File.Delete(given.Checkpoints);
        Assert.Empty(given.Check().Problems); // Seconds old: none was due.
        var tampered = new Tampered(given, good);
        tampered.Rebuild(frames => frames[^1].Time = frames[^1].Time.AddMinutes(6));
        tampered.Write();

        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("检查点过旧", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unfinished_last_tick_is_a_remark_and_no_problem()
    {
        File.WriteAllBytes(LedgerFolder.SegmentPath(given.Folder, good.Count), [.. good[^1], 0, 0, 1]);
        var report = given.Check();

        Assert.Empty(report.Problems);
        Assert.Single(report.Remarks);
    }

    [Fact]
    public void Something_else_than_a_record_is_found_even_where_all_hashes_fit()
    {
        var tampered = new Tampered(given, good);
        tampered.Rebuild(frames => frames[3].Records[0] = RandomNumberGenerator.GetBytes(100));
        tampered.Write();

        Assert.Contains(given.Check().Problems, problem => problem.Problem.Contains("不是查询记录", StringComparison.Ordinal));
    }
}
