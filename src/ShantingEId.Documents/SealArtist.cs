using System.Collections.Concurrent;
using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>
/// Draws the seal pictures of an enterprise, true to the millimetre at 600 dpi. One artist serves all threads:
/// <see cref="Draw"/> is a <see cref="DrawSeal"/>.
/// </summary>
public sealed class SealArtist : IDisposable
{
    /// <summary>Field a missing character of the enterprise's name is reported under.</summary>
    internal const string NameField = "enterprise.name";

    /// <summary>Field a missing character of the representative's name is reported under.</summary>
    internal const string RepresentativeField = "enterprise.representative";

    private readonly SealFonts fonts;
    private readonly Dictionary<SealKind, byte[]> backgrounds;
    private readonly ConcurrentDictionary<SealKind, ConcurrentBag<SealSheet>> sheets = new();

    /// <summary>Prepares what all seals of a kind share; the fonts stay the caller's.</summary>
    public SealArtist(SealFonts fonts)
    {
        this.fonts = fonts;
        backgrounds = SealKinds.All.ToDictionary(kind => kind, Background);
    }

    /// <summary>Draws one seal. The same design gives the same bytes.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.TextInvalid"/>: the text is empty or has characters the seal font lacks; it names them.
    /// </exception>
    public SealPicture Draw(SealDesign design)
    {
        Check(design.Name, 2, 60, NameField);
        Check(design.Representative, 1, 60, RepresentativeField);

        // Sheets are lent, not made: a page of fresh memory for every dot costs as much as the drawing.
        var idle = sheets.GetOrAdd(design.Kind, _ => []);
        var sheet = idle.TryTake(out var lent) ? lent : new SealSheet(design.Kind, SealSheet.Fine);
        try
        {
            sheet.Begin(backgrounds[design.Kind]);
            Write(sheet, design);
            var png = sheet.ToPng();
            return SealPicture.Create(design.Kind, png.Length <= SealPicture.MaxBytes ? png : Coarse(design, SealSheet.Coarse, smallest: false));
        }
        finally
        {
            idle.Add(sheet);
        }
    }

    /// <summary>
    /// Draws one seal at 300 dpi, less than half of the bytes: for the seal of an authority, which every document carries twice, as file
    /// and inside the signature.
    /// </summary>
    /// <inheritdoc cref="Draw" path="/exception"/>
    public SealPicture DrawCompact(SealDesign design)
    {
        Check(design.Name, 2, 60, NameField);
        return SealPicture.Create(design.Kind, Coarse(design, SealSheet.Compact, smallest: true));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sheet in sheets.Values.SelectMany(idle => idle))
        {
            sheet.Dispose();
        }
    }

    private static void Check(string text, int least, int most, string field)
    {
        var count = text.EnumerateRunes().Count();
        if (count < least || count > most || string.IsNullOrWhiteSpace(text))
        {
            var message = $"印章文字应为 {least} 至 {most} 个字，现为 {count} 个";
            throw new EidException(ErrorReason.TextInvalid, message, [new FieldViolation(field, ErrorReason.TextInvalid, message)]);
        }
    }

    // A long name of nothing but dense characters (鑫, 疆, 罐) outgrows the limit of bytes: a coarser picture of the same
    // size on paper is better than no seal. No name in a city's register needs this.
    private byte[] Coarse(SealDesign design, int dotsPerInch, bool smallest)
    {
        using var sheet = new SealSheet(design.Kind, dotsPerInch);
        Prepare(sheet, design.Kind);
        Write(sheet, design);
        return sheet.ToPng(smallest);
    }

    private byte[] Background(SealKind kind)
    {
        using var sheet = new SealSheet(kind, SealSheet.Fine);
        Prepare(sheet, kind);
        return sheet.Coverage.ToArray();
    }

    private void Prepare(SealSheet sheet, SealKind kind)
    {
        switch (kind)
        {
            case SealKind.Official: OfficialSeal.Prepare(sheet); break;
            case SealKind.Finance: FinanceSeal.Prepare(sheet, fonts); break;
            case SealKind.Invoice: InvoiceSeal.Prepare(sheet, fonts); break;
            default: RepresentativeSeal.Prepare(sheet); break;
        }
    }

    private void Write(SealSheet sheet, SealDesign design)
    {
        switch (design.Kind)
        {
            case SealKind.Official: OfficialSeal.Draw(sheet, fonts, design); break;
            case SealKind.Finance: FinanceSeal.Draw(sheet, fonts, design); break;
            case SealKind.Invoice: InvoiceSeal.Draw(sheet, fonts, design); break;
            default: RepresentativeSeal.Draw(sheet, fonts, design); break;
        }
    }
}
