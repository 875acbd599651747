using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.StatusLists;

namespace ShantingEId.Tests.Vectors;

/// <summary>Packs and deltas: what may be opened, and what may not.</summary>
internal static class PackVectors
{
    /// <summary>The pack by which the codes are judged.</summary>
    public const string ForCodes = "packs/states.bin";

    public static readonly DateTimeOffset Produced = VectorKeys.Now.AddHours(-1);
    public static readonly DateTimeOffset Expires = Produced.AddHours(26);
    /// <summary>The same states in the second form, with permits and a neighbour.</summary>
    public const string SecondForm = "packs/states-second-form.bin";

    /// <summary>The same, but for its end: it comes at the instant of judging.</summary>
    public const string SecondFormEnded = "packs/states-second-form-ended.bin";

    /// <summary>The neighbour's own pack.</summary>
    public const string OfNeighbour = "packs/neighbour.bin";

    /// <summary>The states of <see cref="ForCodes"/>, and a second signer of codes whose certificate is over.</summary>
    public const string EndedSigner = "packs/states-signer-ended.bin";

    private const string Before = "packs/before.bin";
    private const string Form = "docs/formats.md, Pack";
    private const string Chain = "RFC 5280 §6; docs/formats.md, Pack";

    private static readonly StatusPack Small = new()
    {
        Number = 3, ProducedAt = Produced, ExpireTime = Expires, CodePrefix = CodeVectors.Prefix,
        Certificates = [VectorKeys.Ca.Certificate, VectorKeys.CodeSigner.Certificate, VectorKeys.StatusSigner.Certificate], CodeSigners = [VectorKeys.CodeSigner.Private.PublicKey.KeyId],
        TrustList = [], Lists = [], Successions = [],
    };

    /// <summary>Packs that other vectors name.</summary>
    public static IEnumerable<(string Path, byte[] Bytes)> Packs() =>
        [(ForCodes, Signed(States())), (EndedSigner, Signed(WithEnded(States()))), (Before, Signed(Small)), (SecondForm, Signed(NeighbourVectors.SecondForm(States()))), (SecondFormEnded, Signed(NeighbourVectors.SecondForm(States()) with { ExpireTime = VectorKeys.Now })), (OfNeighbour, NeighbourVectors.Pack(States()))];

    public static IEnumerable<Vector> All() => [.. Opened(), .. SecondForms(), .. Deltas()];

