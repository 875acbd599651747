using ShantingEId.Documents;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;

namespace ShantingEId.Tool.Views;

/// <summary>一照四章 on the screen: state, face, four seals, and the two codes that lead to it.</summary>
internal static class SetView
{
    public static void Show(Screen screen, IssuedSet set)
    {
        var active = set.State == IssuedSet.Types.State.Active;
        screen.Line($"[bold {(active ? "green" : "red")}]{(active ? "✔" : "✘")} {Words.Of(set.State)}[/]   自 {Words.Of(set.StateEffectiveTime)}起");
        if (set.StateUntilTime is not null)
        {
            screen.Line($"[yellow]！ 有一项变更定于 {Words.Of(set.StateUntilTime)}生效[/]");
        }

        screen.Line();
        screen.Facts([.. FaceView.Of(set.License), ("清单摘要（SM3）", Words.Hex(set.ManifestDigest))]);
        foreach (var warning in set.Warnings)
        {
            screen.Line($"[yellow]！ {Markup.Escape(warning)}[/]");
        }

        if (set.Seals.Count > 0)
        {
            Seals(screen, set);
        }

        TradeView.Permits(screen, set.Permits);
        Codes(screen, set);
    }

    public static void Seals(Screen screen, IssuedSet set) =>
        screen.Table(["章型", "印章编码", "摘要（SM3）"], set.Seals.Select(seal => (string[])[Words.Of(seal.Kind), seal.SealCode, Words.ShortHex(seal.Digest)]));

    /// <summary>The QR symbol needs a terminal; elsewhere its text says the same.</summary>
    public static void Codes(Screen screen, IssuedSet set)
    {
        if (screen.IsTerminal)
        {
            screen.Line();
            if (screen.Out.Profile.Capabilities.Ansi)
            {
                Console.Out.Write(CodeSymbol.Create(set.LicenseCode).ToTerminal());
            }
        }
        else
        {
            screen.Facts([("证照码", set.LicenseCode)]);
        }

        screen.Line($"  校验短码   [bold]{Markup.Escape(set.TypedCode)}[/]");
    }
}
