using ShantingEId.Receipts;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Ledger;

/// <summary>What a check found in ledgers.</summary>
/// <param name="Ledgers">How many ledgers there are.</param>
/// <param name="Ticks">How many ticks hold.</param>
/// <param name="Records">How many look-ups are in them.</param>
/// <param name="Checkpoints">How many signed checkpoints were compared.</param>
/// <param name="Problems">What is wrong; none when all is sound.</param>
/// <param name="Remarks">What is worth knowing and no problem.</param>
public sealed record LedgerReport(int Ledgers, long Ticks, long Records, int Checkpoints, IReadOnlyList<RegisterProblem> Problems, IReadOnlyList<string> Remarks);

/// <summary>
/// Rechecks look-up ledgers from their bytes: every record, every tree, every link of the chain, and the signed checkpoints, which
/// alone find a tail that was cut between two ticks and a chain that was made anew. Writes nothing; may run beside a server.
/// </summary>
public static class LedgerCheck
{
    // The server signs a checkpoint every minute; a ledger that ran on for longer has lost its checkpoints.
    private static readonly TimeSpan LongestWithoutCheckpoint = TimeSpan.FromMinutes(5);

    /// <summary>Checks ledgers and their checkpoint files.</summary>
    /// <param name="options">Whose ledgers, and the keys their checkpoints were signed with; names the ledger of this replica.</param>
    /// <param name="folders">Folders of further ledgers.</param>
    /// <param name="checkpointFiles">Further checkpoint files.</param>
    public static LedgerReport Run(EidServerOptions options, IReadOnlyList<string>? folders = null, IReadOnlyList<string>? checkpointFiles = null)
    {
        var now = options.Clock.GetUtcNow();
        var authority = AuthorityFiles.Load(options.CertificatesDirectory, options.IsProduction, now);
        var keys = authority.BuildKeyRing(now);
        var check = new Findings();

        // 1. Checkpoints before ledgers: a ledger that is being written is never behind its checkpoints.
        var checkpoints = new Dictionary<string, List<LedgerRoot>>();
        foreach (var file in (IEnumerable<string>)[options.LedgerCheckpointPath, .. checkpointFiles ?? []])
        {
            foreach (var line in LedgerCheckpoints.Read(file).AsParallel().AsOrdered().Select(line => (line, Problem: Problem(line, authority.Environment, keys))))
            {
                if (line.Problem.Length > 0)
                {
                    check.Problem(file, $"第 {line.line.Number} 行{line.Problem}");
                    continue;
                }

                check.Checkpoints++;
                var root = line.line.Root!;
                (checkpoints.TryGetValue(root.Ledger, out var list) ? list : checkpoints[root.Ledger] = []).Add(root);
            }
        }

        // 2. Each ledger, tick by tick.
        foreach (var folder in ((IEnumerable<string>)[options.LedgerPath, .. folders ?? []]).Where(Directory.Exists))
        {
            if (LedgerFolder.ReadName(folder) is { } name)
            {
                check.Ledgers++;
                checkpoints.Remove(name, out var signed);
                Check(folder, name, authority.Environment, signed ?? [], now - options.LedgerKeep, check);
            }
            else if (LedgerFolder.Segments(folder).Count > 0)
            {
                check.Problem(folder, "有账页但缺少账本名称文件 ledger.id");
            }
        }

        // 3. A ledger that was signed for and is nowhere.
        foreach (var (name, signed) in checkpoints)
        {
            check.Problem(name, $"有签过的检查点（至第 {signed.Max(root => root.Tick)} 批），但找不到这个账本；如在别处，请用 --ledger 指明");
        }

        return new LedgerReport(check.Ledgers, check.Ticks, check.Records, check.Checkpoints, check.Problems, check.Remarks);
    }

