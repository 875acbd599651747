using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace ShantingEId.Server.Edge;

/// <summary>
/// Holds a JSON request against its message: every member known, none twice, each of the right kind. A sender who means more
/// than we understand, or misspells what it means, must be told and not half obeyed. Values are left to the method.
/// </summary>
internal static class StrictJson
{
    // Messages that are a text in JSON.
    private static readonly HashSet<string> Texts = [Timestamp.Descriptor.FullName, Duration.Descriptor.FullName, FieldMask.Descriptor.FullName];

    private static readonly ConcurrentDictionary<MessageDescriptor, FrozenDictionary<string, FieldDescriptor>> Fields = new();

    /// <summary>Checks a body.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.MalformedRequest"/>, naming the field.</exception>
    public static void Check(ReadOnlySpan<byte> body, JsonShape shape)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            reader.Read();
            Require(reader.TokenType == JsonTokenType.StartObject, "", "应为 JSON 对象");
            Members(ref reader, shape.Input, "", shape.InPath);
            reader.Read(); // Anything after the object is refused by the reader.
        }
        catch (JsonException error)
        {
            throw Malformed("", $"不是合规的 JSON（第 {error.LineNumber + 1} 行第 {error.BytePositionInLine + 1} 字节）");
        }
        catch (InvalidOperationException)
        {
            throw Malformed("", "成员名或取值含有残缺的 Unicode 字符");
        }
    }

    /// <summary>Checks a query.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.MalformedRequest"/>, naming the parameter.</exception>
    public static void CheckQuery(IQueryCollection query, JsonShape shape)
    {
        foreach (var (name, values) in query)
        {
            var field = shape.HasBody ? null : FieldOf(shape.Input, name, shape.InPath);
            Require(field is not null and not { FieldType: FieldType.Message }, name, "不认识这个参数");
            Require(field!.IsRepeated || values.Count == 1, name, "参数只能出现一次");
        }
    }

    private static void Members(ref Utf8JsonReader reader, MessageDescriptor message, string path, IReadOnlySet<string> elsewhere)
    {
        var seen = new HashSet<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            var field = FieldOf(message, name, elsewhere);
            Require(field is not null, path + name, "不认识这个成员");
            var inner = path + field!.Name;
            Require(seen.Add(field.RealContainingOneof?.Name ?? field.Name), inner, field.RealContainingOneof is null ? "成员只能出现一次" : $"只能选填其一（{field.RealContainingOneof.Name}）");
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                continue; // Not given.
            }

            if (!field.IsRepeated)
            {
                Value(ref reader, field, inner);
                continue;
            }

            Require(reader.TokenType == JsonTokenType.StartArray, inner, "应为数组");
            for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
            {
                Value(ref reader, field, $"{inner}[{i}]");
            }
        }
    }

    private static void Value(ref Utf8JsonReader reader, FieldDescriptor field, string path)
    {
        var token = reader.TokenType;
        switch (field.FieldType)
        {
            case FieldType.Message when !Texts.Contains(field.MessageType.FullName):
                Require(token == JsonTokenType.StartObject, path, "应为 JSON 对象");
                Members(ref reader, field.MessageType, path + ".", new HashSet<string>());
                break;
            case FieldType.Message or FieldType.String or FieldType.Bytes:
                Require(token == JsonTokenType.String, path, "应为字符串");
                reader.GetString(); // A lone surrogate is no text.
                break;
            case FieldType.Bool:
                Require(token is JsonTokenType.True or JsonTokenType.False, path, "应为 true 或 false");
                break;
            case FieldType.Enum:
                Require(token == JsonTokenType.Number || (token == JsonTokenType.String && field.EnumType.FindValueByName(reader.GetString()!) is not null), path, "应为接口定义中的取值名");
                break;
            default:
                Require(token is JsonTokenType.Number or JsonTokenType.String, path, "应为数字");
                break;
        }
    }

    // Both spellings of proto3 JSON: lowerCamel and that of the proto.
    private static FieldDescriptor? FieldOf(MessageDescriptor message, string name, IReadOnlySet<string> elsewhere) =>
        Fields.GetOrAdd(message, NamesOf).TryGetValue(name, out var field) && !elsewhere.Contains(field.Name) ? field : null;

    private static FrozenDictionary<string, FieldDescriptor> NamesOf(MessageDescriptor message) =>
        message.Fields.InDeclarationOrder().SelectMany(field => new[] { field.Name, field.JsonName }.Distinct().Select(name => (name, field)))
            .ToFrozenDictionary(entry => entry.name, entry => entry.field);

    private static void Require(bool condition, string field, string problem)
    {
        if (!condition)
        {
            throw Malformed(field, problem);
        }
    }

    // What the sender calls a member is only repeated where it can be a name.
    private static EidException Malformed(string field, string problem)
    {
        var name = field.Length <= 100 && field.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '[' or ']' or '-') ? field : "?";
        return new EidException(ErrorReason.MalformedRequest, $"请求不符合接口定义：{(name.Length > 0 ? name + " " : "")}{problem}", [new FieldViolation(name, ErrorReason.MalformedRequest, problem)]);
    }
}
