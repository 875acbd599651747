using System.Formats.Cbor;
using System.Globalization;

namespace ShantingEId.Trades;

/// <summary>One permit as a comprehensive licence bears it.</summary>
/// <param name="Code">Short name in the catalogue, e.g. <c>FOOD_BUSINESS</c>.</param>
/// <param name="Name">Chinese name.</param>
/// <param name="Number">许可证编号 as granted: what tells it from every other of the licence, also from an earlier one of the same kind.</param>
/// <param name="Department">主管部门.</param>
/// <param name="GrantDate">First day of its term.</param>
/// <param name="ExpireDate">Last day of its term; null where it has none.</param>
/// <param name="CheckBy">Granted on 告知承诺: the day by which the commitment is to be checked; null when it was not.</param>
public sealed record Permit(string Code, string Name, string Number, string Department, DateOnly GrantDate, DateOnly? ExpireDate, DateOnly? CheckBy)
{
    /// <summary>Whether it was granted on 告知承诺.</summary>
    public bool OnCommitment => CheckBy is not null;
}

/// <summary>What a 行业综合许可证 says beyond the facts of its company: trade, premises and permits.</summary>
/// <param name="Code">Short name of the trade in the catalogue.</param>
/// <param name="Name">Chinese name of the trade.</param>
/// <param name="Premises">经营场所.</param>
/// <param name="Permits">What it combines, in the catalogue's order.</param>
public sealed record TradeFacts(string Code, string Name, string Premises, IReadOnlyList<Permit> Permits)
{
    private const string Day = "yyyy-MM-dd";
    private const int PermitFields = 7;

    /// <inheritdoc/>
    public bool Equals(TradeFacts? other) =>
        other is not null && Code == other.Code && Name == other.Name && Premises == other.Premises && Permits.SequenceEqual(other.Permits);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Code, Premises, Permits.Count);

    /// <summary>
    /// Writes the form that the manifest signs: [trade code, trade name, premises, permits], a permit as [code, name, number, department,
    /// first day, last day or "", day of the check or ""].
    /// </summary>
    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(4);
        writer.WriteTextString(Code);
        writer.WriteTextString(Name);
        writer.WriteTextString(Premises);
        writer.WriteStartArray(Permits.Count);
        foreach (var permit in Permits)
        {
            writer.WriteStartArray(PermitFields);
            foreach (var text in (string[])[permit.Code, permit.Name, permit.Number, permit.Department, Text(permit.GrantDate), Text(permit.ExpireDate), Text(permit.CheckBy)])
            {
                writer.WriteTextString(text);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static TradeFacts Read(CborReader reader)
    {
        if (reader.ReadStartArray() != 4)
        {
            throw new CborContentException("trade");
        }

        var (code, name, premises) = (reader.ReadTextString(), reader.ReadTextString(), reader.ReadTextString());
        var permits = new Permit[reader.ReadStartArray() is >= 1 and <= TradeFile.MostPermits and var count ? count : throw new CborContentException("permits")];
        for (var i = 0; i < permits.Length; i++)
        {
            if (reader.ReadStartArray() != PermitFields)
            {
                throw new CborContentException("permit");
            }

            permits[i] = new Permit(reader.ReadTextString(), reader.ReadTextString(), reader.ReadTextString(), reader.ReadTextString(),
                Date(reader.ReadTextString()) ?? throw new CborContentException("first day"), Date(reader.ReadTextString()), Date(reader.ReadTextString()));
            reader.ReadEndArray();
        }

        reader.ReadEndArray();
        reader.ReadEndArray();
        return new TradeFacts(code, name, premises, permits);
    }

    private static string Text(DateOnly? day) => day?.ToString(Day, CultureInfo.InvariantCulture) ?? "";

    private static DateOnly? Date(string text) => text.Length == 0 ? null
        : DateOnly.TryParseExact(text, Day, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : throw new CborContentException("day of a permit");
}
