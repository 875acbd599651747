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
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/> naming the characters the seal font lacks.</exception>
    public SealPicture Draw(SealDesign design)
    {
        // Sheets are lent, not made: a page of fresh memory for every dot costs as much as the drawing.
        var idle = sheets.GetOrAdd(design.Kind, _ => []);
        var sheet = idle.TryTake(out var lent) ? lent : new SealSheet(design.Kind);
        try
        {
            sheet.Begin(backgrounds[design.Kind]);
            switch (design.Kind)
            {
                case SealKind.Official: OfficialSeal.Draw(sheet, fonts, design); break;
                case SealKind.Finance: FinanceSeal.Draw(sheet, fonts, design); break;
                case SealKind.Invoice: InvoiceSeal.Draw(sheet, fonts, design); break;
                default: RepresentativeSeal.Draw(sheet, fonts, design); break;
            }

            return SealPicture.Create(design.Kind, sheet.ToPng());
        }
        finally
        {
            idle.Add(sheet);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sheet in sheets.Values.SelectMany(idle => idle))
        {
            sheet.Dispose();
        }
    }

    private byte[] Background(SealKind kind)
    {
        using var sheet = new SealSheet(kind);
        switch (kind)
        {
            case SealKind.Official: OfficialSeal.Prepare(sheet); break;
            case SealKind.Finance: FinanceSeal.Prepare(sheet, fonts); break;
            case SealKind.Invoice: InvoiceSeal.Prepare(sheet, fonts); break;
            default: RepresentativeSeal.Prepare(sheet); break;
        }

        return sheet.Coverage.ToArray();
    }
}