    private static IEnumerable<Vector> Opened()
    {
        var good = Signed(Small);
        yield return Pack("good", good, "GOOD", "", Form, "无；没有列表");
        yield return Pack("good-with-lists", Signed(States()), "GOOD", "", Form, "无");
        yield return Pack("good-code-signer-certificate-over", Signed(WithEnded(Small)), "GOOD", "", Form, "无；其中一张证照码签名证书在制作时已到期");
        yield return Pack("good-expired", good, "UNKNOWN", "STATE_TOO_OLD", "docs/formats.md, Pack: from expires on it says nothing", "在这一秒到期", time: Expires);
        yield return Pack("bad-signature-last-bit", [.. good[..^1], (byte)(good[^1] ^ 1)], clause: "GB/T 32918.2 clause 7", defect: "签名最后一位改变");
        yield return Pack("bad-cut-off", good[..^1], clause: Form, defect: "少最后一个字节");
        yield return Pack("bad-byte-after", [.. good, 0], clause: Form, defect: "之后多一个字节");
        yield return Pack("bad-content-type", VectorKeys.Seal(ContentType.StatusList, PackForm.Encode(Small), VectorKeys.StatusSigner).Encode(), clause: "docs/formats.md, Envelope", defect: "信封的类型是状态列表");
        yield return Pack("bad-signer-of-codes", VectorKeys.Seal(ContentType.StatusPack, PackForm.Encode(Small), VectorKeys.CodeSigner).Encode(), clause: "RFC 5280 §4.2.1.12; docs/formats.md, Status list", defect: "由签发证照码的密钥签发");
        yield return Pack("bad-other-root", good, clause: Chain, defect: "信任的是别家的根", trust: "trust/other-root.pem");
        yield return Pack("bad-own-root-inside", VectorKeys.Seal(ContentType.StatusPack, PackForm.Encode(Small with { Certificates = [VectorKeys.OtherRoot.Certificate, VectorKeys.OtherStatusSigner.Certificate], CodeSigners = [] }), VectorKeys.OtherStatusSigner).Encode(),
            clause: Chain, defect: "包中自带的根不能信任");
        foreach (var (name, pack, clause, defect) in new (string, StatusPack, string, string)[]
        {
            ("number-0", Small with { Number = 0 }, Form, "包的号为零"), ("ends-at-production", Small with { ExpireTime = Produced }, Form, "到期不晚于制作"), ("prefix-without-slash", Small with { CodePrefix = CodeVectors.Prefix[..^1] }, Form, "地址没有以斜线结尾"),
            ("certificate-twice", Small with { Certificates = [.. Small.Certificates, VectorKeys.Ca.Certificate] }, Form, "证书重复"), ("code-signer-twice", Small with { CodeSigners = [.. Small.CodeSigners, .. Small.CodeSigners] }, Form, "证照码签名密钥重复"),
            ("code-signer-without-certificate", Small with { CodeSigners = [VectorKeys.OtherSigner.Private.PublicKey.KeyId] }, Form, "证照码签名密钥没有证书"),
            ("code-signer-of-states", Small with { CodeSigners = [VectorKeys.StatusSigner.Private.PublicKey.KeyId] }, "docs/formats.md, Envelope: one key, one content type", "以签发状态的密钥为证照码签名密钥"),
            ("code-signer-of-another-root", Small with { Certificates = [.. Small.Certificates, VectorKeys.OtherSigner.Certificate], CodeSigners = [VectorKeys.OtherSigner.Private.PublicKey.KeyId] }, Chain, "证照码签名密钥不能链接到受信任的根"),
            ("no-ca-certificate", Small with { Certificates = [VectorKeys.CodeSigner.Certificate, VectorKeys.StatusSigner.Certificate] }, Chain, "缺中间 CA 的证书"),
            ("produced-after-certificates-end", Small with { ProducedAt = new(2046, 1, 1, 0, 0, 0, TimeSpan.Zero), ExpireTime = new(2046, 1, 2, 0, 0, 0, TimeSpan.Zero) }, "RFC 5280 §6.1.3", "制作时证书已过期"),
            ("succession-of-licence-in-force", States() with { Successions = [new PackedSuccession(new StatusReference(0, 0), 2, "样例")] }, Form, "有效的执照不应有后继"),
        })
        {
            yield return Pack("bad-" + name, Signed(pack), clause: clause, defect: defect);
        }

        // Written by hand: the writer has no way to say these.
        var payload = PackForm.Encode(Small);
        yield return Pack("bad-field-missing", Sealed([0xA8, .. payload[3..]]), clause: Form, defect: "没有包的号");
        yield return Pack("bad-number-not-shortest", Sealed([.. payload[..2], 0x18, 3, .. payload[3..]]), clause: "RFC 8949 §4.2.1", defect: "包的号不是最短");
        yield return Pack("bad-number-of-64-bits", Sealed([.. payload[..2], 0x1B, 0, 0x20, 0, 0, 0, 0, 0, 0, .. payload[3..]]), clause: "docs/formats.md, Pack: number below 2^53", defect: "包的号为 2^53");
        yield return Pack("bad-more-lists-than-bytes", Sealed([.. payload[..^4], 8, 0x99, 0x03, 0xE8, 9, 0x80]), clause: Form, defect: "声称有 1000 个列表");
    }

