using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Neighbours;
using ShantingEId.StatusLists;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Neighbours;

/// <summary>Keys of three regions, and a web server that answers as one of them would, or as nobody should.</summary>
public sealed class FakeNeighbour : IAsyncLifetime
{
    public const string Prefix = "HTTPS://EID.TAIERZHUANG.EXAMPLE/";
    public const string Division = "370405";
    private readonly string folder = Directory.CreateTempSubdirectory("eid-neighbours-").FullName;
    private WebApplication? app;

    public string Home => Path.Combine(folder, "home");

    public string Theirs => Path.Combine(folder, "theirs");

    public string Others => Path.Combine(folder, "others");

    public IssuingAuthority Authority { get; private set; } = null!;

    /// <summary>What is answered to a question for a list.</summary>
    internal Func<HttpContext, int, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Questions so far.</summary>
    public int Asked => asked;

    private int asked;

    public string Http { get; private set; } = "";

    public string Https { get; private set; } = "";

    public byte[] TlsAuthority { get; private set; } = [];

    public StatusReference Place { get; } = new(0, 4711);

    public StatusReference TradePlace { get; } = new(0, 815);

    public async ValueTask InitializeAsync()
    {
        foreach (var (path, division, prefix) in new[] { (Home, "370406", "HTTPS://EID.SHANTING.EXAMPLE/"), (Theirs, Division, Prefix), (Others, "370404", "HTTPS://EID.YICHENG.EXAMPLE/") })
        {
            DevCertificates.Create(path, TimeProvider.System);
            RegionServer.Rewrite(path, division, "枣庄市样例区", prefix);
        }

        Authority = AuthorityFiles.Load(Home, production: false, TimeProvider.System.GetUtcNow());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPemFile(Path.Combine(Theirs, "server.crt"), Path.Combine(Theirs, "server.key"))));
        });
        app = builder.Build();
        app.Run(context =>
        {
            Interlocked.Increment(ref asked);
            return Answer(context, int.Parse(context.Request.Path.Value!.Split('/')[^1], System.Globalization.CultureInfo.InvariantCulture));
        });
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        (Http, Https) = (addresses[0], addresses[1]);
        TlsAuthority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(Theirs, "tls-ca.crt"))).RawData;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The neighbour as our list has it.</summary>
    public Neighbour Entry(string? source = null) => RegionServer.AsNeighbour(Theirs, Division, "枣庄市台儿庄区", Prefix, source ?? Http);

    /// <summary>A desk over a list of these neighbours.</summary>
    internal NeighbourDesk Desk(NeighbourList list, TimeProvider? clock = null) => new(Directory_(list, clock), Authority, new RegisterClock(clock ?? TimeProvider.System));

    internal NeighbourDesk Desk(params Neighbour[] neighbours) => Desk(List(neighbours));

    internal NeighbourDirectory Directory_(NeighbourList list, TimeProvider? clock = null, ILogger<NeighbourDirectory>? log = null)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        RegionServer.WriteList(Home, path, list);
        return Open(path, clock, log);
    }

    internal NeighbourDirectory Open(string path, TimeProvider? clock = null, ILogger<NeighbourDirectory>? log = null) =>
        new(path, new EidServerOptions { CertificatesDirectory = Home, DataDirectory = folder }, Authority, clock ?? TimeProvider.System, log ?? NullLogger<NeighbourDirectory>.Instance);

    public static NeighbourList List(params Neighbour[] neighbours)
    {
        var now = Now();
        return new NeighbourList { Number = 1, IssueTime = now, NextUpdate = now.AddDays(30), Neighbours = neighbours };
    }

    public static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>A code of the neighbour, or of whoever has these keys.</summary>
    public string Code(StatusReference? place = null, string? holder = null, string prefix = Prefix, string? keys = null, string signer = AuthorityFiles.CodeSigner) => new LicenseCode(
        CreditCode.Parse(holder ?? SampleCompanies.CreditCode(7, Division)), 1, "枣庄市台儿庄区样例有限公司", ManifestDigest.Of(RandomNumberGenerator.GetBytes(8)), place ?? Place, Now().AddMinutes(-30))
        .Sign(prefix, AuthorityFiles.OpenKey(keys ?? Theirs, signer, TimeProvider.System.GetUtcNow()));

    /// <summary>A list of the neighbour, signed.</summary>
    public byte[] Token(int number, LicenseStatus status = LicenseStatus.Valid, TimeSpan age = default, string? keys = null, string signer = AuthorityFiles.StatusSigner, string? address = null, TimeSpan? ttl = null, LicenseStatus permits = LicenseStatus.Valid, TimeSpan? lifetime = null,
        DateTimeOffset? issued = null)
    {
        var list = StatusList.CreateUnused();
        if (number >> StatusReference.ListBits == 0)
        {
            (list[Place.Index], list[TradePlace.Index]) = ((int)status, (int)status);
        }
        else
        {
            list[TradePlace.Index] = (int)permits;
        }

        var at = (issued ?? Now()) - age;
        var token = new StatusToken { Address = address ?? StatusReference.AddressOf(Prefix, number), IssueTime = at, ExpireTime = at + (lifetime ?? TimeSpan.FromHours(24)), Ttl = ttl ?? TimeSpan.FromSeconds(60), List = list };
        return token.Sign(AuthorityFiles.OpenKey(keys ?? Theirs, signer, TimeProvider.System.GetUtcNow())).Encode();
    }

    /// <summary>Answers with these lists.</summary>
    public void Serve(Func<int, byte[]> token) => Answer = async (context, number) =>
    {
        context.Response.ContentType = StatusToken.MediaType;
        await context.Response.Body.WriteAsync(token(number));
    };
}
