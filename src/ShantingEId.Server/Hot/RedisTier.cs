using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;
using StackExchange.Redis;

namespace ShantingEId.Server.Hot;

/// <summary>
/// The tier between this process and the register: one multiplexer, readings gathered into batches, writings thrown in without
/// waiting. When Redis does not answer in time it is left alone for a while, then tried by one batch; nobody else waits for it.
/// </summary>
internal sealed partial class RedisTier : IAsyncDisposable
{
    private const int BatchSize = 64;
    private const int MaxPendingWrites = 1024;
    private const long Never = long.MinValue;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly ConnectionMultiplexer multiplexer;
    private readonly CachedReading codec;
    private readonly TimeProvider clock;
    private readonly ILogger<RedisTier> log;
    private readonly string prefix;
    private readonly Channel<Question> questions = Channel.CreateUnbounded<Question>(new() { SingleReader = true });
    private readonly Task loop;
    private TimeSpan rest = ShortestRest;
    private long restUntil = Never;
    private int pendingWrites;

    private sealed record Question(string Key, TaskCompletionSource<byte[]?> Answer);

    private RedisTier(ConnectionMultiplexer multiplexer, CachedReading codec, string environment, TimeProvider clock, ILogger<RedisTier> log)
    {
        (this.multiplexer, this.codec, this.clock, this.log) = (multiplexer, codec, clock, log);
        prefix = $"eid:{environment}:";
        loop = Task.Run(AnswerAsync);
    }

    /// <summary>Connects in the background; a Redis that is not there yet is one that does not answer.</summary>
    public static RedisTier Open(string configuration, IssuingAuthority authority, TimeProvider clock, ILogger<RedisTier> log)
    {
        var options = ConfigurationOptions.Parse(configuration);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast; // A question nobody can answer now is put to the register, not kept.
        options.ConnectTimeout = Math.Min(options.ConnectTimeout, 1000);
        options.ClientName = "shanting-eid";
        return new RedisTier(ConnectionMultiplexer.Connect(options), new CachedReading(authority.StatusSecret, authority.Environment), authority.Environment, clock, log);
    }

    /// <summary>What Redis has under a key and this deployment wrote; null in every other case.</summary>
    public async ValueTask<Reading?> GetAsync(RegisterKey key)
    {
        if (!multiplexer.IsConnected || !MayAsk())
        {
            HotMeters.Count(HotTier.RedisAway);
            return null;
        }

        var question = new Question(KeyOf(key), new TaskCompletionSource<byte[]?>(TaskCreationOptions.RunContinuationsAsynchronously));
        questions.Writer.TryWrite(question);
        if (await question.Answer.Task is not { Length: > 0 } value)
        {
            return null;
        }

        if (codec.Read(question.Key, value) is not { } found)
        {
            HotMeters.Count(HotTier.RedisRefused);
            Refused(key.Kind);
            return null;
        }

        // As of when is for the follower to say.
        return new Reading(found.Entry, default, found.Position);
    }

    /// <summary>Leaves a reading for other replicas; lost without harm.</summary>
    public void Set(RegisterKey key, Reading reading)
    {
        if (!IsAwake || !multiplexer.IsConnected || Interlocked.Increment(ref pendingWrites) > MaxPendingWrites)
        {
            Interlocked.Decrement(ref pendingWrites);
            return;
        }

        var name = KeyOf(key);
        _ = multiplexer.GetDatabase().StringSetAsync(name, codec.Write(name, reading.Entry!, reading.Position), Life)
            .ContinueWith(done =>
            {
                Interlocked.Decrement(ref pendingWrites);
                _ = done.Exception; // Out of memory, read-only, gone: a cache that takes nothing costs speed only.
            }, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        questions.Writer.Complete();
        await loop;
        await multiplexer.DisposeAsync();
    }

    private bool IsAwake => Interlocked.Read(ref restUntil) == Never;

    // When the rest is over one question is put for all; until it is answered the others go on without Redis.
    private bool MayAsk()
    {
        var until = Interlocked.Read(ref restUntil);
        if (until == Never)
        {
            return true;
        }

        var now = clock.GetTimestamp();
        return now >= until && Interlocked.CompareExchange(ref restUntil, now + Ticks(Patience * 2), until) == until;
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    private string KeyOf(RegisterKey key) => string.Concat(prefix, key.Kind switch
    {
        RegisterKeyKind.Manifest => "m:",
        RegisterKeyKind.TypedCode => "t:",
        RegisterKeyKind.License => "l:",
        _ => "h:",
    }, key.Value);

    // Gathers whatever is waiting, up to a batch, and sends it in one go: no delay is added, and under load batches grow by themselves.
    private async Task AnswerAsync()
    {
        var batch = new List<Question>(BatchSize);
        while (await questions.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchSize && questions.Reader.TryRead(out var question))
            {
                batch.Add(question);
            }

            // Several batches may be on their way: a slow one must not hold up the next.
            _ = SendAsync([.. batch]);
        }
    }

    private async Task SendAsync(Question[] batch)
    {
        try
        {
            // GETRANGE, not MGET: however large a value somebody plants, no more than a value of ours is fetched; and a key of
            // another type fails alone.
            var pipeline = multiplexer.GetDatabase().CreateBatch();
            var answers = Array.ConvertAll(batch, question => pipeline.StringGetRangeAsync(question.Key, 0, CachedReading.MaxBytes));
            pipeline.Execute();

            // On a busy machine the end of the patience may be seen before answers that came in time: those count.
            await ((Task)Task.WhenAll(answers)).WaitAsync(Patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Array.TrueForAll(answers, answer => !answer.IsCompleted || answer.Exception?.InnerException is RedisConnectionException or RedisTimeoutException))
            {
                throw new TimeoutException();
            }

            rest = ShortestRest;
            Interlocked.Exchange(ref restUntil, Never);
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i].Answer.SetResult(answers[i].IsCompletedSuccessfully ? (byte[]?)answers[i].Result : null);
            }
        }
        catch (Exception error) when (error is TimeoutException or RedisException or ObjectDisposedException)
        {
            Rest();
            foreach (var question in batch)
            {
                HotMeters.Count(HotTier.RedisAway);
                question.Answer.TrySetResult(null);
            }
        }
    }

    private void Rest()
    {
        // Batches sent before the first one failed say nothing new.
        var now = clock.GetTimestamp();
        var until = Interlocked.Read(ref restUntil);
        if (now + Ticks(Patience * 2) < until || Interlocked.CompareExchange(ref restUntil, now + Ticks(rest), until) != until)
        {
            return;
        }

        Away(rest.TotalSeconds);
        rest = rest * 2 > LongestRest ? LongestRest : rest * 2;
    }

    [LoggerMessage(EventName = "RedisAway", Level = LogLevel.Warning, Message = "Redis does not answer; left alone for {Seconds} s, look-ups go to the register")]
    private partial void Away(double seconds);

    [LoggerMessage(EventName = "RedisEntryRefused", Level = LogLevel.Warning, Message = "Redis holds an entry of kind {Kind} that this deployment did not write; ignored")]
    private partial void Refused(RegisterKeyKind kind);
}
