using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Documents.Copies;
using ShantingEId.Presenting;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>
/// I35: who guesses gets nowhere, past every limit of pace: straight at the register, which holds sessions and presentations. <c>EID_GUESSES</c> says how
/// many of each kind.
/// </summary>
public sealed class GuessTests(PresentFixture server) : IClassFixture<PresentFixture>
{
    private static readonly int Guesses = int.Parse(Environment.GetEnvironmentVariable("EID_GUESSES") ?? "30000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Guesses_hit_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var holder = new HolderClient(server);
        var (_, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        var (store, copies) = (server.Services.GetRequiredService<IPresentationStore>(), server.Services.GetRequiredService<ICopyStore>());
        // What is there is found in this very way.
        Assert.NotNull(await store.FindSessionAsync(SessionSecrets.Digest(session.Secret)!, cancel));
        Assert.NotNull(await store.FindPresentationAsync(PresentationId.Parse(shown.Name.Split('/')[1])!, cancel));

        var hits = 0;
        for (var i = 0; i < Guesses; i++)
        {
            var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            hits += await store.FindPresentationAsync(PresentationId.Generate(), cancel) is null ? 0 : 1;
            hits += await store.FindSessionAsync(SessionSecrets.Digest(secret)!, cancel) is null ? 0 : 1;
            hits += await copies.FindCopyAsync(DownloadIds.Digest(secret)!, cancel) is null ? 0 : 1;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure secret_guesses {3L * Guesses} guesses"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure secret_guess_hits {hits} guesses <= 0"));
        Assert.Equal(0, hits);
    }
}
