using System.Buffers.Text;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Presenting;

/// <summary>设备会话: one device that may show live codes of a company for some hours, opened by the company's app.</summary>
/// <param name="Digest">SM3 of the session's secret; the secret itself is kept nowhere.</param>
/// <param name="Holder">The company.</param>
/// <param name="App">Registered caller that opened it.</param>
/// <param name="Device">What the app calls the device, for the company to tell its devices apart.</param>
/// <param name="RequestId">Under which name it was opened.</param>
/// <param name="OpenTime">When.</param>
/// <param name="ExpireTime">Until when.</param>
/// <param name="EndTime">When it was ended before; null while it was not.</param>
public sealed record HolderSession(
    byte[] Digest, CreditCode Holder, string App, string Device, string RequestId, DateTimeOffset OpenTime, DateTimeOffset ExpireTime, DateTimeOffset? EndTime = null)
{
    /// <summary>How long one lasts: a working day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    /// <summary>Its name.</summary>
    public SessionId Id => SessionId.Of(Digest);

    /// <summary>Whether it may be used at this time.</summary>
    public bool IsOpenAt(DateTimeOffset time) => EndTime is null && time < ExpireTime;
}

/// <summary>
/// Secrets of device sessions: 256 bits that follow from the request and the deployment's secret, so that a repeated request is answered with the
/// same one although it is kept nowhere.
/// </summary>
/// <param name="secret">The deployment's <c>status.secret</c>, 32 random bytes.</param>
public sealed class SessionSecrets(byte[] secret)
{
    private const int Length = 43;

    private readonly byte[] key = Sm3.Hmac(secret, "Holder session secret"u8);

    /// <summary>The secret of the session that a request opened.</summary>
    public string Of(string app, RequestId request) => Base64Url.EncodeToString(Sm3.Hmac(key, Encoding.UTF8.GetBytes($"{request.Value}\n{app}")));

    /// <summary>What is kept of a secret; null for what cannot be one.</summary>
    public static byte[]? Digest(string secret) => secret.Length == Length && secret.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? Sm3.Hash(Encoding.ASCII.GetBytes(secret)) : null;
}
