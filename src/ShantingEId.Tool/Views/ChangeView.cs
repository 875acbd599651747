using ShantingEId.Tool.Cli;
using ShantingEId.V1;

namespace ShantingEId.Tool.Views;

/// <summary>What a change of the registration reissues, or would.</summary>
internal static class ChangeView
{
    public static void Show(Screen screen, ChangeRegistrationResponse answer)
    {
        var (set, old) = (answer.IssuedSet, answer.ReplacedSet);
        var isPreview = set.ManifestDigest.IsEmpty;
        var isAhead = !isPreview && set.StateEffectiveTime > set.StateRecordedTime;
        screen.Line(isPreview ? "[bold yellow]？ 预览[/]   没有办理任何变更；正式办理会这样换发："
            : isAhead ? $"[bold green]✔ 已准备[/]   到 {Words.Of(set.StateEffectiveTime)}自动生效；此前可以撤回。"
            : $"[bold green]✔ 已变更[/]   自 {Words.Of(set.StateEffectiveTime)}起，新照新章有效，旧照旧章答复“已换发”。");
        screen.Line();
        screen.Facts(
        [
            .. answer.ChangedItems.Select(item => (Label(item, set.License), $"{Value(item, old.License.Enterprise)} → {Value(item, set.License.Enterprise)}")),
            ("执照", $"第 {old.License.Version} 版 → 第 {set.License.Version} 版"),
            ("重新签发的印章", Names(answer.ReissuedSeals)),
            ("继续使用的印章", Names(answer.CarriedSeals)),
            ("新证照标识", set.License.LicenseId),
        ]);
        foreach (var warning in set.Warnings)
        {
            screen.Line($"[yellow]！ {Spectre.Console.Markup.Escape(warning)}[/]");
        }

        if (!isPreview)
        {
            SetView.Seals(screen, set);
            SetView.Codes(screen, set);
        }
    }

    private static string Names(Google.Protobuf.Collections.RepeatedField<Seal.Types.Kind> kinds) => kinds.Count == 0 ? "无" : string.Join("、", kinds.Select(Words.Of));

    private static string Label(string item, License license)
    {
        var labels = FaceView.Labels((Licenses.EnterpriseKind)license.Enterprise.Kind);
        return item switch
        {
            "name" => "名称", "type" => "类型", "representative" => labels.Representative, "capital" => labels.Capital ?? "出资额", "address" => labels.Address, "business_scope" => "经营范围",
            _ => item,
        };
    }

    private static string Value(string item, Enterprise face) => Enterprise.Descriptor.FindFieldByName(item)?.Accessor.GetValue(face) is string { Length: > 0 } text ? text : "（无）";
}
