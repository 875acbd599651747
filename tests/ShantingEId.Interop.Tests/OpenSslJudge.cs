using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// OpenSSL over the bytes of a sealed document. They are taken apart here once more, with the platform's own ZIP and ASN.1 readers, so that
/// nothing of the product stands between the file and the judge.
/// </summary>
internal sealed partial class OpenSslJudge : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-openssl-").FullName;
    private readonly ConcurrentDictionary<string, string> keys = new();
    private readonly ConcurrentDictionary<string, bool> known = new();
    private int files;

    /// <summary>How many signatures OpenSSL was asked about; the same twice is asked once.</summary>
    public int Asked => known.Count;

    /// <summary>Whether a signature is good, by the key of the certificate that stands beside it.</summary>
    public bool Verifies(ReadOnlyMemory<byte> certificate, ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> signature) =>
        known.GetOrAdd(Convert.ToHexString([.. certificate.Span, .. message.Span, .. signature.Span]), _ =>
        {
            string[] arguments =
                ["dgst", "-sm3", "-verify", KeyOf(certificate), "-sigopt", "distid:1234567812345678", "-signature", Write(signature.Span), Write(message.Span)];
            return Run(arguments) is (0, "Verified OK\n");
        });

    /// <summary>A seal by itself: the maker's signature over what it says.</summary>
    public bool Seal(ReadOnlyMemory<byte> bytes)
    {
        // SEQUENCE { eSealInfo, cert, algorithm, signature }, GB/T 38540-2020.
        var seal = new AsnReader(bytes, AsnEncodingRules.DER).ReadSequence();
        var (info, maker) = (seal.ReadEncodedValue(), seal.ReadOctetString());
        seal.ReadObjectIdentifier();
        return Verifies(maker, info, seal.ReadBitString(out _));
    }

    /// <summary>What of a document with one signature does not hold; empty when everything does.</summary>
    public List<string> Document(byte[] ofd)
    {
        using var zip = new ZipArchive(new MemoryStream(ofd));
        var content = zip.Entries.ToDictionary(entry => entry.FullName, Content);
        var problems = new List<string>();

        // 1. SEQUENCE { toSign, cert, algorithm, signature }; toSign is SEQUENCE { version, seal, time, hash, property }.
        var whole = new AsnReader(content["Doc_0/Signs/Sign_0/SignedValue.dat"], AsnEncodingRules.DER).ReadSequence();
        var (toSign, signer) = (whole.ReadEncodedValue(), whole.ReadOctetString());
        Assert.Equal("1.2.156.10197.1.501", whole.ReadObjectIdentifier());
        var fields = new AsnReader(toSign, AsnEncodingRules.DER).ReadSequence();
        fields.ReadInteger();
        var seal = fields.ReadEncodedValue();
        fields.ReadEncodedValue();
        var hash = fields.ReadBitString(out _);
        Assert.Equal("/Doc_0/Signs/Sign_0/Signature.xml", fields.ReadCharacterString(UniversalTagNumber.IA5String));

        // 2. Both signatures.
        Note(Verifies(signer, toSign, whole.ReadBitString(out _)), "signature over toSign");
        Note(Seal(seal), "seal");

        // 3. The hash in it is that of Signature.xml; those in there are those of the files, and of all but the signature's own.
        var text = System.Text.Encoding.UTF8.GetString(content["Doc_0/Signs/Sign_0/Signature.xml"]);
        var named = Reference().Matches(text).Select(match => (Name: match.Groups[1].Value, Digest: Convert.FromBase64String(match.Groups[2].Value))).Append((Name: "Doc_0/Signs/Sign_0/Signature.xml", Digest: hash)).ToList();
        Note(content.Count == named.Count + 2, "number of files"); // Signatures.xml and SignedValue.dat.
        foreach (var (name, digest, found) in named.Zip(Digests(named.Select(each => content[each.Name])), (each, found) => (each.Name, each.Digest, found)))
        {
            Note(Convert.ToHexStringLower(digest) == found, name);
        }

        return problems;

        void Note(bool isGood, string what)
        {
            if (!isGood)
            {
                problems.Add(what);
            }
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static byte[] Content(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // One process for all of them; one line each, in their order.
    private IEnumerable<string> Digests(IEnumerable<byte[]> contents) =>
        Run(["dgst", "-sm3", "-r", .. contents.Select(content => Write(content))]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..64]);

    private string KeyOf(ReadOnlyMemory<byte> certificate) => keys.GetOrAdd(Convert.ToHexString(certificate.Span), _ =>
    {
        var key = $"key-{Interlocked.Increment(ref files)}.pem";
        Assert.Equal(0, Run(["x509", "-inform", "DER", "-in", Write(certificate.Span), "-pubkey", "-noout", "-out", key]).Exit);
        return key;
    });

    private string Write(ReadOnlySpan<byte> bytes)
    {
        var name = $"file-{Interlocked.Increment(ref files)}";
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
        return name;
    }

    private (int Exit, string Output) Run(string[] arguments) => Foreign.Run("openssl", arguments, folder: folder);

    [GeneratedRegex("FileRef=\"/([^\"]+)\"><ofd:CheckValue>([^<]+)<")]
    private static partial Regex Reference();
}
