using System.Buffers.Text;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;

namespace ShantingEId.Documents.Copies;

/// <summary>
/// Download ids: 256 bits that only who holds the deployment's secret can tell. They follow from the request, so that a repeated request is
/// answered with the same one although neither the copy nor the kept reply contains it.
/// </summary>
/// <param name="secret">The deployment's <c>status.secret</c>, 32 random bytes.</param>
public sealed class DownloadIds(byte[] secret)
{
    /// <summary>Characters of an id.</summary>
    private const int Length = 43;

    private readonly byte[] key = Sm3.Hmac(secret, "License copy download id"u8);

    /// <summary>The id of the copy that a request made.</summary>
    public string Of(string actor, RequestId request) => Base64Url.EncodeToString(Sm3.Hmac(key, Encoding.UTF8.GetBytes($"{request.Value}\n{actor}")));

    /// <summary>What is kept of an id; null for what cannot be one.</summary>
    public static byte[]? Digest(string id) => id.Length == Length && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? Sm3.Hash(Encoding.ASCII.GetBytes(id)) : null;
}
