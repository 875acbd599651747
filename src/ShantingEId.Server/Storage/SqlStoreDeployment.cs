using ShantingEId.Server.Approvals;

namespace ShantingEId.Server.Storage;

/// <content>What keys, callers and rules are in force, and who approved them.</content>
public abstract partial class SqlStore
{
    /// <summary>What was put into force last; null before the first time.</summary>
    internal ValueTask<Deployment?> DeploymentInForceAsync() => ReadAsync(
        async session => await session.ScalarAsync(new Sql("SELECT content FROM deployment ORDER BY id DESC LIMIT 1")) is byte[] content ? Deployment.Decode(content) : null, CancellationToken.None);

    /// <summary>Puts it into force.</summary>
    internal async Task PutInForceAsync(Deployment deployment, string approvedBy, DateTimeOffset now) =>
        await writes.WriteAsync(new QueuedWrite<bool>("5 deployment", null, async session =>
        {
            await session.RunAsync("INSERT INTO deployment (content, approved_by, recorded_time) VALUES (@content, @by, @time)",
                ("@content", deployment.Encode()), ("@by", approvedBy), ("@time", now.ToUnixTimeMilliseconds()));
            return (null, _ => true);
        }));
}