    private static IEnumerable<Vector> SecondForms()
    {
        var (place, small) = (new StatusReference(0, 5), NeighbourVectors.SecondForm(Small) with { Seals = [], Permits = [] });
        var full = NeighbourVectors.SecondForm(States());
        yield return Pack("good-second-form", Signed(full), "GOOD", "", Form, "无；第二版式");
        yield return Pack("good-second-form-nothing-said", Signed(small with { Neighbours = [] }), "GOOD", "", Form, "无；第二版式，没有印章、许可、邻区");
        foreach (var (name, pack, defect) in new (string, StatusPack, string)[]
        {
            ("seals-as-licence", full with { Seals = [new PackedSeals(new StatusReference(0, 0), 0)] }, "印章与执照同状态，不应写出"), ("seals-of-comprehensive", full with { Seals = [new PackedSeals(place, 0b01_01_01_10)] }, "综合许可证没有印章"),
            ("seals-of-missing-list", full with { Seals = [new PackedSeals(new StatusReference(3, 0), 1)] }, "没有这个列表"), ("permits-of-business-licence", full with { Permits = [new PackedPermits(new StatusReference(0, 0), [new PackedPermit("样例许可", LicenseStatus.Valid)])] }, "营业执照没有许可"),
            ("permits-empty", full with { Permits = [new PackedPermits(place, [])] }, "综合许可证没有一项许可"), ("permits-13", full with { Permits = [new PackedPermits(place, [.. Enumerable.Range(0, 13).Select(i => new PackedPermit($"样例许可 {i}", LicenseStatus.Valid))])] }, "许可超过 12 项"),
            ("permit-name-too-long", full with { Permits = [new PackedPermits(place, [new PackedPermit(new string('样', 201), LicenseStatus.Valid)])] }, "许可名称超过 200 字"),
            ("permits-order", full with { Permits = [.. full.Permits.Reverse()] }, "综合许可证顺序不对"),
        })
        {
            yield return Pack("bad-" + name, Signed(pack), clause: Form, defect: defect);
        }

        foreach (var (name, ending, defect) in new (string, byte[], string)[]
        {
            ("permit-name-unused", [10, 0x80, 11, 0x82, 0x81, 0x61, (byte)'x', 0x80, 12, 0x40], "许可名称没有用到"), ("seals-odd", [10, 0x81, 0x82, 0, 0x81, 1, 11, 0x82, 0x80, 0x80, 12, 0x40], "印章的数组是奇数项"),
            ("seals-empty-list", [10, 0x81, 0x82, 0, 0x80, 11, 0x82, 0x80, 0x80, 12, 0x40], "印章的数组为空"), ("seals-null", [10, 0x81, 0x82, 0, 0x82, 1, 0xF6, 11, 0x82, 0x80, 0x80, 12, 0x40], "整包的印章状态为 null"),
        })
        {
            var nothing = PackForm.Encode(small with { Neighbours = [] });
            yield return Pack("bad-" + name, Sealed([.. nothing[..^8], .. ending]), clause: Form, defect: defect);
        }

        yield return Pack("bad-fields-10", Sealed([0xAA, .. PackForm.Encode(Small)[1..], 10, 0x80]), clause: Form, defect: "十个字段");
        foreach (var (name, list, defect) in NeighbourVectors.BadLists())
        {
            yield return Pack("bad-neighbours-" + name, Signed(small with { Neighbours = list }), reason: "TRUST_LIST_INVALID", clause: "docs/formats.md, List of neighbours (65011)", defect: defect);
        }
    }

