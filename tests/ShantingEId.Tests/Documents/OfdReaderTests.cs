using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Tests.Documents;

/// <summary>Packages of strangers: limits hold before anything is unpacked, two readers can never see different files, XML declares nothing.</summary>
public sealed class OfdReaderTests
{
    private static readonly RawEntry Good = new("OFD.xml", "<a/>"u8.ToArray());

    [Fact]
    public void Containers_of_ordinary_tools_are_read()
    {
        foreach (var seekable in new[] { true, false })
        {
            using var stream = new MemoryStream();
            using (var zip = new ZipArchive(seekable ? stream : new OneWay(stream), ZipArchiveMode.Create, leaveOpen: true))
            {
                foreach (var (name, text) in new[] { ("OFD.xml", "<a/>"), ("Doc_0/", ""), ("Doc_0/中文附件.xml", "<b>内容</b>"), ("Doc_0/empty.dat", "") })
                {
                    using var entry = zip.CreateEntry(name).Open();
                    entry.Write(Encoding.UTF8.GetBytes(text));
                }
            }

            var package = OfdReader.Read(stream.ToArray());

            Assert.Equal(["Doc_0/empty.dat", "Doc_0/中文附件.xml", "OFD.xml"], package.Files.Keys.Order(StringComparer.Ordinal));
            Assert.Equal("<b>内容</b>", Encoding.UTF8.GetString(package.Files["Doc_0/中文附件.xml"].Span));
            Assert.Empty(package.Malformed);
        }

        Assert.Single(OfdReader.Read(RawZip.Build([Good])).Files);
        Assert.Single(OfdReader.Read(RawZip.Build([Good with { Method = 0 }])).Files);
        Assert.Single(OfdReader.Read(RawZip.Build([Good with { Flags = 0x0808 }])).Files);
    }

    [Fact]
    public void What_exceeds_a_limit_is_refused_before_it_is_unpacked()
    {
        var zeros = RawZip.Deflate(new byte[60 * 1024 * 1024]);
        var random = new byte[300 * 1024];
        new Crypto.TestRandom("noise").Bytes(random.Length).CopyTo(random, 0);
        var cases = new (string Name, Func<byte[]> Make)[]
        {
            ("more than 8 MiB", () => new byte[(8 * 1024 * 1024) + 1]),
            ("501 entries", () => RawZip.Build(Enumerable.Range(0, 501).Select(i => new RawEntry($"f{i}", [1])))),
            ("a bomb", () => RawZip.Build([Good with { Packed = zeros, Size = 60 * 1024 * 1024 }])),
            ("ratio over 100", () => RawZip.Build([new RawEntry("a", new byte[200 * 1024])])),
            ("64 MiB together", () => RawZip.Build(Enumerable.Range(0, 70).Select(i => new RawEntry($"f{i}", []) { Packed = random[..(20 * 1024)], Size = 1024 * 1024, Crc = 0 }))),
        };
        foreach (var (name, make) in cases)
        {
            var bytes = make();
            var (reason, allocated, elapsed) = Refusal(bytes);
            Assert.True(reason == ErrorReason.ContainerLimits, $"{name}: {reason}");
            Assert.True(allocated < 4 * 1024 * 1024, $"{name}: {allocated} bytes");
            Assert.True(elapsed < TimeSpan.FromSeconds(1), $"{name}: {elapsed}");
        }

        // A bomb that lies about its size is stopped at the size it claims.
        var (lie, taken, _) = Refusal(RawZip.Build([Good with { Packed = zeros, Size = 100 * 1024 }]));
        Assert.Equal(ErrorReason.ContainerUnsafe, lie);
        Assert.True(taken < 4 * 1024 * 1024, $"{taken} bytes");
    }

