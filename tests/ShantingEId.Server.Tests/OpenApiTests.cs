using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Edge;

namespace ShantingEId.Server.Tests;

/// <summary>The document says what the server does.</summary>
public sealed class OpenApiTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly JsonNode Document = JsonNode.Parse(OpenApi.Utf8.Span)!;

    [Fact]
    public void Every_method_of_the_json_side_is_described_and_no_other()
    {
        var described = Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (string?)operation.Value!["operationId"]));

        Assert.Equal(JsonCall.Methods(MethodRule.Services).Select(entry => entry.Method.Name).Order(), described.Order());
    }

    // Comments reach the reader: none of ours is without one.
    [Fact]
    public void Every_operation_parameter_schema_and_property_has_a_description()
    {
        var operations = Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!).ToArray();
        var schemas = Document["components"]!["schemas"]!.AsObject().Where(schema => !schema.Key.StartsWith("google.", StringComparison.Ordinal)).ToArray();
        JsonNode[] described =
        [
            .. operations, .. operations.SelectMany(operation => operation["parameters"]!.AsArray()).Select(parameter => parameter!),
            .. schemas.Select(schema => schema.Value!), .. schemas.SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => property.Value!) ?? []),
        ];

        Assert.True(described.Length > 120, $"{described.Length} items");
        Assert.All(described, item => Assert.False(string.IsNullOrWhiteSpace((string?)item["description"]), item.ToJsonString()));
    }

    [Fact]
    public void What_the_strict_reader_takes_is_what_the_document_allows()
    {
        var request = Document["components"]!["schemas"]!["RevokeSetRequest"]!;

        Assert.False((bool)request["additionalProperties"]!);
        Assert.Equal(["requestId", "reason", "authority", "effectiveTime"], request["properties"]!.AsObject().Select(property => property.Key));
        Assert.Equal(["requestId", "reason", "authority"], request["required"]!.AsArray().Select(name => (string?)name));
        Assert.Equal(Enum.GetNames<V1.Verification.Types.Verdict>().Length, Document["components"]!["schemas"]!["Verification.Verdict"]!["enum"]!.AsArray().Count);
        Assert.All(MethodRule.Services.SelectMany(service => service.File.MessageTypes).SelectMany(message => message.Fields.InDeclarationOrder()).Where(field => field.FieldType == FieldType.Int64),
            field => Assert.Equal("string", (string?)new OpenApiSchemas().OfField(field)["type"]));
    }

    [Fact]
    public async Task It_is_served_to_whoever_has_a_certificate_in_development_and_to_nobody_else()
    {
        var stranger = await JsonCall.As(server, "stranger").Get("/openapi.json");
        var nobody = await JsonCall.As(server, null).Get("/openapi.json");

        Assert.Equal((HttpStatusCode.OK, OpenApi.Utf8.ToArray().Length), (stranger.Http, stranger.Body.Length));
        Assert.Equal((HttpStatusCode.Unauthorized, "CLIENT_CERT_INVALID"), (nobody.Http, nobody.Reason));
    }
}
