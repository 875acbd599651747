using System.Formats.Cbor;
using System.Globalization;
using ShantingEId.Trades;

namespace ShantingEId.Licenses;

/// <summary>One version of an electronic licence: the facts on its face and who issued it when.</summary>
/// <param name="Id">证照标识.</param>
/// <param name="Facts">What stands on the face.</param>
/// <param name="AuthorityName">登记机关.</param>
/// <param name="AuthorityCode">Credit code of the 登记机关.</param>
/// <param name="IssueTime">When this version was issued, whole seconds, UTC.</param>
/// <param name="Trade">行业综合许可证: trade and permits, beside the facts of the company; null on a business licence.</param>
public sealed record License(LicenseId Id, EnterpriseFacts Facts, string AuthorityName, CreditCode AuthorityCode, DateTimeOffset IssueTime, TradeFacts? Trade = null)
{
    private const int Fields = 13;

    /// <summary>Writes the licence as a map with integer keys 1 to 13, the form in which the manifest signs it.</summary>
    internal void Write(CborWriter writer)
    {
        var capital = Facts.Capital?.Text ?? "";
        writer.WriteStartMap(Fields);
        Text(1, Id.ToString());
        Text(2, Facts.CreditCode.Value);
        Text(3, Facts.Name);
        writer.WriteInt32(4);
        writer.WriteInt32((int)Facts.Kind);
        Text(5, Facts.Type);
        Text(6, Facts.Representative);
        Text(7, capital);
        Text(8, Facts.EstablishDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Text(9, Facts.Address);
        Text(10, Facts.BusinessScope);
        Text(11, AuthorityName);
        Text(12, AuthorityCode.Value);
        writer.WriteInt32(13);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteEndMap();

        void Text(int key, string value)
        {
            writer.WriteInt32(key);
            writer.WriteTextString(value);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote; facts are checked again, as all input is.</summary>
    internal static License Read(CborReader reader)
    {
        if (reader.ReadStartMap() != Fields)
        {
            throw new CborContentException("licence map");
        }

        var id = LicenseId.Parse(Text(1));
        var input = new EnterpriseInput
        {
            CreditCode = Text(2), Name = Text(3), Kind = (EnterpriseKind)Number(4, int.MaxValue), Type = Text(5), Representative = Text(6), Capital = Text(7),
            EstablishDate = Text(8), Address = Text(9), BusinessScope = Text(10),
        };
        var authorityName = Text(11);
        var authorityCode = CreditCode.Parse(Text(12));
        var issueTime = DateTimeOffset.FromUnixTimeSeconds(Number(13, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
        reader.ReadEndMap();
        return new License(id, EnterpriseFacts.Parse(input, DateOnly.MaxValue), authorityName, authorityCode, issueTime);

        string Text(int key) => Expect(key) ? reader.ReadTextString() : throw new CborContentException("licence key order");
        // Bounded before it is narrowed: 2^32 + 1 must not read as 1.
        long Number(int key, long max) =>
            Expect(key) && reader.ReadInt64() is var number && number >= 0 && number <= max ? number : throw new CborContentException("licence number");
        bool Expect(int key) => reader.ReadInt32() == key;
    }
}
