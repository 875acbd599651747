using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.StatusLists;

namespace ShantingEId.Tests.Vectors;

/// <summary>What packs of the second form tell besides: permits, and codes of a neighbouring issuer.</summary>
internal static class NeighbourVectors
{
    private const string Prefix = "HTTPS://EID.NEIGHBOUR.EXAMPLE/";
    private const string Clause = "docs/formats.md, List of neighbours (65011)";
    private static readonly DateTimeOffset Issued = PackVectors.Produced.AddDays(-1);
    private static readonly Neighbour Good = new(
        "370402", "样例邻区登记机关", ["370402"], Prefix, [VectorKeys.NeighbourRoot.Certificate, VectorKeys.NeighbourSigner.Certificate, VectorKeys.NeighbourStatusSigner.Certificate], [VectorKeys.NeighbourSigner.Private.PublicKey.KeyId], "", [], Issued, PackVectors.Produced.AddHours(20));

    private static readonly NeighbourList List = new() { Number = 1, IssueTime = Issued, NextUpdate = PackVectors.Produced.AddHours(24), Neighbours = [Good] };

    /// <summary>A pack in the second form: one permit paused at place 5 and none at place 6, both comprehensive.</summary>
    public static StatusPack SecondForm(StatusPack first)
    {
        var lists = first.Lists.Select(list => list with { States = list.States.Copy(), Comprehensive = [5, 6, 7] }).ToList();
        lists.ForEach(list => list.States[6] = list.States[7] = (int)LicenseStatus.Valid);
        return first with
        {
            Lists = lists, Certificates = [.. first.Certificates, VectorKeys.TrustListSigner.Certificate], Neighbours = Signed(List), Seals = [new PackedSeals(new StatusReference(0, 0), 0b00_00_11_00)],
            Permits =
            [
                new PackedPermits(new StatusReference(0, 5), [new PackedPermit("样例许可甲", LicenseStatus.Valid), new PackedPermit("样例许可乙", LicenseStatus.Suspended)]),
                new PackedPermits(new StatusReference(0, 6), [new PackedPermit("样例许可乙", LicenseStatus.Valid), new PackedPermit("样例许可甲", LicenseStatus.Valid)]),
            ],
        };
    }

    /// <summary>The neighbour's own pack, with the same states.</summary>
    public static byte[] Pack(StatusPack states) => VectorKeys.Seal(ContentType.StatusPack, PackForm.Encode(states with
    {
        CodePrefix = Prefix, Certificates = [VectorKeys.NeighbourSigner.Certificate, VectorKeys.NeighbourStatusSigner.Certificate], CodeSigners = Good.CodeSigners,
    }), VectorKeys.NeighbourStatusSigner).Encode();

    /// <summary>Lists that must keep a pack from being used.</summary>
    public static IEnumerable<(string Name, byte[] List, string Defect)> BadLists()
    {
        var good = Signed(List);
        yield return ("signature-last-bit", [.. good[..^1], (byte)(good[^1] ^ 1)], "名单签名的最后一位改变");
        yield return ("signer-of-states", Signed(List, VectorKeys.StatusSigner), "名单由签发状态的密钥签发");
        yield return ("content-type", VectorKeys.Seal(ContentType.TrustList, Payload(List), VectorKeys.TrustListSigner).Encode(), "信封的类型是 CA 信任列表");
        yield return ("same-address-twice", Raw(List with { Neighbours = [Good, Good with { Division = "370403" }] }), "两个邻区的官方网址相同");
        yield return ("address-inside-another", Raw(List with { Neighbours = [Good, Good with { CodePrefix = Prefix + "V/" }] }), "一个邻区的官方网址在另一个之内");
        yield return ("no-regions", Raw(List with { Neighbours = [Good with { Regions = [] }] }), "没有互认区划");
        yield return ("signer-may-not", Raw(List with { Neighbours = [Good with { CodeSigners = [VectorKeys.NeighbourStatusSigner.Private.PublicKey.KeyId] }] }), "邻区的证照码签名证书不允许签发证照码");
        yield return ("no-root", Raw(List with { Neighbours = [Good with { Certificates = [VectorKeys.NeighbourSigner.Certificate] }] }), "邻区没有根证书");
        yield return ("byte-after", VectorKeys.Seal(ContentType.NeighbourList, [.. Payload(List), 0], VectorKeys.TrustListSigner).Encode(), "名单之后多一个字节");
    }