    [Fact]
    public void What_two_readers_could_see_differently_is_refused()
    {
        var deflated = RawZip.Deflate(Good.Content);
        var cases = new (string Name, byte[] Bytes)[]
        {
            ("not a container", "PK something else"u8.ToArray()),
            ("nothing", []),
            ("absolute", RawZip.Build([new RawEntry("/a", [1])])),
            ("parent", RawZip.Build([new RawEntry("a/../../b", [1])])),
            ("this", RawZip.Build([new RawEntry("a/./b", [1])])),
            ("empty part", RawZip.Build([new RawEntry("a//b", [1])])),
            ("backslash", RawZip.Build([new RawEntry("a\\b", [1])])),
            ("drive", RawZip.Build([new RawEntry("C:b", [1])])),
            ("control character", RawZip.Build([new RawEntry("a\nb", [1])])),
            ("no name", RawZip.Build([new RawEntry("", [1])])),
            ("long name", RawZip.Build([new RawEntry(new string('a', 513), [1])])),
            ("twice", RawZip.Build([Good, Good])),
            ("twice but for case", RawZip.Build([Good, Good with { Name = "ofd.XML" }])),
            ("twice but for width", RawZip.Build([Good, Good with { Name = "ＯFD.xml" }])),
            ("file and folder", RawZip.Build([new RawEntry("a", [1]), new RawEntry("a/b", [1])])),
            ("link", RawZip.Build([Good with { ExternalAttributes = unchecked((int)0xA1FF0000) }])),
            ("device", RawZip.Build([Good with { ExternalAttributes = 0x21FF0000 }])),
            ("encrypted", RawZip.Build([Good with { Flags = 0x0801 }])),
            ("strongly encrypted", RawZip.Build([Good with { Flags = 0x0840 }])),
            ("unknown method", RawZip.Build([Good with { Method = 12, Packed = deflated }])),
            ("folder with content", RawZip.Build([new RawEntry("a/", [1, 2, 3, 4])])),
            ("other name inside", RawZip.Build([Good with { LocalName = "OFE.xml" }])),
            ("other flags inside", RawZip.Build([Good with { LocalFlags = 0 }])),
            ("other time inside", RawZip.Build([Good with { LocalTime = 1 }])),
            ("wrong checksum", RawZip.Build([Good with { Crc = 1 }])),
            ("shorter than said", RawZip.Build([Good with { Size = 5 }])),
            ("longer than said", RawZip.Build([Good with { Size = 3 }])),
            ("bytes behind the deflated ones", RawZip.Build([Good with { Packed = [.. deflated, 1, 2, 3] }])),
            ("many bytes behind the deflated ones", RawZip.Build([Good with { Packed = [.. deflated, .. new byte[300]] }])),
            ("bytes before", [1, .. RawZip.Build([Good])]),
            ("bytes before, counted", RawZip.Build([Good with { Before = [1, 2, 3] }])),
            ("bytes between", RawZip.Build([Good, Good with { Name = "b.xml", Before = [1] }])),
            ("bytes before the directory", RawZip.Build([Good], beforeDirectory: [1, 2])),
            ("bytes after", [.. RawZip.Build([Good]), 0]),
            ("comment", RawZip.Build([Good], comment: [1, 2])),
            ("cut off", RawZip.Build([Good])[..^1]),
            ("archive inside", RawZip.Build([Good, new RawEntry("a.dat", RawZip.Build([Good])) { Method = 0 }])),
            ("gzip inside", RawZip.Build([Good, new RawEntry("a.dat", [0x1F, 0x8B, 8, 0])])),
        };
        foreach (var (name, bytes) in cases)
        {
            var (reason, _, _) = Refusal(bytes);
            Assert.True(reason == ErrorReason.ContainerUnsafe, $"{name}: {reason}");
        }
    }

    [Fact]
    public void Xml_that_declares_anything_or_nests_too_deep_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 70)) + string.Concat(Enumerable.Repeat("</a>", 70));
        string[] refused =
        [
            "<!DOCTYPE a><a/>", "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;&x;&x;'>]><a>&z;</a>", deep,
        ];
        foreach (var xml in refused.Select(Encoding.UTF8.GetBytes).Append(Encoding.Unicode.GetBytes("<a/>")))
        {
            Assert.Equal(ErrorReason.XmlUnsafe, Refusal(RawZip.Build([new RawEntry("a/b.XML", xml)])).Reason);
        }

        // Not dangerous, but not XML either: reported, so that the rest can be judged.
        foreach (var xml in new[] { "", "<a>", "<a>&x;</a>", "plain", "<a/><b/>", "<?xml version='1.0' encoding='gbk-x'?><a/>", "<?xml version='1.1'?><a/>" })
        {
            Assert.Equal(["b.xml"], OfdReader.Read(RawZip.Build([Good, new RawEntry("b.xml", Encoding.UTF8.GetBytes(xml))])).Malformed);
        }
    }

    private static (ErrorReason? Reason, long Allocated, TimeSpan Elapsed) Refusal(byte[] bytes)
    {
        var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        ErrorReason? reason = null;
        try
        {
            OfdReader.Read(bytes);
        }
        catch (EidException error)
        {
            reason = error.Reason;
        }

        return (reason, GC.GetAllocatedBytesForCurrentThread() - before, watch.Elapsed);
    }

    // What a network looks like to a writer.
    private sealed class OneWay(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
