using System.Diagnostics;
using System.Globalization;
using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Recognition;
using ShantingEId.StatusLists;
using ShantingEId.Tests.Codes;
using ShantingEId.Tests.Documents;
using ShantingEId.Tests.Vectors;

namespace ShantingEId.Tests.Fuzzing;

/// <summary>
/// I39: what strangers send to the parsers of codes, envelopes, receipts, packs, deltas, status lists and lists of whom we recognise ends in a refusal,
/// soon and with little memory; and what is accepted has no second spelling. The published vectors are what it starts from. <c>EID_FUZZ</c> says how
/// many inputs; how they are shared out stands in docs/measuring.md.
/// </summary>
public sealed class ParserFuzzTests
{
    private static readonly int Inputs = int.Parse(Environment.GetEnvironmentVariable("EID_FUZZ") ?? "1000000", CultureInfo.InvariantCulture);

    // An input of a few kilobytes may not cost more; a status list unpacks into a megabyte at most.
    private const long MostBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3); // Two test processes may share the machine.

    [Fact]
    public void No_input_ends_in_anything_but_a_refusal_and_nothing_has_two_spellings()
    {
        var before = Read("packs/before.bin");
        var kinds = new (int PerMille, string Name, byte[][] Samples, Action<byte[]> Take)[]
        {
            (250, "texts", Seeds("code"), Text),
            (215, "codes", [.. Seeds("code").Select(Spelt)], bytes => Text(Encoding.ASCII.GetBytes(CodeVectors.Prefix + "1" + Base32.Encode(bytes)))),
            (200, "envelopes", Seeds("envelope"), Opened),
            (100, "receipts", Seeds("receipt"), Receipt),
            (80, "status lists", Payloads("status-list"), bytes => StatusToken.TryRead(Wrapped(ContentType.StatusList, bytes), out _)),
            (80, "packs", Payloads("pack"), Pack),
            (35, "trust lists", TrustLists(), Recognised),
            (35, "neighbour lists", NeighbourVectors.Payloads(), Neighbours),
            (5, "deltas", Seeds("delta"), bytes => Refusable(() => PackDelta.Apply(before, bytes))),
        };
        var tried = 0;
        // Every kind is tried to its end or its own failure.
        var failures = kinds.AsParallel().Select(kind => Record.Exception(() => Interlocked.Add(ref tried, Run(kind.Name, (int)((long)Inputs * kind.PerMille / 1000), kind.Samples, kind.Take)))).ToList();

        Assert.All(failures, Assert.Null);
        CodeMutationTests.Figure($"figure fuzz_inputs {tried} inputs >= {Inputs}");
        Assert.InRange(tried, Inputs - kinds.Length, int.MaxValue);
    }

    private static int Run(string name, int count, byte[][] samples, Action<byte[]> take)
    {
        Assert.True(samples.Length > 5, name);
        var mutator = new Mutator("parsers " + name, samples);
        for (var i = 0; i < count; i++)
        {
            var bytes = mutator.Next();
            var (watch, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                take(bytes);
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{name}, input {i}: {error}\n{Convert.ToBase64String(bytes)}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < MostBytes && Stopwatch.GetElapsedTime(watch) < Longest, $"{name}, input {i} took {Stopwatch.GetElapsedTime(watch)}\n{Convert.ToBase64String(bytes)}");
        }

        return count;
    }

    private static void Text(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (LicenseCode.TryOpen(text, CodeVectors.Prefix, out var envelope) == CodeProblem.None)
        {
            Assert.Equal(text, CodeVectors.Prefix + "1" + Base32.Encode(envelope!.Encode()));
            LicenseCode.Read(envelope);
        }

        Assert.True(!TypedCode.TryParse(text, out var typed) || TypedCode.TryParse(typed.ToString(), out _));
    }

    private static void Opened(byte[] bytes)
    {
        if (Envelope.TryParse(bytes, out var envelope))
        {
            Assert.Equal(bytes, envelope.Encode());
            StatusPack.TryRead(envelope, out _);
            StatusToken.TryRead(envelope, out _);
        }
    }

    private static void Receipt(byte[] bytes)
    {
        if (ShantingEId.Receipts.Receipt.TryParse(bytes, out var receipt))
        {
            receipt.Problem(Tests.Receipts.ReceiptCases.Keys);
        }
    }

    private static void Pack(byte[] payload)
    {
        if (StatusPack.TryRead(Wrapped(ContentType.StatusPack, payload), out var pack))
        {
            Assert.Equal(payload, PackForm.Encode(pack));
        }
    }

    private static void Recognised(byte[] payload)
    {
        if (TrustList.TryRead(Wrapped(ContentType.TrustList, payload), out var list))
        {
            Assert.Equal(payload, list.Encode());
        }
    }

    private static void Neighbours(byte[] payload)
    {
        if (NeighbourList.TryRead(Wrapped(ContentType.NeighbourList, payload), out var list))
        {
            Assert.Equal(payload, list.Encode());
        }
    }

    private static void Refusable(Action act)
    {
        try
        {
            act();
        }
        catch (EidException error) when (error.Reason == ErrorReason.StatusInvalid)
        {
            // Refused by its reason.
        }
    }

    // The reader behind the signature, without the signature.
    private static Envelope Wrapped(ContentType use, byte[] payload) => Envelope.Assemble(use, VectorKeys.StatusSigner.Private.PublicKey.KeyId, payload, AnySignature);

    private static readonly Sm2Signature AnySignature = VectorKeys.Sign(VectorKeys.StatusSigner, [0]);

    private static byte[] Spelt(byte[] text) =>
        Encoding.UTF8.GetString(text) is var code && code.StartsWith(CodeVectors.Prefix + "1", StringComparison.Ordinal) && Base32.Decode(code.AsSpan(CodeVectors.Prefix.Length + 1)) is { Length: > 0 } bytes ? bytes : [0];

    // Of nobody, of one CA, of several, and what an entry can say.
    private static byte[][] TrustLists()
    {
        var entry = new TrustListEntry(VectorKeys.OtherRoot.Certificate, "样例外省 CA", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", VectorKeys.Now, VectorKeys.Now.AddDays(1));
        var other = entry with { Certificate = VectorKeys.NeighbourRoot.Certificate, Name = "样例邻区 CA", Uses = TrustUse.All, Region = "" };
        return
        [
            .. ((TrustListEntry[][])[[], [entry], [other], [entry, other], [other, entry, entry], [entry with { Region = "370406", Uses = TrustUse.TimeStamping }]])
                .Select((entries, i) => new TrustList { Number = (i * 1000) + 1, IssueTime = VectorKeys.Now, NextUpdate = VectorKeys.Now.AddDays(i), Entries = entries }.Encode()),
        ];
    }

    private static byte[][] Payloads(string kind) => [.. Seeds(kind).Select(bytes => Envelope.TryParse(bytes, out var envelope) ? envelope.Payload : bytes)];

    // Small ones alone: a quarter of a megabyte of states teaches nothing more, and copying it would be most of the work.
    private static byte[][] Seeds(string kind) =>
        [.. Directory.GetFiles(VectorKeys.Folder, kind + "-*").Where(path => !path.EndsWith(".json", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(bytes => bytes.Length is > 0 and < 20_000)];

    private static byte[] Read(string path) => File.ReadAllBytes(Path.Combine(VectorKeys.Folder, path));
}
