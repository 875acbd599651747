using ShantingEId.Crypto;

namespace ShantingEId.Recognition;

/// <summary>A folder of revocation lists (<c>*.crl</c>, DER or PEM), which some other program fetches from the CAs while a service runs.</summary>
/// <param name="folder">The folder.</param>
/// <param name="clock">Measures when to look again.</param>
public sealed class RevocationFolder(string folder, TimeProvider clock)
{
    private readonly Glance glance = new(clock);
    private readonly Dictionary<string, ReplacedFile<RevocationList>> files = [];
    private volatile RevocationLists current = RevocationLists.None;

    /// <summary>Told of every file that was refused, in Chinese.</summary>
    public event Action<string>? Refused;

    /// <summary>The lists; of a file that was replaced by a broken or an older one, the one before. A file that is gone takes its list along.</summary>
    public RevocationLists Current
    {
        get
        {
            glance.Take(Look);
            return current;
        }
    }

    private void Look()
    {
        string[] there = [];
        try
        {
            there = Directory.GetFiles(folder, "*.crl");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Refused?.Invoke($"{folder}：{error.Message}");
        }

        foreach (var gone in files.Keys.Except(there).ToList())
        {
            files.Remove(gone);
        }

        foreach (var path in there)
        {
            if (!files.TryGetValue(path, out var file))
            {
                files[path] = file = new ReplacedFile<RevocationList>(path, bytes => RevocationList.Parse(bytes), (fresh, known) => fresh.IsNewerThan(known));
            }

            if (file.Look() is { Length: > 0 } problem)
            {
                Refused?.Invoke(problem);
            }
        }

        var lists = files.Values.Select(file => file.Current).OfType<RevocationList>().ToList();
        current = new RevocationLists(lists);
    }
}
