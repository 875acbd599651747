using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Codes;

/// <summary>
/// Place of a licence in the signed status lists; and, following from it, those of its seals and permits. A licence is given one
/// place that is never given again, so that the places which follow from it are nobody else's either: at the same index of lists
/// whose number says in its upper bits what they are about. Nothing more is stored, and what was issued before has them too.
/// </summary>
/// <param name="List">Number of the list, from 0; those of licences stay below 65536.</param>
/// <param name="Index">Place in the list.</param>
public readonly record struct StatusReference(int List, int Index)
{
    /// <summary>Bits of a list's number that count lists of licences.</summary>
    public const int ListBits = 16;

    /// <summary>What a list is about, in the bits above: 0 licences, 1 to 4 seals of a kind, this one permits as a whole.</summary>
    public const int Permits = 16;

    /// <summary>The first permit of comprehensive licences; the others follow in their order on the licence.</summary>
    public const int FirstPermit = 17;

    /// <summary>The last one: no comprehensive licence has more permits.</summary>
    public const int LastPermit = FirstPermit + TradeFile.MostPermits - 1;

    /// <summary>Place of the seal of a kind that was made for the licence at this place.</summary>
    public StatusReference OfSeal(SealKind kind) => Above((int)kind);

    /// <summary>Place that says of a comprehensive licence whether all of its permits are in force: VALID, else SUSPENDED. INVALID where no such licence is.</summary>
    public StatusReference OfPermits => Above(Permits);

    /// <summary>Place of one permit of the comprehensive licence at this place.</summary>
    /// <param name="ordinal">Its place on the licence, from 0.</param>
    public StatusReference OfPermit(int ordinal) => Above(FirstPermit + ordinal);

    /// <summary>Web address (sub) of a list: under the official address, as codes have it, in the small letters of web addresses.</summary>
    /// <param name="codePrefix">Official address in front of every licence code.</param>
    /// <param name="list">Number of the list.</param>
    public static string AddressOf(string codePrefix, int list) => $"{new Uri(codePrefix).GetLeftPart(UriPartial.Authority)}/status/{list}";

    /// <summary>As people read it, e.g. <c>0/4711</c>. What a record prints by itself would print the places that follow from it, and theirs, for ever.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{List}/{Index}");

    private StatusReference Above(int what) => this with { List = List | (what << ListBits) };
}
