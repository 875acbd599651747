using ShantingEId.Receipts;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>What a crash leaves behind is put right without a word; what a crash cannot have left behind is not.</summary>
public sealed class LedgerRecoveryTests : IDisposable
{
    private readonly LedgerCase given = new();

    public void Dispose() => given.Dispose();

    [Fact]
    public async Task Cut_at_any_byte_of_the_last_tick_the_ledger_goes_on_after_the_tick_before()
    {
        await WriteWithoutCheckpointAsync(4);
        var path = given.Segments.Single();
        var whole = File.ReadAllBytes(path);
        var lastSize = Scan(whole).Frames[^1].Size;
        for (var cut = 1; cut <= lastSize; cut++)
        {
            ClearSegments();
            File.WriteAllBytes(path, whole[..^cut]);
            using (var ledger = given.Open())
            {
                Assert.Equal(3, ledger.DurableTick);
                // Every other time something is written at once, in the place of what was never answered for.
                if (cut % 16 == 0)
                {
                    Assert.Equal(4, (await ledger.AppendAsync(LedgerCase.Record(99).Encode(), false)).Tick);
                }
            }

            Assert.True(cut % 16 != 0 || given.Check().Problems.Count == 0);
            Assert.Equal(cut < lastSize, Directory.GetFiles(given.Folder, "*.unfinished-*").Length == 1);
        }
    }

    [Fact]
    public async Task A_tick_that_grew_but_was_never_filled_is_taken_away_too()
    {
        await WriteWithoutCheckpointAsync(4);
        var path = given.Segments.Single();
        var whole = File.ReadAllBytes(path);
        // The file had its new length when the power went, and only the first half of the frame.
        whole.AsSpan(whole.Length - Scan(whole).Frames[^1].Size / 2).Clear();
        File.WriteAllBytes(path, whole);

        using var ledger = given.Open();

        Assert.Equal(3, ledger.DurableTick);
    }

    [Fact]
    public async Task A_segment_that_was_made_and_not_written_is_made_again()
    {
        await WriteWithoutCheckpointAsync(3);
        var header = new SegmentHeader(LedgerCase.Authority.Environment, LedgerFolder.ReadName(given.Folder)!, 2, 4, Scan(File.ReadAllBytes(given.Segments[0])).End.Hash).Encode();
        for (var length = 0; length <= header.Length; length++)
        {
            foreach (var born in (byte[][])[header[..length], [.. header.AsSpan(0, length), .. new byte[header.Length - length]]])
            {
                ClearSegments(keepFirst: true);
                File.WriteAllBytes(LedgerFolder.SegmentPath(given.Folder, 2), born);
                using var ledger = given.Open();
                Assert.Equal(3, ledger.DurableTick);
            }
        }
    }

    [Theory]
    [InlineData("a record", 0)]
    [InlineData("a record of the last tick", 3)]
    [InlineData("a tick is gone", -1)]
    [InlineData("two ticks are exchanged", -2)]
    [InlineData("a tick stands twice", -3)]
    [InlineData("the length of a tick", -4)]
    public async Task What_a_crash_cannot_have_done_is_refused_and_left_as_it_is(string what, int tick)
    {
        await WriteWithoutCheckpointAsync(4);
        var path = given.Segments.Single();
        var bytes = File.ReadAllBytes(path);
        var scan = Scan(bytes);
        var start = bytes.Length - scan.Frames.Sum(frame => frame.Size);
        var frames = new List<byte[]>();
        foreach (var frame in scan.Frames)
        {
            frames.Add(bytes[start..(start + frame.Size)]);
            start += frame.Size;
        }

        var header = bytes[..(bytes.Length - frames.Sum(frame => frame.Length))];
        switch (tick)
        {
            case -1: frames.RemoveAt(1); break;
            case -2: (frames[1], frames[2]) = (frames[2], frames[1]); break;
            case -3: frames.Insert(2, frames[1]); break;
            case -4: frames[1][1] ^= 0x10; break;
            default: frames[tick][LedgerFrame.HeadSize + 30] ^= 1; break;
        }

        byte[] damaged = [.. header, .. frames.SelectMany(frame => frame)];
        File.WriteAllBytes(path, damaged);

        var error = Assert.Throws<EidException>(given.Open);
        Assert.True(error.Reason == ErrorReason.AuditUnavailable && error.Message.Contains("fsck", StringComparison.Ordinal), what);
        Assert.Equal(damaged, File.ReadAllBytes(path));
        // And the folder is free again for whoever looks into it.
        File.WriteAllBytes(path, bytes);
        given.Open().Dispose();
    }

    [Fact]
    public async Task A_ledger_that_ends_before_its_last_checkpoint_is_refused()
    {
        await given.WriteAsync(4);
        var path = given.Segments.Single();
        var whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^Scan(whole).Frames[^1].Size]);

        Assert.Contains("检查点", Assert.Throws<EidException>(given.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_that_was_made_anew_is_refused()
    {
        await given.WriteAsync(4);
        var name = File.ReadAllText(Path.Combine(given.Folder, "ledger.id"));
        Directory.Delete(given.Folder, recursive: true);
        Directory.CreateDirectory(given.Folder);
        File.WriteAllText(Path.Combine(given.Folder, "ledger.id"), name);
        using (var other = LookupLedger.Open(given.Options with { CheckpointFile = given.Checkpoints + ".none" }))
        {
            await LedgerCase.AppendTicksAsync(other, 6);
        }

        Assert.Contains("检查点", Assert.Throws<EidException>(given.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_of_another_deployment_is_refused()
    {
        await given.WriteAsync(2);

        Assert.Throws<EidException>(() => LookupLedger.Open(given.Options with { Environment = "other" }));
        // Nor does a checkpoint of one deployment say anything of another's ledger.
        var name = LedgerFolder.ReadName(given.Folder)!;
        Assert.Equal(2, LedgerCheckpoints.Newest(given.Checkpoints, LedgerCase.Authority.Environment, name)!.Tick);
        Assert.Null(LedgerCheckpoints.Newest(given.Checkpoints, "other", name));
        Assert.Null(LedgerCheckpoints.Newest(given.Checkpoints, LedgerCase.Authority.Environment, name + "x"));
    }

    private async Task WriteWithoutCheckpointAsync(int ticks)
    {
        using var ledger = given.Open();
        await LedgerCase.AppendTicksAsync(ledger, ticks);
    }

    private SegmentScan Scan(byte[] bytes) => SegmentScan.Read(bytes, LedgerCase.Authority.Environment, LedgerFolder.ReadName(given.Folder)!, 1, ChainEnd.Beginning, true);

    private void ClearSegments(bool keepFirst = false)
    {
        foreach (var file in Directory.GetFiles(given.Folder, "*.ledger*").Where(file => Path.GetFileName(file) != "ledger.id" && !(keepFirst && file.EndsWith("00000001.ledger", StringComparison.Ordinal))))
        {
            File.Delete(file);
        }
    }
}
