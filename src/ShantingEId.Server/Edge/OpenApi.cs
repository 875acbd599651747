using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Edge;

/// <summary>
/// The OpenAPI 3.1 document of the JSON side, made from what the server itself is made from: descriptors, HTTP annotations,
/// comments and method rules. 3.1 because older versions have no word for a client certificate.
/// </summary>
public static partial class OpenApi
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Lazy<byte[]> Document = new(() => JsonSerializer.SerializeToUtf8Bytes(Build(), Readable));

    /// <summary>The document, UTF-8.</summary>
    public static ReadOnlyMemory<byte> Utf8 => Document.Value;

    /// <summary>Serves it: in production to registered callers, else to whoever has a certificate.</summary>
    internal static void Map(WebApplication app, bool isProduction) =>
        app.MapGet("/openapi.json", context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            return context.Response.Body.WriteAsync(Utf8).AsTask();
        }).WithMetadata(new MethodRule([], TimeSpan.FromSeconds(10)) { Path = "/openapi.json", Access = isProduction ? CallerAccess.Registered : CallerAccess.Certified });

    private static JsonObject Build()
    {
        var schemas = new OpenApiSchemas();
        var paths = new JsonObject();
        foreach (var method in MethodRule.Services.SelectMany(service => service.Methods))
        {
            if (method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is { } http)
            {
                var verb = http.PatternCase == HttpRule.PatternOneofCase.Post ? "post" : "get";
                var (path, inPath) = PathOf(verb == "post" ? http.Post : http.Get);
                paths[path] ??= new JsonObject();
                paths[path]![verb] = Operation(method, http, inPath, schemas);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Shanting electronic business licences", ["version"] = "v1",
                ["description"] = "JSON of the gRPC services of package shanting.eid.v1: proto3 JSON, unknown members refused, at most 64 KiB (11 MiB where a document is sent), UTF-8. Mutual TLS; what a caller may ask is registered with its certificate.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["clientCertificate"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. MethodRule.Services.Select(service => new JsonObject { ["name"] = service.Name, ["description"] = ProtoComments.Of(service) })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["clientCertificate"] = new JsonObject { ["type"] = "mutualTLS", ["description"] = "Certificate of a registered caller." } },
                ["responses"] = new JsonObject { ["Error"] = Answer("A refusal: google.rpc.Status with google.rpc.ErrorInfo (domain eid) and further details. Decide by the reason, not by the text.", schemas.OfMessage(Google.Rpc.Status.Descriptor)) },
                ["schemas"] = schemas.All,
            },
        };
    }

    private static JsonObject Operation(MethodDescriptor method, HttpRule http, IReadOnlySet<string> inPath, OpenApiSchemas schemas)
    {
        var rule = MethodRule.All[$"/{method.Service.FullName}/{method.Name}"];
        var fields = method.InputType.Fields.InDeclarationOrder();
        var parameters = new JsonArray([.. fields.Where(field => inPath.Contains(field.Name)).Select(field => Parameter(field, "path", schemas))]);
        var operation = new JsonObject
        {
            ["operationId"] = method.Name, ["tags"] = new JsonArray(method.Service.Name), ["description"] = ProtoComments.Of(method), ["parameters"] = parameters,
        };
        if (http.Body == "*")
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schemas.OfRequest(method.InputType, inPath) } },
            };
        }
        else
        {
            foreach (var field in fields.Where(field => !inPath.Contains(field.Name)))
            {
                parameters.Add(Parameter(field, "query", schemas));
            }
        }

        parameters.Add(new JsonObject
        {
            ["name"] = "grpc-timeout", ["in"] = "header", ["schema"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]{1,8}[HMSmun]$" },
            ["description"] = $"Deadline as gRPC spells it, e.g. 500m for 500 ms; at most and by default {rule.CeilingHeader}.",
        });
        operation["responses"] = new JsonObject
        {
            ["200"] = Answer(method.IsServerStreaming ? "Messages one after another, each on its line, as they come." : "The answer.", schemas.OfMessage(method.OutputType)),
            ["default"] = new JsonObject { ["$ref"] = "#/components/responses/Error" },
        };
        return operation;
    }

    private static JsonObject Parameter(FieldDescriptor field, string place, OpenApiSchemas schemas) => new()
    {
        ["name"] = place == "path" ? field.Name : field.JsonName, ["in"] = place, ["required"] = place == "path" || OpenApiSchemas.IsRequired(field),
        ["description"] = ProtoComments.Of(field), ["schema"] = schemas.OfField(field),
    };

    private static JsonObject Answer(string description, JsonNode schema) => new()
    {
        ["description"] = description, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } },
    };

    // "/v1/{name=issuedSets/*}:revoke" is "/v1/issuedSets/{name}:revoke" here.
    private static (string Path, IReadOnlySet<string> Fields) PathOf(string template)
    {
        var fields = new HashSet<string>();
        return (PathVariable().Replace(template, match =>
        {
            fields.Add(match.Groups[1].Value);
            return match.Groups[2].Value.Replace("*", $"{{{match.Groups[1].Value}}}", StringComparison.Ordinal);
        }), fields);
    }

    [GeneratedRegex(@"\{(\w+)=([^}]*)\}")]
    private static partial Regex PathVariable();
}
