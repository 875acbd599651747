using System.Security.Cryptography;
using ShantingEId.Receipts;
using ShantingEId.Verifying;

namespace ShantingEId.Client;

/// <summary>
/// 核验回执, checked: who asked what for which purpose, when, the verdict, and the facts that were shown. Replaces the paper copy in your files:
/// keep the bytes; anyone with the authority's certificates can check them, offline, years later.
/// </summary>
public sealed class EidReceipt
{
    private readonly Receipt receipt;

    private EidReceipt(Receipt receipt, ReadOnlyMemory<byte> bytes)
    {
        this.receipt = receipt;
        Bytes = bytes;
    }

    /// <summary>The receipt as it is archived.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Name of the ledger entry it proves, <c>lookups/{ledger}/{tick}/{index}</c>.</summary>
    public string Name => receipt.Name;

    /// <summary>When the look-up was answered.</summary>
    public DateTimeOffset Time => receipt.Record.Time;

    /// <summary>When the state was read.</summary>
    public DateTimeOffset StatusAsOf => receipt.Record.StatusAsOf;

    /// <summary>Short name of the asker.</summary>
    public string Caller => receipt.Record.Caller;

    /// <summary>The purpose.</summary>
    public string Purpose => receipt.Record.Purpose;

    /// <summary>The asker's own file or case number.</summary>
    public string Reference => receipt.Record.Reference;

    /// <summary>Credit code of the company; empty where none was reached.</summary>
    public string Holder => receipt.Record.Holder;

    /// <summary>The verdict; <see cref="Verdict.Unspecified"/> when the look-up was refused.</summary>
    public Verdict Verdict => Enum.IsDefined((Verdict)receipt.Record.Verdict) ? (Verdict)receipt.Record.Verdict : Verdict.Unspecified;

    /// <summary>Machine reason of verdict or refusal; empty when valid.</summary>
    public string Reason => receipt.Record.Reason;

    /// <summary>What was shown, named as the API names it, e.g. <c>name</c>, <c>seal.OFFICIAL</c>, <c>answer.1</c>.</summary>
    public IReadOnlyDictionary<string, string> Facts => receipt.Facts.Facts;

    /// <summary>Checks a receipt without any server: signature, path from the ledger's signed root to this look-up, digest of the facts.</summary>
    /// <param name="bytes">The receipt.</param>
    /// <param name="trust">The authority's certificates.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.ReceiptInvalid"/>, saying in Chinese what does not hold.</exception>
    public static EidReceipt Check(ReadOnlyMemory<byte> bytes, EidTrust trust)
    {
        var problem = !Receipt.TryParse(bytes, out var receipt) ? "不是核验回执，或已残缺" : receipt.Problem(trust.Receipts);
        return problem.Length == 0 ? new EidReceipt(receipt!, bytes) : throw new EidException(ErrorReason.ReceiptInvalid, problem);
    }

    /// <summary>Whether the question was about this code or credit code. The receipt holds its digest only.</summary>
    public bool IsAbout(string codeOrCreditCode) =>
        CryptographicOperations.FixedTimeEquals(receipt.Record.RequestDigest, LookupRecord.DigestRequest(receipt.Record.Method, codeOrCreditCode));

    /// <summary>Writes it to a file, whole or not at all; an existing file is never replaced.</summary>
    /// <exception cref="IOException">The file exists or cannot be written.</exception>
    public void Save(string path)
    {
        var unfinished = path + ".part";
        try
        {
            using (var file = File.Create(unfinished))
            {
                file.Write(Bytes.Span);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: false);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>What does not fit the question and the answer; empty when it is the receipt of both.</summary>
    internal string Misfit(Asked asked, int verdict, string reason, DateTimeOffset? statusAsOf, IReadOnlyDictionary<string, string> shown)
    {
        var record = receipt.Record;
        if (record.Method != asked.Method || !IsAbout(asked.Subject))
        {
            return "回执不是对这个问题的答复";
        }

        if (record.Purpose != asked.Purpose || record.Reference != asked.Reference)
        {
            return "回执的用证事由或办件编号与所问的不同";
        }

        if (record.Verdict != verdict || record.Reason != reason || statusAsOf is { } read && record.StatusAsOf.ToUnixTimeMilliseconds() != read.ToUnixTimeMilliseconds())
        {
            return "回执的结论或状态读取时间与答复不同";
        }

        // Both ways, for every name this SDK knows: nothing was shown that is not proved, and nothing proved that was not shown.
        return AnswerFacts.Known(Facts.Keys.Concat(shown.Keys)).All(name => Facts.GetValueOrDefault(name, "") == shown.GetValueOrDefault(name, "")) ? "" : "回执所载事项与答复不同";
    }
}
