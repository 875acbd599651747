namespace ShantingEId.Server.Tests;

/// <summary>A deployment with its public door open.</summary>
public class PublicFixture : ServerFixture
{
    /// <summary>Where the public pages are.</summary>
    public Uri Pages => EidServer.PublicAddress(App)!;

    public override EidServerOptions Options() => base.Options() with { PublicPort = 0, PublicContact = "0632-0000000（样例）" };

    /// <summary>A browser of anybody: no certificate, no redirects.</summary>
    public HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Pages };
}
