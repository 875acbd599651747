using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Inspecting;

/// <summary>Signed envelopes (COSE_Sign1): the manifest as a file, the licence code as a text.</summary>
internal static class EnvelopeNodes
{
    public static Node Of(Envelope envelope, byte[] bytes, Trust trust)
    {
        var root = new Node("签名信封 COSE_Sign1（RFC 9052）", envelope.ContentType switch
        {
            ContentType.Manifest => "清单",
            ContentType.LicenseCode => "证照码",
            ContentType.LookupTick => "查询账本",
            ContentType.TrustList => "CA 互认信任列表",
            ContentType.NeighbourList => "邻区互认名单",
            ContentType.StatusList => "状态列表",
            ContentType.StatusPack => "离线状态包",
            _ => $"内容类型 {(int)envelope.ContentType}",
        });
        Header(root, envelope);
        root.Add("摘要（SM3）", Convert.ToHexStringLower(Sm3.Hash(bytes)));
        if (Manifest.TryRead(envelope, out var manifest))
        {
            root.Add(Of(manifest));
        }
        else if (LicenseCode.Read(envelope) is { } code)
        {
            root.Add(Of(code));
        }
        else if (LedgerRoot.TryRead(envelope, out var tick))
        {
            root.Add(Of(tick));
        }
        else if (TrustList.TryRead(envelope, out var list))
        {
            root.Add(Of(list));
        }
        else if (NeighbourList.TryRead(envelope, out var neighbours))
        {
            root.Add(Of(neighbours));
        }
        else if (StatusToken.TryRead(envelope, out var token))
        {
            root.Add(new Node("状态列表").Add("地址", token.Address).Add("状态截至", Words.Of(token.IssueTime)).Add("作废时间", Words.Of(token.ExpireTime)).Add("副本可用", $"{token.Ttl.TotalSeconds:0} 秒")
                .Add("位数", token.List.Bits.ToString()).Add("位置", token.List.Count.ToString()));
        }
        else if (StatusPack.TryRead(envelope, out var pack))
        {
            root.Add(new Node("离线状态包", $"第 {pack.Number} 号").Add("状态截至", Words.Of(pack.ProducedAt)).Add("作废时间", Words.Of(pack.ExpireTime)).Add("状态列表", pack.Lists.Count.ToString()));
        }
        else
        {
            root.Add(new Node("内容", $"{envelope.Payload.Length} 字节，无法解读", Finding.Bad));
        }

        return Signature(root, envelope, trust);
    }

    /// <summary>A receipt: the look-up, what was shown, and the signed root it leads to.</summary>
    public static Node Of(Receipt receipt, Trust trust)
    {
        var root = new Node("核验回执", receipt.Name);
        foreach (var (label, value) in ReceiptView.Lookup(receipt, Titles.None).Concat(ReceiptView.Place(receipt)).Where(fact => fact.Value.Length > 0))
        {
            root.Add(label, value);
        }

        var shown = new Node("展示的内容", receipt.Facts.Facts.Count == 0 ? "无" : "");
        foreach (var (name, text) in ShownFactsView.Of(receipt.Facts.Facts))
        {
            shown.Add(name, text);
        }

        root.Add(shown);
        var signed = new Node("签过名的账本");
        Header(signed, receipt.SignedRoot);
        root.Add(signed.Add(Of(receipt.Root)));
        if (trust.Receipts is not { } certificates)
        {
            return root.Add(new Node("回执", "未核对：没有给出 --roots", Finding.NotChecked));
        }

        var problem = receipt.Problem(certificates);
        return root.Check("回执", problem.Length == 0, "签名、账本位置、展示内容均相符", problem);
    }

    /// <summary>A text that may be a licence code: whatever its address, because this machine need not know ours. Null when it is none.</summary>
    public static Node? OfCode(string text, Trust trust)
    {
        // The address ends at the last slash: Base32 has none.
        var prefix = text[..(text.LastIndexOf('/') + 1)];
        if (prefix.Length == 0 || LicenseCode.TryOpen(text, prefix, out var envelope) is var problem && problem == CodeProblem.Prefix)
        {
            return null;
        }

        var root = new Node("证照码", $"{text.Length} 个字符").Add("地址（只作显示，不要打开）", prefix);
        if (problem != CodeProblem.None)
        {
            return root.Add(new Node("内容", problem switch
            {
                CodeProblem.Version => "不是证照码，或版本不认识",
                CodeProblem.NotCanonical => "字符残缺或被改动",
                _ => "不是签名信封",
            }, Finding.Bad));
        }

        Header(root, envelope!);
        root.Add(LicenseCode.Read(envelope!) is { } code ? Of(code) : new Node("内容", "不是证照码的内容", Finding.Bad));
        return Signature(root, envelope!, trust);
    }

    private static void Header(Node root, Envelope envelope) => root.Add(new Node("受保护头")
        .Add("算法", $"SM2/SM3（{Envelope.Algorithm}）")
        .Add("内容类型", envelope.ContentType == ContentType.StatusList ? StatusToken.MediaType : ((int)envelope.ContentType).ToString())
        .Add("密钥标识", envelope.KeyId.ToString()));

