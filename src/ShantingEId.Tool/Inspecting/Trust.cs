using System.Security.Cryptography;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Recognition;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Inspecting;

/// <summary>
/// The certificates somebody chose to trust for an inspection. Those that issued themselves count as roots; the rest only
/// help to build chains.
/// </summary>
internal sealed class Trust
{
    private readonly List<Sm2Certificate> all;
    private readonly List<Sm2Certificate> roots;
    private readonly DateTimeOffset now;

    private Trust(List<Sm2Certificate> all, DateTimeOffset now)
    {
        this.all = all;
        this.now = now;
        roots = [.. all.Where(certificate => certificate.IsIssuedBy(certificate))];
    }

    /// <summary>The same certificates for receipts; null when none were given.</summary>
    public ReceiptTrust? Receipts => IsGiven ? new ReceiptTrust(all) : null;

    /// <summary>Whether anything was given to check against.</summary>
    public bool IsGiven => roots.Count > 0;

    public static Trust Load(string? path, TimeProvider clock)
    {
        if (path is null)
        {
            return new Trust([], clock.GetUtcNow());
        }

        var trust = new Trust([.. Sm2Certificate.FromPem(File.ReadAllText(path))], clock.GetUtcNow());
        return trust.IsGiven ? trust : throw new UsageException($"{path} 中没有自签名的 SM2 根证书");
    }

    /// <summary>DER of every certificate in a PEM text.</summary>
    public static List<byte[]> Certificates(string pem)
    {
        var found = new List<byte[]>();
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label].SequenceEqual("CERTIFICATE"))
            {
                found.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            }

            rest = rest[fields.Location.End..];
        }

        return found;
    }

    /// <summary>The certificate of a key, by the hint in an envelope; the signature must still be checked with it.</summary>
    public Sm2Certificate? Find(KeyId id) => all.Find(certificate => certificate.PublicKey.KeyId == id);

    /// <summary>The line that says whether a certificate leads to a root.</summary>
    public Node Chain(Sm2Certificate certificate)
    {
        if (!IsGiven)
        {
            return new Node("证书链", "未核对：没有给出 --roots", Finding.NotChecked);
        }

        var problem = CertificateChain.Problem(certificate, all, roots, now);
        return problem.Length == 0 ? new Node("证书链", "到达所给的根", Finding.Good) : new Node("证书链", "证书" + problem, Finding.Bad);
    }

    /// <summary>The line that says whether a whole seal holds.</summary>
    public Node Seal(Seals.SesSeal seal)
    {
        if (!IsGiven)
        {
            return new Node("印章验证", "未核对制章者是否可信：没有给出 --roots", Finding.NotChecked);
        }

        var problem = seal.Problem(new CertificateTrust(roots, all), now);
        return problem.Length == 0 ? new Node("印章验证", "签名、制章者证书、有效期均通过", Finding.Good) : new Node("印章验证", problem, Finding.Bad);
    }
}
