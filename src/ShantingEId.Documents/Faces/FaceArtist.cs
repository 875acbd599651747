using System.Globalization;
using ShantingEId.Calendar;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Faces;

/// <summary>
/// Draws the face of a licence after the 2019 form (国市监注〔2018〕253号). The same content gives the same drawing; one artist
/// serves all threads. Measures are millimetres of the 副本; the 正本 is the same drawing on larger paper.
/// </summary>
/// <param name="fonts">What text is set in; stays the caller's.</param>
/// <param name="style">Border and emblem.</param>
public sealed class FaceArtist(FaceFonts fonts, FaceStyle style)
{
    internal const double Width = 297;
    internal const double Height = 210;
    internal const double Middle = Width / 2;
    internal const double Left = 25;
    internal const double Right = Width - Left;
    private const double OriginalScale = 420 / Width;

    private const double ItemsTop = 73;
    private const double ItemsBottom = 184;
    private const double LeftColumn = 126;
    private const double RightColumn = 162;
    // The right column ends where the 登记机关 begins.
    private const double AuthorityTop = 140;
    private const double LabelSize = 4.3;
    private const double FretWidth = 0.44;
    private const double Between = 4.2;

    private static readonly Box Frame = new(9, 8, Width - 18, 186);

    /// <summary>Draws a face.</summary>
    /// <param name="content">What stands on it.</param>
    /// <param name="form">On which paper; a 行业综合许可证 has the same two.</param>
    /// <param name="seal">Seal of the 登记机关, whose imprint lies over its name; null leaves the place empty.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: a character without glyph, or no room for a text.</exception>
    public Drawing Draw(FaceContent content, FaceForm form, SesSeal? seal = null)
    {
        var license = content.License;
        var pen = new FacePen(fonts, form == FaceForm.Original ? OriginalScale : 1);
        var title = license.Trade is null ? "营业执照" : "行业综合许可证";

        // 1. What is printed beforehand: border, emblem, title, foot.
        DrawGround(pen);
        DrawTitle(pen, title, form);
        DrawFoot(pen, license, form);

        // 2. What leads to the register: credit code, QR symbol, typed code.
        DrawCodes(pen, content);

        // 3. The items.
        if (license.Trade is null)
        {
            DrawItems(pen, license.Facts);
        }
        else
        {
            TradeFace.Draw(pen, license.Facts, license.Trade, ItemsTop - 8);
        }

        // 4. Who issued it when, and its seal over both.
        DrawAuthority(pen, license, seal);
        return new Drawing($"{title}（{(form == FaceForm.Original ? "正本" : "副本")}）",
            form == FaceForm.Original ? 420 : Width, form == FaceForm.Original ? 297 : Height, pen.Shapes);
    }

    private void DrawGround(FacePen pen)
    {
        if (style.HasBorder)
        {
            style.DrawBorder(pen, new Box(0, 0, Width, Height));
            return;
        }

        pen.Frame(Frame, 1.5, Ink.Bronze, new Ink(0xFF, 0xFD, 0xF7));
        pen.Frame(Inset(Frame, 2), 0.3, Ink.Bronze);
        pen.Frame(Inset(Frame, 4.4), 0.3, Ink.Bronze);
        // A square fret in each corner, between the two thin lines and beyond.
        foreach (var (x, right) in ((double, int)[])[(Frame.X + 2, 1), (Frame.Right - 2, -1)])
        {
            foreach (var (y, down) in ((double, int)[])[(Frame.Y + 2, 1), (Frame.Bottom - 2, -1)])
            {
                Corner(pen, x, y, right, down);
            }
        }
    }

    private static void Corner(FacePen pen, double x, double y, int right, int down)
    {
        // 回纹: one line that turns inwards.
        (double X, double Y)[] turns = [(0, 11), (9, 11), (9, 2.4), (4.7, 2.4), (4.7, 7), (7, 7), (7, 4.7)];
        for (var mirror = 0; mirror < 2; mirror++)
        {
            for (var i = 1; i < turns.Length; i++)
            {
                var (from, to) = (At(turns[i - 1], mirror), At(turns[i], mirror));
                // Longer by half a width at both ends, so that the turns are square.
                var (longer, higher) = from.Y == to.Y ? (FretWidth / 2, 0.0) : (0.0, FretWidth / 2);
                pen.Line(Math.Min(from.X, to.X) - longer, Math.Min(from.Y, to.Y) - higher, Math.Max(from.X, to.X) + longer, Math.Max(from.Y, to.Y) + higher, FretWidth, Ink.Bronze);
            }
        }

        (double X, double Y) At((double X, double Y) turn, int mirror) =>
            mirror == 0 ? (x + (turn.X * right), y + (turn.Y * down)) : (x + (turn.Y * right), y + (turn.X * down));
    }

