using System.Globalization;
using ShantingEId.Documents.Faces;
using ShantingEId.Licenses;

namespace ShantingEId.Documents.Copies;

/// <summary>加注件 as the register keeps it: for whom, for what, until when, and whether it was fetched.</summary>
public sealed record LicenseCopy
{
    /// <summary>Running number, e.g. <c>JZJ202600000001</c>.</summary>
    public required string Number { get; init; }

    /// <summary>The licence it is a copy of.</summary>
    public required LicenseId License { get; init; }

    /// <summary>Who had it made, as it stands on the copy.</summary>
    public required string Maker { get; init; }

    /// <summary>The caller that may fetch it, once.</summary>
    public required string Receiver { get; init; }

    /// <summary>What that caller was called when it was made, as it stands on the copy.</summary>
    public required string ReceiverTitle { get; init; }

    /// <summary>For what, as it stands on the copy.</summary>
    public required string Purpose { get; init; }

    /// <summary>正本 or 副本.</summary>
    public required FaceForm Form { get; init; }

    /// <summary>SM3 of the download id, which itself is kept nowhere.</summary>
    public required byte[] DownloadDigest { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedTime { get; init; }

    /// <summary>Until when it may be fetched and used.</summary>
    public required DateTimeOffset ExpireTime { get; init; }

    /// <summary>When it was fetched; null while it was not.</summary>
    public DateTimeOffset? DownloadTime { get; init; }

    /// <summary>SM3 of the document that was handed out; empty while none was.</summary>
    public byte[] DocumentDigest { get; init; } = [];

    /// <summary>What stands across its pages.</summary>
    public CopyNote Note => new(Maker, $"{Purpose}（{ReceiverTitle}）", ExpireTime);
}

/// <summary>How long copies may be fetched and used.</summary>
public static class CopyTerms
{
    /// <summary>Not less: the receiver must have time to fetch it.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);

    /// <summary>Where nothing is asked for.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    /// <summary>Not more: a copy tells nobody of a revocation.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);
}

/// <summary>Resource names of copies.</summary>
public static class CopyName
{
    /// <summary>Name of a copy.</summary>
    public static string Of(string number) => "licenseCopies/" + number;

    /// <summary>Whether a text has the form of a number.</summary>
    public static bool IsNumber(string text) => text.Length is >= 15 and <= 24 && text.StartsWith("JZJ", StringComparison.Ordinal) && text.AsSpan(3).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>The number of a new copy: the year in which it was made and a running number.</summary>
    public static string Number(DateOnly day, long running) => string.Create(CultureInfo.InvariantCulture, $"JZJ{day.Year:D4}{running:D8}");
}

/// <summary>Refusals.</summary>
public static class CopyErrors
{
    /// <summary>No such copy, or one for somebody else.</summary>
    public static EidException NotFound() => new(ErrorReason.CopyNotFound, "没有这份加注件，或不是制作给贵单位的");

    /// <summary>It was fetched before.</summary>
    public static EidException Downloaded(LicenseCopy copy) => new(ErrorReason.AlreadyDownloaded, "这份加注件已经下载过，只能下载一次")
    {
        Metadata = new Dictionary<string, string> { ["license_copy"] = CopyName.Of(copy.Number), ["download_time"] = Time(copy.DownloadTime!.Value) },
    };

    /// <summary>Too late.</summary>
    public static EidException Expired(LicenseCopy copy) => new(ErrorReason.CopyExpired, "这份加注件已过有效期")
    {
        Metadata = new Dictionary<string, string> { ["license_copy"] = CopyName.Of(copy.Number), ["expire_time"] = Time(copy.ExpireTime) },
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
