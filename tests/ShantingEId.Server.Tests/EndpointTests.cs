using Endpoint = Microsoft.AspNetCore.Http.Endpoint;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Tests.Journal;

namespace ShantingEId.Server.Tests;

/// <summary>What a server serves at all, in development and in production; every endpoint has a rule or is refused.</summary>
public sealed class EndpointTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-endpoints-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Every_method_served_has_the_rule_of_its_own_method()
    {
        await using var app = Build("Development");
        var methods = Endpoints(app).Where(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null).ToArray();

        Assert.True(methods.Length > 20, $"{methods.Length} endpoints");
        Assert.All(methods, endpoint => Assert.Equal(endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()!.Method.FullName, endpoint.Metadata.GetMetadata<MethodRule>()!.Path));
        Assert.All(methods.Where(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()!.Method.ServiceName.StartsWith("shanting", StringComparison.Ordinal)),
            endpoint => Assert.Equal(CallerAccess.Granted, endpoint.Metadata.GetMetadata<MethodRule>()!.Access));
    }

    [Fact]
    public async Task Reflection_is_for_registered_callers_in_development_and_not_there_in_production()
    {
        await using var development = Build("Development");
        await using var production = Build("Production");

        Assert.NotEmpty(Reflections(development));
        Assert.Empty(Reflections(production));
        Assert.Equal(CallerAccess.Certified, RuleOf(development, "/openapi.json").Access);
        Assert.Equal(CallerAccess.Registered, RuleOf(production, "/openapi.json").Access);
        Assert.Equal(CallerAccess.Certified, RuleOf(production, "/grpc.health.v1.Health/Check").Access);
        // Only those may be open to anybody; everything else that production serves needs a grant.
        Assert.Equal(
            ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/openapi.json"],
            Endpoints(production).Select(endpoint => endpoint.Metadata.GetMetadata<MethodRule>()).Where(rule => rule is { Access: not CallerAccess.Granted }).Select(rule => rule!.Path).Distinct().Order());
    }

    [Fact]
    public async Task Reflection_lists_the_services_to_a_registered_caller_only()
    {
        using var call = new ServerReflection.ServerReflectionClient(server.Channel("bank")).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToArray();
        await call.RequestStream.CompleteAsync();
        Assert.Subset(services.ToHashSet(), MethodRule.Services.Select(service => service.FullName).ToHashSet());

        using var refused = new ServerReflection.ServerReflectionClient(server.Channel("stranger")).ServerReflectionInfo();
        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(async () => await refused.ResponseStream.MoveNext(CancellationToken.None))).Reason);
    }

    private WebApplication Build(string environment)
    {
        var certificates = Path.Combine(folder, environment + "-certs");
        if (environment == "Production")
        {
            ProductionFiles.Create(certificates);
        }
        else
        {
            DevCertificates.Create(certificates, TimeProvider.System);
        }

        // Built and looked at, never started: production would listen to the world.
        var options = new EidServerOptions
        {
            CertificatesDirectory = certificates, DataDirectory = Path.Combine(folder, environment), JournalDirectory = Path.Combine(folder, environment + "-journal"), Environment = environment,
        };
        Rebuilt.Approved(options, DeploymentApproval.Of(options)).Save(Path.Combine(certificates, DeploymentApproval.FileName));
        return EidServer.Build(options);
    }

    private static IEnumerable<Endpoint> Endpoints(WebApplication app) => ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints);

    private static IEnumerable<Endpoint> Reflections(WebApplication app) => Endpoints(app).Where(endpoint => ((RouteEndpoint)endpoint).RoutePattern.RawText?.Contains("reflection", StringComparison.Ordinal) == true);

    private static MethodRule RuleOf(WebApplication app, string path) =>
        Endpoints(app).Single(endpoint => ((RouteEndpoint)endpoint).RoutePattern.RawText == path).Metadata.GetMetadata<MethodRule>()!;
}
