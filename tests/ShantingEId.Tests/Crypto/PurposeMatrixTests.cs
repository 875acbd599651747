using System.Collections.Concurrent;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Presenting;
using ShantingEId.Receipts;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.StatusLists;
using ShantingEId.Tests.Documents;
using ShantingEId.Tests.Receipts;
using ShantingEId.Tests.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Tests.Crypto;

/// <summary>I33: every key of ours under every content type before every reader. What each accepts is what its own key signed for it, and nothing else.</summary>
public sealed class PurposeMatrixTests
{
    private const string Prefix = "HTTPS://EID.EXAMPLE.GOV.CN/";
    private const string StatusAddress = "https://示例";
    private const string Environment = "test";
    private static readonly DateTimeOffset Now = SampleTrust.Now;
    private static readonly byte[] Nonce = Sm3.Hash("matrix"u8);

    // An identity system under a root of its own, which our trust list names for this alone.
    private static readonly Sm2Certificate IdentityRoot = CertificateIssuer.CreateRoot(Sm2Cases.Key("matrix identity root"), new CertificateSubject("示例身份机构", "示例身份机构根"), TestCertificates.From, TestCertificates.To);
    private static readonly SigningKey IdentitySystem = new(Sm2Cases.Key("matrix identity"), new CertificateIssuer(Sm2Cases.Key("matrix identity root"), IdentityRoot)
        .Issue(new CertificateSubject("示例身份机构", "示例身份认证"), Sm2Cases.Key("matrix identity").PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To));

    private static readonly Dictionary<string, (SigningKey Key, ContentType[] Signs)> Keys = new()
    {
        ["manifest"] = (Certified("清单"), [ContentType.Manifest]), ["code"] = (Certified("证照码"), [ContentType.LicenseCode]),
        ["receipt"] = (Certified("回执", CertificateUse.ReceiptSigning), [ContentType.LookupTick]), ["live"] = (Certified("动态码", CertificateUse.LiveCodeSigning), [ContentType.LiveCode]),
        ["trust list"] = (Certified("信任列表", CertificateUse.TrustListSigning), [ContentType.TrustList, ContentType.NeighbourList]),
        ["status"] = (Certified("状态", CertificateUse.StatusSigning), [ContentType.StatusList, ContentType.StatusPack]), ["identity"] = (IdentitySystem, [ContentType.IdentityAssertion]),
        // Certified by us, and for none of these.
        ["a company's seal"] = (Certified("印章"), []), ["seal maker"] = (SampleSeals.Maker, []), ["time stamps"] = (Certified("时间戳", CertificateUse.TimeStamping), []),
        ["the authority itself"] = (new SigningKey(TestCertificates.AuthorityKey, TestCertificates.Authority), []),
    };

    private static readonly Sm2Certificate[] Ours = [TestCertificates.Root, TestCertificates.Authority, .. Keys.Where(key => key.Key is not ("identity" or "the authority itself")).Select(key => key.Value.Key.Certificate)];
    private static readonly KeyRing Ring = new(new (string Name, ContentType Use)[] { ("manifest", ContentType.Manifest), ("code", ContentType.LicenseCode), ("receipt", ContentType.LookupTick) }
        .Select(each => new TrustedKey(Keys[each.Name].Key.Private.PublicKey, each.Use, Keys[each.Name].Key.Certificate)));

    private static readonly TrustList List = new() { Number = 1, IssueTime = Now, NextUpdate = Now.AddDays(1), Entries = [new(IdentityRoot, "示例身份机构", TrustUse.Identity, "", Now.AddDays(-1), Now.AddDays(1))] };
    private static readonly CertificateTrust Trust = new([TestCertificates.Root], [TestCertificates.Authority], List);
    private static readonly Verifier Verifier = new(Ring, Prefix, Environment, register: null!, TimeProvider.System);
    private static readonly Dictionary<ContentType, byte[]> Payloads = Made();

    private static readonly (string Name, ContentType Type, Func<Envelope, SigningKey, bool> Accepts)[] Readers =
    [
        ("manifest", ContentType.Manifest, (envelope, signer) => Verifier.CheckSignature(envelope, ContentType.Manifest) is null && Manifest.TryRead(envelope, out _)),
        ("licence code", ContentType.LicenseCode, (envelope, signer) => Verifier.ReadCode(Prefix + "1" + Base32.Encode(envelope.Encode())).Code is not null),
        ("licence code by a pack", ContentType.LicenseCode, (envelope, signer) => PackedKeys().Find(envelope.KeyId) is { } key && key.Use == envelope.ContentType && envelope.Verify(key.Key) && LicenseCode.Read(envelope) is not null),
        ("receipt", ContentType.LookupTick, (envelope, signer) => Receipt.TryParse(ReceiptCases.Receipt(signedRoot: envelope), out var receipt) && receipt.Problem(Ring).Length == 0),
        ("receipt by certificates", ContentType.LookupTick, (envelope, signer) => Receipt.TryParse(ReceiptCases.Receipt(signedRoot: envelope), out var receipt) && receipt.Problem(new ReceiptTrust(Ours)).Length == 0),
        ("status list", ContentType.StatusList, (envelope, signer) => Opens(() => StatusToken.Open(envelope.Encode(), StatusAddress, Ours))),
        ("status pack", ContentType.StatusPack, (envelope, signer) => Opens(() => StatusPack.Open(envelope.Encode(), [TestCertificates.Root]))),
        ("trust list", ContentType.TrustList, (envelope, signer) => Opens(() => TrustList.Open(envelope.Encode(), Ours))),
        ("neighbour list", ContentType.NeighbourList, (envelope, signer) => Opens(() => NeighbourList.Open(envelope.Encode(), Ours))),
        ("live code", ContentType.LiveCode, (envelope, signer) => LiveCode.Read(Prefix + "8" + Base32.Encode(envelope.Encode()), Prefix, Keys["live"].Key.Private.PublicKey).Code is not null),
        ("identity assertion", ContentType.IdentityAssertion, (envelope, key) =>
            IdentityAssertion.Judge(new CarriedAssertion(envelope.Encode(), key.Certificate.Der.ToArray()), Environment, Nonce, "样例", Trust, Now).Outcome == CheckOutcome.Passed),
    ];

