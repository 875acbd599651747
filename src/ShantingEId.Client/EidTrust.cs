using ShantingEId.Crypto;
using ShantingEId.Receipts;

namespace ShantingEId.Client;

/// <summary>
/// The authority's SM2 certificates, by which signatures are checked on this machine: receipts, and codes while offline. Take
/// them from the bureau by a safe way and not from the line on which the signatures come.
/// </summary>
public sealed class EidTrust
{
    private EidTrust(IReadOnlyList<Sm2Certificate> authority, IReadOnlyList<Sm2Certificate> codeSigners, DateTimeOffset now)
    {
        Receipts = new ReceiptTrust(authority);
        var roots = authority.Where(certificate => certificate.IsIssuedBy(certificate)).ToList();
        Roots = roots;
        Codes = new KeyRing(codeSigners.DistinctBy(signer => signer.PublicKey.KeyId).Select(signer =>
        {
            // Which key may sign codes is said by whoever hands over the file, and never by the signature.
            var problem = !signer.MaySignCodes ? $"（{signer.CommonName}）不允许签发证照码" : CertificateChain.ProblemInItsTime(signer, authority, roots, now);
            return problem.Length == 0 ? new TrustedKey(signer.PublicKey, ContentType.LicenseCode, signer) : throw new EidException(ErrorReason.CertificateInvalid, "证照码签名证书" + problem);
        }));
    }

    internal ReceiptTrust Receipts { get; }

    internal KeyRing Codes { get; }

    /// <summary>The roots: all that is needed to open a pack (<see cref="StatusLists.StatusPack.Open"/>).</summary>
    public IReadOnlyCollection<Sm2Certificate> Roots { get; }

    /// <summary>
    /// From a folder: <c>root.crt</c>, <c>license-ca.crt</c>, <c>receipt-signer.crt</c>, <c>code-signer.crt</c>, and those of their predecessors and
    /// successors beside them, <c>receipt-signer-*.crt</c> and <c>code-signer-*.crt</c>.
    /// </summary>
    /// <exception cref="IOException">A file is not there.</exception>
    /// <exception cref="EidException"><see cref="ErrorReason.CertificateInvalid"/>.</exception>
    public static EidTrust FromFolder(string folder, TimeProvider? clock = null)
    {
        string Read(string name) => File.ReadAllText(Path.Combine(folder, name + ".crt"));
        string WithOthers(string name) => Read(name) + string.Concat(Directory.GetFiles(folder, name + "-*.crt").Order(StringComparer.Ordinal).Select(File.ReadAllText));
        return FromPem(Read("root") + Read("license-ca") + WithOthers("receipt-signer"), WithOthers("code-signer"), clock);
    }

    /// <summary>From PEM texts.</summary>
    /// <param name="authorityPem">Root, the CAs under it and the signers of receipts, e.g. <c>authority-chain.pem</c> of an exported set.</param>
    /// <param name="codeSignersPem">Signers of licence codes, former ones among them; empty when no code is checked offline.</param>
    /// <param name="clock">Gives the time at which the code signers are judged; one whose time is over, or has not come, at the nearest instant of its own.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.CertificateInvalid"/>: no root among them, or a signer that does not lead to it.</exception>
    public static EidTrust FromPem(string authorityPem, string codeSignersPem = "", TimeProvider? clock = null) =>
        new(Sm2Certificate.FromPem(authorityPem), Sm2Certificate.FromPem(codeSignersPem), (clock ?? TimeProvider.System).GetUtcNow());
}