    private static IEnumerable<Vector> Deltas()
    {
        var (before, after) = (Signed(Small), Signed(Small with { Number = 4, ProducedAt = Produced.AddMinutes(30), ExpireTime = Expires.AddMinutes(30), Lists = [new PackedList(0, StatusList.CreateUnused(), [])] }));
        var good = PackDelta.Make(before, after);
        yield return Delta("good", good, "GOOD", "无", Form + " (delta)");
        yield return Delta("good-expired", good, "UNKNOWN", "更新后的包在这一秒到期", "docs/formats.md, Pack: from expires on it says nothing", Expires.AddMinutes(30));
        var full = Signed(NeighbourVectors.SecondForm(States()) with { Number = 5, ProducedAt = Produced.AddMinutes(30), ExpireTime = Expires.AddMinutes(30) });
        yield return Delta("good-to-second-form", PackDelta.Make(before, full), "GOOD", "无；从第一版式到第二版式", Form + " (delta)");
        yield return Delta("bad-permits-changed", Changed(PackDelta.Make(before, full), System.Text.Encoding.UTF8.GetBytes("样例许可甲")), "BAD", "许可的名称改变", Form + " (delta)");
        yield return Delta("bad-other-pack", PackDelta.Make(after, after), "BAD", "是给另一个状态包的", Form + " (delta)");
        yield return Delta("bad-signature-last-bit", Flip(good, good.AsSpan().IndexOf(Signature(after)) + 63), "BAD", "新包签名的最后一位改变", "GB/T 32918.2 clause 7");
        yield return Delta("bad-state-changed", [.. good[..^6], .. (byte[])[0x82, 1, 0], .. good[^5..]], "BAD", "多改了一个状态", "docs/formats.md, Pack (delta)");
        yield return Delta("bad-byte-after", [.. good, 0], "BAD", "之后多一个字节", Form + " (delta)");
        yield return Delta("bad-cut-off", good[..^1], "BAD", "少最后一个字节", Form + " (delta)");
        yield return Delta("bad-whole-pack", after, "BAD", "是整个包，不是增量", Form + " (delta)");
    }

    private static StatusPack WithEnded(StatusPack pack) => pack with
    {
        Certificates = [.. pack.Certificates, VectorKeys.EndedCodeSigner.Certificate], CodeSigners = [.. pack.CodeSigners, VectorKeys.EndedCodeSigner.Private.PublicKey.KeyId],
    };

    // Places 0 to 5: in force, paused, replaced, replaced without successor, not in force, comprehensive in force.
    private static StatusPack States()
    {
        var states = StatusList.CreateUnused();
        foreach (var (place, state) in ((int, LicenseStatus)[])[(0, LicenseStatus.Valid), (1, LicenseStatus.Suspended), (2, LicenseStatus.Superseded), (3, LicenseStatus.Superseded), (5, LicenseStatus.Valid)])
        {
            states[place] = (int)state;
        }

        return Small with { Lists = [new PackedList(0, states, [5])], Successions = [new PackedSuccession(new StatusReference(0, 2), 3, "枣庄市山亭区样例（新）有限公司")] };
    }

    private static Vector Pack(string name, byte[] bytes, string verdict = "BAD", string reason = "STATUS_INVALID", string clause = "", string defect = "", DateTimeOffset? time = null, string trust = VectorKeys.Authority) =>
        new("pack-" + name, bytes, verdict, reason, clause, defect) { Told = new() { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = trust } };

    private static Vector Delta(string name, byte[] bytes, string verdict, string defect, string clause, DateTimeOffset? time = null) =>
        new("delta-" + name, bytes, verdict, verdict switch { "GOOD" => "", "UNKNOWN" => "STATE_TOO_OLD", _ => "STATUS_INVALID" }, clause, defect)
        {
            Told = new() { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = VectorKeys.Authority, ["pack"] = Before },
        };

    private static byte[] Signed(StatusPack pack) => Sealed(PackForm.Encode(pack));

    private static byte[] Sealed(byte[] payload) => VectorKeys.Seal(ContentType.StatusPack, payload, VectorKeys.StatusSigner).Encode();

    private static byte[] Signature(byte[] pack) => Envelope.TryParse(pack, out var envelope) ? envelope.Signature.Raw.ToArray() : throw new InvalidOperationException("not a pack");

    private static byte[] Changed(byte[] bytes, byte[] part) => Flip(bytes, bytes.AsSpan().IndexOf(part) + part.Length - 1);

    private static byte[] Flip(byte[] bytes, int at)
    {
        var altered = bytes.ToArray();
        altered[at] ^= 1;
        return altered;
    }
}
