using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Edge;

/// <summary>How a method is asked over JSON.</summary>
/// <param name="Input">Its request message.</param>
/// <param name="HasBody">Whether the request is the body; otherwise it is the query.</param>
/// <param name="InPath">Fields that stand in the path, and therefore nowhere else.</param>
internal sealed partial record JsonShape(MessageDescriptor Input, bool HasBody, IReadOnlySet<string> InPath)
{
    /// <summary>Gives the endpoints of a service, gRPC and JSON, the rule of their method; without one they would be refused.</summary>
    public static void AddRules(IEndpointConventionBuilder endpoints) => endpoints.Add(endpoint =>
    {
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is { } method)
        {
            endpoint.Metadata.Add(MethodRule.All[method.Method.FullName]);
        }

        if (endpoint.Metadata.OfType<GrpcJsonTranscodingMetadata>().FirstOrDefault() is { } json)
        {
            var pattern = json.HttpRule.Post.Length > 0 ? json.HttpRule.Post : json.HttpRule.Get;
            endpoint.Metadata.Add(new JsonShape(
                json.MethodDescriptor.InputType, json.HttpRule.Body == "*", PathVariable().Matches(pattern).Select(match => match.Groups[1].Value).ToHashSet()));
        }
    });

    /// <summary>Opens a service of the framework (health, reflection) to whoever has this much, without a grant by name.</summary>
    public static void AddOpenRules(IEndpointConventionBuilder endpoints, CallerAccess access) => endpoints.Add(endpoint =>
    {
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is { } method)
        {
            var isStream = method.Method.Type != Grpc.Core.MethodType.Unary;
            endpoint.Metadata.Add(new MethodRule([], isStream ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(2), IsStream: isStream) { Path = method.Method.FullName, Access = access });
        }
    });

    [GeneratedRegex(@"\{(\w+)")]
    private static partial Regex PathVariable();
}
