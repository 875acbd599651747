using System.Text;
using Org.BouncyCastle.Crypto.Digests;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Importing;

/// <summary>A CSV file of enterprises: checked for its header and encoding, counted, and read row by row.</summary>
internal sealed class ImportFile
{
    /// <summary>Columns a file must have, in any order.</summary>
    public static readonly IReadOnlyList<string> Columns = ["统一社会信用代码", "名称", "类型", "法定代表人", "注册资本", "成立日期", "住所", "经营范围"];

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly string path;
    private readonly int[] places;
    private readonly int width;

    private ImportFile(string path, string digest, IReadOnlyList<string> header, long rows)
    {
        this.path = path;
        Digest = digest;
        Count = rows;
        width = header.Count;
        places = [.. Columns.Select(column => header.ToList().IndexOf(column))];
    }

    /// <summary>SM3 of the file: the natural name of an import.</summary>
    public string Digest { get; }

    /// <summary>Rows without the header.</summary>
    public long Count { get; }

    public static ImportFile Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"找不到文件 {path}");
        }

        try
        {
            using var reader = new StreamReader(path, StrictUtf8);
            IReadOnlyList<string>? header = null;
            long rows = 0;
            foreach (var record in CsvReader.Read(reader))
            {
                if (header is null)
                {
                    header = record.Fields;
                    var missing = Columns.Except(header).ToArray();
                    if (missing.Length > 0)
                    {
                        throw new UsageException($"{path} 的表头缺少：{string.Join("、", missing)}");
                    }
                }
                else
                {
                    rows++;
                }
            }

            return header is null || rows == 0 ? throw new UsageException($"{path} 中没有数据行") : new ImportFile(path, Hash(path), header, rows);
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{path} 不是 UTF-8 编码；请在表格软件中另存为“CSV UTF-8”");
        }
    }

    public IEnumerable<ImportRow> Rows(string importId)
    {
        using var reader = new StreamReader(path, StrictUtf8);
        foreach (var record in CsvReader.Read(reader).Skip(1))
        {
            yield return record switch
            {
                { Problem.Length: > 0 } => ImportRow.Bad(record.Number, "", "CSV_INVALID", record.Problem),
                _ when record.Fields.Count != width => ImportRow.Bad(record.Number, "", "CSV_INVALID", $"应有 {width} 列，现有 {record.Fields.Count} 列"),
                _ => ImportRow.Of(record.Number, importId, [.. places.Select(place => record.Fields[place])]),
            };
        }
    }

    private static string Hash(string path)
    {
        var digest = new SM3Digest();
        using var stream = File.OpenRead(path);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            digest.BlockUpdate(buffer, 0, read);
        }

        var result = new byte[digest.GetDigestSize()];
        digest.DoFinal(result, 0);
        return Convert.ToHexStringLower(result);
    }
}
