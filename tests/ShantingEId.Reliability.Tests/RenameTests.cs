using System.Collections.Concurrent;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas.</summary>
public sealed class RenameCluster() : SharedCluster(2);

/// <summary>
/// I8: licence, seals and code change together. While companies are renamed in turn on two replicas, readers ask both without pause by code, by
/// company and by single seals; every answer must be one set as it was issued, never the name of one with the seals of another, and none begun after an
/// acknowledgement may be of the set before. EID_RENAMES (40) renames, spread evenly over at least EID_READS (4000) readings by EID_READERS (4) readers
/// for each replica; readings after the last rename are not counted. A campaign:
/// <c>EID_RENAMES=1000 EID_READS=1000000 EID_READERS=16 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.RenameTests</c>
/// </summary>
public sealed class RenameTests(RenameCluster shared) : IClassFixture<RenameCluster>
{
    private const int Companies = 8;

    [Fact]
    public async Task No_reading_ever_mixes_two_sets_while_companies_are_renamed()
    {
        var cluster = await shared.GetAsync();
        var known = new ConcurrentDictionary<(string Company, int Version), Issued>();
        var companies = new List<Company>();
        for (var i = 0; i < Companies; i++)
        {
            companies.Add(new Company(Keep(known, await cluster.IssueAsync(on: i))));
        }

        using var stop = new CancellationTokenSource();
        var (reads, unanswered, renames) = (0L, 0L, 0);
        var (wantedRenames, wantedReads) = (Figures.Count("EID_RENAMES", 40), (long)Figures.Count("EID_READS", 4000));
        var wrong = new ConcurrentBag<string>();
        var later = new ConcurrentBag<(Verification Answer, string Asked)>();
        var readers = Enumerable.Range(0, cluster.Replicas.Count * Figures.Count("EID_READERS", 4)).Select(reader => Task.Run(async () =>
        {
            for (var turn = reader; !stop.IsCancellationRequested; turn++)
            {
                try
                {
                    await ReadAsync(cluster[reader].Client, companies[turn % Companies], turn / Companies, known, wrong, later);
                    Interlocked.Increment(ref reads);
                }
                catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
                {
                    Interlocked.Increment(ref unanswered); // Said nothing, so mixed nothing; a machine that is too busy may say so, seldom.
                }
            }
        })).ToArray();

        for (; renames < wantedRenames; renames++)
        {
            // Not before its share of the readings is done: a register that stands still shows nothing.
            while (Interlocked.Read(ref reads) < wantedReads * (renames + 1) / wantedRenames)
            {
                await Task.Delay(2, TestContext.Current.CancellationToken);
            }

            var company = companies[renames % Companies];
            var change = await cluster[renames / Companies].Client.Staff.ChangeRegistrationAsync(Samples.Rename(company.Newest, $"枣庄市山亭区样例第{renames}次更名有限公司"), deadline: EidClient.In(20));
            Keep(known, change.IssuedSet);
            company.Acknowledge(change.IssuedSet);
        }

        var during = Interlocked.Read(ref reads);
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        foreach (var (answer, asked) in later)
        {
            Check(answer, asked, known, wrong, _ => wrong.Add($"{asked}: version {answer.License.Version} was never acknowledged"));
        }

        Figures.Print("rename_renames", renames, "renames", $">= {wantedRenames}");
        Figures.Print("rename_reads", during, "answers", $">= {wantedReads}");
        Figures.Print("rename_unanswered", unanswered, "reads", ">= 0");
        Figures.Print("rename_mixed_sets", wrong.Count, "answers", "<= 0");
        Assert.Empty(wrong.Take(5));
        Assert.True(unanswered <= during / 100, $"{unanswered} readings were not answered");
        Assert.True(during >= wantedReads, $"{during} readings while companies were renamed");
        using var audit = cluster.Audit();
        Assert.Empty(audit.Check([], afterRow: 0, whole: true));
    }

    private static async Task ReadAsync(
        EidClient client, Company company, int turn, ConcurrentDictionary<(string, int), Issued> known, ConcurrentBag<string> wrong, ConcurrentBag<(Verification, string)> later)
    {
        var asked = company.Newest;
        if (turn % 3 == 2)
        {
            await ReadSealAsync(client, asked, asked.Seals[turn / 3 % asked.Seals.Count].SealCode, wrong);
            return;
        }

        var byCode = turn % 3 == 0;
        var answer = await (byCode ? client.AskAsync(asked.LicenseCode) : client.LookupAsync(asked.License.Enterprise.CreditCode));
        if (answer.License is null)
        {
            wrong.Add($"no licence for {asked.Name}: {answer.Verdict} {answer.Reason}");
            return;
        }

        Check(answer, asked.Name, known, wrong, one => later.Add((one, asked.Name)));
        // What was the newest before the question began may have been replaced since; never the reverse.
        var (least, verdict) = (asked.License.Version, answer.Verdict);
        if (byCode ? answer.License.Version != least || (verdict != Verdict.Valid && verdict != Verdict.Superseded) : answer.License.Version < least || verdict != Verdict.Valid)
        {
            wrong.Add($"{asked.Name} was acknowledged, and then {verdict} of version {answer.License.Version} was said");
        }
    }

    // A single seal goes with the licence that it was issued with, and no other; once that was replaced, by the newer one.
    private static async Task ReadSealAsync(EidClient client, IssuedSet asked, string seal, ConcurrentBag<string> wrong)
    {
        var answer = await client.AskSealAsync(seal);
        var isOurs = answer.Seals.Select(one => one.SealCode).SequenceEqual([seal]) && (answer.Verdict, answer.Succession) switch
        {
            (Verdict.Valid, null) => answer.License?.LicenseId == asked.License.LicenseId && answer.License.Enterprise.Name == asked.License.Enterprise.Name,
            (Verdict.Superseded, { } next) => next.Version > asked.License.Version,
            _ => false,
        };
        if (!isOurs)
        {
            wrong.Add($"seal {seal} of {asked.Name}: {answer.Verdict} {answer.Reason} of {answer.License?.LicenseId} with {string.Join(' ', answer.Seals.Select(one => one.SealCode))}");
        }
    }

    private static void Check(
        Verification answer, string asked, ConcurrentDictionary<(string, int), Issued> known, ConcurrentBag<string> wrong, Action<Verification> unknown)
    {
        var face = answer.License.Enterprise;
        if (!known.TryGetValue((face.CreditCode, answer.License.Version), out var issued))
        {
            unknown(answer); // Committed, and its acknowledgement still on its way.
            return;
        }

        var seals = string.Join(' ', answer.Seals.Select(seal => seal.SealCode));
        if (face.Name != issued.Name || seals != issued.Seals || answer.License.LicenseId != issued.LicenseId)
        {
            wrong.Add($"{asked}: version {answer.License.Version} has name {face.Name} and seals {seals}");
        }
    }

    private static IssuedSet Keep(ConcurrentDictionary<(string, int), Issued> known, IssuedSet set)
    {
        var face = set.License.Enterprise;
        known[(face.CreditCode, set.License.Version)] = new Issued(set.License.LicenseId, face.Name, string.Join(' ', set.Seals.Select(seal => seal.SealCode)));
        return set;
    }

    private sealed record Issued(string LicenseId, string Name, string Seals);

    private sealed class Company(IssuedSet founded)
    {
        private volatile IssuedSet newest = founded;

        public IssuedSet Newest => newest;

        public void Acknowledge(IssuedSet set) => newest = set;
    }
}
