using System.Text;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Documents;

namespace ShantingEId.Server.Tests.Stamping;

/// <summary>Work on strangers' documents takes turns: who stamps waits for those who verify, and nobody takes the whole machine.</summary>
public sealed class StampTurnsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_document_waits_for_its_turn_and_a_digest_does_not()
    {
        var seals = new SealClient(server);
        var set = await seals.GrantedAsync();
        var turns = server.Services.GetRequiredService<Turns>();
        var end = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(_ => turns.RunAsync(() => end.Task, TestContext.Current.CancellationToken)).ToList();

        await seals.App.StampAsync(SealClient.OfDigest(set, Encoding.UTF8.GetBytes("示例原文")));
        var request = SealClient.OfDocument(set, SampleDocument.Create(2));
        var waited = await Assert.ThrowsAsync<RpcException>(async () => await seals.App.StampAsync(request, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2)));
        Assert.Equal(StatusCode.DeadlineExceeded, waited.StatusCode);
        Assert.Single(await seals.UsesAsync(set)); // The digest's.

        end.SetResult(0);
        await Task.WhenAll(taken);
        Assert.False((await seals.App.StampAsync(request)).Ofd.IsEmpty);
    }
}
