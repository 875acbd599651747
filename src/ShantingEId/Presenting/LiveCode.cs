using System.Formats.Cbor;
using System.Security.Cryptography;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Verifying;

namespace ShantingEId.Presenting;

/// <summary>
/// 动态码: what the QR says that a company shows for a minute. A CWT (RFC 8392) in the one envelope: company (claim 2), for whom (claim 3,
/// only where it is for one), end (claim 4), beginning (claim 6), a random identifier (claim 7) and one private claim [device session, fields].
/// Nothing of the face stands in it: a photograph of it tells the credit code and no more, and has no second use.
/// </summary>
/// <param name="Id">128 random bits, the one thing of which the register says whether it was presented.</param>
/// <param name="Holder">Credit code of the company.</param>
/// <param name="Session">Device session that shows it.</param>
/// <param name="Scope">What may be shown at most.</param>
/// <param name="Audience">Registered caller that may scan it; empty for anybody.</param>
/// <param name="IssueTime">Whole seconds, UTC.</param>
/// <param name="ExpireTime">Whole seconds; from this instant on it is over.</param>
public sealed record LiveCode(PresentationId Id, CreditCode Holder, SessionId Session, LicenseFields Scope, string Audience, DateTimeOffset IssueTime, DateTimeOffset ExpireTime)
{
    /// <summary>Shortest and longest life that a deployment may choose; what is signed for longer is no live code.</summary>
    public static readonly (TimeSpan Shortest, TimeSpan Longest) Life = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(120));

    /// <summary>How far the clock of who issued may be ahead of that of who judges.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    // Not a Base32 character, and not the mark of a licence code.
    private const char FormMark = '8';
    private const int PrivateClaim = -65537;
    private const int MaxAudience = 64;

    /// <summary>Whether a text would be a live code of this address, whatever stands behind the mark.</summary>
    public static bool LooksLikeOne(string text, string prefix) => text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length && text[prefix.Length] == FormMark;

    /// <summary>Signs and spells the code.</summary>
    /// <param name="prefix">Official address in upper case, ending in <c>/</c>.</param>
    /// <param name="key">Key certified for live codes.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public string Sign(string prefix, SigningKey key)
    {
        key.RequireUsable(IssueTime);
        return key.Certificate.MaySignLiveCodes ? prefix + FormMark + Base32.Encode(Envelope.Sign(ContentType.LiveCode, EncodeClaims(), key).Encode())
            : throw new EidException(ErrorReason.SigningKeyUnusable, $"证书（{key.Certificate.CommonName}）不允许签发动态码");
    }

    /// <summary>Reads a text and checks its signature.</summary>
    /// <param name="text">As scanned; <see cref="LooksLikeOne"/>.</param>
    /// <param name="prefix">Official address.</param>
    /// <param name="key">The key that signs live codes here.</param>
    /// <returns>The code, or the verdict that says what is wrong with the text.</returns>
    public static (LiveCode? Code, Verdict Verdict, VerdictReason Reason) Read(string text, string prefix, Sm2PublicKey key)
    {
        if (Base32.Decode(text.AsSpan(prefix.Length + 1)) is not { } bytes)
        {
            return (null, Verdict.Malformed, VerdictReason.QrNotCanonical);
        }

        if (!Envelope.TryParse(bytes, out var envelope))
        {
            return (null, Verdict.Malformed, VerdictReason.QrStructure);
        }

        // The key must be ours, and the content what this key is for.
        return envelope.KeyId != key.KeyId ? (null, Verdict.NotOurs, VerdictReason.KeyUnknown)
            : envelope.ContentType != ContentType.LiveCode ? (null, Verdict.BadSignature, VerdictReason.KeyPurpose)
            : !envelope.Verify(key) ? (null, Verdict.BadSignature, VerdictReason.SignatureInvalid)
            : Read(envelope) is { } code ? (code, Verdict.Unspecified, VerdictReason.None) : (null, Verdict.Malformed, VerdictReason.QrStructure);
    }

    /// <summary>Reads the claims of an envelope, whoever signed it; null when they are not those of a live code.</summary>
    public static LiveCode? Read(Envelope envelope)
    {
        if (envelope.ContentType != ContentType.LiveCode)
        {
            return null;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            var claims = reader.ReadStartMap();
            if (claims is not (5 or 6) || reader.ReadInt32() != 2 || !CreditCode.TryParse(reader.ReadTextString(), out var holder, out _))
            {
                return null;
            }

            var audience = claims == 6 ? reader.ReadInt32() == 3 ? reader.ReadTextString() : "" : "";
            if ((claims == 6) != (audience.Length is > 0 and <= MaxAudience) || reader.ReadInt32() != 4)
            {
                return null;
            }

            var (end, _, begin, _, id, _) = (Seconds(reader), Require(reader, 6), Seconds(reader), Require(reader, 7), PresentationId.FromBytes(reader.ReadByteString()), Require(reader, PrivateClaim));
            if (reader.ReadStartArray() != 2)
            {
                return null;
            }

            var (session, scope) = (SessionId.FromBytes(reader.ReadByteString()), (LicenseFields)reader.ReadInt32());
            reader.ReadEndArray();
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 && id is not null && session is not null && scope != LicenseFields.None && (scope & ~LicenseFields.All) == 0
                && end - begin >= Life.Shortest && end - begin <= Life.Longest
                ? new LiveCode(id, holder, session, scope, audience, begin, end) : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }

        static DateTimeOffset Seconds(CborReader reader) => DateTimeOffset.FromUnixTimeSeconds(reader.ReadInt64());
        static int Require(CborReader reader, int label) => reader.ReadInt32() == label ? label : throw new CborContentException("label");
    }

    private byte[] EncodeClaims()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(Audience.Length > 0 ? 6 : 5);
        writer.WriteInt32(2);
        writer.WriteTextString(Holder.Value);
        if (Audience.Length > 0)
        {
            writer.WriteInt32(3);
            writer.WriteTextString(Audience);
        }

        writer.WriteInt32(4);
        writer.WriteInt64(ExpireTime.ToUnixTimeSeconds());
        writer.WriteInt32(6);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteInt32(7);
        writer.WriteByteString(Id.ToBytes());
        writer.WriteInt32(PrivateClaim);
        writer.WriteStartArray(2);
        writer.WriteByteString(Session.ToBytes());
        writer.WriteInt32((int)Scope);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }
}

