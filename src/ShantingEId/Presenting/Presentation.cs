using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Verifying;

namespace ShantingEId.Presenting;

/// <summary>出示: one live code, and who scanned it.</summary>
/// <param name="Code">What is signed in it.</param>
/// <param name="Text">The code as it is shown.</param>
/// <param name="App">Registered caller whose session made it.</param>
/// <param name="RequestId">Under which name it was made.</param>
/// <param name="ContentDigest">SM3 of what was asked, so that the same name is not used for something else.</param>
/// <param name="Purpose">For what the company shows it, in its own words; empty where it says nothing.</param>
/// <param name="Assertion">What goes along about the person who shows it; null without.</param>
/// <param name="Seen">Who scanned it; null while nobody has.</param>
public sealed record Presentation(LiveCode Code, string Text, string App, string RequestId, byte[] ContentDigest, string Purpose, CarriedAssertion? Assertion, Scan? Seen = null)
{
    /// <summary>From when on nobody can scan it any more; before the end of the code where its session was ended.</summary>
    public DateTimeOffset ExpireTime { get; init; } = Code.ExpireTime;
}

/// <summary>Who scanned a live code.</summary>
/// <param name="Time">When.</param>
/// <param name="By">Registered caller; <c>#public</c> for the public page.</param>
/// <param name="Purpose">用证事由 it named.</param>
public sealed record Scan(DateTimeOffset Time, string By, string Purpose);

/// <summary>How an attempt to take the one use of a code ended.</summary>
/// <param name="IsTaken">Whether this attempt took it.</param>
/// <param name="Presentation">The presentation as it stands now; null when the register knows none.</param>
public readonly record struct TakenUse(bool IsTaken, Presentation? Presentation);

/// <summary>
/// Storage of device sessions and presentations, in the register's database and outside its journal: both are over before a register could be
/// rebuilt, a code that the rebuilt register does not know is refused, and who looked stands in the look-up ledger.
/// </summary>
public interface IPresentationStore
{
    /// <summary>How long sessions and presentations are kept after their end.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Adds a session; the one of the same caller and request, where there is one.</summary>
    ValueTask<HolderSession> AddSessionAsync(HolderSession session);

    /// <summary>The session of a secret; null when there is none.</summary>
    ValueTask<HolderSession?> FindSessionAsync(byte[] secretDigest, CancellationToken cancel);

    /// <summary>Ends a session, and with it every code of it that nobody has scanned.</summary>
    /// <returns>The session as it stands then.</returns>
    ValueTask<HolderSession?> EndSessionAsync(byte[] secretDigest, DateTimeOffset time);

    /// <summary>Adds a presentation; the one of the same caller and request, where there is one. Takes away what is older than <see cref="Kept"/>.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.HolderProofRequired"/>: its session was ended meanwhile; store errors.</exception>
    ValueTask<Presentation> AddPresentationAsync(Presentation presentation);

    /// <summary>A presentation; null when there is none.</summary>
    ValueTask<Presentation?> FindPresentationAsync(PresentationId id, CancellationToken cancel);

    /// <summary>Takes the one use of a code, in one transaction: of all who try, wherever, one takes it.</summary>
    /// <param name="id">Which.</param>
    /// <param name="scan">Who, and when; not from the end of the presentation on.</param>
    ValueTask<TakenUse> TakeUseAsync(PresentationId id, Scan scan);

    /// <summary>Presentations of a company, the newest first.</summary>
    /// <param name="holder">The company.</param>
    /// <param name="before">Only places below this.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Each with its place.</returns>
    ValueTask<IReadOnlyList<(long Place, Presentation Presentation)>> ListPresentationsAsync(CreditCode holder, long before, int limit, CancellationToken cancel);
}

/// <summary>What who scanned a live code is told besides the licence.</summary>
/// <param name="Presentation">Which one.</param>
/// <param name="Holder">Whose code it is, also where it was not accepted.</param>
/// <param name="Scope">What may be shown at most.</param>
/// <param name="Purpose">For what the company showed it, in its own words.</param>
/// <param name="Assertion">What went along about the person; null without.</param>
/// <param name="Identity">What that came to; null without.</param>
public sealed record LiveShown(PresentationId Presentation, CreditCode Holder, LicenseFields Scope, string Purpose = "", CarriedAssertion? Assertion = null, IdentityReport? Identity = null);