    private static Node Of(Manifest manifest)
    {
        var license = manifest.License;
        var facts = license.Facts;
        var labels = FaceLabels.For(facts.Kind);
        var node = new Node("清单").Add("部署环境", manifest.Environment);
        var face = new Node("执照")
            .Add("证照标识", license.Id.ToString()).Add("统一社会信用代码", facts.CreditCode.Value).Add("名称", facts.Name).Add("主体种类", Words.Of(facts.Kind));
        foreach (var (label, value) in new[]
        {
            ("类型", facts.Type), (labels.Representative, facts.Representative), (labels.Capital ?? "出资额", facts.Capital?.Text ?? ""),
            (labels.Established, facts.EstablishDate.ToString("yyyy-MM-dd")), (labels.Address, facts.Address), ("经营范围", facts.BusinessScope),
        }.Where(pair => pair.Item2.Length > 0))
        {
            face.Add(label, value);
        }

        node.Add(face.Add("登记机关", $"{license.AuthorityName}（{license.AuthorityCode}）").Add("签发时间", Words.Of(license.IssueTime)));
        foreach (var seal in manifest.Seals)
        {
            node.Add(new Node(seal.Kind.ChineseName(), seal.Code.Value).Add("摘要（SM3）", Convert.ToHexStringLower(seal.Digest)));
        }

        if (license.Trade is { } trade)
        {
            var permits = new Node("行业综合许可证", trade.Name).Add("经营场所", trade.Premises);
            foreach (var permit in trade.Permits)
            {
                permits.Add(new Node(permit.Name, permit.Number).Add("主管部门", permit.Department)
                    .Add("有效期", permit.ExpireDate is { } last ? $"{permit.GrantDate:yyyy-MM-dd} 至 {last:yyyy-MM-dd}" : $"{permit.GrantDate:yyyy-MM-dd} 起")
                    .Add("告知承诺", permit.CheckBy is { } day ? $"是，{day:yyyy-MM-dd} 前核查" : "否"));
            }

            node.Add(permits);
        }

        return node;
    }

    private static Node Of(LicenseCode code) => new Node("内容")
        .Add("统一社会信用代码", code.Holder.Value).Add("名称", code.Name).Add("版本", code.Version.ToString()).Add("签发时间", Words.Of(code.IssueTime))
        .Add("清单摘要（SM3）", code.ManifestDigest.ToString()).Add("状态位置", $"列表 {code.Status.List}，第 {code.Status.Index} 位");

    private static Node Of(LedgerRoot root) => new Node("账本的一批")
        .Add("部署环境", root.Environment).Add("账本", root.Ledger).Add("批号", root.Tick.ToString()).Add("时间", Words.Of(root.Time)).Add("查询条数", root.Count.ToString())
        .Add("根（SM3）", Convert.ToHexStringLower(root.Root)).Add("前一批（SM3）", Convert.ToHexStringLower(root.Previous));

    private static Node Of(TrustList list)
    {
        var node = new Node("信任列表", $"第 {list.Number} 号").Add("签发时间", Words.Of(list.IssueTime)).Add("过期时间", Words.Of(list.NextUpdate));
        foreach (var entry in list.Entries)
        {
            node.Add(new Node("CA", entry.Name).Add("证书", entry.Certificate.Subject).Add("用途", entry.Uses.ToString()).Add("区划", entry.Region.Length == 0 ? "不限" : entry.Region)
                .Add("互认期", $"{Words.Of(entry.From)} 至 {Words.Of(entry.To)}"));
        }

        return node;
    }

    private static Node Of(NeighbourList list)
    {
        var node = new Node("邻区互认名单", $"第 {list.Number} 号").Add("签发时间", Words.Of(list.IssueTime)).Add("过期时间", Words.Of(list.NextUpdate));
        foreach (var one in list.Neighbours)
        {
            node.Add(new Node("登记机关", one.Name).Add("区划", one.Division).Add("可证明的区划", string.Join('、', one.Regions)).Add("官方网址", one.CodePrefix).Add("状态来源", one.Source.Length == 0 ? "无" : one.Source)
                .Add("互认期", $"{Words.Of(one.From)} 至 {Words.Of(one.To)}"));
        }

        return node;
    }

    private static Node Signature(Node root, Envelope envelope, Trust trust)
    {
        if (!trust.IsGiven)
        {
            return root.Add(new Node("签名", "未核对：没有给出 --roots", Finding.NotChecked));
        }

        if (trust.Find(envelope.KeyId) is not { } signer)
        {
            return root.Add(new Node("签名", $"未核对：--roots 中没有密钥 {envelope.KeyId} 的证书", Finding.NotChecked));
        }

        root.Check("签名", envelope.Verify(signer.PublicKey), $"与内容相符（{signer.CommonName}）", "与内容不符，被改动过或系伪造");
        return root.Add(trust.Chain(signer));
    }
}
