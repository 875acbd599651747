using System.Text;

namespace ShantingEId.Documents;

/// <summary>
/// Cuts a face down to the characters of one document, so that it can travel with it. A face is opened once and read by all
/// threads: HarfBuzz faces do not change after they are made.
/// </summary>
internal sealed unsafe class FontSubsetter : IDisposable
{
    // Text is set glyph by glyph with places of its own and reads left to right: tables for shaping and upright setting stay behind.
    private static readonly string[] Unused = ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"];

    private nint face;

    private FontSubsetter(nint face) => this.face = face;

    /// <summary>Opens a face; null where the library is not installed, and documents then name their fonts instead of carrying them.</summary>
    public static FontSubsetter? TryOpen(FontFile file)
    {
        try
        {
            var blob = HarfBuzz.OpenFile(file.Path);
            var face = blob == 0 ? 0 : HarfBuzz.CreateFace(blob, (uint)file.Index);
            HarfBuzz.DestroyBlob(blob); // The face holds on to it.
            var probe = HarfBuzz.CreateInput(); // The subset part is a library of its own.
            HarfBuzz.DestroyInput(probe);
            return face == 0 ? null : new FontSubsetter(face);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>An OpenType font with these characters and nothing else. The same characters give the same bytes.</summary>
    public byte[] Cut(IEnumerable<Rune> characters)
    {
        nint input = 0, subset = 0, blob = 0;
        try
        {
            input = HarfBuzz.CreateInput();
            var unicodes = HarfBuzz.Unicodes(input);
            foreach (var rune in characters)
            {
                HarfBuzz.Add(unicodes, (uint)rune.Value);
            }

            var dropped = HarfBuzz.Set(input, HarfBuzz.DropTables);
            foreach (var tag in Unused)
            {
                HarfBuzz.Add(dropped, (uint)(tag[0] << 24 | tag[1] << 16 | tag[2] << 8 | tag[3]));
            }

            HarfBuzz.Clear(HarfBuzz.Set(input, HarfBuzz.LayoutFeatures));
            // Without subroutines a font is smaller once it is deflated, as it always is here (measured: 25 against 29 KB for 130 characters).
            HarfBuzz.SetFlags(input, HarfBuzz.NoHinting | HarfBuzz.Desubroutinize);
            subset = HarfBuzz.Subset(face, input);
            if (subset == 0)
            {
                throw new InvalidOperationException("the font could not be cut down");
            }

            blob = HarfBuzz.ReferenceBlob(subset);
            var data = HarfBuzz.Data(blob, out var length);
            return new ReadOnlySpan<byte>(data, (int)length).ToArray();
        }
        finally
        {
            HarfBuzz.DestroyBlob(blob);
            HarfBuzz.DestroyFace(subset);
            HarfBuzz.DestroyInput(input);
        }
    }

    public void Dispose()
    {
        HarfBuzz.DestroyFace(face);
        face = 0;
    }
}
