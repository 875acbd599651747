using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Numerics;
using ShantingEId.Crypto;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// OpenSSL 3 judges a receipt: every SM3 on the way from the record to the root, and the SM2 signature over the root. The form is
/// read here from docs/formats.md, by nothing of the library.
/// </summary>
public sealed class OpenSslReceiptTests(ReceiptFiles files) : IClassFixture<ReceiptFiles>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-openssl-receipt-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task OpenSsl_finds_record_path_and_signature_of_a_receipt_right_and_no_changed_byte()
    {
        Foreign.Need("openssl");
        var parts = await OfSharedTickAsync();

        // 1. The facts are those of the record, the record is under the root.
        Assert.Equal(parts.FactsDigest, Sm3(parts.Facts));
        Assert.Equal(parts.Root, RootOf(parts));

        // 2. The root is signed.
        Assert.True(IsSigned(parts));

        // 3. The judge must be able to say no, to each of them.
        Assert.NotEqual(parts.FactsDigest, Sm3(Flip(parts.Facts)));
        Assert.NotEqual(parts.Root, RootOf(parts with { Record = Flip(parts.Record) }));
        Assert.NotEqual(parts.Root, RootOf(parts with { Path = [Flip(parts.Path[0]), .. parts.Path[1..]] }));
        Assert.NotEqual(parts.Root, RootOf(parts with { Index = parts.Index ^ 1 }));
        Assert.False(IsSigned(parts with { Payload = Flip(parts.Payload) }));
        Assert.False(IsSigned(parts with { Protected = Flip(parts.Protected) }));
        Assert.False(IsSigned(parts with { Signature = Flip(parts.Signature) }));
    }

    private sealed record Parts(byte[] Record, byte[] Facts, byte[] FactsDigest, int Index, int Count, byte[][] Path, byte[] Protected, byte[] Payload, byte[] Root, byte[] Signature);

    // A receipt alone in its tick has no path and would prove little. Its neighbour must be another record: two askers in the same
    // millisecond leave two that are equal, and then their places may be exchanged.
    private async Task<Parts> OfSharedTickAsync()
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            if ((await files.ManyAsync(20)).Select(Read).FirstOrDefault(parts => parts.Path.Length >= 2 && (parts.Index ^ 1) < parts.Count
                && !parts.Path[0].AsSpan().SequenceEqual(Sm3([0, .. parts.Record]))) is { } found)
            {
                return found;
            }
        }

        throw new InvalidOperationException("no three look-ups shared a tick");
    }

    private static Parts Read(byte[] receipt)
    {
        // 1. [1, record, facts, place, count, [hashes], signed root]
        var reader = new CborReader(receipt);
        Assert.Equal(7, reader.ReadStartArray());
        Assert.Equal(1, reader.ReadInt32());
        var (record, facts, index, count) = (reader.ReadByteString(), reader.ReadByteString(), reader.ReadInt32(), reader.ReadInt32());
        var path = new byte[reader.ReadStartArray()!.Value][];
        for (var i = 0; i < path.Length; i++)
        {
            path[i] = reader.ReadByteString();
        }

        reader.ReadEndArray();

        // 2. COSE_Sign1: 18([protected, {}, payload, signature])
        var signed = new CborReader(reader.ReadByteString());
        Assert.Equal(18UL, (ulong)signed.ReadTag());
        Assert.Equal(4, signed.ReadStartArray());
        var header = signed.ReadByteString();
        signed.SkipValue();
        var (payload, signature) = (signed.ReadByteString(), signed.ReadByteString());

        // 3. The root is the seventh of eight, the digest of the facts the eleventh of twelve.
        return new Parts(record, facts, Item(record, 10), index, count, path, header, payload, Item(payload, 6), signature);
    }

    private static byte[] Item(byte[] array, int place)
    {
        var reader = new CborReader(array);
        reader.ReadStartArray();
        for (var i = 0; i < place; i++)
        {
            reader.SkipValue();
        }

        return reader.ReadByteString();
    }

    // RFC 9162 §2.1.3.2, with SM3.
    private byte[] RootOf(Parts parts)
    {
        var hash = Sm3([0, .. parts.Record]);
        var (place, last) = (parts.Index, parts.Count - 1);
        foreach (var neighbour in parts.Path)
        {
            if ((place & 1) == 1 || place == last)
            {
                hash = Sm3([1, .. neighbour, .. hash]);
                while ((place & 1) == 0 && place != 0)
                {
                    (place, last) = (place >> 1, last >> 1);
                }
            }
            else
            {
                hash = Sm3([1, .. hash, .. neighbour]);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return hash;
    }

    private byte[] Sm3(byte[] data)
    {
        File.WriteAllBytes(In("data"), data);
        var (exit, text) = Foreign.Run("openssl", ["dgst", "-sm3", "-r", "data"], folder: folder);
        Assert.True(exit == 0, text);
        return Convert.FromHexString(text[..64]);
    }

    private bool IsSigned(Parts parts)
    {
        // Sig_structure of RFC 9052: ["Signature1", protected, external data (none), payload].
        var writer = new CborWriter();
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(parts.Protected);
        writer.WriteByteString([]);
        writer.WriteByteString(parts.Payload);
        writer.WriteEndArray();
        File.WriteAllBytes(In("message"), writer.Encode());

        var signature = new AsnWriter(AsnEncodingRules.DER);
        using (signature.PushSequence())
        {
            signature.WriteInteger(new BigInteger(parts.Signature.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            signature.WriteInteger(new BigInteger(parts.Signature.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        File.WriteAllBytes(In("signature"), signature.Encode());
        var signer = Sm2Certificate.Parse(Convert.FromBase64String(string.Concat(File.ReadAllLines(Path.Combine(files.Certificates, "receipt-signer.crt")).Where(line => !line.StartsWith('-')))));
        File.WriteAllText(In("key.pem"), new string(System.Security.Cryptography.PemEncoding.Write("PUBLIC KEY", signer.PublicKey.Spki)));
        var (exit, text) = Foreign.Run("openssl", ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", "distid:1234567812345678", "-signature", "signature", "message"], folder: folder);
        Assert.Equal(exit == 0, text == "Verified OK\n");
        return exit == 0;
    }

    private static byte[] Flip(byte[] bytes)
    {
        var altered = bytes.ToArray();
        altered[^1] ^= 1;
        return altered;
    }

    private string In(string file) => Path.Combine(folder, file);
}
