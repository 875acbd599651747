using System.Text.Json.Nodes;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Neighbour = ShantingEId.Recognition.Neighbour;

namespace ShantingEId.Server.Tests.Neighbours;

/// <summary>A deployment of a region, with its public door and a list of neighbours that tests write anew.</summary>
public sealed class RegionServer(string division, string name, string host) : PublicFixture
{
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);
    private long number;

    public string Division => division;

    public string CodePrefix => $"HTTPS://{host.ToUpperInvariant()}/";

    public string ListPath => Path.Combine(Certificates, "neighbours.cbor");

    public override EidServerOptions Options() => base.Options() with { StatusTtl = Ttl, Neighbours = ListPath, PackEvery = TimeSpan.FromMilliseconds(1) };

    protected override void Prepare()
    {
        Rewrite(Certificates, division, name, CodePrefix);
        Recognise();
    }

    /// <summary>Makes the authority of a folder that of another region.</summary>
    public static void Rewrite(string certificates, string division, string name, string prefix)
    {
        var path = Path.Combine(certificates, AuthorityFiles.Description);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        (file["division"], file["name"], file["code_prefix"]) = (division, name, prefix);
        File.WriteAllText(path, file.ToJsonString());
    }

    /// <summary>Signs a list of these neighbours and puts it in the place of the one before.</summary>
    public void Recognise(params Neighbour[] neighbours) => Recognise(TimeSpan.FromDays(30), neighbours);

    public void Recognise(TimeSpan term, params Neighbour[] neighbours)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        WriteList(Certificates, ListPath, new NeighbourList { Number = ++number, IssueTime = now, NextUpdate = now + term, Neighbours = neighbours });
    }

    /// <summary>Signs a list with the key of a folder and writes it as operators do: whole or not at all.</summary>
    public static void WriteList(string certificates, string path, NeighbourList list)
    {
        File.WriteAllBytes(path + ".draft", list.Sign(AuthorityFiles.OpenKey(certificates, AuthorityFiles.TrustListSigner, list.IssueTime)).Encode());
        File.Move(path + ".draft", path, overwrite: true);
    }

    /// <summary>What others put into their lists of this region.</summary>
    public Neighbour AsNeighbour() => AsNeighbour(Certificates, division, name, CodePrefix, Pages.ToString());

    /// <summary>The same of the keys in a folder.</summary>
    public static Neighbour AsNeighbour(string certificates, string division, string name, string prefix, string source)
    {
        var now = TimeProvider.System.GetUtcNow();
        Sm2Certificate Read(string file) => AuthorityFiles.ReadCertificate(certificates, file);
        return new Neighbour(division, name, [division], prefix, [Read(AuthorityFiles.Root), Read(AuthorityFiles.LicenseAuthority), Read(AuthorityFiles.CodeSigner), Read(AuthorityFiles.StatusSigner)],
            [Read(AuthorityFiles.CodeSigner).PublicKey.KeyId], source, [], now.AddDays(-1), now.AddDays(365));
    }

    /// <summary>Founds a company of this region.</summary>
    public async Task<IssuedSet> FoundAsync()
    {
        var request = ValidRequest();
        request.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next(), division);
        request.Enterprise.Name = name + "样例食品有限公司";
        return await Staff().IssueSetAsync(request);
    }

    /// <summary>The code of a set as if it had been issued an hour ago: a list says nothing against what is younger than a minute.</summary>
    public string Older(IssuedSet set)
    {
        LicenseCode.TryOpen(set.LicenseCode, CodePrefix, out var envelope);
        var claims = LicenseCode.Read(envelope!)!;
        return (claims with { IssueTime = claims.IssueTime.AddHours(-1) }).Sign(CodePrefix, AuthorityFiles.OpenKey(Certificates, AuthorityFiles.CodeSigner, TimeProvider.System.GetUtcNow()));
    }

    public async Task<Verification> AskAsync(string code, bool receipt = false, TimeSpan? age = null) => await new VerificationService.VerificationServiceClient(Channel("bank")).VerifyCodeAsync(new VerifyCodeRequest
    {
        Code = code, Purpose = "ACCOUNT_OPENING", WithReceipt = receipt, MaxNeighbourStateAge = age is { } most ? Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(most) : null,
    });
}

/// <summary>Two regions, each a deployment of its own, that list each other.</summary>
public sealed class TwoRegionsFixture : IAsyncLifetime
{
    public RegionServer Home { get; } = new("370406", "枣庄市山亭区", "eid.shanting.example");

    public RegionServer Other { get; } = new("370402", "枣庄市市中区", "eid.shizhong.example");

    public async ValueTask InitializeAsync()
    {
        await Home.InitializeAsync();
        await Other.InitializeAsync();
        Home.Recognise(Other.AsNeighbour());
        Other.Recognise(Home.AsNeighbour());
        await Task.Delay(1100); // A changed list is noticed within a second.
    }

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        await Other.DisposeAsync();
    }
}