    public static IEnumerable<Vector> All()
    {
        const string Permits = "docs/formats.md, Pack";
        yield return Code("good-comprehensive-one-permit-paused", CodeVectors.Spell(CodeVectors.At(0, 5)), "VALID", "", Permits, "无；综合许可证，一项许可暂停");
        yield return Code("good-comprehensive-all-permits", CodeVectors.Spell(CodeVectors.At(0, 6)), "VALID", "", Permits, "无；综合许可证，许可均有效");
        yield return Code("good-comprehensive-permits-not-listed", CodeVectors.Spell(CodeVectors.At(0, 7)), "UNKNOWN", "PERMITS_NOT_LISTED", Permits, "无；综合许可证，包中没有其许可");
        yield return Code("good-second-form", CodeVectors.Spell(CodeVectors.At(0, 0)), "VALID", "", Permits, "无；第二版式的状态包");
        var text = Spell(At(0));
        yield return Code("neighbour-good", text, "VALID", "", Clause, "无；邻区的证照码，有邻区的状态包", theirs: true);
        yield return Code("neighbour-good-suspended", Spell(At(1)), "SUSPENDED", "SUSPENDED", Clause, "无；邻区的证照码，状态为暂停", theirs: true);
        yield return Code("neighbour-good-without-its-pack", text, "UNKNOWN", "NEIGHBOUR_STATE_UNKNOWN", Clause, "没有邻区的状态包");
        yield return Code("neighbour-list-expired", text, "UNKNOWN", "NEIGHBOUR_LIST_EXPIRED", Clause, "邻区互认名单在这一秒到期", theirs: true, time: List.NextUpdate);
        yield return Code("neighbour-own-pack-expired", text, "UNKNOWN", "STATE_TOO_OLD", Clause, "本机关的状态包在这一秒到期，邻区的还没有", theirs: true, pack: PackVectors.SecondFormEnded);
        yield return Code("neighbour-recognition-ended", text, "NOT_OURS", "NEIGHBOUR_PERIOD", Clause, "互认期已过一秒", theirs: true, time: Good.To.AddSeconds(1));
        yield return Code("neighbour-other-region", Spell(At(0) with { Holder = CreditCode.Parse("91370406MA3ABC127Q") }), "NOT_OURS", "NEIGHBOUR_REGION", Clause, "邻区为本区的主体签发", theirs: true);
        yield return Code("neighbour-signed-by-us", Prefix + "1" + Base32.Encode(VectorKeys.Seal(ContentType.LicenseCode, CodeVectors.Payload(At(0)), VectorKeys.CodeSigner).Encode()), "NOT_OURS", "KEY_UNKNOWN", Clause, "邻区的网址，本机关的密钥", theirs: true);
        yield return Code("neighbour-key-under-our-address", CodeVectors.Prefix + text[Prefix.Length..], "NOT_OURS", "KEY_UNKNOWN", Clause, "本机关的网址，邻区的密钥", theirs: true);
        yield return Code("neighbour-signature-changed", text[..^2] + (text[^2] == 'A' ? 'B' : 'A') + text[^1], "BAD_SIGNATURE", "SIGNATURE_INVALID", "GB/T 32918.2 clause 7", "邻区的证照码，签名改变", theirs: true);
        yield return Code("neighbour-unknown-to-first-form", text, "NOT_OURS", "QR_PREFIX", Clause, "第一版式的状态包没有邻区", pack: PackVectors.ForCodes);
    }

    private static Vector Code(string name, string text, string verdict, string reason, string clause, string defect, bool theirs = false, DateTimeOffset? time = null, string pack = PackVectors.SecondForm)
    {
        var told = new Dictionary<string, object> { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = VectorKeys.Authority, ["pack"] = pack };
        if (theirs)
        {
            told["neighbourPacks"] = new[] { PackVectors.OfNeighbour };
        }

        return new Vector("code-" + name, Encoding.UTF8.GetBytes(text), verdict, reason, clause, defect) { Told = told };
    }

    private static LicenseCode At(int index) => CodeVectors.At(0, index) with { Holder = CreditCode.Parse("91370402MA3ABC127Y"), Name = "枣庄市市中区样例有限公司" };

    private static string Spell(LicenseCode code) => Prefix + "1" + Base32.Encode(VectorKeys.Seal(ContentType.LicenseCode, CodeVectors.Payload(code), VectorKeys.NeighbourSigner).Encode());

    /// <summary>What stands in the lists of the vectors, good and bad.</summary>
    public static byte[][] Payloads() => [Payload(List), .. BadLists().Select(each => Envelope.TryParse(each.List, out var envelope) ? envelope.Payload : each.List)];

    private static byte[] Signed(NeighbourList list, SigningKey? key = null) => VectorKeys.Seal(ContentType.NeighbourList, Payload(list), key ?? VectorKeys.TrustListSigner).Encode();

    private static byte[] Payload(NeighbourList list) => list.Sign(VectorKeys.TrustListSigner).Payload;

    // Signed although it is unsound, which the library itself refuses to do.
    private static byte[] Raw(NeighbourList list) => VectorKeys.Seal(ContentType.NeighbourList, list.Encode(), VectorKeys.TrustListSigner).Encode();
}
