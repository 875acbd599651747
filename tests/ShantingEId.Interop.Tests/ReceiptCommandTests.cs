using System.Text.Json.Nodes;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid verify-receipt</c> and <c>eid inspect</c> over receipts of a real server: exit codes for scripts, words for people.</summary>
public sealed class ReceiptCommandTests(ReceiptFiles files) : IClassFixture<ReceiptFiles>
{
    [Fact]
    public async Task A_receipt_that_holds_is_shown_as_a_sheet_with_titles_and_exit_0()
    {
        var file = files.Save("valid.receipt", await files.ValidAsync());

        var (exit, text) = Eid.Run("verify-receipt", file, "--roots", files.Roots, "--callers", files.Callers);

        Assert.True(exit == 0, text);
        var face = files.Issued.License.Enterprise;
        var seal = files.Issued.Seals[0];
        foreach (var line in (string[])
        [
            "✔ 回执真实完整", "  答复：有效\n", "  查询单位：税务局（tax-bureau）\n", "  用证事由：税务登记（TAX_REGISTRATION）\n", "  业务编号：样例税登〔2026〕1号\n",
            $"  名称：{face.Name}\n", $"  法定代表人：{face.Representative}\n", "  主体种类：公司\n", $"  公章：{seal.SealCode}，摘要（SM3）{Convert.ToHexStringLower(seal.Digest.Span)}\n",
            "  部署环境：development（开发环境，样例，不作凭证）\n",
        ])
        {
            Assert.Contains(line, text, StringComparison.Ordinal);
        }

        // Times as a clerk reads them, none as the machine writes them; no name of a field that has a label.
        Assert.Matches(@"  查询时间：\d{4}-\d\d-\d\d \d\d:\d\d:\d\d（北京时间）\n", text);
        Assert.DoesNotMatch(@"\dT\d\d:\d\d|Z\n|issue_time|authority_name|seal\.|COMPANY", text);
    }

    [Fact]
    public async Task Without_the_callers_file_short_names_say_what_they_are()
    {
        var file = files.Save("offline.receipt", await files.ValidAsync());

        var (exit, text) = Eid.Run("verify-receipt", file, "--roots", files.Roots);

        Assert.True(exit == 0, text);
        Assert.Contains("  查询单位：单位代号（tax-bureau）\n", text, StringComparison.Ordinal);
        Assert.Contains("  用证事由：事由代号（TAX_REGISTRATION）\n", text, StringComparison.Ordinal);
        Assert.Contains("--callers", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_receipt_of_a_refusal_holds_and_says_why_in_words()
    {
        var file = files.Save("refused.receipt", await files.RefusedAsync());

        var (exit, text) = Eid.Run("verify-receipt", file, "--roots", files.Roots);

        Assert.True(exit == 0, text);
        Assert.Contains("  答复：拒绝查询\n", text, StringComparison.Ordinal);
        Assert.Contains("  原因：查询单位未登记此用证事由（PURPOSE_NOT_GRANTED）\n", text, StringComparison.Ordinal);
        Assert.Contains("没有向查询单位展示登记内容", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_is_not_believed_wherever_it_is()
    {
        var receipt = await files.ValidAsync();
        // In the caller's name, in a shown fact, in the signature.
        foreach (var (place, exits) in new (int, int[])[] { (Find(receipt, "tax-bureau"), [3]), (Find(receipt, "枣庄市"), [1, 3]), (receipt.Length - 1, [3]) })
        {
            var altered = receipt.ToArray();
            altered[place] ^= 1;
            var (exit, text) = Eid.Run("verify-receipt", files.Save("altered.receipt", altered), "--roots", files.Roots);

            Assert.Contains(exit, exits);
            Assert.Contains("✘", text, StringComparison.Ordinal);
            Assert.DoesNotContain("✔", text, StringComparison.Ordinal);
        }

        var whole = Eid.Run("verify-receipt", files.Save("altered.receipt", receipt), "--roots", files.Roots);
        Assert.True(whole.Exit == 0, whole.Output);
    }

    [Fact]
    public async Task Under_the_certificates_of_others_it_is_not_believed()
    {
        var file = files.Save("strange.receipt", await files.ValidAsync());
        var folder = Directory.CreateTempSubdirectory("eid-others-").FullName;
        try
        {
            Server.DevCertificates.Create(folder, TimeProvider.System);
            var roots = files.Save("others.pem", [.. ((string[])["root.crt", "license-ca.crt", "receipt-signer.crt"]).SelectMany(name => File.ReadAllBytes(Path.Combine(folder, name)))]);

            var (exit, text) = Eid.Run("verify-receipt", file, "--roots", roots);
            var (_, json) = Eid.Run("verify-receipt", file, "--roots", roots, "--json");

            Assert.Equal(3, exit);
            Assert.Contains("✘ 回执不能采信", text, StringComparison.Ordinal);
            var told = JsonNode.Parse(json)!;
            Assert.False((bool)told["valid"]!);
            Assert.NotEmpty((string)told["problem"]!);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_is_missing_or_is_no_receipt_is_said()
    {
        var good = files.Save("good.receipt", await files.ValidAsync());
        foreach (var (arguments, expected, words) in new (string[], int, string)[]
        {
            (["/nowhere/样例.receipt", "--roots", files.Roots], 2, "找不到文件 /nowhere/样例.receipt"),
            ([good, "--roots", "/nowhere/chain.pem"], 2, "找不到文件 /nowhere/chain.pem"),
            ([good, "--roots", files.Roots, "--callers", "/nowhere/callers.json"], 2, "找不到文件 /nowhere/callers.json"),
            ([good], 2, "--roots"), // Run where there are no development certificates.
            ([files.Roots, "--roots", files.Roots], 1, "RECEIPT_INVALID"),
        })
        {
            var (exit, text) = Eid.Run(["verify-receipt", .. arguments]);

            Assert.True(exit == expected, $"{exit}: {text}");
            Assert.Contains(words, text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Inspect_lists_a_receipt_and_judges_it_where_it_can()
    {
        var receipt = await files.ValidAsync();
        var file = files.Save("inspected.receipt", receipt);
        var base64 = files.Save("inspected.txt", System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(receipt)));

        var (exit, text) = Eid.Run("inspect", file, "--roots", files.Roots);
        Assert.True(exit == 0, text);
        Assert.StartsWith("核验回执", text, StringComparison.Ordinal);
        Assert.Contains(files.Issued.License.Enterprise.Name, text, StringComparison.Ordinal);
        Assert.Contains("签名、账本位置、展示内容均相符", text, StringComparison.Ordinal);

        var (unjudged, without) = Eid.Run("inspect", file);
        Assert.Equal(0, unjudged);
        Assert.Contains("未核对", without, StringComparison.Ordinal);
        Assert.DoesNotContain("均相符", without, StringComparison.Ordinal);

        receipt[^1] ^= 1;
        Assert.Equal(3, Eid.Run("inspect", files.Save("inspected.bad", receipt), "--roots", files.Roots).Exit);
        // As JSON carries it, it is what verify-receipt reads too.
        Assert.Equal(0, Eid.Run("verify-receipt", base64, "--roots", files.Roots).Exit);
    }

    private static int Find(byte[] bytes, string text) => bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) is >= 0 and var at ? at : throw new InvalidOperationException(text + " is not there");
}
