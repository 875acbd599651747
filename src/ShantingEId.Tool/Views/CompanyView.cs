using ShantingEId.Cases;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Kind = ShantingEId.V1.TimelineEntry.Types.Kind;
using State = ShantingEId.V1.IssuedSet.Types.State;

namespace ShantingEId.Tool.Views;

/// <summary>一企一档 on the screen: versions, seals and filed items as they stand, then everything that happened, in order.</summary>
internal static class CompanyView
{
    public static void Show(Screen screen, CompanyTimeline timeline)
    {
        var versions = timeline.Versions.ToDictionary(version => version.IssuedSet, version => version.Version);
        var newest = timeline.Versions.LastOrDefault(version => version.State is not (State.Withdrawn or State.Scheduled)) ?? timeline.Versions[^1];
        var isActive = newest.State == State.Active;
        screen.Line($"[bold {(isActive ? "green" : "red")}]{(isActive ? "✔" : "✘")} {Words.Of(newest.State)}[/]   [bold]{Markup.Escape(timeline.CompanyName)}[/]   第 {newest.Version} 版");
        screen.Line();
        screen.Facts([("统一社会信用代码", timeline.Name["companies/".Length..]), ("证照标识", newest.IssuedSet["issuedSets/".Length..])]);

        Section(screen, "历版执照", ["版次", "名称", "起", "止", "状态"], timeline.Versions.Select(version => (string[])
            [$"第 {version.Version} 版", version.CompanyName, Words.Minute(version.StartTime), Words.Minute(version.EndTime), Words.Of(version.State)]));
        Section(screen, "印章", ["章型", "印章编码", "随执照", "启用", "状态"], timeline.Seals.Select(seal => (string[])
            [Words.Of(seal.Kind), seal.SealCode, Version(seal.MadeWith), Words.Minute(seal.StartTime), SealState(seal)]));
        Section(screen, "备案事项", ["事项", "内容", "生效"], timeline.FiledItems.Select(item => (string[])[Words.Of(item.Kind), item.Text, Words.Minute(item.EffectiveTime)]));
        Section(screen, "综合许可证", ["行业", "场所", "状态", "许可", "证照标识"], timeline.TradeLicenses.Select(trade => (string[])
            [trade.TradeName, trade.Premises, Words.Of(trade.State), string.Join("；", trade.Permits.Select(permit => $"{permit.Name} {TradeView.State(permit)}")), trade.IssuedSet["issuedSets/".Length..]]));
        Section(screen, "经过", ["登记时间", "事项", "内容", "理由", "机关或经办"], timeline.Entries.Select(entry => (string[])
            [Words.Minute(entry.RecordedTime), Title(entry), screen.IsTerminal ? Content(entry) : Content(entry).ReplaceLineEndings("；"), entry.Reason, entry.Authority]));
        if (timeline.OmittedEntries > 0)
        {
            screen.Line($"[yellow]！ 更早的 {timeline.OmittedEntries} 条未列出[/]");
        }

        string Version(string set) => versions.TryGetValue(set, out var number) ? $"第 {number} 版" : "更早的版本";

        string SealState(CompanySeal seal) => seal.Withdrawn ? "随变更撤回，未启用" : seal.ReplacedBy.Length == 0 ? "在用" : $"{Words.Minute(seal.ReplacedTime)} 起换为{Version(seal.ReplacedBy)}的印章（{seal.ReplacedReason}）";

        // One change is one row: what differs, which seals, and since when where that is another time than that of the record.
        string Content(TimelineEntry entry)
        {
            var lines = new List<string>();
            switch (entry.Kind)
            {
                case Kind.Issued:
                    lines.Add($"{Version(entry.IssuedSet)}执照和 {entry.SealsMade.Count} 枚印章");
                    break;
                case Kind.Changed or Kind.Withdrawn:
                    lines.Add($"{Version(entry.EarlierSet)} → {Version(entry.IssuedSet)}" + (entry.SealsMade.Count > 0 ? $"，重做 {entry.SealsMade.Count} 枚印章" : ""));
                    break;
                case Kind.StateChanged:
                    lines.Add($"{Version(entry.IssuedSet)}：{Words.Of(entry.State)}");
                    break;
                case Kind.CaseStep:
                    lines.Add($"{Step(entry.Subject)}：{Words.Of(entry.StepState)}");
                    break;
                case Kind.Deregistration:
                    lines.Add(DeregistrationView.ActOf(entry.Act));
                    break;
                default:
                    break;
            }

            var face = new Enterprise();
            foreach (var change in entry.FaceChanges)
            {
                lines.AddRange(ChangeView.Lines(change.Before, change.After).Select(line => $"{ChangeView.Label(change.Item, face)} {line}"));
            }

            lines.AddRange(entry.FiledItems.Select(item => $"{Words.Of(item.Kind)}：{item.Text}" + (item.EarlierText.Length > 0 ? $"（原：{item.EarlierText}）" : "")));
            if (Words.Minute(entry.EffectiveTime) is var effective && effective != Words.Minute(entry.RecordedTime))
            {
                lines.Add($"自 {effective} 起生效");
            }

            return string.Join('\n', lines);
        }
    }

    public static void Show(Screen screen, SearchCompaniesResponse found)
    {
        if (found.Hits.Count == 0)
        {
            screen.Line("[bold yellow]？ 没有找到[/]   登记簿中没有企业使用或用过这个名称。");
            return;
        }

        screen.Table(["统一社会信用代码", "名称", "起", "止", "现名称", "现行执照", "状态"], found.Hits.Select(hit => (string[])
            [hit.CreditCode, hit.MatchedName, Words.Minute(hit.FromTime), hit.IsCurrent ? "今" : Words.Minute(hit.UntilTime), hit.IsCurrent ? "同左" : hit.CurrentName, $"第 {hit.Version} 版", Words.Of(hit.State)]));
        if (found.NextPageToken.Length > 0)
        {
            screen.Line("[yellow]！ 还有更多；请写得更完整，或加大 --limit[/]");
        }
    }

    private static void Section(Screen screen, string title, string[] headers, IEnumerable<string[]> rows)
    {
        if (rows.ToArray() is { Length: > 0 } present)
        {
            screen.Line();
            screen.Line($"[bold]{title}[/]");
            screen.Table(headers, present);
        }
    }

    private static string Title(TimelineEntry entry) => entry.Kind switch
    {
        Kind.Issued => "设立", Kind.Changed => "变更", Kind.StateChanged => "状态", Kind.Withdrawn => "撤回变更", Kind.Filed => "备案", Kind.CaseStep => "办件", Kind.Deregistration => "简易注销",
        _ => "其他",
    };

    private static string Step(string name) =>
        StepKinds.TryParse(name[(name.LastIndexOf('/') + 1)..], out var kind) ? StepCatalogue.BuiltIn.TitleOf(kind) : name;
}
