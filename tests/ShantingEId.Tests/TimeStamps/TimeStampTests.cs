using System.Net;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;
using ShantingEId.TimeStamps;

namespace ShantingEId.Tests.TimeStamps;

/// <summary>时间戳: asked for, answered, read and judged; OpenSSL reads the same, and its arithmetic agrees.</summary>
public sealed class TimeStampTests
{
    private static readonly SigningKey Stamper = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);
    private static readonly byte[] Data = "示例签名值"u8.ToArray();

    [Fact]
    public async Task A_stamp_that_is_asked_for_covers_the_data_at_the_time_of_the_authority()
    {
        using var http = new HttpClient(new Authority(request => new TimeStampAuthority(Stamper, new FakeTimeProvider(SampleSeals.Signed)).Respond(request)));

        var token = await new TimeStampClient(http, new Uri("http://127.0.0.1/")).StampAsync(Data, TestContext.Current.CancellationToken);

        Assert.Equal(SampleSeals.Signed, token.Time);
        Assert.True(token.Covers(Data) && token.SignatureIsGood && token.Certificate!.MayTimeStamp);
        Assert.False(token.Covers("别的"u8));
        Assert.Equal(TimeStampAuthority.Policy, token.Policy);
        Assert.Equal(token.Der.ToArray(), TimeStampToken.Parse(token.Der.ToArray()).Der.ToArray());
    }

    [Fact]
    public async Task An_answer_to_another_question_is_refused()
    {
        var authority = new TimeStampAuthority(Stamper, new FakeTimeProvider(SampleSeals.Signed));
        var earlier = authority.Respond(TimeStampRequest.For(Data).Encode());
        var answers = new (Func<byte[], byte[]> Answer, ErrorReason Reason)[]
        {
            (_ => earlier, ErrorReason.TimeStampInvalid), // Played back: another nonce.
            (_ => authority.Respond(TimeStampRequest.For("别的"u8).Encode()), ErrorReason.TimeStampInvalid),
            (request => authority.Respond((TimeStampRequest.Parse(request) with { WithCertificate = false }).Encode()), ErrorReason.TimeStampInvalid),
            (_ => authority.Respond(new byte[] { 1, 2, 3 }), ErrorReason.TimeStampInvalid), // A rejection.
            (_ => [0x30, 0], ErrorReason.TimeStampInvalid),
            (_ => [], ErrorReason.TimeStampInvalid),
            (_ => new byte[100_000], ErrorReason.TimeStampInvalid),
            (_ => throw new HttpRequestException("down"), ErrorReason.TimeStampUnavailable),
        };
        foreach (var (answer, reason) in answers)
        {
            using var http = new HttpClient(new Authority(answer));
            var refusal = await Assert.ThrowsAsync<EidException>(() => new TimeStampClient(http, new Uri("http://127.0.0.1/")).StampAsync(Data, TestContext.Current.CancellationToken));
            Assert.Equal(reason, refusal.Reason);
        }
    }

    [Fact]
    public void Only_a_certificate_for_time_stamps_stamps()
    {
        var authority = new TimeStampAuthority(SampleSeals.Signer, new FakeTimeProvider(SampleSeals.Signed));

        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => authority.Respond(TimeStampRequest.For(Data).Encode())).Reason);
        Assert.False(Stamper.Certificate.MaySign);
        Assert.False(SampleSeals.Signer.Certificate.MayTimeStamp);
    }

    [Fact]
    public async Task A_seal_of_version_5_may_carry_a_stamp_not_earlier_than_itself()
    {
        var info = SampleSeals.Info with { Version = SesVersion.V5 };
        async Task<SealReport> StampedAsync(DateTimeOffset time)
        {
            var value = SesSeal.Parse(HandMade.Seal(info)).SignatureValue.ToArray();
            return await SampleTrust.Seals().VerifyAsync(HandMade.Seal(info, form: _ => value, timeStamp: SampleStamps.Token(value, Stamper, time)), TestContext.Current.CancellationToken);
        }

        Assert.Equal(SealVerdict.Valid, (await StampedAsync(SampleSeals.Made)).Verdict);
        var early = await StampedAsync(SampleSeals.Made.AddSeconds(-1));
        Assert.Contains(early.Checks, check => (check.Step, check.Problem) == (CheckStep.SealTimeStamp, SealProblem.TimeOrder));
    }

    [Fact]
    public void A_changed_token_does_not_hold()
    {
        var token = SampleStamps.Token(Data, Stamper, SampleSeals.Signed);
        var content = SignedData.Parse(token).Content;
        for (var i = 0; i < token.Length; i++)
        {
            var altered = token.ToArray();
            altered[i] ^= 4;
            try
            {
                // A token that still holds says the very same, and was signed over the very same.
                var (read, signed) = (TimeStampToken.Parse(altered), SignedData.Parse(altered));
                Assert.True(!read.SignatureIsGood || (signed.Content.AsSpan().SequenceEqual(content) && read.Certificate!.Der.SequenceEqual(Stamper.Certificate.Der)), $"{i}");
            }
            catch (EidException)
            {
                // Refused at parsing.
            }
        }
    }

    [Fact]
    public void OpenSsl_reads_request_and_response_and_its_arithmetic_agrees()
    {
        using var openSsl = OpenSsl.Require();
        openSsl.Write("data", Data);

        // 1. OpenSSL asks; we answer; it reads the answer.
        Assert.Equal(0, openSsl.Run("ts", "-query", "-data", "data", "-sm3", "-cert", "-out", "question").Code);
        var folder = Path.GetDirectoryName(openSsl.Write("done", []))!;
        var answer = new TimeStampAuthority(Stamper, new FakeTimeProvider(SampleSeals.Signed)).Respond(File.ReadAllBytes(Path.Combine(folder, "question")));
        openSsl.Write("answer", answer);
        var (code, text) = openSsl.Run("ts", "-reply", "-in", "answer", "-text");
        Assert.True(code == 0, text);
        Assert.Contains("Status: Granted.", text, StringComparison.Ordinal);
        Assert.Contains("Hash Algorithm: sm3", text, StringComparison.Ordinal);
        Assert.Contains("Time stamp: Mar  2 06:00:00 2026 GMT", text, StringComparison.Ordinal);

        // 2. Its `ts -verify` knows no SM2 ID, so certificate and signature are judged one by one.
        var token = TimeStampToken.Parse(SampleStamps.TokenOf(answer));
        openSsl.WriteCertificate("authority.pem", TestCertificates.Authority.Der);
        openSsl.WriteCertificate("stamper.pem", token.Certificate!.Der);
        openSsl.WriteCertificate("leaf.pem", TestCertificates.Leaf.Der);
        Assert.Equal(0, Purpose("stamper.pem"));
        Assert.NotEqual(0, Purpose("leaf.pem"));
        openSsl.Write("signature", token.Signature!.ToDer());
        openSsl.Write("key.pem", System.Text.Encoding.ASCII.GetBytes(System.Security.Cryptography.PemEncoding.WriteString("PUBLIC KEY", token.Certificate.PublicKey.Spki)));
        Assert.Equal(0, Signature(token.SignedPart));
        Assert.NotEqual(0, Signature([.. token.SignedPart, 0]));

        int Purpose(string certificate) =>
            openSsl.Run("verify", "-vfyopt", "distid:1234567812345678", "-partial_chain", "-purpose", "timestampsign", "-trusted", "authority.pem", certificate).Code;

        int Signature(ReadOnlySpan<byte> message)
        {
            openSsl.Write("message", message);
            return openSsl.Run("dgst", "-sm3", "-verify", "key.pem", "-sigopt", "distid:1234567812345678", "-signature", "signature", "message").Code;
        }
    }

    private sealed class Authority(Func<byte[], byte[]> answer) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("application/timestamp-query", request.Content!.Headers.ContentType!.MediaType);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(answer(await request.Content.ReadAsByteArrayAsync(cancellationToken))) };
        }
    }
}
