using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>Who looked up a company.</summary>
/// <param name="Newest">The newest look-ups first.</param>
/// <param name="CompleteUntil">Every look-up answered up to this time is in the list; later ones may still be on their way.</param>
/// <param name="HasMore">Whether there are older ones than were asked for.</param>
public sealed record EidLookups(IReadOnlyList<Lookup> Newest, DateTimeOffset? CompleteUntil, bool HasMore);
