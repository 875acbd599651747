using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ShantingEId.Server.Telemetry;

/// <summary>Sends metrics and traces to a collector (OTLP), when one is named; otherwise nobody listens and nothing is measured.</summary>
internal static class TelemetryWiring
{
    /// <summary>Variable of the OpenTelemetry specification that names the collector.</summary>
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Adds the exporters.</summary>
    public static void Add(IServiceCollection services, EidServerOptions options)
    {
        if ((options.OtlpEndpoint ?? Environment.GetEnvironmentVariable(EndpointVariable)) is not { Length: > 0 } endpoint)
        {
            return;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var collector))
        {
            throw new EidException(ErrorReason.MalformedRequest, $"遥测收集器的地址无法识别（{EndpointVariable}）");
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("shanting-eid"))
            .WithMetrics(metrics => metrics.AddMeter(EidMeters.Name).AddOtlpExporter(exporter => exporter.Endpoint = collector))
            .WithTracing(traces => traces.AddSource(EidMeters.Name).AddOtlpExporter(exporter => exporter.Endpoint = collector));
    }
}
