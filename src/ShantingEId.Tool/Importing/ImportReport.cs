using System.Text;
using ShantingEId.V1;
using Outcome = ShantingEId.V1.ImportSetsResponse.Types.Outcome;

namespace ShantingEId.Tool.Importing;

/// <summary>
/// The verdict on every row, as a CSV file in the order of the rows, although answers come in the order in which rows
/// finish. It grows while the import runs; after a crash the next run writes it anew, whole. A run that gets no answer at
/// all leaves the file of the run before as it was.
/// </summary>
internal sealed class ImportReport(string path) : IDisposable
{
    private readonly Queue<Slot> slots = new();
    private readonly Dictionary<long, Slot> open = [];
    private StreamWriter? writer;

    public static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Issued => "已签发",
        Outcome.Repeated => "此前已签发",
        _ => "被拒绝",
    };

    /// <summary>Announces a row, in the order of the file.</summary>
    public void Expect(ImportRow row)
    {
        var slot = new Slot(row);
        slots.Enqueue(slot);
        open.Add(row.Number, slot);
    }

    /// <summary>Notes the answer of an announced row.</summary>
    public void Answer(ImportSetsResponse answer)
    {
        if (open.Remove(answer.Row, out var slot))
        {
            slot.Answer = answer;
        }

        while (slots.TryPeek(out var first) && first.Answer is not null)
        {
            Write(slots.Dequeue());
        }
    }

    public void Dispose()
    {
        // An interrupted import has gaps: what was answered behind one is written all the same.
        foreach (var slot in slots.Where(slot => slot.Answer is not null))
        {
            Write(slot);
        }

        writer?.Dispose();
    }

    private void Write(Slot slot)
    {
        if (writer is null)
        {
            // The byte order mark makes spreadsheet programs read Chinese as UTF-8.
            writer = new StreamWriter(path, false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true)) { NewLine = "\r\n", AutoFlush = true };
            writer.WriteLine("行号,统一社会信用代码,结果,原因,说明,证照标识");
        }

        var answer = slot.Answer!;
        string[] cells = [answer.Row.ToString(), slot.Row.CreditCode, Word(answer.Outcome), answer.Reason, answer.Message, answer.IssuedSet?.License.LicenseId ?? ""];
        writer.WriteLine(string.Join(',', cells.Select(Cell)));
    }

    // A cell that begins like a formula came out of the input as it is; a spreadsheet must not calculate it.
    private static string Cell(string text)
    {
        var safe = text is ['=' or '+' or '-' or '@', ..] ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private sealed class Slot(ImportRow row)
    {
        public ImportRow Row => row;

        public ImportSetsResponse? Answer { get; set; }
    }
}
