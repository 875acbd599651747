using System.Text;

namespace ShantingEId.Tool.Importing;

/// <summary>One record of a CSV file.</summary>
/// <param name="Number">Number of the record as a spreadsheet counts rows: the header is 1.</param>
/// <param name="Fields">The fields; what was readable when <paramref name="Problem"/> is set.</param>
/// <param name="Problem">What breaks RFC 4180 here, or "".</param>
internal sealed record CsvRecord(long Number, IReadOnlyList<string> Fields, string Problem);

/// <summary>
/// Reads CSV by RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. A broken record is reported and
/// reading goes on at the next line, so that one bad cell does not cost the rest of the file.
/// </summary>
internal static class CsvReader
{
    // The largest enterprise has some 3,000 characters. A forgotten closing quote must not swallow the file.
    private const int MaxRecord = 32 * 1024;

    private enum Place
    {
        FieldStart,
        Bare,
        Quoted,
        AfterQuote,
    }

    public static IEnumerable<CsvRecord> Read(TextReader reader)
    {
        for (long number = 1; reader.Peek() >= 0; number++)
        {
            var record = ReadOne(reader, number);
            // A blank line is a row to a spreadsheet, but nobody's data.
            if (record.Fields is not [""] || record.Problem.Length > 0)
            {
                yield return record;
            }
        }
    }

    private static CsvRecord ReadOne(TextReader reader, long number)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var place = Place.FieldStart;
        var size = 0;
        int next;
        while ((next = reader.Read()) >= 0)
        {
            var c = (char)next;
            if (++size > MaxRecord)
            {
                return Broken("一行超过 32768 个字符，可能缺少右引号");
            }

            if (place == Place.Quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (reader.Peek() == '"')
                {
                    field.Append((char)reader.Read());
                }
                else
                {
                    place = Place.AfterQuote;
                }
            }
            else if (c == '\n' || (c == '\r' && reader.Peek() == '\n'))
            {
                if (c == '\r')
                {
                    reader.Read();
                }

                return Whole();
            }
            else if (c == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
                place = Place.FieldStart;
            }
            else if (c == '"')
            {
                if (place != Place.FieldStart)
                {
                    return Broken("引号没有包住整个单元格");
                }

                place = Place.Quoted;
            }
            else if (place == Place.AfterQuote)
            {
                return Broken("右引号之后还有内容");
            }
            else
            {
                field.Append(c);
                place = Place.Bare;
            }
        }

        return place == Place.Quoted ? Broken("缺少右引号，直到文件末尾") : Whole();

        CsvRecord Whole()
        {
            fields.Add(field.ToString());
            return new CsvRecord(number, fields, "");
        }

        CsvRecord Broken(string problem)
        {
            reader.ReadLine();
            return new CsvRecord(number, fields, problem);
        }
    }
}
