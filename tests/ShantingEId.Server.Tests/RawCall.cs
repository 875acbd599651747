using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace ShantingEId.Server.Tests;

/// <summary>What came back to a raw request.</summary>
public sealed record RawAnswer(HttpStatusCode Http, StatusCode? Status, Refusal? Refusal, byte[] Body)
{
    // google.rpc.Status in JSON is read by the protobuf library, not by what wrote it.
    private static readonly JsonParser Json = new(JsonParser.Settings.Default.WithTypeRegistry(
        TypeRegistry.FromFiles(Google.Rpc.ErrorDetailsReflection.Descriptor, V1.VerificationServiceReflection.Descriptor)));

    public string? Reason => Refusal?.Reason;

    /// <summary>When to come again, as HTTP says it.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public static async Task<RawAnswer> Read(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        string? Value(string name) =>
            response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values) ? values.Single() : null;

        if (Value("grpc-status") is { } text)
        {
            var code = (StatusCode)int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            return new RawAnswer(response.StatusCode, code, Value("grpc-status-details-bin") is { } details
                ? Refusal.Of(Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '='))), code) : null, body);
        }

        if (response.Content.Headers.ContentType?.MediaType == "application/json" && !response.IsSuccessStatusCode)
        {
            var status = Json.Parse<Google.Rpc.Status>(System.Text.Encoding.UTF8.GetString(body));
            return new RawAnswer(response.StatusCode, (StatusCode)status.Code, status.Details.Count > 0 ? Refusal.Of(status, (StatusCode)status.Code) : null, body) { RetryAfter = response.Headers.RetryAfter?.Delta };
        }

        return new RawAnswer(response.StatusCode, null, null, body);
    }
}

/// <summary>A request written by hand, for bytes that no gRPC client would send.</summary>
public sealed class RawCall(HttpClient client)
{
    public const string IssueSet = "/shanting.eid.v1.IssuanceService/IssueSet";
    public const string ImportSets = "/shanting.eid.v1.IssuanceService/ImportSets";
    public const string VerifyCode = "/shanting.eid.v1.VerificationService/VerifyCode";

    public static RawCall As(ServerFixture server, string? caller) =>
        new(new HttpClient(server.Handler(caller is null ? null : server.Certificate(caller))) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(30) });

    /// <summary>Length-prefixed message.</summary>
    public static byte[] Frame(byte[] message, bool compressed = false, int? declared = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), declared ?? message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public Task<RawAnswer> Post(string path, byte[] body, params (string Name, string Value)[] headers) => Post(path, new ByteArrayContent(body), headers);

    public async Task<RawAnswer> Post(string path, HttpContent content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        content.Headers.ContentType ??= new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Send(request);
    }

    public async Task<RawAnswer> Send(HttpRequestMessage request)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await RawAnswer.Read(response);
    }
}

/// <summary>A body that starts and never ends; <see cref="Ended"/> lets the client give up.</summary>
public sealed class EndlessContent(byte[] start) : HttpContent
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End() => ended.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(start);
        await stream.FlushAsync();
        await ended.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
