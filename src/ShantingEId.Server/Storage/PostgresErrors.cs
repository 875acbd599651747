using Npgsql;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>What PostgreSQL's codes and broken connections mean to a caller.</summary>
internal static class PostgresErrors
{
    private const string IdleInTransaction = "25P03";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Whether the statement failed by its own values: data (22) or constraints (23).</summary>
    public static bool IsOwnFault(NpgsqlException error) => error.SqlState is ['2', '2' or '3', ..];

    /// <summary>
    /// Whether nothing was written and another attempt may succeed at once: the connection was lost before COMMIT, the server
    /// chose us to end a deadlock, or another replica committed the same request between our look and our write.
    /// </summary>
    public static bool MayRepeat(Exception error) => IsConnectionLost(error) || error is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation,
    };

    /// <summary>Whether the connection ended, by the network or by the server.</summary>
    public static bool IsConnectionLost(Exception error) => error is PostgresException { SqlState: var state }
        ? state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or IdleInTransaction
            || state.StartsWith("08", StringComparison.Ordinal)
        : error is NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException };

    /// <summary>The error to give; texts of PostgreSQL stay in the inner exception, for the log alone.</summary>
    /// <param name="error">What happened.</param>
    /// <param name="committing">Whether COMMIT had been sent.</param>
    public static EidException Translate(Exception error, bool committing)
    {
        // Only a plain error in answer to COMMIT says that nothing was written. Whatever ends the connection leaves it open.
        if (committing && error is not PostgresException { InvariantSeverity: "ERROR" })
        {
            return new EidException(ErrorReason.OutcomeUnknown, "登记簿数据库没有确认提交，结果未知；请用同一 request_id 重试", error) { RetryAfter = Soon };
        }

        return error switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } =>
                new EidException(ErrorReason.StorageFull, "存储空间已满，未写入任何内容；腾出空间后用同一 request_id 重试", error),
            PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.TooManyConnections } =>
                new EidException(ErrorReason.StoreUnavailable, "登记簿忙，未写入任何内容；请用同一 request_id 重试", error) { RetryAfter = Soon },
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => StoreErrors.NumberTaken(error),
            PostgresException own when IsOwnFault(own) => new EidException(ErrorReason.InternalFault, "登记簿拒绝写入这些数据", error),
            NpgsqlException or TimeoutException => new EidException(ErrorReason.StoreUnavailable, "登记簿暂不可用，请稍后用同一 request_id 重试", error) { RetryAfter = Soon },
            _ => new EidException(ErrorReason.InternalFault, "登记簿读写时出错", error),
        };
    }
}
