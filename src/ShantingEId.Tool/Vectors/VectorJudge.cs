using System.Text;
using System.Text.Json;
using ShantingEId.Client;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Inspecting;
using ShantingEId.Verifying;

namespace ShantingEId.Tool.Vectors;

/// <summary>Judges vectors by our own library, as the commands and the SDK do.</summary>
internal sealed class VectorJudge
{
    private readonly Dictionary<string, StatusPack> packs = [];

    /// <summary>The answer to one question.</summary>
    public async Task<VectorAnswer> JudgeAsync(VectorQuestion asked, CancellationToken cancel)
    {
        try
        {
            return asked.Kind switch
            {
                "code" => Code(asked),
                "envelope" => OfEnvelope(asked),
                "status-list" => List(asked),
                "pack" => Pack(asked, Bytes(asked.File)),
                "delta" => Pack(asked, PackDelta.Apply(Bytes(asked.Pack), Bytes(asked.File))),
                "receipt" => Receipt(asked),
                "seal" => await SealAsync(asked, cancel),
                _ => new VectorAnswer(VectorAnswer.Unsupported, ""),
            };
        }
        catch (EidException error)
        {
            return new VectorAnswer("BAD", error.Reason.WireName());
        }
    }

    private static VectorAnswer Good(int? status = null) => new("GOOD", "", status);

    private static VectorAnswer Unknown(string reason) => new("UNKNOWN", reason);

    /// <summary>All that is said of a code.</summary>
    public OfflineAnswer Offline(VectorQuestion asked)
    {
        var trust = EidTrust.FromPem(Text(asked.Trust), asked.CodeSigners is null ? "" : Text(asked.CodeSigners), new FixedTime(asked.Time));
        var verifier = asked.Pack is null ? new OfflineVerifier(trust, asked.CodePrefix ?? "")
            : new OfflineVerifier(Opened(asked.Pack, trust.Roots), trust, new FixedTime(asked.Time), (asked.NeighbourPacks ?? []).Select(path => (ReadOnlyMemory<byte>)Bytes(path)));
        return verifier.Verify(Text(asked.File));
    }

    private VectorAnswer Code(VectorQuestion asked)
    {
        var answer = Offline(asked);
        return new VectorAnswer(JsonNamingPolicy.SnakeCaseUpper.ConvertName(answer.Verdict.ToString()), answer.Reason);
    }

    // Opened once, however many codes are judged by it.
    private StatusPack Opened(string path, IReadOnlyCollection<Sm2Certificate> roots) =>
        packs.TryGetValue(path, out var known) ? known : packs[path] = StatusPack.Open(Bytes(path), roots);

    private static VectorAnswer OfEnvelope(VectorQuestion asked)
    {
        var use = (ContentType)(asked.Use ?? 0);
        var keys = new KeyRing(Certificates(asked.Signers).Select(signer => new TrustedKey(signer.PublicKey, use, signer)));
        return !Envelope.TryParse(Bytes(asked.File), out var envelope) ? new VectorAnswer("MALFORMED", "STRUCTURE")
            : new Verifier(keys, "", "", NoRegister.Instance, new FixedTime(asked.Time)).CheckSignature(envelope, use) is not { } reason ? Good()
            : new VectorAnswer(reason == VerdictReason.KeyUnknown ? "NOT_OURS" : "BAD_SIGNATURE", reason.WireName());
    }

    private static VectorAnswer List(VectorQuestion asked)
    {
        var token = StatusToken.Open(Bytes(asked.File), asked.Address ?? "", Certificates(asked.Trust));
        return asked.Time >= token.ExpireTime ? Unknown("STATE_TOO_OLD")
            : asked.Entry is { } entry && entry >= 0 && entry < token.List.Count ? Good(token.List[entry]) : Unknown("NO_SUCH_ENTRY");
    }

    private static VectorAnswer Pack(VectorQuestion asked, byte[] bytes)
    {
        var trust = EidTrust.FromPem(Text(asked.Trust));
        var pack = StatusPack.Open(bytes, trust.Roots);
        _ = new OfflineVerifier(pack, trust, new FixedTime(asked.Time)); // Refuses code signers that do not lead to a root, and a list of neighbours that nobody signed.
        return asked.Time >= pack.ExpireTime ? Unknown("STATE_TOO_OLD") : Good();
    }

    private static VectorAnswer Receipt(VectorQuestion asked)
    {
        EidReceipt.Check(Bytes(asked.File), EidTrust.FromPem(Text(asked.Trust)));
        return Good();
    }

    // Without a register nothing is known of a seal's state, so that a good one is NOT_CONFIRMED.
    private static async Task<VectorAnswer> SealAsync(VectorQuestion asked, CancellationToken cancel)
    {
        var trust = new CertificateTrust([.. Roots(asked)], [.. Certificates(asked.Trust), .. Certificates(asked.Makers)]);
        var report = await new SealVerifier(trust, NoStatus.Instance, new FixedTime(asked.Time)).VerifyAsync(Bytes(asked.File), cancel);
        var telling = report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed) ?? report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.NotConfirmed);
        return new VectorAnswer(report.Verdict.WireName(), telling?.Problem.WireName() ?? "");
    }

    private static IReadOnlyCollection<Sm2Certificate> Roots(VectorQuestion asked) => EidTrust.FromPem(Text(asked.Trust)).Roots;

    private static List<Sm2Certificate> Certificates(string? path) => [.. Trust.Certificates(Text(path)).Select(der => Sm2Certificate.Parse(der))];

    private static byte[] Bytes(string? path) => File.ReadAllBytes(path ?? throw new JsonException("a path is missing"));

    // As it is: a byte order mark is part of what was scanned.
    private static string Text(string? path) => Encoding.UTF8.GetString(Bytes(path));

    private sealed class FixedTime(DateTimeOffset time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => time;
    }
}
