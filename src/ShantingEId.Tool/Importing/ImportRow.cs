using System.Globalization;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.V1;

namespace ShantingEId.Tool.Importing;

/// <summary>One row: either a request to send, or what is wrong with it on this side already.</summary>
internal sealed record ImportRow(long Number, string CreditCode, IssueSetRequest? Request, string Reason, string Message)
{
    public static ImportRow Bad(long number, string creditCode, string reason, string message) => new(number, creditCode, null, reason, message);

    /// <summary>Makes the request of a row; cells come in the order of <see cref="ImportFile.Columns"/>.</summary>
    public static ImportRow Of(long number, string importId, string[] cells)
    {
        if (!Licenses.CreditCode.TryParse(cells[0], out var code, out var problem))
        {
            return Bad(number, cells[0], ErrorReason.UsccInvalid.WireName(), problem);
        }

        if (!DateOnly.TryParseExact(cells[5], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return Bad(number, cells[0], ErrorReason.DateInvalid.WireName(), "成立日期应写成 2026-03-02 的形式，并且是存在的日期");
        }

        var enterprise = new Enterprise
        {
            CreditCode = code.Value, Name = cells[1], Type = cells[2], Representative = cells[3], Capital = cells[4],
            EstablishDate = new Google.Type.Date { Year = date.Year, Month = date.Month, Day = date.Day }, Address = cells[6], BusinessScope = cells[7],
            Kind = (Enterprise.Types.Kind)EnterpriseKinds.Infer(code, cells[2], cells[1]),
        };
        return new ImportRow(number, code.Value, new IssueSetRequest { RequestId = RequestId(importId, cells), Enterprise = enterprise }, "", "");
    }

    // The same row of the same import always asks under the same name, so running an import again issues nothing twice.
    // U+001F keeps "ab"+"c" and "a"+"bc" apart.
    private static string RequestId(string importId, string[] cells) =>
        Convert.ToHexStringLower(Sm3.Hash(Encoding.UTF8.GetBytes(importId + '\u001F' + string.Join('\u001F', cells))));
}
