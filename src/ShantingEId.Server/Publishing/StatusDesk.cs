using System.Collections.Concurrent;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Server.Hot;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Publishing;

/// <summary>Bytes to be published.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Tag">Entity tag, in quotes: names these bytes and no others.</param>
internal sealed record Published(byte[] Bytes, string Tag)
{
    public static Published Of(byte[] bytes) => new(bytes, $"\"{Convert.ToHexStringLower(Sm3.Hash(bytes)[..16])}\"");
}

/// <summary>
/// Signs the status lists. A token is made anew when the feed has moved or something became due, at most once a second however
/// often it is asked for, and when it is as old as its ttl.
/// </summary>
internal sealed class StatusDesk(StatusBoard board, FeedFollower follower, IssuingAuthority authority, SigningKey signer, TimeProvider clock, EidServerOptions options)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<int, Made> made = new();

    private sealed record Made(Published Token, DateTimeOffset Time, long Position);

    /// <summary>The token of a list; null when there is no such list.</summary>
    /// <exception cref="EidException">The register cannot be read.</exception>
    public async Task<Published?> TokenAsync(int number, CancellationToken cancel)
    {
        if (made.TryGetValue(number, out var known) && await IsCurrentAsync(known, cancel))
        {
            return known.Token;
        }

        // Whoever asks for lists that do not exist makes the register read no oftener than others do.
        if (board.Last is var last && (number & ((1 << StatusReference.ListBits) - 1)) > last.Highest && clock.GetUtcNow() - last.Time < Pause)
        {
            return null;
        }

        var reading = await board.ReadAsync(number);
        if (reading.States is not { } states)
        {
            return null;
        }

        var issued = DateTimeOffset.FromUnixTimeSeconds(reading.AsOf.ToUnixTimeSeconds());
        var token = new StatusToken { Address = StatusReference.AddressOf(authority.CodePrefix, number), IssueTime = issued, ExpireTime = issued + options.StatusLifetime, Ttl = options.StatusTtl, List = states };
        var fresh = new Made(Published.Of(token.Sign(signer).Encode()), reading.AsOf, reading.Position);
        // Two that were made at once: the later reading stays.
        return made.AddOrUpdate(number, fresh, (_, other) => other.Position > fresh.Position ? other : fresh).Token;
    }

    private async Task<bool> IsCurrentAsync(Made known, CancellationToken cancel)
    {
        var age = clock.GetUtcNow() - known.Time;
        return age >= TimeSpan.Zero && age < options.StatusTtl && (age < Pause || (follower.Current.Position == known.Position && !await board.IsDueAsync(cancel)));
    }
}
