using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Documents;
using ShantingEId.Receipts;
using ShantingEId.Seals;
using ShantingEId.Server.Callers;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Commands;
using ShantingEId.Tool.Inspecting;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Demo;

/// <summary>
/// The life of one licence, told through the real service: issued, verified, put on file with a receipt, altered, asked for by a
/// stranger, renamed, revoked, and a bank hears of it; the founding of another company through the one window, and the page that anybody
/// sees who scans its licence.
/// </summary>
internal sealed class DemoStory(Screen screen, DemoServer server, DemoSteps steps)
{
    private static readonly Enterprise Sample = new()
    {
        CreditCode = "91370406MA00DEM06N", Name = "枣庄市山亭区样例果品有限公司", Kind = Enterprise.Types.Kind.Company, Type = "有限责任公司(自然人独资)",
        Representative = "张样例", Capital = "50(万元人民币)", EstablishDate = new Google.Type.Date { Year = 2026, Month = 3, Day = 2 },
        Address = "枣庄市山亭区样例路1号", BusinessScope = "水果种植、销售；农产品初加工（样例，非真实企业）",
    };

    /// <summary>Tells it.</summary>
    /// <returns>Where the public page of a licence in force is.</returns>
    public async Task<DemoPlaces> TellAsync(CancellationToken cancel)
    {
        using var staff = server.Open("staff");
        var set = await IssueAsync(staff, cancel);
        await ExportAsync(staff, set, cancel);
        await ScanAsync(cancel);
        await FileAsync(set, cancel);
        await TypeAsync(set, cancel);
        await AlterAsync(set, cancel);
        await StrangerAsync(set, cancel);
        set = await RenameAsync(staff, set, cancel);
        using var bank = Department("bank", "ACCOUNT_OPENING", withReceipt: false);
        var notice = HearAsync(bank, set, cancel);
        await RevokeAsync(staff, set, cancel);
        await NoticeAsync(notice);
        await ScanAgainAsync(set, cancel);
        var inForce = await new DemoCase(screen, server, steps).TellAsync(staff, cancel);
        return await new DemoPage(screen, server, steps).TellAsync(staff, inForce, cancel);
    }

    private async Task<IssuedSet> IssueAsync(Connection staff, CancellationToken cancel)
    {
        steps.Begin("登记窗口签发：一张执照和四枚印章，一次完成");
        var set = await staff.Issuance.IssueSetAsync(new IssueSetRequest { RequestId = RequestIds.New(), Enterprise = Sample }, Connection.Writing(cancel));
        SetView.Show(screen, set);
        steps.Require(set.Seals.Count == 4, "一套应有四枚印章");
        steps.End("有效", Words.Of(set.State));
        return set;
    }

