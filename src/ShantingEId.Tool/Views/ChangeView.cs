using ShantingEId.Tool.Cli;
using ShantingEId.V1;

namespace ShantingEId.Tool.Views;

/// <summary>What a change of the registration reissues, or would; what was and what is stand under each other.</summary>
internal static class ChangeView
{
    // A scope may hold a hundred items; as much as this is compared whole.
    private const int Comparable = 40;
    private static readonly char[] ClauseEnds = ['；', ';', '。'];

    public static void Show(Screen screen, ChangeRegistrationResponse answer)
    {
        var (set, old) = (answer.IssuedSet, answer.ReplacedSet);
        var isPreview = set.ManifestDigest.IsEmpty;
        screen.Line(Headline(answer, isPreview));
        screen.Line();
        foreach (var item in answer.ChangedItems)
        {
            Compare(screen, Label(item, set.License.Enterprise), Value(item, old.License.Enterprise), Value(item, set.License.Enterprise));
        }

        foreach (var item in answer.FiledItems)
        {
            Compare(screen, Words.Of(item.Kind), item.EarlierText.Length > 0 ? item.EarlierText : "（未备案）", item.Text);
        }

        screen.Facts(
        [
            ("执照", old is null ? $"第 {set.License.Version} 版，不换发" : $"第 {old.License.Version} 版 → 第 {set.License.Version} 版"),
            ("重新签发的印章", Names(answer.ReissuedSeals)),
            ("继续使用的印章", Names(answer.CarriedSeals)),
            (old is null ? "证照标识" : "新证照标识", set.License.LicenseId),
            ("备案生效时间", old is null && !isPreview ? Words.Of(answer.FiledItems[0].EffectiveTime) : ""),
        ]);
        foreach (var warning in set.Warnings)
        {
            screen.Line($"[yellow]！ {Spectre.Console.Markup.Escape(warning)}[/]");
        }

        if (!isPreview && old is not null)
        {
            SetView.Seals(screen, set);
            SetView.Codes(screen, set);
        }
    }

    /// <summary>Two values of an item: under each other, and of a long list what went and what came.</summary>
    public static IReadOnlyList<string> Lines(string before, string after)
    {
        var (was, becomes) = (Clauses(before), Clauses(after));
        string[] gone = [.. was.Except(becomes)], added = [.. becomes.Except(was)];
        return before.Length + after.Length <= 2 * Comparable || was.Length + becomes.Length <= 2 || gone.Length + added.Length == 0
            ? ["旧  " + before, "新  " + after]
            : [.. gone.Select(clause => "－  " + clause), .. added.Select(clause => "＋  " + clause), $"其余 {becomes.Length - added.Length} 项不变"];
    }

    /// <summary>Label of an item of the licence.</summary>
    public static string Label(string item, Enterprise face)
    {
        var labels = FaceView.Labels((Licenses.EnterpriseKind)face.Kind);
        return item switch
        {
            "name" => "名称", "type" => "类型", "representative" => labels.Representative, "capital" => labels.Capital ?? "出资额", "address" => labels.Address, "business_scope" => "经营范围",
            _ => item,
        };
    }

    private static string Headline(ChangeRegistrationResponse answer, bool isPreview)
    {
        var set = answer.IssuedSet;
        return (isPreview, answer.ReplacedSet is null) switch
        {
            (true, true) => "[bold yellow]？ 预览[/]   没有办理；正式办理只记入登记簿，不换发执照和印章：",
            (true, false) => "[bold yellow]？ 预览[/]   没有办理任何变更；正式办理会这样换发：",
            (false, true) => "[bold green]✔ 已备案[/]   记入登记簿；执照、证照码和四枚印章照旧有效。",
            _ when set.StateEffectiveTime > set.StateRecordedTime => $"[bold green]✔ 已准备[/]   到 {Words.Of(set.StateEffectiveTime)}自动生效；此前可以撤回。",
            _ => $"[bold green]✔ 已变更[/]   自 {Words.Of(set.StateEffectiveTime)}起，新照新章有效，旧照旧章答复“已换发”。",
        };
    }

    // Elsewhere than on a terminal a line is never folded, and each value stands whole under its own label.
    private static void Compare(Screen screen, string label, string before, string after) =>
        screen.Facts(screen.IsTerminal ? [(label, string.Join('\n', Lines(before, after)))] : [(label + "（旧）", before), (label + "（新）", after)]);

    private static string[] Clauses(string text) => [.. text.Split(ClauseEnds, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string Names(Google.Protobuf.Collections.RepeatedField<Seal.Types.Kind> kinds) => kinds.Count == 0 ? "无" : string.Join("、", kinds.Select(Words.Of));

    private static string Value(string item, Enterprise face) => Enterprise.Descriptor.FindFieldByName(item)?.Accessor.GetValue(face) is string { Length: > 0 } text ? text : "（无）";
}
