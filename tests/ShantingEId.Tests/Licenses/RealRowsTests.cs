using System.Text;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>Every row of the public register extract, with all its quirks; the file is not part of the project.</summary>
public sealed class RealRowsTests
{
    private static readonly DateOnly Today = new(2026, 3, 1);

    [Fact]
    public void Every_code_is_accepted()
    {
        var rows = Rows();
        Assert.Equal(1346, rows.Count);
        Assert.All(rows, row => Assert.True(CreditCode.TryParse(row[0], out _, out var problem), problem));
    }

    [Fact]
    public void Every_registered_capital_is_read_and_has_an_amount()
    {
        var texts = Rows().Select(row => row[4]).Where(text => text.Length > 0).ToList();
        var amounts = texts.Count(text => RegisteredCapital.TryParse(text, out var capital, out _) && capital?.Amount >= 0);
        Assert.Equal((1116, 1116), (texts.Count, amounts));
    }

    // Nothing but our own error may come out, and every row either becomes facts or names its fault.
    [Fact]
    public void Every_row_becomes_facts_or_a_named_violation()
    {
        int good = 0;
        var refused = new SortedDictionary<string, int>();
        foreach (var row in Rows())
        {
            var kind = EnterpriseKinds.Infer(CreditCode.Parse(row[0]), row[2], row[1]);
            var input = new EnterpriseInput
            {
                CreditCode = row[0], Name = row[1], Kind = kind, Type = row[2], Representative = row[3], Capital = row[4], EstablishDate = row[5], Address = row[6],
                BusinessScope = row[7],
            };
            try
            {
                Assert.Equal(input, EnterpriseFacts.Parse(input, Today).ToInput());
                good++;
            }
            catch (EidException error)
            {
                foreach (var violation in error.Violations)
                {
                    var key = $"{violation.Field} {violation.Reason} {violation.Message}";
                    refused[key] = refused.GetValueOrDefault(key) + 1;
                }
            }
        }

        Assert.True(good == 1346, $"{good} good; " + string.Join("; ", refused.Select(pair => $"{pair.Value} × {pair.Key}")));
    }

    // RFC 4180 with quoted fields.
    internal static List<string[]> Rows()
    {
        var text = File.ReadAllText(SharedData.Require("zaozhuang-enterprises.csv"));
        var rows = new List<string[]>();
        var row = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"' when quoted && i + 1 < text.Length && text[i + 1] == '"':
                    field.Append('"');
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case ',' when !quoted:
                    row.Add(field.ToString());
                    field.Clear();
                    break;
                case '\r' when !quoted:
                    break;
                case '\n' when !quoted:
                    row.Add(field.ToString());
                    field.Clear();
                    rows.Add([.. row]);
                    row.Clear();
                    break;
                default:
                    field.Append(text[i]);
                    break;
            }
        }

        return rows[1..];
    }
}