    [Fact]
    public void Every_reader_accepts_what_its_own_key_signed_for_it_and_nothing_else()
    {
        var (accepted, tried) = (new ConcurrentBag<string>(), 0);
        var all = from label in Enum.GetValues<ContentType>() from key in Keys from reader in Readers select (label, key, reader);
        Parallel.ForEach(all, each =>
        {
            var (label, key, reader) = each;
            // The content that this reader waits for, and the one that goes with the label.
            foreach (var payload in ((byte[][])[Payloads[reader.Type], Payloads[label]]).Distinct())
            {
                Interlocked.Increment(ref tried);
                if (reader.Accepts(Envelope.Sign(label, payload, key.Value.Key), key.Value.Key))
                {
                    accepted.Add($"{reader.Name}: {label} by {key.Key}");
                }
            }
        });

        var own = Readers.Select(reader => $"{reader.Name}: {reader.Type} by {Keys.Single(key => key.Value.Signs.Contains(reader.Type)).Key}");
        Assert.Equal(own.Order(), accepted.Order());
        Assert.Equal(Enum.GetValues<ContentType>().Order(), Readers.Select(reader => reader.Type).Distinct().Order());
        Console.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"figure purposes_tried {tried} envelopes >= 1500"));
        Console.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"figure purposes_accepted_wrongly {accepted.Except(own).Count()} envelopes <= 0"));
        Assert.InRange(tried, 1500, int.MaxValue);
    }

    // One good content of each type.
    private static Dictionary<ContentType, byte[]> Made()
    {
        var holder = CreditCode.Parse(TestCertificates.CreditCode);
        var code = new LicenseCode(holder, 1, "枣庄市山亭区样例有限公司", ManifestDigest.Of(new byte[100]), new StatusReference(0, 7), Now);
        var live = new LiveCode(PresentationId.Generate(), holder, SessionId.Of(Sm3.Hash("样例会话"u8)), LicenseFields.Name, "", Now, Now.AddSeconds(60));
        var said = new IdentityAssertion("https://identity.example", "样例", Environment, Now.AddSeconds(-10), Now.AddMinutes(1), Nonce, "样例");
        var token = new StatusToken { Address = StatusAddress, IssueTime = Now, ExpireTime = Now.AddHours(1), Ttl = TimeSpan.FromSeconds(60), List = StatusList.CreateUnused() };
        var neighbours = new NeighbourList { Number = 1, IssueTime = Now, NextUpdate = Now.AddDays(1), Neighbours = [] };
        var seals = SealKinds.All.Select((kind, n) => new ManifestSeal(kind, SealCode.Create("370406", n + 1), Sm3.Hash([(byte)n])));
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(), out var receipt));
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(code.Sign(Prefix, Keys["code"].Key), Prefix, out var codeEnvelope));
        Assert.True(Envelope.TryParse(Base32.Decode(live.Sign(Prefix, Keys["live"].Key).AsSpan(Prefix.Length + 1)), out var liveEnvelope));
        return new()
        {
            [ContentType.Manifest] = new Manifest(Environment, FaceSamples.License(FaceSamples.Company), [.. seals]).Encode(), [ContentType.LicenseCode] = codeEnvelope!.Payload, [ContentType.LookupTick] = receipt!.SignedRoot.Payload,
            [ContentType.LiveCode] = liveEnvelope.Payload, [ContentType.IdentityAssertion] = said.Sign(Keys["identity"].Key).Payload, [ContentType.TrustList] = List.Sign(Keys["trust list"].Key).Payload,
            [ContentType.NeighbourList] = neighbours.Sign(Keys["trust list"].Key).Payload, [ContentType.StatusList] = token.Sign(Keys["status"].Key).Payload, [ContentType.StatusPack] = Pack().Sign(Keys["status"].Key).Payload,
        };
    }

    private static StatusPack Pack() => new()
    {
        Number = 3, ProducedAt = Now, ExpireTime = Now.AddHours(26), CodePrefix = Prefix, Certificates = [.. Ours.Skip(1)], CodeSigners = [Keys["code"].Key.Private.PublicKey.KeyId],
        TrustList = [], Lists = [], Successions = [],
    };

    private static KeyRing PackedKeys() => Pack().CodeKeys([TestCertificates.Root]);

    private static bool Opens(Action open)
    {
        try
        {
            open();
            return true;
        }
        catch (EidException error) when (error.Reason is ErrorReason.StatusInvalid or ErrorReason.TrustListInvalid)
        {
            return false;
        }
    }

    private static SigningKey Certified(string name, CertificateUse use = CertificateUse.Signing) => HandMade.Certified("示例用途 " + name, TestCertificates.From, TestCertificates.To, use);
}
