using Microsoft.Data.Sqlite;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>What SQLite's result codes mean to a caller.</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int IoError = 10;
    private const int Full = 13;
    private const int Constraint = 19;

    // The index of the write-ahead log (-shm) could not be made larger. SQLite has no "full" for this file.
    private const int IoErrorIndexSize = IoError | (19 << 8);

    /// <summary>Whether the statement failed by its own values.</summary>
    public static bool IsOwnFault(SqliteException error) => error.SqliteErrorCode == Constraint;

    /// <summary>The error to give; texts of SQLite stay in the inner exception, for the log alone.</summary>
    public static EidException Translate(SqliteException error) => error.SqliteErrorCode switch
    {
        // The index grows after the log was written: a crash right now would find the commit in the log.
        IoError when error.SqliteExtendedErrorCode == IoErrorIndexSize =>
            new EidException(ErrorReason.StorageFull, "存储空间已满，结果未知；腾出空间后用同一 request_id 重试", error),
        Full => new EidException(ErrorReason.StorageFull, "存储空间已满，未写入任何内容；腾出空间后用同一 request_id 重试", error),
        Busy => new EidException(ErrorReason.StoreUnavailable, "登记簿忙，未写入任何内容；请用同一 request_id 重试", error) { RetryAfter = TimeSpan.FromSeconds(1) },
        // An I/O error can strike after the log was written: only asking again tells.
        IoError => new EidException(ErrorReason.OutcomeUnknown, "登记簿读写出错，结果未知；请用同一 request_id 重试", error) { RetryAfter = TimeSpan.FromSeconds(5) },
        Constraint => StoreErrors.NumberTaken(error),
        _ => new EidException(ErrorReason.StoreUnavailable, "登记簿暂不可用，请稍后用同一 request_id 重试", error) { RetryAfter = TimeSpan.FromSeconds(5) },
    };
}
