using System.Globalization;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.StatusLists;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Tests.StatusLists;

/// <summary>Packs and their deltas: read back, equal to the byte, and nothing altered or made by others passes.</summary>
public sealed class StatusPackTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 6, 0, 0, TimeSpan.Zero);
    private static readonly SigningKey Signer = HandMade.Certified("示例状态签发", TestCertificates.From, TestCertificates.To, CertificateUse.StatusSigning);
    private static readonly SigningKey CodeSigner = HandMade.Certified("示例证照码签发", TestCertificates.From, TestCertificates.To);
    private static readonly Sm2Certificate[] Roots = [TestCertificates.Root];

    private static readonly StatusPack Small = new()
    {
        Number = 3, ProducedAt = Now, ExpireTime = Now.AddHours(26), CodePrefix = "HTTPS://EID.SHANTING.EXAMPLE/",
        Certificates = [TestCertificates.Authority, CodeSigner.Certificate, Signer.Certificate], CodeSigners = [CodeSigner.Certificate.PublicKey.KeyId], TrustList = [1, 2, 3], Lists = [], Successions = [],
    };

    [Fact]
    public void A_pack_reads_back()
    {
        var pack = Full();

        var read = StatusPack.Open(pack.Sign(Signer).Encode(), Roots);

        Assert.Equal((3L, Now, Now.AddHours(26), pack.CodePrefix), (read.Number, read.ProducedAt, read.ExpireTime, read.CodePrefix));
        Assert.Equal(pack.TrustList, read.TrustList);
        Assert.Equal([0, 2], read.Lists.Select(list => list.Number));
        Assert.Equal(pack.Lists[1].States.Packed.ToArray(), read.Lists[1].States.Packed.ToArray());
        Assert.Equal([0, 5, (1 << 20) - 1], read.Lists[1].Comprehensive);
        Assert.Equal(pack.Successions, read.Successions);
        Assert.Equal(pack.Seals, read.Seals);
        Assert.Equal(pack.Permits, read.Permits);
        Assert.Equal(pack.Neighbours, read.Neighbours);
        Assert.NotNull(read.CodeKeys(Roots).Find(CodeSigner.Certificate.PublicKey.KeyId));
    }

    // What was written before seals and permits were in packs: 9 fields, which say nothing of them.
    [Fact]
    public void A_pack_of_the_first_form_still_reads()
    {
        var old = Full() with { Seals = null, Permits = [], Neighbours = [] };
        var bytes = old.Sign(Signer).Encode();
        Assert.True(Envelope.TryParse(bytes, out var envelope));
        Assert.Equal(0xA9, envelope.Payload[0]);

        var read = StatusPack.Open(bytes, Roots);

        Assert.Null(read.Seals);
        Assert.Equal(old.Successions, read.Successions);
        var states = new PackStates(read);
        Assert.Null(states.OfSeal(Entry(new(2, 5), SealKind.Official)));
        Assert.Equal((Verdict.Unknown, VerdictReason.PermitsNotListed), Asked(states, new(2, 0)));
        Assert.Equal((Verdict.Valid, VerdictReason.None), Asked(states, new(0, 40)));
    }

    // A seal goes with the licence for which it was made, unless the pack says otherwise; and only under the address of a list of seals of this authority.
    [Fact]
    public void Seals_and_permits_have_their_own_states()
    {
        var states = new PackStates(Full());

        Assert.Equal(LicenseStatus.Valid, states.OfSeal(Entry(new(0, 40), SealKind.Finance)));
        Assert.Equal(LicenseStatus.Superseded, states.OfSeal(Entry(new(0, 17), SealKind.Invoice)));
        Assert.Equal([LicenseStatus.Valid, LicenseStatus.Superseded, LicenseStatus.Valid, LicenseStatus.Suspended], SealKinds.All.Select(kind => states.OfSeal(Entry(new(0, 16), kind))!.Value));
        Assert.Equal(LicenseStatus.Invalid, states.OfSeal(Entry(new(2, 0), SealKind.Official))); // A comprehensive licence has none.
        Assert.Equal(LicenseStatus.Invalid, states.OfSeal(Entry(new(0, 99), SealKind.Official)));
        Assert.Equal(LicenseStatus.Invalid, states.OfSeal(Entry(new(7, 40), SealKind.Official)));
        Assert.Null(states.OfSeal(new StatusEntry("https://other.example/status/65536", 40)));
        Assert.Null(states.OfSeal(new StatusEntry("https://eid.shanting.example/status/0", 40))); // A list of licences.
        Assert.Null(states.OfSeal(new StatusEntry("https://eid.shanting.example/status/327680", 40)));
        Assert.Null(states.OfSeal(new StatusEntry("https://eid.shanting.example/status/065536", 40)));

        Assert.Equal((Verdict.Valid, VerdictReason.None), Asked(states, new(2, 0)));
        Assert.Equal((Verdict.Suspended, VerdictReason.Suspended), Asked(states, new(2, 5)));
        Assert.Equal(["示例许可甲", "示例许可乙"], states.Of(Claims(new(2, 0))).Permits.Select(permit => permit.Name));
        Assert.Equal((Verdict.Revoked, VerdictReason.ListedInvalid), Asked(states, new(65536, 40))); // No code leads to a place of a seal.
    }

    [Fact]
    public void Applying_a_delta_gives_the_full_pack_to_the_byte()
    {
        var first = Full();
        var lists = new List<PackedList> { new(0, first.Lists[0].States.Copy(), [9]), first.Lists[1], new(3, StatusList.CreateUnused(), []) };
        lists[0].States[17] = (int)LicenseStatus.Valid; // Restored after all: no succession any more.
        lists[0].States[(1 << 20) - 1] = (int)LicenseStatus.Suspended;
        lists[2].States[0] = (int)LicenseStatus.Superseded;
        var second = first with
        {
            Number = 4, ProducedAt = Now.AddHours(1), ExpireTime = Now.AddHours(27), Lists = lists,
            Successions = [new(new(0, 16), 4, "示例新名称乙"), new(new(3, 0), 2, "示例新名称丙")],
            Seals = [new(new(0, 16), 0b01_00_00_00), new(new(3, 0), 0)], Permits = [new(new(2, 0), [new("示例许可乙", LicenseStatus.Valid)])], Neighbours = [9],
        };
        var third = second with { Number = 5, Certificates = [.. second.Certificates, HandMade.Certified("示例新签发", TestCertificates.From, TestCertificates.To).Certificate], TrustList = [], Permits = [], Seals = [second.Seals[1]] };
        var old = first with { Seals = null, Permits = [], Neighbours = [] };
        byte[][] packs = [first.Sign(Signer).Encode(), second.Sign(Signer).Encode(), third.Sign(Signer).Encode(), old.Sign(Signer).Encode()];

        foreach (var (from, to) in ((int, int)[])[(0, 1), (1, 2), (0, 2), (3, 1), (1, 3), (3, 3), (3, 0)])
        {
            var delta = PackDelta.Make(packs[from], packs[to]);
            Assert.Equal(packs[to], PackDelta.Apply(packs[from], delta));
            Assert.InRange(delta.Length, 100, 6000);
        }

        // Not for another pack, and nothing altered becomes a pack that opens.
        var good = PackDelta.Make(packs[0], packs[1]);
        Assert.Equal(ErrorReason.StatusInvalid, Assert.Throws<EidException>(() => PackDelta.Apply(packs[1], good)).Reason);
        foreach (var at in Enumerable.Range(0, good.Length).Where(at => at % 3 == 0))
        {
            var altered = good.ToArray();
            altered[at] ^= 1;
            Refused(() => StatusPack.Open(PackDelta.Apply(packs[0], altered), Roots));
        }
    }

    [Fact]
    public void A_pack_is_for_one_use_and_from_one_kind_of_key()
    {
        var bytes = Small.Sign(Signer).Encode();
        Assert.True(Envelope.TryParse(bytes, out var envelope));

        Refused(() => StatusPack.Open(bytes, [TestCertificates.SelfSigned(Sm2Cases.Key("another root"))]));
        Refused(() => StatusPack.Open(bytes, []));
        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => Small.Sign(CodeSigner)).Reason);
        Refused(() => StatusPack.Open(Envelope.Sign(ContentType.StatusPack, envelope.Payload, CodeSigner).Encode(), Roots));
        foreach (var use in Enum.GetValues<ContentType>().Where(use => use != ContentType.StatusPack))
        {
            Refused(() => StatusPack.Open(Envelope.Sign(use, envelope.Payload, Signer).Encode(), Roots));
            Refused(() => StatusPack.Open(Envelope.Assemble(ContentType.StatusPack, envelope.KeyId, envelope.Payload, Envelope.Sign(use, envelope.Payload, Signer).Signature).Encode(), Roots));
        }

        // Its own certificates are no roots, and the key of states signs no codes.
        var own = Small with { Certificates = [TestCertificates.SelfSigned(Sm2Cases.Key("own root")), .. Small.Certificates] };
        StatusPack.Open(own.Sign(Signer).Encode(), Roots);
        Refused(() => (Small with { CodeSigners = [Signer.Certificate.PublicKey.KeyId] }).CodeKeys(Roots));
        Refused(() => Small.CodeKeys([]));
    }

    [Fact]
    public void What_does_not_fit_together_is_no_pack()
    {
        var full = Full();
        Refuses(Small with { Number = 0 });
        Refuses(Small with { ExpireTime = Small.ProducedAt });
        Refuses(Small with { CodePrefix = "HTTPS://EID.SHANTING.EXAMPLE" });
        Refuses(Small with { CodeSigners = [TestCertificates.Leaf.PublicKey.KeyId] });
        Refuses(Small with { Certificates = [.. Small.Certificates, Signer.Certificate] });
        Refuses(full with { Lists = [full.Lists[1], full.Lists[0]] });
        Refuses(full with { Lists = [full.Lists[0], full.Lists[0]] });
        Refuses(full with { Successions = [full.Successions[1], full.Successions[0]] });
        Refuses(full with { Successions = [new(new(0, 40), 2, "示例")] }); // That place reads VALID.
        Refuses(full with { Successions = [new(new(1, 16), 2, "示例")] }); // No such list.
        Refuses(full with { Lists = [full.Lists[0] with { Comprehensive = [5, 5] }] });
        Refuses(full with { Seals = [full.Seals![0], full.Seals[0]] });
        Refuses(full with { Seals = [new(new(0, 40), 0)] }); // What goes without saying: all as the licence.
        Refuses(full with { Seals = [new(new(2, 5), 0b01_00_00_00)] }); // A comprehensive licence has none.
        Refuses(full with { Seals = [new(new(1, 5), 0b01_00_00_00)] });
        Refuses(full with { Permits = [new(new(0, 40), full.Permits[0].Permits)] });
        Refuses(full with { Permits = [full.Permits[1], full.Permits[0]] });
        Refuses(full with { Permits = [full.Permits[0] with { Permits = [] }] });
        Refuses(full with { Permits = [full.Permits[0] with { Permits = [.. Enumerable.Repeat(full.Permits[0].Permits[0], 13)] }] });
        Refuses(full with { Permits = [full.Permits[0] with { Permits = [new("", LicenseStatus.Valid)] }] });
        Refuses(full with { Lists = [full.Lists[0] with { States = new StatusList(2, new byte[100]) }], Successions = [] });

        static void Refuses(StatusPack pack) => Refused(() => StatusPack.Open(pack.Sign(Signer).Encode(), Roots));
    }

    [Fact]
    public void Every_changed_byte_of_a_pack_is_refused()
    {
        var small = Small.Sign(Signer).Encode();
        var every = int.Parse(Environment.GetEnvironmentVariable("EID_FLIP_EVERY") ?? "3", CultureInfo.InvariantCulture);
        for (var at = 0; at < small.Length; at += every)
        {
            Flip(small, at);
        }

        var full = Full().Sign(Signer).Encode();
        for (var at = 0; at < full.Length; at += 1 + (full.Length / 97))
        {
            Flip(full, at);
        }

        static void Flip(byte[] bytes, int at)
        {
            var altered = bytes.ToArray();
            altered[at] ^= (byte)(1 << (at % 8));
            Refused(() => StatusPack.Open(altered, Roots));
        }
    }

    // I39: what strangers send ends in a refusal by its reason. EID_STATUS_FUZZ says how often each parser is tried.
    [Fact]
    public void No_input_ends_in_anything_but_a_refusal()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("EID_STATUS_FUZZ") ?? "1000", CultureInfo.InvariantCulture);
        var random = new TestRandom("status packs");
        var list = StatusList.CreateUnused();
        list[3] = 0;
        var token = new StatusToken { Address = "https://示例", IssueTime = Now, ExpireTime = Now.AddHours(1), Ttl = TimeSpan.FromSeconds(60), List = list }.Sign(Signer);
        var pack = (Small with { Certificates = [Signer.Certificate], CodeSigners = [] }).Sign(Signer);
        var (from, to) = (Full().Sign(Signer).Encode(), (Full() with { Number = 4 }).Sign(Signer).Encode());
        var delta = PackDelta.Make(from, to);
        for (var i = 0; i < count; i++)
        {
            // The payload is altered and signed anew, so that the readers behind the signature are reached.
            Try(() => StatusToken.Open(Envelope.Sign(ContentType.StatusList, Altered(token.Payload), Signer).Encode(), "https://示例", [.. Roots, TestCertificates.Authority, Signer.Certificate]));
            Try(() => StatusPack.Open(Envelope.Sign(ContentType.StatusPack, Altered(pack.Payload), Signer).Encode(), Roots));
            Try(() => StatusPack.Open(Altered(from), Roots));
            if (i % 10 == 0)
            {
                Try(() => PackDelta.Apply(from, Altered(delta)));
            }
        }

        byte[] Altered(byte[] bytes)
        {
            var altered = bytes.ToList();
            for (var times = 1 + random.Below(3); times > 0; times--)
            {
                var at = random.Below(altered.Count);
                switch (random.Below(4))
                {
                    case 0: altered[at] = (byte)random.Below(256); break;
                    case 1: altered[at] ^= (byte)(1 << random.Below(8)); break;
                    case 2: altered.RemoveRange(at, Math.Min(1 + random.Below(8), altered.Count - at)); altered.Add(0); break;
                    default: altered.Insert(at, (byte)random.Below(256)); break;
                }
            }

            return [.. altered];
        }

        static void Try(Action act)
        {
            try
            {
                act();
            }
            catch (EidException error) when (error.Reason == ErrorReason.StatusInvalid)
            {
            }
        }
    }

    private static StatusPack Full()
    {
        var (first, second) = (StatusList.CreateUnused(), StatusList.CreateUnused());
        (first[16], first[17], first[40]) = ((int)LicenseStatus.Superseded, (int)LicenseStatus.Superseded, (int)LicenseStatus.Valid);
        (second[0], second[5]) = ((int)LicenseStatus.Valid, (int)LicenseStatus.Suspended);
        return Small with
        {
            Lists = [new(0, first, []), new(2, second, [0, 5, (1 << StatusIndex.Bits) - 1])],
            Successions = [new(new(0, 16), 3, "示例新名称甲"), new(new(0, 17), 2, "示例新名称乙")],
            Seals = [new(new(0, 16), 0b10_00_11_00)],
            Permits = [new(new(2, 0), [new("示例许可甲", LicenseStatus.Valid), new("示例许可乙", LicenseStatus.Suspended)]), new(new(2, 5), [new("示例许可乙", LicenseStatus.Invalid)])], Neighbours = [4, 5, 6, 7],
        };
    }

    private static StatusEntry Entry(StatusReference license, SealKind kind) => new(StatusReference.AddressOf(Small.CodePrefix, license.OfSeal(kind).List), license.Index);

    private static LicenseCode Claims(StatusReference place) => new(CreditCode.Parse("91370406MA3ABC127Q"), 1, "示例", ManifestDigest.Of([1]), place, Now.AddDays(-1));

    private static (Verdict, VerdictReason) Asked(PackStates states, StatusReference place) => states.Of(Claims(place)) is var answer ? (answer.Verdict, answer.Reason) : default;

    private static void Refused(Action act) => Assert.Equal(ErrorReason.StatusInvalid, Assert.Throws<EidException>(act).Reason);
}
