using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using ShantingEId.Issuing;

namespace ShantingEId.Cases;

/// <summary>
/// Names one case for those who work on it: twenty random digits and small letters. Not the progress code, which applicants carry
/// about and which opens less.
/// </summary>
public sealed record CaseId
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int Length = 20;

    private CaseId(string value) => Value = value;

    /// <summary>The text.</summary>
    public string Value { get; }

    /// <summary>A fresh one.</summary>
    public static CaseId New() => new(RandomNumberGenerator.GetString(Alphabet, Length));

    /// <summary>Parses strictly.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out CaseId? id)
    {
        id = text is { Length: Length } && text.All(c => Alphabet.Contains(c, StringComparison.Ordinal)) ? new CaseId(text) : null;
        return id is not null;
    }

    /// <summary>Under which request id the case's licence is issued: each state of the facts is issued at most once, whoever tries and how often.</summary>
    public RequestId IssueRequest(int factsRevision) => RequestId.Parse($"case-{Value}-{factsRevision}");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
