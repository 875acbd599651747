using System.Text.Json.Nodes;
using Google.Api;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ShantingEId.Server.Edge;

/// <summary>JSON schemas of messages as proto3 JSON writes them, each made once under its own name.</summary>
internal sealed class OpenApiSchemas
{
    private readonly SortedDictionary<string, JsonNode> made = new(StringComparer.Ordinal);

    /// <summary>Every schema asked for, and those they need.</summary>
    public JsonObject All => new(made.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));

    /// <summary>Whether a request must carry the field.</summary>
    public static bool IsRequired(FieldDescriptor field) => Has(field, FieldBehavior.Required);

    /// <summary>The schema of a message.</summary>
    public JsonNode OfMessage(MessageDescriptor message)
    {
        JsonObject Text(string? format = null, string? pattern = null, string? description = null)
        {
            var text = new JsonObject { ["type"] = "string" };
            foreach (var (key, value) in (ReadOnlySpan<(string, string?)>)[("format", format), ("pattern", pattern), ("description", description)])
            {
                if (value is not null)
                {
                    text[key] = value;
                }
            }

            return text;
        }

        if (message.FullName == Timestamp.Descriptor.FullName)
        {
            return Text("date-time");
        }

        if (message.FullName == Duration.Descriptor.FullName)
        {
            return Text(pattern: @"^-?[0-9]+(\.[0-9]{1,9})?s$");
        }

        if (message.FullName == FieldMask.Descriptor.FullName)
        {
            return Text(description: "Names of fields in lower camel, separated by commas.");
        }

        if (message.FullName == Any.Descriptor.FullName)
        {
            return new JsonObject
            {
                ["type"] = "object", ["required"] = new JsonArray("@type"), ["properties"] = new JsonObject { ["@type"] = new JsonObject { ["type"] = "string" } },
                ["description"] = "A detail; @type says which, e.g. type.googleapis.com/google.rpc.ErrorInfo.",
            };
        }

        var name = NameOf(message);
        if (made.TryAdd(name, new JsonObject()))
        {
            made[name] = ObjectOf(message, new HashSet<string>());
        }

        return Reference(name);
    }

    /// <summary>The schema of a request as a body: without the fields that stand in the path, and without members nobody knows.</summary>
    public JsonNode OfRequest(MessageDescriptor message, IReadOnlySet<string> elsewhere)
    {
        var body = ObjectOf(message, elsewhere);
        body["additionalProperties"] = false;
        made[NameOf(message)] = body;
        return Reference(NameOf(message));
    }

    /// <summary>The schema of a field.</summary>
    public JsonNode OfField(FieldDescriptor field) => field.IsMap
        ? new JsonObject { ["type"] = "object", ["additionalProperties"] = OfValue(field.MessageType.FindFieldByNumber(2)) }
        : field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = OfValue(field) } : OfValue(field);

    private JsonNode OfValue(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => OfMessage(field.MessageType),
        FieldType.Enum => OfEnum(field.EnumType),
        FieldType.Bool => new JsonObject { ["type"] = "boolean" },
        FieldType.Bytes => new JsonObject { ["type"] = "string", ["contentEncoding"] = "base64" },
        FieldType.Int32 => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        FieldType.Int64 => new JsonObject { ["type"] = "string", ["format"] = "int64" },
        FieldType.Double => new JsonObject { ["type"] = "number", ["format"] = "double" },
        FieldType.String => new JsonObject { ["type"] = "string" },
        _ => throw new NotSupportedException($"no schema for {field.FullName}"),
    };

    private JsonObject OfEnum(EnumDescriptor type)
    {
        var name = NameOf(type);
        made[name] = new JsonObject
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. type.Values.Select(value => JsonValue.Create(value.Name))]),
            ["description"] = string.Join("\n", [ProtoComments.Of(type), .. type.Values.Select(value => $"- {value.Name}: {ProtoComments.Of(type, value)}")]),
        };
        return Reference(name);
    }

    private JsonObject ObjectOf(MessageDescriptor message, IReadOnlySet<string> elsewhere)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in message.Fields.InDeclarationOrder().Where(field => !elsewhere.Contains(field.Name)))
        {
            var schema = OfField(field).AsObject();
            if (ProtoComments.Of(field) is { Length: > 0 } comment)
            {
                schema["description"] = comment + (field.RealContainingOneof is { } choice ? $" One of: {string.Join(", ", choice.Fields.Select(each => each.JsonName))}." : "");
            }

            if (Has(field, FieldBehavior.OutputOnly))
            {
                schema["readOnly"] = true;
            }

            properties[field.JsonName] = schema;
            if (IsRequired(field))
            {
                required.Add(field.JsonName);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["description"] = ProtoComments.Of(message), ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        return result;
    }

    private static bool Has(FieldDescriptor field, FieldBehavior behavior) => field.GetOptions()?.GetExtension(FieldBehaviorExtensions.FieldBehavior)?.Contains(behavior) == true;

    private static JsonObject Reference(string name) => new() { ["$ref"] = "#/components/schemas/" + name };

    // "Verification.Verdict"; messages of others keep their package.
    private static string NameOf(IDescriptor item) => item.FullName.StartsWith("shanting.eid.v1.", StringComparison.Ordinal) ? item.FullName["shanting.eid.v1.".Length..] : item.FullName;
}
