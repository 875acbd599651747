using ShantingEId.TestSupport;
using static ShantingEId.Server.Tests.Presenting.HolderClient;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>A deployment with Redis in front of its register, which the tests take away.</summary>
public sealed class RedisPresentFixture : PresentFixture
{
    internal RedisServer Redis { get; private set; } = null!;

    public override EidServerOptions Options() => base.Options() with { Redis = Redis.Address };

    public override async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

/// <summary>I34 with Redis, and without it from one moment to the next: that a code was used is the register's to know.</summary>
public sealed class RedisPresentTests(RedisPresentFixture server) : IClassFixture<RedisPresentFixture>
{
    [Fact]
    public async Task A_code_is_good_once_with_redis_without_it_and_when_it_comes_back_empty()
    {
        var holder = new HolderClient(server);
        var (_, session) = await holder.OpenAsync();
        var (before, unused) = (await holder.ShowAsync(session), await holder.ShowAsync(session));
        await OnceAsync(before);

        await server.Redis.KillAsync();
        NotAccepted("ALREADY_PRESENTED", await holder.BankScansAsync(before));
        await OnceAsync(unused);
        await OnceAsync(await holder.ShowAsync(session));

        await server.Redis.RestartAsync();
        foreach (var used in (V1.Presentation[])[before, unused])
        {
            NotAccepted("ALREADY_PRESENTED", await holder.BankScansAsync(used));
        }

        await OnceAsync(await holder.ShowAsync(session));

        async Task OnceAsync(V1.Presentation shown)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => holder.BankScansAsync(shown)));
            Assert.Single(answers, answer => answer.Verdict == Verdict.Valid);
            Assert.All(answers.Where(answer => answer.Verdict != Verdict.Valid), answer => NotAccepted("ALREADY_PRESENTED", answer));
        }
    }
}
