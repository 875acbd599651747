using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>A sample identity system: its own root, recognised by the deployment's signed trust list for identity alone.</summary>
internal sealed class IdentitySystem
{
    private readonly CertificateIssuer issuer;

    public IdentitySystem(string name = "样例身份认证系统")
    {
        var (key, now) = (Sm2PrivateKey.Generate(), TimeProvider.System.GetUtcNow());
        issuer = new CertificateIssuer(key, CertificateIssuer.CreateRoot(key, new CertificateSubject("样例身份机构", name + "根"), now.AddDays(-1), now.AddDays(30)));
        Signer = Certified(name, CertificateUse.Signing);
    }

    public Sm2Certificate Root => issuer.Certificate;

    public SigningKey Signer { get; }

    public SigningKey Certified(string name, CertificateUse use)
    {
        var (key, now) = (Sm2PrivateKey.Generate(), TimeProvider.System.GetUtcNow());
        return new SigningKey(key, issuer.Issue(new CertificateSubject("样例身份机构", name), key.PublicKey, use, now.AddDays(-1), now.AddDays(30)));
    }

    /// <summary>Writes a signed list that recognises this system, and another CA for other uses.</summary>
    public void Recognise(string certificates, Sm2Certificate? forSeals = null)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var list = new TrustList
        {
            Number = 1, IssueTime = now.AddMinutes(-5), NextUpdate = now.AddDays(7),
            Entries = [new(Root, "样例身份认证系统", TrustUse.Identity, "", now.AddDays(-1), now.AddDays(30)),
                .. forSeals is null ? Array.Empty<TrustListEntry>() : [new(forSeals, "样例外省 CA", TrustUse.SealMaking | TrustUse.DocumentSigning, "", now.AddDays(-1), now.AddDays(30))]],
        };
        File.WriteAllBytes(ListIn(certificates), list.Sign(AuthorityFiles.OpenKey(certificates, AuthorityFiles.TrustListSigner, now)).Encode());
    }

    public static string ListIn(string certificates) => Path.Combine(certificates, "sample-trust-list.cose");
}

/// <summary>What both deployments for live codes have: an identity system, one that is recognised for seals alone, a public door and a clock.</summary>
internal interface IPresentFixture
{
    ShiftedClock Wall { get; }

    IdentitySystem Identity { get; }

    IdentitySystem ForSeals { get; }
}

/// <summary>With SQLite.</summary>
public class PresentFixture : PublicFixture, IPresentFixture
{
    ShiftedClock IPresentFixture.Wall => Wall;

    IdentitySystem IPresentFixture.Identity { get; } = new();

    IdentitySystem IPresentFixture.ForSeals { get; } = new("样例外省系统");

    internal ShiftedClock Wall { get; } = new();

    protected override TimeProvider Clock => Wall;

    public override EidServerOptions Options() => base.Options() with { TrustList = IdentitySystem.ListIn(Certificates) };

    protected override void Prepare() => ((IPresentFixture)this).Identity.Recognise(Certificates, ((IPresentFixture)this).ForSeals.Root);
}

/// <summary>With PostgreSQL.</summary>
public sealed class PostgresPresentFixture : PostgresServerFixture, IPresentFixture
{
    ShiftedClock IPresentFixture.Wall { get; } = new();

    IdentitySystem IPresentFixture.Identity { get; } = new();

    IdentitySystem IPresentFixture.ForSeals { get; } = new("样例外省系统");

    public override EidServerOptions Options() => base.Options() with { TrustList = IdentitySystem.ListIn(Certificates) };

    protected override void Prepare() => ((IPresentFixture)this).Identity.Recognise(Certificates, ((IPresentFixture)this).ForSeals.Root);
}
