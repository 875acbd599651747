using System.Formats.Asn1;
using System.Net.Http.Headers;
using ShantingEId.Crypto;

namespace ShantingEId.TimeStamps;

/// <summary>Asks a time stamp authority over HTTP (RFC 3161 §3.4) and takes nothing but an answer to this very question.</summary>
/// <param name="http">Its timeout and proxy are the caller's.</param>
/// <param name="authority">Address of the authority.</param>
public sealed class TimeStampClient(HttpClient http, Uri authority)
{
    private const int MaxResponse = 64 * 1024;

    /// <summary>Has these bytes stamped; the token's trust is for <see cref="Seals.SignatureVerifier"/> to judge.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TimeStampInvalid"/>: refused, or not an answer to the question; <see cref="ErrorReason.TimeStampUnavailable"/>: not reached.</exception>
    public async Task<TimeStampToken> StampAsync(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        // 1. Ask.
        var request = TimeStampRequest.For(data.Span);
        using var content = new ByteArrayContent(request.Encode());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/timestamp-query");
        var answer = await AskAsync(content, cancel);

        // 2. Read.
        var token = Read(answer);

        // 3. It must answer this question: same digest, same nonce, signed by the certificate it brings.
        return token.SignatureIsGood && token.Nonce == request.Nonce && token.Imprint.AsSpan().SequenceEqual(request.Imprint)
            ? token : throw new EidException(ErrorReason.TimeStampInvalid, "时间戳服务的答复与请求不符");
    }

    private async Task<byte[]> AskAsync(HttpContent content, CancellationToken cancel)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, authority) { Content = content };
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
            response.EnsureSuccessStatusCode();
            using var body = await response.Content.ReadAsStreamAsync(cancel);
            var buffer = new byte[MaxResponse + 1];
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
            return length <= MaxResponse ? buffer[..length] : throw new EidException(ErrorReason.TimeStampInvalid, "时间戳服务的答复过大");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.TimeStampUnavailable, "时间戳服务连接不上或没有按时答复", error);
        }
    }

    private static TimeStampToken Read(byte[] answer)
    {
        try
        {
            DerLimits.Require(answer);
            var response = new AsnReader(answer, AsnEncodingRules.DER).ReadSequence();
            var status = response.ReadSequence();
            // 0 granted, 1 granted with changes
            if (!status.TryReadInt32(out var code) || code is not (0 or 1))
            {
                throw new EidException(ErrorReason.TimeStampInvalid, "时间戳服务拒绝了请求");
            }

            var token = TimeStampToken.Parse(response.ReadEncodedValue());
            response.ThrowIfNotEmpty();
            return token;
        }
        catch (Exception error) when (error is AsnContentException or EidException { Reason: not ErrorReason.TimeStampInvalid })
        {
            throw new EidException(ErrorReason.TimeStampInvalid, "时间戳服务的答复无法解读", error);
        }
    }
}