    private static void Check(string folder, string name, string environment, List<LedgerRoot> signed, DateTimeOffset? keptSince, Findings check)
    {
        var segments = LedgerFolder.Segments(folder);
        var byTick = signed.ToLookup(root => root.Tick);
        var end = segments is [{ Number: 1 }, ..] ? ChainEnd.Beginning : null;
        DateTimeOffset? first = null;
        foreach (var (number, path) in segments)
        {
            var file = Path.GetFileName(path);
            if (end is not null && number != segments[0].Number && !segments.Exists(other => other.Number == number - 1))
            {
                check.Problem($"{name} {file}", "前一账页不见了");
            }

            var before = end;
            var bytes = File.ReadAllBytes(path);
            var scan = SegmentScan.Read(bytes, environment, name, number, before, isLast: path == segments[^1].Path);
            if (before is null && scan.Problem.Length == 0)
            {
                CheckBeginning(name, file, scan, byTick, keptSince, check);
            }

            foreach (var frame in scan.Frames)
            {
                first ??= frame.Root.Time;
                check.Ticks++;
                check.Records += frame.Root.Count;
                foreach (var root in byTick[frame.Root.Tick].Where(root => !root.Hash().AsSpan().SequenceEqual(frame.Hash)))
                {
                    check.Problem($"{name} {file}", $"第 {root.Tick} 批与签过的检查点不符，账本被改写");
                }
            }

            CheckRecords($"{name} {file}", bytes, scan, check);
            end = scan.End;
            if (scan.Problem.Length > 0)
            {
                // What follows hangs in the air.
                check.Problem($"{name} {file}", scan.Problem);
                return;
            }

            if (scan.Tail.Length > 0)
            {
                check.Remark($"{name} {file}：末尾有一批未写完（{scan.Tail.Length} 字节），其中的查询从未答复过；正在写入，或服务下次启动时移到一旁");
            }
        }

        end ??= ChainEnd.Beginning;
        if (signed.Count > 0 && signed.Max(root => root.Tick) is var newest && newest > end.Tick)
        {
            check.Problem(name, $"签过检查点的第 {newest} 批不在账本中（账本止于第 {end.Tick} 批），末尾被截去或整个账本被换过");
        }

        if (end.Time - (signed.Count > 0 ? signed.Max(root => root.Time) : first) > LongestWithoutCheckpoint)
        {
            check.Problem(name, "最近的检查点过旧或没有检查点，末尾是否被截去无从核对；检查点文件可能被删改");
        }
    }

    // Only what retention took away may be missing, and that was signed and is old.
    private static void CheckBeginning(string name, string file, SegmentScan scan, ILookup<long, LedgerRoot> byTick, DateTimeOffset? keptSince, Findings check)
    {
        var beforeFirst = scan.Frames.Count > 0 ? scan.Frames[0].Root.Tick - 1 : scan.End.Tick;
        var previous = scan.Frames.Count > 0 ? scan.Frames[0].Root.Previous : scan.End.Hash;
        if (keptSince is not null && byTick[beforeFirst].Any(root => root.Time < keptSince && root.Hash().AsSpan().SequenceEqual(previous)))
        {
            check.Remark($"{name}：按保存期限从第 {beforeFirst + 1} 批开始");
        }
        else
        {
            check.Problem($"{name} {file}", $"第 1 至 {beforeFirst} 批不见了");
        }
    }

    private static void CheckRecords(string subject, ReadOnlyMemory<byte> bytes, SegmentScan scan, Findings check)
    {
        var offset = scan.Size - scan.Frames.Sum(frame => frame.Size);
        foreach (var frame in scan.Frames)
        {
            for (var i = 0; i < frame.Records.Length; i++)
            {
                var (at, length) = frame.Records[i];
                if (!LookupRecord.TryRead(bytes.Slice(offset + at, length), out _))
                {
                    check.Problem(subject, $"第 {frame.Root.Tick} 批第 {i} 条不是查询记录");
                }
            }

            offset += frame.Size;
        }
    }

    private static string Problem(CheckpointLine line, string environment, Crypto.KeyRing keys) => line switch
    {
        { Root: null } => "不是检查点",
        _ when line.Root.Environment != environment => "是其他部署环境的",
        _ => keys.Find(line.Envelope!.KeyId) is { Use: Crypto.ContentType.LookupTick } key && line.Envelope.Verify(key.Key) ? "" : "签名不符或不是本机关的密钥所签",
    };

    private sealed class Findings
    {
        // A rebuilt ledger has as many problems as ticks; nobody reads more than this.
        private const int Most = 100;

        public int Ledgers { get; set; }

        public long Ticks { get; set; }

        public long Records { get; set; }

        public int Checkpoints { get; set; }

        public List<RegisterProblem> Problems { get; } = [];

        public List<string> Remarks { get; } = [];

        public void Problem(string subject, string problem)
        {
            if (Problems.Count < Most)
            {
                Problems.Add(new RegisterProblem("账本 " + subject, problem));
            }
        }

        public void Remark(string text) => Remarks.Add(text);
    }
}