    private async Task ExportAsync(Connection staff, IssuedSet issued, CancellationToken cancel)
    {
        steps.Begin("交给企业的文件：印章、图片、证书、清单、证照码");
        var set = await staff.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name, View = GetIssuedSetRequest.Types.View.Full }, Connection.Reading(cancel));
        SetExport.Write(set, server.Output);
        var trust = Trust.Load(Path.Combine(server.Output, "authority-chain.pem"), TimeProvider.System);
        var pictures = new List<(string, string)>();
        var good = 0;
        foreach (var seal in set.Seals)
        {
            var stem = Path.Combine(server.Output, SetExport.Stem((SealKind)seal.Kind));
            pictures.Add(($"{Words.Of(seal.Kind)}图片", stem + ".png"));
            good += trust.Seal(SesSeal.Parse(await File.ReadAllBytesAsync(stem + ".esl", cancel))).Finding == Finding.Good ? 1 : 0;
        }

        screen.Facts([.. pictures, ("证照码二维码", Path.Combine(server.Output, "license-code.png"))]);
        steps.End("4 枚印章的签名、制章者证书、有效期均通过", $"{good} 枚印章的签名、制章者证书、有效期均通过");
    }

    private async Task ScanAsync(CancellationToken cancel)
    {
        steps.Begin("税务局扫描二维码图片核验（事由：税务登记）");
        var texts = CodeReader.Read(await File.ReadAllBytesAsync(Path.Combine(server.Output, "license-code.png"), cancel));
        steps.Require(texts.Count == 1, "图片中应识读到一个二维码");
        var answer = await VerifyAsync("tax-bureau", "TAX_REGISTRATION", texts[0], cancel);
        steps.Require(answer.License?.Enterprise.Equals(Sample) == true && answer.Seals.Count == 4, "税务登记可见全部照面事项和四枚印章");
        steps.End("有效", VerdictView.Word(answer.Verdict));
    }

    // The SDK has checked the receipt against question and answer already; here it is read back from the file, with the exported certificates alone.
    private async Task FileAsync(IssuedSet set, CancellationToken cancel)
    {
        steps.Begin("税务局索取核验回执，存档代替复印件；以后不连服务也能核对");
        using var tax = Department("tax-bureau", "TAX_REGISTRATION", withReceipt: true);
        var answer = await tax.VerifyAsync(set.LicenseCode, new EidLookupOptions { Reference = "样例税登〔2026〕1号" }, cancel);
        var file = Path.Combine(server.Output, "tax-registration.receipt");
        Files.Write(file, answer.Receipt!.Bytes.Span);
        var bytes = await File.ReadAllBytesAsync(file, cancel);
        var trust = ReceiptTrust.FromPem(await File.ReadAllTextAsync(Path.Combine(server.Output, "authority-chain.pem"), cancel));
        steps.Require(Receipt.TryParse(bytes, out var receipt), "存档的文件应是一份回执");
        screen.Facts([.. ReceiptView.Lookup(receipt!, Titles.Load(Path.Combine(server.Certificates, CallerDirectory.FileName))), .. ReceiptView.Place(receipt!), ("名称", receipt!.Facts.Facts["name"]), ("存为文件", file)]);
        // The last byte belongs to the signature.
        bytes[^1] ^= 1;
        var altered = Receipt.TryParse(bytes, out var other) ? other.Problem(trust) : "不是回执";
        steps.End("回执真实完整；改动一位后不能采信", $"回执{(receipt.Problem(trust) is { Length: 0 } ? "真实完整" : "有误")}；改动一位后{(altered.Length > 0 ? "不能采信" : "仍然通过")}");
    }

    private async Task TypeAsync(IssuedSet set, CancellationToken cancel)
    {
        steps.Begin($"社保窗口录入校验短码 {set.TypedCode}（事由：社会保险登记，可见事项较少）");
        var answer = await VerifyAsync("social-security", "SOCIAL_SECURITY_REGISTRATION", set.TypedCode, cancel);
        var face = answer.License?.Enterprise;
        steps.Require(face is not null && face.Name == Sample.Name && face.Capital.Length == 0 && face.BusinessScope.Length == 0 && answer.Seals.Count == 0, "社会保险登记看不到注册资本、经营范围和印章");
        steps.End("有效", VerdictView.Word(answer.Verdict));
    }

    private async Task AlterAsync(IssuedSet set, CancellationToken cancel)
    {
        var code = set.LicenseCode;
        // Twenty from the end lies in the signature: the form of the code stays right and only the signature can notice.
        var place = code.Length - 20;
        var altered = code[..place] + (code[place] == 'A' ? 'B' : 'A') + code[(place + 1)..];
        steps.Begin($"改动二维码中的一个字符（第 {place + 1} 个，{code[place]} 改为 {altered[place]}）");
        var answer = await VerifyAsync("tax-bureau", "TAX_REGISTRATION", altered, cancel);
        steps.Require(answer.License is null, "未通过核验时不返回任何登记事项");
        steps.End("签名不符", VerdictView.Word(answer.Verdict));
    }

    private async Task StrangerAsync(IssuedSet set, CancellationToken cancel)
    {
        steps.Begin("未登记的单位持有效 TLS 证书来查询");
        var outcome = "没有拒绝";
        try
        {
            await VerifyAsync("stranger", "TAX_REGISTRATION", set.LicenseCode, cancel);
        }
        catch (RpcException error)
        {
            var refusal = EidError.From(error);
            outcome = $"拒绝 {refusal.Reason}";
            screen.Line($"[red]✘[/] {Spectre.Console.Markup.Escape(refusal.Message)}（{refusal.Reason}）");
            screen.Facts([("下一步", ErrorScreen.NextStep(refusal))]);
        }

        steps.End("拒绝 ACCESS_DENIED", outcome);
    }

    private async Task<IssuedSet> RenameAsync(Connection staff, IssuedSet old, CancellationToken cancel)
    {
        const string NewName = "枣庄市山亭区样例山货有限公司";
        steps.Begin("企业更名：新执照和四枚新印章同一时刻换发");
        var change = await staff.Issuance.ChangeRegistrationAsync(new ChangeRegistrationRequest
        {
            RequestId = RequestIds.New(), Name = old.Name, Enterprise = new Enterprise { Name = NewName }, UpdateMask = new Google.Protobuf.WellKnownTypes.FieldMask { Paths = { "name" } },
            Reason = "企业申请变更名称（样例）", Authority = "枣庄市山亭区行政审批服务局（样例）",
        }, Connection.Writing(cancel));
        ChangeView.Show(screen, change);
        steps.End("换发 4 枚印章", $"换发 {change.ReissuedSeals.Count} 枚印章");

        steps.Begin("税务局扫描旧执照的二维码：已换发，何时、由哪一版接替、现在叫什么");
        var answer = await VerifyAsync("tax-bureau", "TAX_REGISTRATION", old.LicenseCode, cancel);
        steps.Require(answer.License?.Enterprise.Name == Sample.Name && answer.Succession?.CurrentName == NewName, "应同时看到旧照的名称和现在的名称");
        steps.End("已换发", VerdictView.Word(answer.Verdict));

        steps.Begin("一份更名之前盖章的文件：当时这枚公章有效吗");
        using (var tax = server.Open("tax-bureau"))
        {
            var then = change.IssuedSet.StateEffectiveTime.ToDateTimeOffset().AddMilliseconds(-1);
            var seal = await tax.Verification.VerifySealAsync(new VerifySealRequest
            {
                SealCode = old.Seals[0].SealCode, Purpose = "TAX_REGISTRATION", AsOfTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(then),
            }, Connection.Reading(cancel));
            VerdictView.Show(screen, seal);
            steps.End("有效", VerdictView.Word(seal.Verdict));
        }

        return change.IssuedSet;
    }

    private async Task RevokeAsync(Connection staff, IssuedSet set, CancellationToken cancel)
    {
        steps.Begin("登记窗口吊销：执照和四枚印章同时失效");
        var request = new RevokeSetRequest { RequestId = RequestIds.New(), Name = set.Name, Reason = "提交虚假材料取得登记（样例）", Authority = "枣庄市山亭区市场监督管理局（样例）" };
        var revoked = await staff.Issuance.RevokeSetAsync(request, Connection.Writing(cancel));
        screen.Facts([("理由", request.Reason), ("决定机关", request.Authority), ("生效时间", Words.Of(revoked.StateEffectiveTime))]);
        steps.End("已吊销", Words.Of(revoked.State));
    }

    private static async Task<Change> HearAsync(EidClient bank, IssuedSet set, CancellationToken cancel)
    {
        var revocations = new EidChangeFilter { Kinds = [Change.Types.Kind.Revoked] };
        return await bank.WatchChangesAsync(0, revocations, cancel).FirstAsync(change => change.IssuedSet == set.Name, cancel);
    }

    private async Task NoticeAsync(Task<Change> notice)
    {
        steps.Begin("银行一直在收变更通知：没有去查，就知道客户的执照被吊销");
        var change = await notice.WaitAsync(TimeSpan.FromSeconds(10));
        screen.Facts(
        [
            ("变更", $"吊销，通知序号 {change.Mark}"), ("统一社会信用代码", change.CreditCode), ("理由", change.Reason),
            ("生效时间", Words.Of(change.EffectiveTime)), ("登记时间", Words.Of(change.RecordedTime)),
        ]);
        steps.End("已吊销", Words.Of(change.State));
    }

    private async Task ScanAgainAsync(IssuedSet set, CancellationToken cancel)
    {
        steps.Begin("税务局扫描新执照的二维码");
        var answer = await VerifyAsync("tax-bureau", "TAX_REGISTRATION", set.LicenseCode, cancel);
        steps.Require(answer.Verdict != Verdict.Valid && answer.StateReason.Length > 0, "应说明吊销理由");
        steps.End("已吊销", VerdictView.Word(answer.Verdict));
    }

    private EidClient Department(string caller, string purpose, bool withReceipt) => EidClient.Connect(new EidClientOptions
    {
        Address = server.Address, Certificate = EidCertificate.FromFolder(server.Certificates, caller), Purpose = purpose,
        WithReceipt = withReceipt, Trust = EidTrust.FromFolder(server.Certificates),
    });

    private async Task<Verification> VerifyAsync(string caller, string purpose, string code, CancellationToken cancel)
    {
        using var connection = server.Open(caller);
        var answer = await connection.Verification.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = purpose }, Connection.Reading(cancel));
        VerdictView.Show(screen, answer);
        return answer;
    }
}
