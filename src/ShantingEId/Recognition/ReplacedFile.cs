namespace ShantingEId.Recognition;

/// <summary>
/// A file of signed data that is replaced while a service runs. What cannot be read, is no step forward or is not approved, is refused and said once;
/// what was in force stays, until its own end.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="read">Reads and checks it; throws <see cref="EidException"/>.</param>
/// <param name="isNewer">Whether the first may take the place of the second.</param>
public sealed class ReplacedFile<T>(string path, Func<byte[], T> read, Func<T, T, bool> isNewer)
    where T : class
{
    private (DateTime Written, long Length) seen;
    private (T Content, byte[] Bytes)? waiting;
    private string said = "";

    /// <summary>What is in force; null before the first good one.</summary>
    public T? Current { get; private set; }

    /// <summary>Its bytes.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Throws <see cref="EidException"/> for bytes that nobody approved; they are kept, and asked about again at every look, because an approval may come after the file.</summary>
    public Action<byte[]> RequireApproved { get; set; } = _ => { };

    /// <summary>Reads the file if it is another than the last time; one at a time.</summary>
    /// <returns>Why what is there was refused; "" when it was taken, is known already, or this was said before.</returns>
    public string Look()
    {
        var file = new FileInfo(path);
        var now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        try
        {
            if (now != seen)
            {
                (seen, waiting, said) = (now, null, "");
                var found = File.ReadAllBytes(path);
                if (found.AsSpan().SequenceEqual(Bytes))
                {
                    return "";
                }

                var fresh = read(found);
                if (Current is not null && !isNewer(fresh, Current))
                {
                    return $"{path}：不比现用的新";
                }

                waiting = (fresh, found);
            }

            if (waiting is { } next)
            {
                RequireApproved(next.Bytes);
                (Current, Bytes, waiting) = (next.Content, next.Bytes, null);
            }

            return "";
        }
        catch (Exception error) when (error is EidException or IOException or UnauthorizedAccessException)
        {
            var problem = $"{path}：{error.Message}";
            var isNews = problem != said;
            said = problem;
            return isNews ? problem : "";
        }
    }
}

/// <summary>Looks at files while others ask for what is in them: not more often than once a second, and nobody waits for a look of somebody else.</summary>
/// <param name="clock">Measures the second.</param>
public sealed class Glance(TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private readonly Lock looking = new();
    private long? last;

    /// <summary>Looks, if it is time and nobody else does.</summary>
    public void Take(Action look)
    {
        if (!looking.TryEnter())
        {
            return;
        }

        try
        {
            if (last is { } before && clock.GetElapsedTime(before) < Every)
            {
                return;
            }

            last = clock.GetTimestamp();
            look();
        }
        finally
        {
            looking.Exit();
        }
    }
}
