using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Receipts;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>A ledger in a folder of its own, with real keys; what a test does to its files is up to the test.</summary>
internal sealed class LedgerCase : IDisposable
{
    private static readonly Lazy<string> SharedKeys = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("eid-ledger-keys-").FullName;
        DevCertificates.Create(folder, TimeProvider.System);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    private readonly string root = Directory.CreateTempSubdirectory("eid-ledger-").FullName;

    public static IssuingAuthority Authority { get; } = AuthorityFiles.Load(SharedKeys.Value, production: false, TimeProvider.System.GetUtcNow());

    public static KeyRing Keys { get; } = Authority.BuildKeyRing(TimeProvider.System.GetUtcNow());

    public string Data => root;

    public string Folder => Path.Combine(root, "ledger");

    public string Checkpoints => Path.Combine(root, "ledger-checkpoints.txt");

    public LedgerOptions Options => new() { Directory = Folder, CheckpointFile = Checkpoints, Environment = Authority.Environment, Signer = Authority.ReceiptSigner };

    public EidServerOptions ServerOptions => new() { CertificatesDirectory = SharedKeys.Value, DataDirectory = root, Environment = "Development" };

    public IReadOnlyList<string> Segments => [.. LedgerFolder.Segments(Folder).Select(segment => segment.Path)];

    public static LookupRecord Record(int number) => new(
        TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow(), "VerifyCode", "tax-bureau", "TAX_REGISTRATION", LookupRecord.DigestRequest("VerifyCode", "code " + number),
        "91370406MA3ABC127Q", 1, "", LookupRecord.NothingShown, FormattableString.Invariant($"样例 {number}"));

    /// <summary>Appends records one after the other, so that each has a tick of its own.</summary>
    public static async Task AppendTicksAsync(LookupLedger ledger, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await ledger.AppendAsync(Record(i).Encode(), withReceipt: false);
        }
    }

    public LookupLedger Open() => LookupLedger.Open(Options);

    /// <summary>Writes a ledger of so many ticks, closes it, and signs its end.</summary>
    public async Task WriteAsync(int ticks, LedgerOptions? options = null)
    {
        using var ledger = LookupLedger.Open(options ?? Options);
        await AppendTicksAsync(ledger, ticks);
        LedgerCheckpoints.Append(Checkpoints, ledger.Newest!, Authority.ReceiptSigner);
    }

    public LedgerReport Check() => LedgerCheck.Run(ServerOptions);

    public void Dispose() => Directory.Delete(root, recursive: true);
}
