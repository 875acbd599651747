using System.Collections.Concurrent;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>I6 and I10: two processes on one register. One set in force for a company, one body for a licence and version.</summary>
public sealed class TwoProcessTests : IAsyncLifetime
{
    private const int Threads = 32;
    private readonly Folders folders = new();
    private ServerProcess[] servers = [];
    private EidClient[] clients = [];
    private int retries;

    public async ValueTask InitializeAsync()
    {
        servers = await Task.WhenAll(ServerProcess.StartAsync(folders), ServerProcess.StartAsync(ReplicaSettings.Beside(folders)));
        clients = [.. servers.Select(server => new EidClient(server, folders))];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }

        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }

        folders.Dispose();
    }

    [Fact]
    public async Task Every_company_receives_exactly_one_set_and_everyone_else_hears_which()
    {
        var companies = Enumerable.Range(0, Figures.Count("EID_RACE_COMPANIES", 200)).Select(_ => Samples.NextCompany()).ToArray();
        var won = new ConcurrentBag<(int Company, Ack Ack)>();
        var lost = new ConcurrentBag<(int Company, string License)>();
        var others = new ConcurrentBag<string>();

        // Each thread starts elsewhere in the list, and its twin in the other process at the same place: pairs race for
        // each company, and all the others come later and must hear the winner's name.
        await Task.WhenAll(from client in clients from thread in Enumerable.Range(0, Threads) select Task.Run(async () =>
        {
            for (var i = 0; i < companies.Length; i++)
            {
                var company = companies[(i + (thread * companies.Length / Threads)) % companies.Length];
                var request = Samples.Issue(company);
                try
                {
                    var set = await IssueAsync(client, request);
                    won.Add((company, new Ack("IssueSet", request.RequestId, set.License.LicenseId, Convert.ToHexStringLower(set.ManifestDigest.Span))));
                }
                catch (RpcException error) when (EidClient.Reason(error) == "LICENSE_EXISTS" && error.StatusCode == StatusCode.AlreadyExists)
                {
                    lost.Add((company, error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Metadata["license_id"]));
                }
                catch (RpcException error)
                {
                    others.Add($"{error.StatusCode} {EidClient.Reason(error)}");
                }
            }
        }));

        var winners = won.ToLookup(win => win.Company, win => win.Ack.LicenseId);
        Figures.Print("race_companies", companies.Length, "companies", ">= 200");
        Figures.Print("race_successes", won.Count, "sets", $"== {companies.Length}");
        Figures.Print("race_retries", retries, "calls", ">= 0");
        Figures.Print("race_other_errors", others.Count, "calls", "<= 0");
        Assert.Empty(others.GroupBy(text => text).Select(group => $"{group.Count()} x {group.Key}"));
        Assert.All(companies, company => Assert.Single(winners[company]));
        Assert.All(lost, loss => Assert.Equal(winners[loss.Company].Single(), loss.License));
        Assert.Equal((2 * Threads * companies.Length) - companies.Length, lost.Count);
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, [.. won.Select(win => win.Ack)]));
    }

    // On a machine with more to do than it can, a call may outlive its deadline; asking again with the same id is the rule.
    private async Task<IssuedSet> IssueAsync(EidClient client, IssueSetRequest request)
    {
        while (true)
        {
            try
            {
                return await client.Staff.IssueSetAsync(request);
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Unavailable)
            {
                Interlocked.Increment(ref retries);
            }
        }
    }

    [Fact]
    public async Task Racing_ends_and_new_issues_never_give_two_bodies_to_one_version()
    {
        var company = Samples.NextCompany();
        var acks = new ConcurrentBag<Ack>();
        var others = new ConcurrentBag<string>();
        await Task.WhenAll(from client in clients from thread in Enumerable.Range(0, 4) select Task.Run(async () =>
        {
            for (var i = 0; i < 15; i++)
            {
                var issue = Samples.Issue(company);
                var revoke = Samples.Revoke("issuedSets/" + issue.Enterprise.CreditCode);
                await TryAsync("IssueSet", issue.RequestId, () => client.Staff.IssueSetAsync(issue));
                await TryAsync("RevokeSet", revoke.RequestId, () => client.Staff.RevokeSetAsync(revoke));
            }
        }));

        var bodies = acks.Where(ack => ack.Deed == "IssueSet").ToLookup(ack => ack.LicenseId, ack => ack.Digest);
        Figures.Print("race_versions", bodies.Count, "versions", "> 10");
        Figures.Print("race_second_bodies", bodies.Count(body => body.Count() != 1), "versions", "<= 0");
        Assert.Empty(others.Distinct());
        Assert.All(bodies, body => Assert.Single(body));
        Assert.True(bodies.Count > 10, "too few versions to mean anything");
        Assert.Empty(RegisterAudit.CheckAll(folders.Database, [.. acks]));

        async Task TryAsync(string deed, string requestId, Func<AsyncUnaryCall<IssuedSet>> call)
        {
            try
            {
                var set = await call();
                acks.Add(new Ack(deed, requestId, set.License.LicenseId, Convert.ToHexStringLower(set.ManifestDigest.Span)));
            }
            catch (RpcException error)
            {
                if (EidClient.Reason(error) is not ("LICENSE_EXISTS" or "VERSION_CONFLICT" or "ALREADY_REVOKED"))
                {
                    others.Add($"{deed}: {error.StatusCode} {EidClient.Reason(error)}");
                }
            }
        }
    }
}