    private void DrawTitle(FacePen pen, string title, FaceForm form)
    {
        if (style.HasEmblem)
        {
            style.DrawEmblem(pen, Box.Around(Middle, 27, 25, 25));
        }

        var (top, size) = (style.HasEmblem ? 41.0 : 29.0, title.Length > 4 ? 14.0 : 18.0);
        pen.Centred(title, Middle, top, size, FaceLetters.Bold, title.Length > 4 ? 1.8 : 6);
        if (form == FaceForm.Duplicate)
        {
            pen.Centred("（副本）", Middle, top + size + 3.5, 6.4, FaceLetters.Bold);
        }
    }

    private static void DrawFoot(FacePen pen, License license, FaceForm form)
    {
        const double top = 198.5, size = 2.9;
        pen.Write("国家企业信用信息公示系统网址：http://www.gsxt.gov.cn", 12, top, size);
        // A comprehensive licence is the district's own form.
        if (license.Trade is not null)
        {
            pen.WriteTo($"本证由{license.AuthorityName}制发", Width - 12, top, size);
            return;
        }

        if (form == FaceForm.Duplicate)
        {
            pen.Write("市场主体应当于每年1月1日至6月30日通过国家企业信用信息公示系统报送公示年度报告", 104, top, size);
        }

        pen.WriteTo("国家市场监督管理总局监制", Width - 12, top, size);
    }

    private static void DrawCodes(FacePen pen, FaceContent content)
    {
        pen.Write("统一社会信用代码", Left, 34.4, 4.2, FaceLetters.Bold, 0.4);
        pen.Write(content.License.Facts.CreditCode.Value, Left, 40.6, 5.2, gap: 0.35);

        const double side = 29;
        var symbol = CodeSymbol.Create(content.LicenseCode);
        var box = new Box(Right - side + 1, 21, side, side);
        pen.Picture(box, symbol.ToPng(6));
        var hint = pen.Fit("扫描二维码核验本照", 15, 20, new FitRule(2.9, 2.9, 2), "二维码说明");
        pen.Put(hint, box.X - 15.5, box.Y + ((side - hint.Height) / 2));
        pen.Centred($"校验短码 {content.TypedCode}", box.X + (side / 2), box.Bottom + 0.2, 2.45);
    }

    private static void DrawItems(FacePen pen, EnterpriseFacts facts)
    {
        var labels = FaceLabels.For(facts.Kind);
        // Which 组成形式 an individual business has stands in the place of a type (细则 23).
        var type = facts is { Kind: EnterpriseKind.IndividualBusiness, Type: "个人经营" or "家庭经营" } ? "组成形式" : "类型";
        var text = new FitRule(LabelSize, 3.5, 1.3);
        FaceItem[] left =
        [
            new("名称", facts.Name, new FitRule(4.9, 3.8, 2), 0.92), new(type, facts.Type, text, 0.85), new(labels.Representative, facts.Representative, text, 0.85),
            new("经营范围", facts.BusinessScope, new FitRule(LabelSize, LabelSize, 1.3), 0.3),
        ];
        FaceItem[] right =
        [
            new(labels.Capital ?? "", labels.Capital is null ? "" : facts.Capital?.Text ?? "", text, 0.75), new(labels.Established, ChineseDate(facts.EstablishDate), text, 1),
            new(labels.Address, facts.Address, text, 0.4),
        ];
        FaceColumn.Draw(pen, left, new Box(Left, ItemsTop, LeftColumn, ItemsBottom - ItemsTop), LabelSize, Between);
        FaceColumn.Draw(pen, right, new Box(RightColumn, ItemsTop, Right - RightColumn, AuthorityTop - ItemsTop), LabelSize, Between);
    }

    private static void DrawAuthority(FacePen pen, License license, SesSeal? seal)
    {
        const double middle = 222, top = 153, date = 171;
        var trade = license.Trade is not null;
        var (x, width) = (172.0, Right - 172);
        pen.Label(trade ? "发证机关" : "登记机关", x, top, LabelSize, 4 * LabelSize * 1.25);
        var name = pen.Fit(license.AuthorityName, width - 27, 16, new FitRule(LabelSize, 3.4, 2), "登记机关名称");
        pen.Put(name, x + 26, top + (LabelSize / 2) - (name.Size * FittedText.Leading / 2));
        pen.Centred(ChineseDate(WorkCalendar.DayOf(license.IssueTime)), middle, date, LabelSize, gap: 0.4);
        if (seal is not null)
        {
            pen.Seal(middle + 4, (top + date + LabelSize) / 2, seal.Info.Width, seal.Info.Height, seal.Info.Picture);
        }
    }

    /// <summary>A date as licences write it.</summary>
    internal static string ChineseDate(DateOnly day) => day.ToString("yyyy年MM月dd日", CultureInfo.InvariantCulture);

    private static Box Inset(Box box, double by) => new(box.X + by, box.Y + by, box.Width - (2 * by), box.Height - (2 * by));
}
