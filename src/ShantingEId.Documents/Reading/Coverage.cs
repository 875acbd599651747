using ShantingEId.Receipts;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Reading;

/// <summary>SM3 of the files of a package, each computed once.</summary>
internal sealed class FileDigests(OfdPackage package)
{
    private readonly Dictionary<string, byte[]> known = new(StringComparer.Ordinal);

    /// <summary>Digests of files that exist, in their order; many at once take a fraction of one after the other.</summary>
    public IReadOnlyList<byte[]> Of(IReadOnlyCollection<string> paths)
    {
        var fresh = paths.Where(path => !known.ContainsKey(path)).Distinct().ToArray();
        foreach (var (path, digest) in fresh.Zip(Sm3Lanes.HashEach([.. fresh.Select(path => package.Files[path])])))
        {
            known.Add(path, digest);
        }

        return [.. paths.Select(path => known[path])];
    }
}

/// <summary>Which signature covers which file, and how each file stands; grows with every signature.</summary>
internal sealed class Coverage(OfdPackage package, FileDigests digests)
{
    private const string Clause = "GB/T 33190-2016 18.2.2";
    private static readonly string[] Sm3Names = ["SM3", "1.2.156.10197.1.401"];

    private readonly List<(OfdSignatureEntry Entry, OfdSignatureFile File)> signatures = [];
    private readonly Dictionary<string, List<string>> coveredBy = new(StringComparer.Ordinal);
    private readonly HashSet<string> altered = new(StringComparer.Ordinal);
    private readonly HashSet<string> missing = new(StringComparer.Ordinal);
    private readonly HashSet<string> reachable = OfdReach.From(package);
    private readonly IReadOnlyList<string> lists = OfdSignatures.Lists(package) ?? [];

    /// <summary>Takes a signature in and compares every file it covers.</summary>
    public IEnumerable<SealCheck> Add(OfdSignatureEntry entry, OfdSignatureFile file)
    {
        signatures.Add((entry, file));
        if (!Sm3Names.Contains(file.CheckMethod))
        {
            yield return Check(CheckOutcome.Failed, SealProblem.Algorithm, "被签文件的杂凑算法不是 SM3");
            yield break;
        }

        var gone = new List<string>();
        var different = new List<string>();
        var there = file.References.Where(reference => package.Files.ContainsKey(reference.Path)).Select(reference => reference.Path).ToArray();
        var actual = there.Zip(digests.Of(there)).DistinctBy(each => each.First).ToDictionary(each => each.First, each => each.Second, StringComparer.Ordinal);
        foreach (var reference in file.References)
        {
            if (!actual.TryGetValue(reference.Path, out var digest))
            {
                gone.Add(reference.Path);
                missing.Add(reference.Path);
            }
            else if (!reference.CheckValue.AsSpan().SequenceEqual(digest))
            {
                different.Add(reference.Path);
                altered.Add(reference.Path);
            }

            if (!coveredBy.TryGetValue(reference.Path, out var by))
            {
                coveredBy[reference.Path] = by = [];
            }

            by.Add(entry.Id);
        }

        if (gone.Count > 0)
        {
            yield return Check(CheckOutcome.Failed, SealProblem.FileMissing, $"签名后有文件被删除：{DocumentVerifier.Names(gone)}");
        }

        if (different.Count > 0)
        {
            yield return Check(CheckOutcome.Failed, SealProblem.FileAltered, $"签名后有文件被改动：{DocumentVerifier.Names(different)}");
        }

        if (file.References.Count == 0)
        {
            yield return Check(CheckOutcome.Failed, SealProblem.SignatureStructure, "签名没有覆盖任何文件");
        }
        else if (gone.Count + different.Count == 0)
        {
            yield return Check(CheckOutcome.Passed, SealProblem.None, $"所覆盖的 {file.References.Count} 个文件均未改动");
        }

        static SealCheck Check(CheckOutcome outcome, SealProblem problem, string text) => new(CheckStep.References, Clause, outcome, problem, text);
    }

    /// <summary>Steps about the whole: uncovered files, signatures among each other, files that travel along.</summary>
    public IEnumerable<SealCheck> Checks()
    {
        // 1. Files that no signature covers could be exchanged, and with them the look, while every signature holds.
        var files = Files();
        var uncovered = files.Where(file => file.Standing == FileStanding.Uncovered).Select(file => file.Path).ToList();
        yield return uncovered.Count == 0 ? new SealCheck(CheckStep.Coverage, Clause, CheckOutcome.Passed, SealProblem.None, "全部文件都在签名的覆盖之下")
            : new SealCheck(CheckStep.Coverage, Clause, CheckOutcome.NotConfirmed, SealProblem.FileUncovered, $"没有任何签名覆盖的文件：{DocumentVerifier.Names(uncovered)}");

        // An open list is what later signatures need (standards §2.3), and it lets a signature be taken out unnoticed.
        if (lists.Where(list => package.Files.ContainsKey(list) && !coveredBy.ContainsKey(list)).ToList() is { Count: > 0 } open)
        {
            yield return new SealCheck(CheckStep.Coverage, Clause, CheckOutcome.Notice, SealProblem.None, $"签名列表不在签名的覆盖之下，可以继续签名：{DocumentVerifier.Names(open)}");
        }

        // 2. A signature that covers another's Signature.xml came after it.
        foreach (var (later, file) in signatures)
        {
            var earlier = signatures.Where(other => other.Entry != later && file.References.Any(reference => reference.Path == other.Entry.Path)).Select(other => other.Entry.Id).ToList();
            if (earlier.Count > 0)
            {
                yield return new SealCheck(CheckStep.LaterSignatures, Clause, CheckOutcome.Notice, SealProblem.None, $"签名 {later.Id} 在签名 {string.Join('、', earlier)} 之后加上，一并覆盖了它");
            }
        }

        // 3. Files that nothing points to.
        var foreign = files.Where(file => !file.IsReachable && file.Standing != FileStanding.Missing).Select(file => file.Path).ToList();
        if (foreign.Count > 0)
        {
            yield return new SealCheck(CheckStep.ForeignFiles, "GM/T 0099-2020", CheckOutcome.Notice, SealProblem.None, $"夹带文件（从 OFD.xml 到达不了）：{DocumentVerifier.Names(foreign)}");
        }
    }

    /// <summary>Every file, and every file that should be there.</summary>
    public IReadOnlyList<DocumentFile> Files() => [.. package.Files.Keys.Concat(missing).Order(StringComparer.Ordinal).Select(path => new DocumentFile(
        "/" + path, package.Files.TryGetValue(path, out var content) ? content.Length : 0, Standing(path), coveredBy.GetValueOrDefault(path) ?? [], reachable.Contains(path)))];

    private FileStanding Standing(string path) =>
        missing.Contains(path) ? FileStanding.Missing
        : altered.Contains(path) ? FileStanding.Altered
        : coveredBy.ContainsKey(path) ? FileStanding.Intact
        : IsOfSignature(path) ? FileStanding.OfSignature
        : FileStanding.Uncovered;

    // Signature.xml is bound by the digest that is signed, SignedValue.dat by itself, and the list must stay open when others
    // shall sign after (standards §2.3).
    private bool IsOfSignature(string path) =>
        signatures.Exists(each => each.Entry.Path == path || each.File.SignedValue == path) || (signatures.Count > 0 && lists.Contains(path));
}
