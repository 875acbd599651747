using ShantingEId.Crypto;

namespace ShantingEId.Recognition;

/// <summary>CA 互认信任列表 as a file that is replaced with every new number, while a service runs.</summary>
public sealed class TrustListFile
{
    private readonly ReplacedFile<TrustList> file;
    private readonly Glance glance;

    /// <summary>Reads the list for the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="certificates">Certificates of our authority: roots, those between, and that of the signer.</param>
    /// <param name="clock">Measures when to look again.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TrustListInvalid"/>: it cannot be read or is not signed by whom it should be.</exception>
    public TrustListFile(string path, IReadOnlyCollection<Sm2Certificate> certificates, TimeProvider clock)
    {
        glance = new Glance(clock);
        file = new ReplacedFile<TrustList>(path, bytes => TrustList.Open(bytes, certificates), (fresh, known) => fresh.Number > known.Number);
        var problem = "";
        glance.Take(() => problem = file.Look());
        if (file.Current is null)
        {
            throw new EidException(ErrorReason.TrustListInvalid, problem.Length > 0 ? $"信任列表 {problem}" : $"信任列表 {path} 无法读取");
        }
    }

    /// <summary>Told of every file that was refused, in Chinese.</summary>
    public event Action<string>? Refused;

    /// <summary>The list in force; it may be over (<see cref="TrustList.NextUpdate"/>), and then recognises nobody.</summary>
    public TrustList Current
    {
        get
        {
            glance.Take(Look);
            return file.Current!;
        }
    }

    /// <summary>The same as signed.</summary>
    public byte[] Bytes
    {
        get
        {
            glance.Take(Look);
            return file.Bytes;
        }
    }

    /// <summary>From here on a list comes into force only once it is approved; the one in force must be, too.</summary>
    /// <param name="requireApproved">Throws <see cref="EidException"/> for a list that nobody approved; asked again about one that waits.</param>
    /// <exception cref="EidException">The list in force is not approved.</exception>
    public void RequireApproval(Action<byte[]> requireApproved)
    {
        requireApproved(file.Bytes);
        file.RequireApproved = requireApproved;
    }

    private void Look()
    {
        if (file.Look() is { Length: > 0 } problem)
        {
            Refused?.Invoke(problem);
        }
    }
}
