using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ShantingEId.Server.Tests;

/// <summary>A caller that speaks JSON: HTTP with a client certificate and nothing of gRPC.</summary>
public sealed class JsonCall(HttpClient client, Version version)
{
    /// <summary>JSON as the protobuf library writes it; the server reads it with another.</summary>
    public static JsonFormatter Formatter { get; } = new(JsonFormatter.Settings.Default);

    public static JsonCall As(ServerFixture server, string? caller, Version? version = null) =>
        new(new HttpClient(server.Handler(caller is null ? null : server.Certificate(caller))) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(30) }, version ?? HttpVersion.Version11);

    /// <summary>Every method that can be asked over JSON, with its annotation.</summary>
    public static IEnumerable<(MethodDescriptor Method, HttpRule Rule)> Methods(IEnumerable<ServiceDescriptor> services) =>
        from service in services
        from method in service.Methods
        let rule = method.GetOptions()?.GetExtension(AnnotationsExtensions.Http)
        where rule is not null
        select (method, rule);

    public Task<RawAnswer> Get(string path, params (string Name, string Value)[] headers) => Send(HttpMethod.Get, path, null, headers);

    public Task<RawAnswer> Post(string path, string json, params (string Name, string Value)[] headers) =>
        Send(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    /// <summary>Asks a method as its annotation says: fields in the path, the rest as body or query.</summary>
    public Task<RawAnswer> Ask(MethodDescriptor method, IMessage request, params (string Name, string Value)[] headers)
    {
        var rule = method.GetOptions().GetExtension(AnnotationsExtensions.Http);
        var json = JsonNode.Parse(Formatter.Format(request))!.AsObject();
        var path = Regex.Replace(rule.PatternCase == HttpRule.PatternOneofCase.Post ? rule.Post : rule.Get, @"\{(\w+)=[^}]*\}", match =>
        {
            var value = (string?)json[match.Groups[1].Value] ?? "";
            json.Remove(match.Groups[1].Value);
            return string.Join('/', value.Split('/').Select(Uri.EscapeDataString));
        });
        return rule.Body == "*"
            ? Post(path, json.ToJsonString(), headers)
            : Get(path + (json.Count > 0 ? "?" + string.Join('&', json.Select(member => $"{member.Key}={Uri.EscapeDataString(member.Value!.ToString())}")) : ""), headers);
    }

    public async Task<RawAnswer> Send(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content, Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(version, response.Version);
        return await RawAnswer.Read(response);
    }
}
