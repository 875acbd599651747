using System.Buffers.Text;
using System.Formats.Cbor;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.StatusLists;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.StatusLists;

/// <summary>Status lists and their tokens: the published bytes, one form, one use, no bomb.</summary>
public sealed class StatusListTests
{
    private const string Address = "https://eid.shanting.example/status/0";
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 6, 0, 0, TimeSpan.Zero);
    private static readonly SigningKey Signer = HandMade.Certified("示例状态签发", TestCertificates.From, TestCertificates.To, CertificateUse.StatusSigning);
    private static readonly Sm2Certificate[] Ours = [TestCertificates.Root, TestCertificates.Authority, Signer.Certificate];

    // The draft's own lists: two of §4.1, and the first of its test vectors with 2^20 entries of two bits.
    private static readonly (string File, Func<StatusList> List)[] Published =
    [
        ("status_list_encoding", () => new StatusList(1, [0xb9, 0xa3])),
        ("status_list_encoding2", () => new StatusList(2, [0xc9, 0x44, 0xf9])),
        ("status_list_encoding2_long", () =>
        {
            var list = new StatusList(2, new byte[1 << 18]);
            foreach (var (at, state) in ((int, int)[])[(0, 1), (1993, 2), (25460, 1), (159495, 3), (495669, 1), (554353, 1), (645645, 2), (723232, 1), (854545, 1), (934534, 2), (1000345, 3)])
            {
                list[at] = state;
            }

            return list;
        }),
    ];

    [Fact]
    public void Lists_are_written_in_the_very_bytes_of_the_draft()
    {
        foreach (var (file, make) in Published)
        {
            var writer = new CborWriter(CborConformanceMode.Strict);
            make().Write(writer);
            Assert.Equal(Hexadecimal(SharedData.Require($"vectors/status-list/{file}_cbor.md")), Convert.ToHexStringLower(writer.Encode()));

            var text = File.ReadAllText(SharedData.Require($"vectors/status-list/{file}_json.md"));
            using var json = JsonDocument.Parse(string.Concat(text[text.IndexOf('{', StringComparison.Ordinal)..].Split('\n').Select(line => line.Trim())));
            Assert.Equal((json.RootElement.GetProperty("bits").GetInt32(), json.RootElement.GetProperty("lst").GetString()), (make().Bits, Base64Url.EncodeToString(make().Compress())));
        }
    }

    [Fact]
    public void The_published_bytes_are_read_back()
    {
        foreach (var (file, make) in Published)
        {
            var reader = new CborReader(Convert.FromHexString(Hexadecimal(SharedData.Require($"vectors/status-list/{file}_cbor.md"))));
            Assert.True(StatusList.TryRead(reader, out var list));
            Assert.Equal(make().Packed.ToArray(), list.Packed.ToArray());
        }

        // §4.1: the entries as the draft counts them.
        Assert.Equal([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], Enumerable.Range(0, 16).Select(at => Published[0].List()[at]));
        Assert.Equal([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], Enumerable.Range(0, 12).Select(at => Published[1].List()[at]));
    }

    [Fact]
    public void A_place_that_nobody_was_given_is_invalid()
    {
        var list = StatusList.CreateUnused();

        Assert.Equal(1 << StatusIndex.Bits, list.Count);
        Assert.True(Enumerable.Range(0, list.Count).All(at => list[at] == (int)LicenseStatus.Invalid));
        list[7] = (int)LicenseStatus.Superseded;
        list[8] = (int)LicenseStatus.Valid;
        Assert.Equal([1, 3, 0, 1], Enumerable.Range(6, 4).Select(at => list[at]));
        // Every state has its bits, and only what is in force is VALID.
        Assert.Equal([SetState.Active], Enum.GetValues<SetState>().Where(state => LicenseStatuses.Of(state) == LicenseStatus.Valid));
        Assert.Equal([SetState.Suspended], Enum.GetValues<SetState>().Where(state => LicenseStatuses.Of(state) == LicenseStatus.Suspended));
        Assert.Equal([SetState.Superseded], Enum.GetValues<SetState>().Where(state => LicenseStatuses.Of(state) == LicenseStatus.Superseded));
    }

    [Fact]
    public void What_unpacks_to_more_than_a_list_or_goes_on_is_refused()
    {
        static byte[] Zlib(byte[] bytes)
        {
            using var output = new MemoryStream();
            using (var zlib = new System.IO.Compression.ZLibStream(output, System.IO.Compression.CompressionLevel.Optimal))
            {
                zlib.Write(bytes);
            }

            return output.ToArray();
        }

        Assert.NotNull(StatusList.Unpack(8, Zlib(new byte[StatusList.MaxBytes])));
        Assert.Null(StatusList.Unpack(8, Zlib(new byte[StatusList.MaxBytes + 1])));
        Assert.Null(StatusList.Unpack(8, Zlib(new byte[256 * 1024 * 1024]))); // 250 KB that would be 256 MB.
        Assert.Null(StatusList.Unpack(2, [.. Zlib([1, 2, 3]), 0]));
        Assert.Null(StatusList.Unpack(2, Zlib([1, 2, 3])[..^1]));
        Assert.Null(StatusList.Unpack(2, Zlib([])));
        Assert.Null(StatusList.Unpack(2, []));
        Assert.Null(StatusList.Unpack(3, Zlib([1, 2, 3])));
    }

    [Fact]
    public void A_token_reads_back_and_says_what_the_draft_asks()
    {
        var bytes = Token().Sign(Signer).Encode();

        var read = StatusToken.Open(bytes, Address, Ours);

        Assert.Equal((Address, Now, Now.AddHours(24), TimeSpan.FromSeconds(60)), (read.Address, read.IssueTime, read.ExpireTime, read.Ttl));
        Assert.Equal(Token().List.Packed.ToArray(), read.List.Packed.ToArray());

        // As another reader sees it: tag 18; header 1, 4 and 16; claims of the draft.
        var reader = new CborReader(bytes);
        Assert.Equal((CborTag)18, reader.ReadTag());
        reader.ReadStartArray();
        var header = new CborReader(reader.ReadByteString());
        Assert.Equal((3, 1, Envelope.Algorithm, 4), (header.ReadStartMap(), header.ReadInt32(), header.ReadInt32(), header.ReadInt32()));
        header.ReadByteString();
        Assert.Equal((16, "application/statuslist+cwt"), (header.ReadInt32(), header.ReadTextString()));
        reader.SkipValue();
        var claims = new CborReader(reader.ReadByteString());
        var seen = new List<int>();
        for (var left = claims.ReadStartMap(); left > 0; left--)
        {
            seen.Add(claims.ReadInt32());
            claims.SkipValue();
        }

        Assert.Equal([2, 4, 6, 65533, 65534], seen);
    }

    [Fact]
    public void A_token_is_for_one_list_one_use_and_from_one_key()
    {
        var token = Token();
        var bytes = token.Sign(Signer).Encode();

        Refused(bytes, Address[..^1] + "1");
        Refused(bytes, Address, TestCertificates.Root, TestCertificates.Authority);
        Refused(bytes, Address, Signer.Certificate);
        Refused(bytes, Address, TestCertificates.SelfSigned(TestCertificates.RootKey), Signer.Certificate);
        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => token.Sign(SampleSeals.Signer)).Reason);
        Assert.True(Envelope.TryParse(bytes, out var envelope));
        // A seal's key under the same root; the same key, for other uses.
        Refused(Envelope.Sign(ContentType.StatusList, envelope.Payload, SampleSeals.Signer).Encode(), Address, [.. Ours, TestCertificates.Leaf]);
        foreach (var use in Enum.GetValues<ContentType>().Where(use => use != ContentType.StatusList))
        {
            Refused(Envelope.Sign(use, envelope.Payload, Signer).Encode(), Address, Ours);
            Refused(Envelope.Assemble(ContentType.StatusList, envelope.KeyId, envelope.Payload, Envelope.Sign(use, envelope.Payload, Signer).Signature).Encode(), Address, Ours);
        }

        // The number that stands for the text is no way to say it.
        var numbered = Envelope.Sign(ContentType.StatusPack, envelope.Payload, Signer).Encode();
        var at = numbered.AsSpan().IndexOf(new byte[] { 0x19, 0xFD, 0xFD }); // 65021
        Assert.True(at > 0);
        numbered[at + 2] = 0xFC; // 65020
        Assert.False(Envelope.TryParse(numbered, out _));
    }

    [Fact]
    public void Every_changed_bit_of_a_token_is_refused()
    {
        var bytes = Token().Sign(Signer).Encode();
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var altered = bytes.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(altered, Address, Ours);
        }
    }

    [Fact]
    public void A_payload_has_one_form()
    {
        // Longer integers, another order, more claims: each signed as it should be.
        byte[] lst = Token().List.Compress();
        byte[] Claims(Action<CborWriter> write)
        {
            var writer = new CborWriter(CborConformanceMode.Lax);
            write(writer);
            return writer.Encode();
        }

        byte[] Of(params int[] order) => Claims(writer =>
        {
            writer.WriteStartMap(order.Length);
            foreach (var label in order)
            {
                writer.WriteInt32(label);
                switch (label)
                {
                    case 2: writer.WriteTextString(Address); break;
                    case 65533: Token().List.Write(writer); break;
                    case 65534: writer.WriteInt32(60); break;
                    default: writer.WriteInt64((label == 4 ? Now.AddHours(24) : Now).ToUnixTimeSeconds()); break;
                }
            }

            writer.WriteEndMap();
        });

        Accepted(Of(2, 4, 6, 65533, 65534));
        Refused(Of(2, 6, 4, 65533, 65534));
        Refused(Of(2, 4, 6, 65534, 65533));
        Refused(Of(2, 4, 6, 65533));
        Refused(Of(2, 4, 6, 65533, 65534, 7));
        Refused([.. Of(2, 4, 6, 65533, 65534), 0]);
        var wide = Of(2, 4, 6, 65533, 65534);
        Refused([.. wide[..^1].AsSpan()[..^1], 0x19, 0x00, 60]); // ttl 60 in two bytes.
        Assert.NotEmpty(lst);

        static void Accepted(byte[] payload) => StatusToken.Open(Envelope.Sign(ContentType.StatusList, payload, Signer).Encode(), Address, Ours);
        static void Refused(byte[] payload) => StatusListTests.Refused(Envelope.Sign(ContentType.StatusList, payload, Signer).Encode(), Address, Ours);
    }

    private static StatusToken Token() => new()
    {
        Address = Address, IssueTime = Now, ExpireTime = Now.AddHours(24), Ttl = TimeSpan.FromSeconds(60), List = new StatusList(2, [0xc9, 0x44, 0xf9]),
    };

    private static string Hexadecimal(string path) => string.Concat(File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line.All(char.IsAsciiHexDigitLower)));

    private static void Refused(byte[] bytes, string address, params Sm2Certificate[] certificates) =>
        Assert.Equal(ErrorReason.StatusInvalid, Assert.Throws<EidException>(() => StatusToken.Open(bytes, address, certificates.Length == 0 ? Ours : certificates)).Reason);
}
