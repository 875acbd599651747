using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace ShantingEId.Client;

/// <summary>
/// Opens the channel to the service: TLS both ways, trust in one named CA and nobody else, calls repeated when the service
/// is away for a moment. One channel serves a whole program and all its threads; dispose it at the end.
/// <see cref="EidClient"/> opens its own; use this one with the generated clients.
/// </summary>
public static class EidChannel
{
    // A document of 8 MiB with a seal in it; what is larger is not an answer of ours.
    private const int MaxAnswerBytes = 9 * 1024 * 1024;

    // A repetition sends the same message, so also the same request_id: it can never write twice.
    private static readonly ServiceConfig RetryWhenUnavailable = new()
    {
        MethodConfigs =
        {
            new MethodConfig
            {
                Names = { MethodName.Default },
                RetryPolicy = new RetryPolicy
                {
                    MaxAttempts = 4,
                    InitialBackoff = TimeSpan.FromMilliseconds(200),
                    MaxBackoff = TimeSpan.FromSeconds(2),
                    BackoffMultiplier = 2,
                    RetryableStatusCodes = { StatusCode.Unavailable },
                },
            },
        },
    };

    /// <summary>Opens a channel; the connection itself is made with the first call.</summary>
    /// <param name="address">Address of the service, <c>https://…</c>; its host name must stand in the server's certificate.</param>
    /// <param name="clientCertificatePem">Your certificate as registered with the bureau, PEM; certificates of the chain may follow it.</param>
    /// <param name="clientKeyPem">Its private key, PEM, not encrypted.</param>
    /// <param name="caPem">The CA that certifies the service, PEM. The machine's own trust list is not used.</param>
    /// <exception cref="ArgumentException">The address is not https, or one of the PEM texts holds no certificate or key.</exception>
    public static GrpcChannel Create(Uri address, string clientCertificatePem, string clientKeyPem, string caPem) =>
        Create(address, EidCertificate.FromPem(clientCertificatePem, clientKeyPem, caPem));

    /// <summary>The same with a certificate at hand.</summary>
    /// <exception cref="ArgumentException">The address is not https.</exception>
    public static GrpcChannel Create(Uri address, EidCertificate certificate) => Open(address, certificate, RetryWhenUnavailable);

    /// <summary>A channel that repeats nothing: <see cref="Retries"/> does, by the reason and not by the status alone.</summary>
    internal static GrpcChannel OpenPlain(Uri address, EidCertificate certificate) => Open(address, certificate, repetition: null);

    private static GrpcChannel Open(Uri address, EidCertificate certificate, ServiceConfig? repetition)
    {
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            throw new ArgumentException("the service is reached over https only", nameof(address));
        }

        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    ClientCertificateContext = certificate.Own,
                    CertificateChainPolicy = TrustOnly(certificate.Authorities),
                },
                // Gateways cut silent connections after a minute or two, and a cut one is only noticed by asking.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                // One HTTP/2 connection carries 100 calls at a time; more are opened under load.
                EnableMultipleHttp2Connections = true,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxAnswerBytes,
            ServiceConfig = repetition,
        });
    }

    // A policy with a name of its own: the host name is still checked by the TLS layer.
    private static X509ChainPolicy TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
