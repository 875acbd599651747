using System.Buffers.Binary;
using System.Text;

namespace ShantingEId.Documents.Faces;

/// <summary>
/// Writes a TrueType font (ISO/IEC 14496-22) with the characters of one document and nothing else. The same characters give the same bytes.
/// </summary>
/// <param name="Name">Family name, ASCII without blanks.</param>
/// <param name="UnitsPerEm">The grid.</param>
/// <param name="Ascent">Above the baseline, units.</param>
/// <param name="Descent">Below the baseline, units, positive.</param>
/// <param name="IsBold">Whether it is a bold face.</param>
internal sealed record TrueTypeFont(string Name, int UnitsPerEm, int Ascent, int Descent, bool IsBold)
{
    private const uint Magic = 0xB1B0AFBA;
    private const int HeadChecksumAt = 8;

    /// <summary>The file.</summary>
    /// <param name="characters">Characters with their glyphs, by rising code point.</param>
    public byte[] Write(IReadOnlyList<(Rune Rune, TrueTypeGlyph Glyph)> characters)
    {
        // 1. Glyph 0 stands for what is missing; the others follow in the order of their characters, so that runs of them need no list.
        TrueTypeGlyph[] glyphs = [TrueTypeGlyph.Blank(UnitsPerEm), .. characters.Select(each => each.Glyph)];
        var places = new List<int> { 0 };
        var outlines = new Table();
        foreach (var glyph in glyphs)
        {
            outlines.Bytes(glyph.Data).Pad(2);
            places.Add(outlines.Length);
        }

        var isLong = outlines.Length > 2 * ushort.MaxValue;
        var metrics = MetricsCount(glyphs);
        (string Tag, byte[] Bytes)[] tables =
        [
            ("OS/2", Os2(characters)), ("cmap", Characters([.. characters.Select(each => each.Rune)])), ("glyf", outlines.ToArray()), ("head", Head(glyphs, isLong)), ("hhea", HorizontalHead(glyphs, metrics)),
            ("hmtx", Metrics(glyphs, metrics)), ("loca", places.Aggregate(new Table(), (table, place) => isLong ? table.Int(place) : table.Short(place / 2)).ToArray()),
            ("maxp", Most(glyphs)), ("name", Names()), ("post", new Table().Int(0x30000).Int(0).Short(-UnitsPerEm / 10).Short(UnitsPerEm / 20).Int(0).Int(0).Int(0).Int(0).Int(0).ToArray()),
        ];

        // 2. The directory; the checksum of the whole is made up in head.
        var log = int.Log2(tables.Length);
        var file = new Table().Int(0x10000).Short(tables.Length).Short(16 << log).Short(log).Short((16 * tables.Length) - (16 << log));
        var at = 12 + (16 * tables.Length);
        foreach (var (tag, bytes) in tables)
        {
            file.Bytes(Encoding.ASCII.GetBytes(tag)).Int((int)Sum(bytes)).Int(at).Int(bytes.Length);
            at += (bytes.Length + 3) & ~3;
        }

        var head = 0;
        foreach (var (tag, bytes) in tables)
        {
            head = tag == "head" ? file.Length : head;
            file.Bytes(bytes).Pad(4);
        }

        var result = file.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(head + HeadChecksumAt), Magic - Sum(result));
        return result;
    }

    private byte[] Head(TrueTypeGlyph[] glyphs, bool isLong) => new Table()
        .Int(0x10000).Int(0x10000).Int(0).Int(0x5F0F3CF5).Short(0x000B).Short(UnitsPerEm).Int(0).Int(0).Int(0).Int(0) // Baseline and left edge at 0, whole sizes; made at no time.
        .Short(glyphs.Min(glyph => glyph.Left)).Short(glyphs.Min(glyph => glyph.Bottom)).Short(glyphs.Max(glyph => glyph.Right)).Short(glyphs.Max(glyph => glyph.Top))
        .Short(IsBold ? 1 : 0).Short(8).Short(2).Short(isLong ? 1 : 0).Short(0).ToArray();

    private byte[] HorizontalHead(TrueTypeGlyph[] glyphs, int metrics) => new Table()
        .Int(0x10000).Short(Ascent).Short(-Descent).Short(0).Short(glyphs.Max(glyph => glyph.Advance)).Short(glyphs.Min(glyph => glyph.Left))
        .Short(glyphs.Min(glyph => glyph.Advance - glyph.Right)).Short(glyphs.Max(glyph => glyph.Right)).Short(1).Short(0).Short(0).Int(0).Int(0).Short(0).Short(metrics).ToArray();

    // Ideographs are all as wide as the em: the last advance stands for those that follow.
    private static int MetricsCount(TrueTypeGlyph[] glyphs) => Array.FindLastIndex(glyphs, glyph => glyph.Advance != glyphs[^1].Advance) + 2;

    private static byte[] Metrics(TrueTypeGlyph[] glyphs, int metrics)
    {
        var table = new Table();
        foreach (var (i, glyph) in glyphs.Index())
        {
            (i < metrics ? table.Short(glyph.Advance) : table).Short(glyph.Left);
        }

        return table.ToArray();
    }

    private static byte[] Most(TrueTypeGlyph[] glyphs) => new Table()
        .Int(0x10000).Short(glyphs.Length).Short(glyphs.Max(glyph => glyph.Points)).Short(glyphs.Max(glyph => glyph.Contours)).Short(0).Short(0)
        .Short(2).Short(0).Short(0).Short(0).Short(0).Short(0).Short(0).Short(0).Short(0).ToArray();

    // Version 4; may be embedded without restriction; simplified Chinese.
    private byte[] Os2(IReadOnlyList<(Rune Rune, TrueTypeGlyph Glyph)> characters)
    {
        var (half, tenth) = (UnitsPerEm / 2, UnitsPerEm / 10);
        return new Table().Short(4).Short(UnitsPerEm).Short(IsBold ? 700 : 400).Short(5).Short(0).Short(half).Short(half).Short(0).Short(tenth).Short(half).Short(half).Short(0).Short(half)
            .Short(tenth / 2).Short(UnitsPerEm / 4).Short(0).Int(0).Int(0).Short(0) // No class; PANOSE says nothing.
            .Int(1).Int(1 << 27).Int(0).Int(0).Int(0).Short(IsBold ? 0x20 : 0x40) // Basic Latin; CJK ideographs.
            .Short(Math.Min(characters[0].Rune.Value, ushort.MaxValue)).Short(Math.Min(characters[^1].Rune.Value, ushort.MaxValue))
            .Short(Ascent).Short(-Descent).Short(0).Short(Ascent).Short(Descent).Int(1 << 18).Int(0).Short(half).Short(UnitsPerEm * 7 / 10).Short(0).Short(32).Short(0).ToArray();
    }

    // Runs of characters: format 4 in the basic plane, format 12 for all where some are beyond.
    private static byte[] Characters(Rune[] runes)
    {
        var runs = new List<(int First, int Last, int Glyph)>();
        foreach (var (i, rune) in runes.Index())
        {
            if (runs.Count > 0 && runs[^1].Last + 1 == rune.Value && rune.Value != 0x10000)
            {
                runs[^1] = runs[^1] with { Last = rune.Value };
            }
            else
            {
                runs.Add((rune.Value, rune.Value, i + 1));
            }
        }

        var basic = Basic(runs.FindAll(run => run.Last <= 0xFFFF));
        if (runes[^1].Value <= 0xFFFF)
        {
            return new Table().Short(0).Short(1).Short(3).Short(1).Int(12).Bytes(basic).ToArray();
        }

        var table = new Table().Short(0).Short(2).Short(3).Short(1).Int(20).Short(3).Short(10).Int(20 + basic.Length).Bytes(basic);
        table.Short(12).Short(0).Int(16 + (12 * runs.Count)).Int(0).Int(runs.Count);
        runs.ForEach(run => table.Int(run.First).Int(run.Last).Int(run.Glyph));
        return table.ToArray();
    }

    // Glyphs are listed rather than reckoned from their characters: a list that counts up, and places in it that are all as far away, pack better
    // than as many different sums.
    private static byte[] Basic(List<(int First, int Last, int Glyph)> runs)
    {
        var listed = runs.Sum(run => run.Last - run.First + 1);
        var count = runs.Count + 1; // The last run must be 0xFFFF, which leads to glyph 0.
        var log = int.Log2(count);
        var table = new Table().Short(4).Short(16 + (8 * count) + (2 * listed)).Short(0).Short(2 * count).Short(2 << log).Short(log).Short((2 * count) - (2 << log));
        runs.ForEach(run => table.Short(run.Last));
        table.Short(0xFFFF).Short(0);
        runs.ForEach(run => table.Short(run.First));
        table.Short(0xFFFF);
        runs.ForEach(_ => table.Short(0));
        table.Short(1);
        foreach (var (i, run) in runs.Index())
        {
            table.Short(2 * (count - i + run.Glyph - 1)); // From here to the first of the run in the list.
        }

        table.Short(0);
        for (var glyph = 1; glyph <= listed; glyph++)
        {
            table.Short(glyph);
        }

        return table.Pad(4).ToArray();
    }

    // Family, style, full name and PostScript name, for Windows in English.
    private byte[] Names()
    {
        var style = IsBold ? "Bold" : "Regular";
        (int Id, string Text)[] names = [(1, Name), (2, style), (4, $"{Name} {style}"), (6, $"{Name}-{style}")];
        var (table, texts) = (new Table().Short(0).Short(names.Length).Short(6 + (12 * names.Length)), new Table());
        foreach (var (id, text) in names)
        {
            table.Short(3).Short(1).Short(0x409).Short(id).Short(2 * text.Length).Short(texts.Length);
            texts.Bytes(Encoding.BigEndianUnicode.GetBytes(text));
        }

        return table.Bytes(texts.ToArray()).ToArray();
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[4];
        var sum = 0u;
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }

        word.Clear();
        bytes.CopyTo(word);
        return sum + BinaryPrimitives.ReadUInt32BigEndian(word);
    }

    /// <summary>Bytes that grow; numbers have their greatest byte first.</summary>
    private sealed class Table
    {
        private readonly List<byte> bytes = [];

        public int Length => bytes.Count;

        public Table Short(int number) => Byte(number >> 8).Byte(number);

        public Table Int(int number) => Short(number >> 16).Short(number);

        public Table Bytes(ReadOnlySpan<byte> more)
        {
            bytes.AddRange(more);
            return this;
        }

        public Table Pad(int to)
        {
            while (bytes.Count % to != 0)
            {
                Byte(0);
            }

            return this;
        }

        public byte[] ToArray() => [.. bytes];

        private Table Byte(int number)
        {
            bytes.Add((byte)number);
            return this;
        }
    }
}
