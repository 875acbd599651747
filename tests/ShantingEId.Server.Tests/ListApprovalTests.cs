using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Publishing;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Tests;

/// <summary>I49: a list of whom to recognise that is replaced while the service runs comes into force when two people approved it, and the one before stays until then.</summary>
public sealed class ListApprovalTests : DeploymentCase
{
    private readonly FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
    private readonly LogRecorder log = new();

    protected override EidServerOptions Options => base.Options with
    {
        Clock = clock, PublicPort = 0, PackEvery = TimeSpan.FromMilliseconds(1), TrustList = PathOf("trust-list.cbor"), Neighbours = PathOf("neighbours.cbor"), ConfigureLogging = logging => logging.AddProvider(log),
    };

    [Theory]
    [InlineData("trust list", "TrustListRefused")]
    [InlineData("neighbours", "NeighboursNotRenewed")]
    public async Task One_that_nobody_or_one_person_approved_is_said_once_and_left(string list, string said)
    {
        var app = Started();
        Put(list, 2);

        // Twice each: it is looked at again as long as it lies there.
        foreach (var people in (string[][])[[], ["staff"], ["staff", "staff"], ["staff", "bank"]])
        {
            if (people.Length > 0)
            {
                Approve(Options, people);
            }

            Assert.Equal((1, 1), await InForceAsync(app));
            Assert.Equal((1, 1), await InForceAsync(app));
        }

        // By how many it is approved is news; else it is said once.
        Assert.Equal(2, log.Lines.Count(line => line.EventName == said));
        Assert.DoesNotContain(log.Lines, line => line.EventName is "TrustListRefused" or "NeighboursNotRenewed" && line.EventName != said);

        // The approvals may come after the file; then it is in force also for the next start, whatever became of them.
        Approve(Options, "supervisor", "staff");
        Assert.Equal(list == "neighbours" ? (1, 2) : (2, 1), await InForceAsync(app));
        await app.DisposeAsync();
        File.Delete(Approvals);
        await StartsAsync(Options);
    }

    [Fact]
    public async Task What_two_people_approved_before_is_taken_when_it_lies_there()
    {
        await using var app = Started();
        Approve(Options with { TrustList = PutTrustList(2, "next.cbor"), Neighbours = PutNeighbours(2, "next-neighbours.cbor") }, "staff", "supervisor");
        Assert.Equal((1, 1), await InForceAsync(app));

        // Both were approved as one; so one of them alone is another deployment than that.
        File.Move(PathOf("next.cbor"), PathOf("trust-list.cbor"), overwrite: true);
        Assert.Equal((1, 1), await InForceAsync(app));
        File.Move(PathOf("next-neighbours.cbor"), PathOf("neighbours.cbor"), overwrite: true);
        Assert.Equal((2, 2), await InForceAsync(app));

        // Another content of the same number is not what they approved.
        PutTrustList(3);
        Assert.Equal((2, 2), await InForceAsync(app));
    }

    [Fact]
    public async Task An_approval_is_of_what_lies_there_and_of_nothing_else()
    {
        var app = Started();
        var first = await File.ReadAllBytesAsync(PathOf("trust-list.cbor"), TestContext.Current.CancellationToken);
        Put("trust list", 2);
        Approve(Options, "staff", "supervisor");

        // A list that was exchanged for the approved one after it was read; a file of callers that was changed after the approval.
        Assert.Equal(ErrorReason.SecondPersonRequired, Assert.Throws<EidException>(() => app.Services.GetRequiredService<ApprovedLists>().Require(Deployment.TrustList, first)).Reason);
        Put("trust list", 3);
        Approve(Options, "staff", "supervisor");
        File.AppendAllText(Path.Combine(Certificates, "callers.json"), "\n");

        Assert.Equal((1, 1), await InForceAsync(app));
        await app.DisposeAsync();
        Refused(Options);
    }

    [Theory]
    [InlineData("trust list")]
    [InlineData("neighbours")]
    public async Task A_pack_that_is_made_without_the_service_carries_what_is_in_force_alone(string list)
    {
        await Started().DisposeAsync();
        Assert.Equal((1, 1), NumbersIn(await PackMaker.MakeFromRegisterAsync(Options, 1)));
        Put(list, 2);

        Assert.Equal(ErrorReason.SecondPersonRequired, (await Assert.ThrowsAsync<EidException>(() => PackMaker.MakeFromRegisterAsync(Options, 2))).Reason);

        Approve(Options, "staff", "supervisor");
        await StartsAsync(Options);
        Assert.Equal(list == "neighbours" ? (1, 2) : (2, 1), NumbersIn(await PackMaker.MakeFromRegisterAsync(Options, 3)));
    }

    [Fact]
    public async Task Development_asks_nobody()
    {
        Put("trust list", 1);
        Put("neighbours", 1);
        await using var app = EidServer.Build(Options with { Environment = "Development" });
        Assert.Equal((1, 1), await InForceAsync(app));

        Put("trust list", 2);
        Put("neighbours", 2);

        Assert.Equal((2, 2), await InForceAsync(app));
    }

    private WebApplication Started()
    {
        Put("trust list", 1);
        Put("neighbours", 1);
        Approve(Options, "staff", "supervisor");
        return EidServer.Build(Options);
    }

    private void Put(string list, long number) => _ = list == "neighbours" ? PutNeighbours(number) : PutTrustList(number);

    // Whom counters believe, as the service tells them a second later.
    private async Task<(long TrustList, long Neighbours)> InForceAsync(WebApplication app)
    {
        clock.Advance(TimeSpan.FromSeconds(2));
        return NumbersIn((await app.Services.GetRequiredService<PackShelf>().LatestAsync(TestContext.Current.CancellationToken)).Bytes);
    }

    private static (long TrustList, long Neighbours) NumbersIn(byte[] bytes) =>
        Envelope.TryParse(bytes, out var envelope) && StatusPack.TryRead(envelope, out var pack)
            && Envelope.TryParse(pack.TrustList, out var signed) && TrustList.TryRead(signed, out var list) && Envelope.TryParse(pack.Neighbours, out var signedToo) && NeighbourList.TryRead(signedToo, out var neighbours)
            ? (list.Number, neighbours.Number) : throw new InvalidOperationException("no pack with both lists");
}
