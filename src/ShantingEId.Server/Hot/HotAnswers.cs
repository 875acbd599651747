using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Hot;

/// <summary>A finished answer to one caller under one purpose, all but the times.</summary>
/// <param name="Caller">Who may have it.</param>
/// <param name="Purpose">Purpose as the request spells it, UTF-8.</param>
/// <param name="Entry">The register entry it was made from; the answer holds while that is the current one.</param>
/// <param name="Reply">The message without <c>status_as_of_time</c> and receipt, protobuf.</param>
/// <param name="Record">The ledger record, with times to be set.</param>
/// <param name="Facts">The facts shown, as a receipt carries them.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Its machine reason.</param>
internal sealed record HotView(Caller Caller, byte[] Purpose, RegisterEntry Entry, byte[] Reply, byte[] Record, byte[] Facts, Verdict Verdict, string Reason);

/// <summary>
/// Finished answers by the text of the code. Only texts whose signature was checked and whose set is in the register come in
/// here, so that a text found here needs no second check of its signature; its state is asked of the slot every time.
/// </summary>
/// <param name="lookup">Where the entries are.</param>
/// <param name="options">How many answers are kept.</param>
internal sealed class HotAnswers(HotLookup lookup, EidServerOptions options)
{
    private readonly GenerationCache<byte[], Answer> answers = new(options.CacheEntries, BytesComparer.Instance);
    private readonly Lock gate = new();

    private sealed class Answer(HotSlot slot)
    {
        public HotSlot Slot { get; } = slot;

        // Replaced as a whole, never changed: readers take it without a lock.
        public volatile HotView[] Views = [];
    }

    /// <summary>The answer to a text, for this caller and purpose, if it still stands.</summary>
    public HotView? Find(ReadOnlySpan<byte> code, Caller caller, ReadOnlySpan<byte> purpose)
    {
        if (!answers.Young.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(code, out var answer))
        {
            return null;
        }

        foreach (var view in answer.Views)
        {
            if (ReferenceEquals(view.Caller, caller) && purpose.SequenceEqual(view.Purpose))
            {
                return ReferenceEquals(view.Entry, answer.Slot.Current) ? view : null;
            }
        }

        return null;
    }

    /// <summary>Keeps an answer that was worked out in full, if it is of the everyday form and its entry is in the cache.</summary>
    public void Keep(LookupQuestion question, LookupAnswer answer)
    {
        // Nor what a clock or another entry may change: a prepared change, the name of the licence that took its place, the company of a
        // comprehensive licence and the terms of its permits. A neighbour's has no entry here at all: its states are the neighbour's to keep.
        if (answer is not { Verification: { Entry: { Until: null } entry, Succession: null, Holder: null }, Record: { } record }
            || question is not { Code: { } text, ReadMask: null, MaxStateAge: null, AsOfTime: null })
        {
            return;
        }

        // A scanned code leads to its entry by the manifest, a typed one by itself.
        RegisterKey[] keys = [RegisterKey.Of(entry.ManifestDigest), RegisterKey.Of(entry.TypedCode)];
        var (code, purpose) = (Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(question.Purpose));
        if (keys.Select(lookup.SlotOf).FirstOrDefault(slot => ReferenceEquals(slot?.Current, entry)) is not { } slot || Find(code, question.Caller, purpose) is not null)
        {
            return;
        }

        var reply = Wire.ToMessage(answer with { Receipt = null });
        reply.StatusAsOfTime = null;
        var view = new HotView(question.Caller, purpose, entry, reply.ToByteArray(), (record with { Reference = "" }).Encode(), answer.Facts.Encode(),
            answer.Verification.Verdict, record.Reason);
        lock (gate)
        {
            if (!answers.TryGet(code, out var kept, out _) || !ReferenceEquals(kept!.Slot, slot))
            {
                kept = new Answer(slot);
            }

            // Views of an earlier entry go; a text is asked about under a few purposes by a few callers, so the list is short.
            kept.Views = [view, .. kept.Views.Where(old => ReferenceEquals(old.Entry, view.Entry)
                && !(ReferenceEquals(old.Caller, view.Caller) && old.Purpose.AsSpan().SequenceEqual(view.Purpose))).Take(7)];
            answers.Set(code, kept);
        }
    }

    /// <summary>Compares texts of codes. Kept texts are genuine codes, so nobody can fill the table with texts of one hash.</summary>
    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static BytesComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // The end of a code is signature, that of a typed code random: the last bytes tell them apart as well as all of them.
        public int GetHashCode(ReadOnlySpan<byte> alternate) => alternate.Length >= 16
            ? HashCode.Combine(MemoryMarshal.Read<ulong>(alternate[^16..]), MemoryMarshal.Read<ulong>(alternate[^8..]))
            : HashCode.Combine(alternate.Length, alternate.Length >= 8 ? MemoryMarshal.Read<ulong>(alternate[^8..]) : 0);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
