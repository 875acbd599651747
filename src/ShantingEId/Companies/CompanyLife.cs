using ShantingEId.Cases;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Companies;

/// <summary>A seal's life.</summary>
/// <param name="Code">印章编码.</param>
/// <param name="Kind">Which of the four.</param>
/// <param name="MadeFor">The licence with which it was made.</param>
/// <param name="ReplacedBy">The licence with which another took its place; null while none has.</param>
public sealed record SealLife(SealCode Code, SealKind Kind, LicenseId MadeFor, LicenseId? ReplacedBy);

/// <summary>Resource name of a company.</summary>
public static class CompanyName
{
    private const string Collection = "companies/";

    /// <summary>The name of a company.</summary>
    public static string Of(CreditCode holder) => Collection + holder.Value;

    /// <summary>Parses <c>companies/{credit_code}</c>.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.UsccInvalid"/>, on field <c>name</c>.</exception>
    public static CreditCode Parse(string? text)
    {
        var problem = "应为 companies/{统一社会信用代码}";
        return text is not null && text.StartsWith(Collection, StringComparison.Ordinal) && CreditCode.TryParse(text[Collection.Length..], out var holder, out problem) ? holder
            : throw new EidException(ErrorReason.UsccInvalid, "name " + problem, [new FieldViolation("name", ErrorReason.UsccInvalid, problem)]);
    }
}

/// <summary>Something that happened in a simple deregistration.</summary>
/// <param name="Position">Its place in the feed.</param>
/// <param name="Number">Which proceeding.</param>
/// <param name="Event">What happened.</param>
public sealed record PlacedAct(long Position, string Number, DeregistrationEvent Event);

/// <summary>一企一档: everything the register has of a company as of one place of the feed, each part in the order in which it was recorded.</summary>
/// <param name="Versions">Every version of its licence, by version; empty when the register does not know the company.</param>
/// <param name="States">Everything recorded about them.</param>
/// <param name="Seals">Every seal, in the order in which they were made.</param>
/// <param name="Filed">Every filed item.</param>
/// <param name="Steps">What happened to the steps of its cases.</param>
/// <param name="Acts">What happened in its simple deregistrations.</param>
public sealed record CompanyLife(
    IReadOnlyList<License> Versions, IReadOnlyList<StatedEntry> States, IReadOnlyList<SealLife> Seals, IReadOnlyList<FiledRecord> Filed,
    IReadOnlyList<PlacedEvent> Steps, IReadOnlyList<PlacedAct> Acts);

/// <summary>A stretch of time in which a company bore a name without a break.</summary>
/// <param name="Holder">The company.</param>
/// <param name="Name">The name.</param>
/// <param name="From">Since when.</param>
/// <param name="Until">From when it bore another; null while it bears none.</param>
/// <param name="CurrentName">What the company is called by the time of the question.</param>
public sealed record NamePeriod(CreditCode Holder, string Name, DateTimeOffset From, DateTimeOffset? Until, string CurrentName);

/// <summary>A search by name.</summary>
/// <param name="Name">Folded as <see cref="Fold"/> does.</param>
/// <param name="IsPrefix">Whether names that go on after it are meant too.</param>
/// <param name="Time">The instant asked about; what begins later is not known yet.</param>
/// <param name="IsNow">Whether it is now.</param>
/// <param name="After">Read on from here; null from the beginning.</param>
/// <param name="Limit">How many names of companies at most.</param>
public sealed record NameSearch(string Name, bool IsPrefix, DateTimeOffset Time, bool IsNow, NamePlace? After, int Limit)
{
    private const int Longest = 60;

    /// <summary>A name, or the beginning of one, in the form in which names are compared.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: too short, or nothing that stands on a licence.</exception>
    public static string Fold(string text, bool isPrefix)
    {
        try
        {
            var folded = Question.Fold(text);
            return FaceText.Problem(folded, isPrefix ? 4 : 2, Longest) is { Length: > 0 } problem ? throw Invalid(problem) : folded;
        }
        catch (ArgumentException)
        {
            throw Invalid("含有不成对的代理码元");
        }
    }

    private static EidException Invalid(string problem) => new(ErrorReason.TextInvalid, "query " + problem, [new FieldViolation("query", ErrorReason.TextInvalid, problem)]);
}

/// <summary>A place in the list of names.</summary>
/// <param name="Name">Folded name.</param>
/// <param name="Holder">The company.</param>
public sealed record NamePlace(string Name, CreditCode Holder);

/// <summary>What a search found.</summary>
/// <param name="Periods">In the order of names; those of one company and one name together.</param>
/// <param name="Last">The last place read; null when there is nothing after it.</param>
public sealed record NamePage(IReadOnlyList<NamePeriod> Periods, NamePlace? Last);

/// <summary>Companies as a whole, in the register. Promises what <see cref="ILicenseStore"/> promises.</summary>
public interface ICompanyStore
{
    /// <summary>Everything of one company.</summary>
    ValueTask<CompanyLife> ReadLifeAsync(CreditCode holder, CancellationToken cancel);

    /// <summary>Companies that bear a name, or bore it.</summary>
    ValueTask<NamePage> SearchAsync(NameSearch search, CancellationToken cancel);

    /// <summary>Every item a company ever filed, in order.</summary>
    ValueTask<IReadOnlyList<FiledRecord>> ReadFiledAsync(CreditCode holder, CancellationToken cancel);

    /// <summary>
    /// Records filed items, alone or together with the licence that takes another's place, in one transaction. Never cancelled
    /// once begun. When the request id was committed meanwhile, its reply is returned and nothing is written.
    /// </summary>
    /// <param name="filing">The items.</param>
    /// <param name="judged">The set in force, as it was judged.</param>
    /// <param name="replacement">What takes its place; null when it stays.</param>
    /// <param name="request">The reply.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: something was done to the company meanwhile; store errors.</exception>
    ValueTask<Committed> FileAsync(Filing filing, StatedEntry judged, Replacement? replacement, WriteRequest request);
}
