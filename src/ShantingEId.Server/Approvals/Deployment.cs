using System.Text;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Approvals;

/// <summary>What is in force in a deployment: its authority, certificates, sealed keys, callers, rules and whom it recognises, and who approves the next.</summary>
/// <param name="Subject">One line for each file, <c>name SM3</c>, in order.</param>
/// <param name="People">Who may approve what follows it, by fingerprint.</param>
internal sealed record Deployment(IReadOnlyList<string> Subject, IReadOnlyDictionary<string, string> People)
{
    /// <summary>The approvals' file, beside the files it is about.</summary>
    public const string FileName = "approvals.json";

    /// <summary>The act, for people.</summary>
    public const string Act = "启用密钥、调用方名册、规则和互认名单";

    /// <summary>Names the list of recognised CAs, as the option does.</summary>
    public const string TrustList = "--trust-list";

    /// <summary>Names the list of neighbours.</summary>
    public const string Neighbours = "--neighbours";

    // Secrets that are nobody's business; what they open is covered by certificates and sealed keys.
    private static readonly string[] NotCovered = [FileName, AuthorityFiles.KeyEncryptionKey, AuthorityFiles.StatusSecret];

    /// <summary>Reads what a server would put into force.</summary>
    public static Deployment Read(EidServerOptions options, CallerDirectory callers)
    {
        var files = Directory.EnumerateFiles(options.CertificatesDirectory).Where(path => !NotCovered.Contains(Path.GetFileName(path)) && Path.GetExtension(path) != ".key")
            .Select(path => (Name: Path.GetFileName(path), Path: (string?)path)).OrderBy(file => file.Name, StringComparer.Ordinal)
            .Concat<(string Name, string? Path)>([("--holidays", options.Holidays), ("--trades", options.Trades), ("--seal-uses", options.SealUses), (TrustList, options.TrustList), (Neighbours, options.Neighbours)])
            .Where(file => file.Path is not null).Select(file => Line(file.Name, File.ReadAllBytes(file.Path!)));
        return new Deployment([.. files, $"deregistration {options.Deregistration}"], TwoPeople.Of(callers));
    }

    /// <summary>Whether this content of a file is what stands in it.</summary>
    public bool Has(string name, byte[] content) => Subject.Contains(Line(name, content));

    /// <summary>
    /// Lets a production server run only with what two people approved. Who they may be is said by what was in force before, so nobody makes himself two;
    /// the first time it is said by the files themselves.
    /// </summary>
    /// <returns>What is in force then: what the files say.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.SecondPersonRequired"/>.</exception>
    public static async Task<Deployment> RequireApprovedAsync(EidServerOptions options, IssuingAuthority authority, CallerDirectory callers, SqlStore store)
    {
        var next = Read(options, callers);
        var subject = string.Join('\n', next.Subject);
        var before = await store.DeploymentInForceAsync();
        if (before is not null && before.Subject.SequenceEqual(next.Subject))
        {
            return before;
        }

        var path = Path.Combine(options.CertificatesDirectory, FileName);
        var approvals = File.Exists(path) ? ApprovalFile.Load(path).Approvals : [];
        var who = TwoPeople.Require(subject, authority.Environment, approvals, before?.People ?? next.People, Act);
        await store.PutInForceAsync(next, string.Join(' ', who), options.Clock.GetUtcNow());
        return next;
    }

    /// <summary>As the register keeps it.</summary>
    public byte[] Encode() => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, AuthorityFiles.Json));

    /// <summary>As the register kept it.</summary>
    public static Deployment Decode(byte[] bytes) => JsonSerializer.Deserialize<Deployment>(bytes, AuthorityFiles.Json)!;

    private static string Line(string name, byte[] content) => $"{name} {Convert.ToHexStringLower(Sm3.Hash(content))}";
}