/// <summary>Names one presentation: 128 random bits, as 32 lower-case hexadecimal digits.</summary>
public sealed record PresentationId
{
    private const int Size = 16;

    private PresentationId(string value) => Value = value;

    /// <summary>32 hexadecimal digits.</summary>
    public string Value { get; }

    /// <summary>A fresh one.</summary>
    public static PresentationId Generate() => new(RandomNumberGenerator.GetHexString(Size * 2, lowercase: true));

    /// <summary>Of 16 bytes; null for any other number.</summary>
    public static PresentationId? FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Size ? new(Convert.ToHexStringLower(bytes)) : null;

    /// <summary>Parses strictly; null for what is none.</summary>
    public static PresentationId? Parse(string text) => text.Length == Size * 2 && text.All(char.IsAsciiHexDigitLower) ? new(text) : null;

    /// <summary>16 bytes.</summary>
    public byte[] ToBytes() => Convert.FromHexString(Value);
}

/// <summary>Names a device session: the first eight bytes of the SM3 of its secret, as 16 hexadecimal digits.</summary>
public sealed record SessionId
{
    private const int Size = 8;

    private SessionId(string value) => Value = value;

    /// <summary>16 hexadecimal digits.</summary>
    public string Value { get; }

    /// <summary>Of eight bytes; null for any other number.</summary>
    public static SessionId? FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Size ? new(Convert.ToHexStringLower(bytes)) : null;

    /// <summary>The session of a secret, by the digest that is kept of it.</summary>
    public static SessionId Of(byte[] secretDigest) => new(Convert.ToHexStringLower(secretDigest.AsSpan(0, Size)));

    /// <summary>Eight bytes.</summary>
    public byte[] ToBytes() => Convert.FromHexString(Value);
}
