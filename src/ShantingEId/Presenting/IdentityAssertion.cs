using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Presenting;

/// <summary>An assertion as it is carried: the token of the identity system and the certificate it was signed under, both as they came.</summary>
/// <param name="Token">COSE_Sign1.</param>
/// <param name="Certificate">Certificate of the identity system's signing key, DER.</param>
public sealed record CarriedAssertion(byte[] Token, byte[] Certificate);

/// <summary>What an assertion came to.</summary>
/// <param name="Outcome">Passed, failed, or not confirmed where nobody was given to trust.</param>
/// <param name="Text">For people: why.</param>
/// <param name="Name">Of whom it speaks; empty where it could not be read.</param>
/// <param name="Issuer">The identity system, by its certificate; empty where it could not be read.</param>
/// <param name="Time">When the person was identified; null where it could not be read.</param>
public sealed record IdentityReport(CheckOutcome Outcome, string Text, string Name = "", string Issuer = "", DateTimeOffset? Time = null);

/// <summary>
/// 身份断言: an identity system says that it identified a person just now, for one presentation of one deployment. A CWT (RFC 8392) in the one
/// envelope: issuer (claim 1), the system's own identifier of the person (claim 2), deployment (claim 3), end (claim 4), time of identification
/// (claim 6), nonce (claim 10, RFC 9711) and the person's name (private claim). We make none: it is carried, and judged by its signature.
/// </summary>
/// <param name="Issuer">Who says so.</param>
/// <param name="Subject">The person, by an identifier of the issuer's own.</param>
/// <param name="Audience">Name of the deployment it is for.</param>
/// <param name="IssueTime">When the person was identified, whole seconds.</param>
/// <param name="ExpireTime">Whole seconds.</param>
/// <param name="Nonce">See <see cref="NonceOf"/>.</param>
/// <param name="Name">The person's name.</param>
public sealed record IdentityAssertion(string Issuer, string Subject, string Audience, DateTimeOffset IssueTime, DateTimeOffset ExpireTime, byte[] Nonce, string Name)
{
    /// <summary>Largest token and certificate.</summary>
    public const int MaxBytes = 4096;

    private const int PrivateClaim = -65537;
    private const int MaxText = 200;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The nonce that binds an assertion to one presentation: SM3 of the session's name and the request that is to make the code.</summary>
    public static byte[] NonceOf(SessionId session, string requestId) => Sm3.Hash(Encoding.UTF8.GetBytes($"identity assertion\n{session.Value}\n{requestId}"));

    /// <summary>Signs, as identity systems do.</summary>
    public Envelope Sign(SigningKey key) => Envelope.Sign(ContentType.IdentityAssertion, Encode(), key);

    /// <summary>Judges what was carried.</summary>
    /// <param name="carried">Token and certificate.</param>
    /// <param name="deployment">The deployment it must be for.</param>
    /// <param name="nonce">The presentation it must be for.</param>
    /// <param name="representative">法定代表人 by the register.</param>
    /// <param name="trust">Who is recognised as an identity system.</param>
    /// <param name="now">When it is judged.</param>
    public static IdentityReport Judge(CarriedAssertion carried, string deployment, byte[] nonce, string representative, CertificateTrust trust, DateTimeOffset now)
    {
        // 1. Form, and that the certificate is the signer's.
        if (!Envelope.TryParse(carried.Token, out var envelope) || !TryRead(envelope, out var said) || !TryParse(carried.Certificate, out var certificate))
        {
            return new IdentityReport(CheckOutcome.Failed, "身份断言或其证书残缺，无法解读");
        }

        IdentityReport Report(CheckOutcome outcome, string text) => new(outcome, text, said.Name, certificate.CommonName, said.IssueTime);
        if (envelope.KeyId != certificate.PublicKey.KeyId || !certificate.MaySign || !envelope.Verify(certificate.PublicKey))
        {
            return Report(CheckOutcome.Failed, "身份断言的签名与其证书不符");
        }

        // 2. For us, for this presentation, now, and of the person the licence names. The register holds the representative's name and no number.
        if (said.Audience != deployment || !said.Nonce.AsSpan().SequenceEqual(nonce))
        {
            return Report(CheckOutcome.Failed, "身份断言不是为本次出示作出的");
        }

        if (now < said.IssueTime - LiveCode.ClockTolerance || now >= said.ExpireTime || said.ExpireTime - said.IssueTime > Longest)
        {
            return Report(CheckOutcome.Failed, "身份断言不在有效时间内");
        }

        if (said.Name != representative)
        {
            return Report(CheckOutcome.Failed, "身份断言中的姓名与执照上的法定代表人不符");
        }

        // 3. By whom: only whom the trust list names for this.
        var answer = trust.Judge(certificate, TrustUse.Identity, said.IssueTime, null, now);
        return Report(answer.Outcome, answer.Outcome == CheckOutcome.Passed ? $"身份认证系统“{certificate.CommonName}”确认其为法定代表人本人" : "身份认证系统未获认可：" + answer.Text);
    }

    /// <summary>Reads the claims of an envelope without judging its signature.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out IdentityAssertion? assertion)
    {
        assertion = null;
        if (envelope.ContentType != ContentType.IdentityAssertion)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            if (reader.ReadStartMap() != 7)
            {
                return false;
            }

            assertion = new IdentityAssertion(
                Text(1), Text(2), Text(3), IssueTime: default, ExpireTime: Seconds(4), Nonce: [], Name: "") with { IssueTime = Seconds(6), Nonce = Labelled(10).ReadByteString(), Name = Text(PrivateClaim) };
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 && assertion.Nonce.Length == Sm3.Size;

            CborReader Labelled(int label) => reader.ReadInt32() == label ? reader : throw new CborContentException("label");
            DateTimeOffset Seconds(int label) => DateTimeOffset.FromUnixTimeSeconds(Labelled(label).ReadInt64());
            string Text(int label) => Labelled(label).ReadTextString() is { Length: > 0 and <= MaxText } text && !text.Any(char.IsControl) ? text : throw new CborContentException("text");
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            assertion = null;
            return false;
        }
    }

    private static bool TryParse(byte[] der, [NotNullWhen(true)] out Sm2Certificate? certificate)
    {
        try
        {
            certificate = Sm2Certificate.Parse(der);
            return true;
        }
        catch (EidException)
        {
            certificate = null;
            return false;
        }
    }

    private byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(7);
        Text(1, Issuer);
        Text(2, Subject);
        Text(3, Audience);
        Seconds(4, ExpireTime);
        Seconds(6, IssueTime);
        writer.WriteInt32(10);
        writer.WriteByteString(Nonce);
        Text(PrivateClaim, Name);
        writer.WriteEndMap();
        return writer.Encode();

        void Text(int label, string text)
        {
            writer.WriteInt32(label);
            writer.WriteTextString(text);
        }

        void Seconds(int label, DateTimeOffset time)
        {
            writer.WriteInt32(label);
            writer.WriteInt64(time.ToUnixTimeSeconds());
        }
    }
}
