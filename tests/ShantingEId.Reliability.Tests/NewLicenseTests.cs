using System.Diagnostics;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I25: who was told NOT_FOUND hears of the new licence at once, on every replica. EID_NEW_LICENSES is their number (30). A campaign:
/// <c>EID_NEW_LICENSES=10000 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.NewLicenseTests</c>
/// </summary>
public sealed class NewLicenseTests(TrioCluster shared) : IClassFixture<TrioCluster>
{
    [Fact]
    public async Task A_company_that_was_not_found_is_found_on_every_replica_once_its_licence_is_acknowledged()
    {
        var cluster = await shared.GetAsync();
        var count = Figures.Count("EID_NEW_LICENSES", 30);
        var (misses, stale) = (0, new List<string>());
        for (var turn = 0; turn < count; turn++)
        {
            var request = Samples.Issue(Samples.NextCompany());
            var company = request.Enterprise.CreditCode;
            // Everybody asks before, during and after; misses are in flight when the commit comes.
            var observers = Observers.Start(cluster.Replicas, 2, TimeSpan.FromMilliseconds(1), (client, _, _) => client.LookupAsync(company));
            await Task.Delay(10);
            var first = await cluster[turn].Client.Staff.IssueSetAsync(request, deadline: EidClient.In(20));
            var acked = Stopwatch.GetTimestamp();
            await Task.Delay(20);
            foreach (var (replica, number) in cluster.Replicas.Select((replica, number) => (replica, number)))
            {
                Note(await Observers.AskAsync(number, () => replica.Client.AskAsync(first.TypedCode)), "by typed code");
                Note(await Observers.AskAsync(number, () => replica.Client.AskAsync(first.LicenseCode)), "by code");
            }

            // The next version of the company's licence takes the place of the first one at once, too.
            await cluster[turn].Client.Staff.RevokeSetAsync(Samples.Revoke(first.Name), deadline: EidClient.In(20));
            var second = await cluster[turn + 1].Client.Staff.IssueSetAsync(Samples.Issue(request), deadline: EidClient.In(20));
            var reissued = Stopwatch.GetTimestamp();
            await Task.Delay(10);
            var heard = await observers.StopAsync();
            misses += heard.Count(one => one.Answer?.Verdict == Verification.Types.Verdict.NotFound);
            Assert.DoesNotContain(heard, one => one.Error.Length > 0);
            foreach (var one in heard.Where(one => one.Began > acked && one.Answer!.Verdict == Verification.Types.Verdict.NotFound))
            {
                stale.Add($"replica {one.Replica}: not found {Stopwatch.GetElapsedTime(acked, one.Began)} after the acknowledgement");
            }

            foreach (var one in heard.Where(one => one.Began > reissued && (!one.IsValid || one.Answer!.License.LicenseId != second.License.LicenseId)))
            {
                stale.Add($"replica {one.Replica}: {one.Answer!.Verdict} of the version before, {Stopwatch.GetElapsedTime(reissued, one.Began)} after the next was acknowledged");
            }

            void Note(Observation one, string how)
            {
                if (!one.IsValid)
                {
                    stale.Add($"replica {one.Replica}, {how}: {one.Answer?.Verdict} {one.Error}");
                }
            }
        }

        Figures.Print("new_misses_before", misses, "answers", "> 0");
        Figures.Print("new_stale", stale.Count, "answers", "<= 0");
        Assert.True(misses >= count, "too few were told NOT_FOUND before");
        Assert.Empty(stale);
    }
}
