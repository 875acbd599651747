using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Codes;
using ShantingEId.Crypto;

namespace ShantingEId.Recognition;

/// <summary>A neighbouring issuer whose licence codes are recognised.</summary>
/// <param name="Division">Six digits of its division (GB/T 2260).</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Regions">Leading digits of the divisions for whose companies it may vouch, by characters 3 to 8 of the credit code; never empty.</param>
/// <param name="CodePrefix">Official address in front of its codes, upper case, ending in <c>/</c>.</param>
/// <param name="Certificates">Its root, the CAs under it, and the signers of its codes and of its states.</param>
/// <param name="CodeSigners">Which of them sign codes, and nothing else does.</param>
/// <param name="Source">Where its status lists are fetched (<c>/status/{n}</c> is put behind); empty where there is no line.</param>
/// <param name="TlsAuthority">Certificate (DER) of the TLS CA, or of the server itself, that alone is believed there; empty for plain HTTP of a development machine.</param>
/// <param name="From">Recognised from.</param>
/// <param name="To">Recognised until.</param>
public sealed record Neighbour(
    string Division, string Name, IReadOnlyList<string> Regions, string CodePrefix, IReadOnlyList<Sm2Certificate> Certificates, IReadOnlyList<KeyId> CodeSigners, string Source, byte[] TlsAuthority,
    DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>What is wrong with it at the time of its list; empty when nothing is.</summary>
    public string Problem(DateTimeOffset issued)
    {
        var roots = Roots;
        var signers = CodeSigners.Select(id => Certificates.FirstOrDefault(certificate => certificate.PublicKey.KeyId == id)).ToList();
        return roots.Count == 0 ? "没有根证书"
            : signers.Count == 0 || signers.Contains(null) ? "没有证照码签名证书"
            : signers.Find(signer => !signer!.MaySignCodes || signer.IsAuthority) is { } other ? $"证书（{other.CommonName}）不允许签发证照码"
            : signers.Select(signer => CertificateChain.ProblemInItsTime(signer!, Certificates, roots, issued)).FirstOrDefault(problem => problem.Length > 0) is { } path ? "证照码签名证书" + path
            : SourceProblem();
    }

    /// <summary>Its roots: those of its certificates that issued themselves.</summary>
    public IReadOnlyCollection<Sm2Certificate> Roots => [.. Certificates.Where(certificate => certificate.IsIssuedBy(certificate))];

    private string SourceProblem() =>
        Source.Length == 0 ? ""
        : !Certificates.Any(certificate => certificate.MaySignStatus) ? "有状态来源而没有状态签名证书"
        : !Uri.TryCreate(Source, UriKind.Absolute, out var source) ? "状态来源应为网址"
        : source.Scheme == Uri.UriSchemeHttps && TlsAuthority.Length > 0 ? ""
        : source.Scheme == Uri.UriSchemeHttp && source.IsLoopback && TlsAuthority.Length == 0 ? "" : "状态来源应为 https 网址并附其 TLS 证书（本机开发可用 http）";
}

/// <summary>
/// 邻区互认名单: which neighbouring issuers are recognised, for whose companies and when, and where their states are asked for. Signed as the
/// list of CAs is, by the same key under another content type; good only until its next update: from then on it recognises nobody.
/// </summary>
public sealed record NeighbourList
{
    private const int MaxNeighbours = 200;
    private const int MaxNameLength = 100;
    private const int MaxCertificates = 20;
    private const int MaxRegions = 100;
    private const int MaxTlsBytes = 8192;

    /// <summary>Rising number of the list.</summary>
    public required long Number { get; init; }

    /// <summary>When it was issued, whole seconds.</summary>
    public required DateTimeOffset IssueTime { get; init; }

    /// <summary>From when on it is out of date, whole seconds.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>The neighbours.</summary>
    public required IReadOnlyList<Neighbour> Neighbours { get; init; }

    /// <summary>Signs the list.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: not a key for trust lists; <see cref="ErrorReason.TrustListInvalid"/>: an entry that cannot be used.</exception>
    public Envelope Sign(SigningKey signer)
    {
        RequireSound();
        return TrustSigner.Sign(ContentType.NeighbourList, Encode(), signer, IssueTime);
    }

    /// <summary>Opens a signed list; whether it has expired is asked at every use.</summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="certificates">Certificates of our authority: roots, those between, and that of the signer.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TrustListInvalid"/>: not a list, or not signed by whom it should be.</exception>
    public static NeighbourList Open(ReadOnlyMemory<byte> bytes, IReadOnlyCollection<Sm2Certificate> certificates)
    {
        if (!Envelope.TryParse(bytes, out var envelope) || envelope.ContentType != ContentType.NeighbourList)
        {
            throw TrustSigner.Invalid("不是邻区互认名单");
        }

        var signer = TrustSigner.Require("邻区互认名单", envelope, certificates);
        if (!TryRead(envelope, out var list))
        {
            throw TrustSigner.Invalid("邻区互认名单的内容无法解读");
        }

        TrustSigner.RequirePath("邻区互认名单", signer, certificates, list.IssueTime);
        list.RequireSound();
        return list;
    }

    /// <summary>Reads the content of an envelope without judging its signature, to show it.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out NeighbourList? list)
    {
        list = null;
        if (envelope.ContentType != ContentType.NeighbourList)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            if (reader.ReadStartMap() != 4 || reader.ReadInt32() != 1)
            {
                return false;
            }

            var number = reader.ReadInt64();
            var (issued, next) = (Labelled(2), Labelled(3));
            if (reader.ReadInt32() != 4)
            {
                return false;
            }

            var neighbours = Array(MaxNeighbours, ReadNeighbour);
            reader.ReadEndMap();
            list = reader.BytesRemaining == 0 ? new NeighbourList { Number = number, IssueTime = issued, NextUpdate = next, Neighbours = neighbours } : null;
            return list is not null;

            DateTimeOffset Labelled(int label) => reader.ReadInt32() == label ? Time() : throw new CborContentException("label");
            DateTimeOffset Time() => DateTimeOffset.FromUnixTimeSeconds(reader.ReadInt64());
            Neighbour ReadNeighbour()
            {
                _ = reader.ReadStartArray() == 10 ? 10 : throw new CborContentException("length");
                var read = new Neighbour(reader.ReadTextString(), reader.ReadTextString(), Array(MaxRegions, reader.ReadTextString), reader.ReadTextString(), Array(MaxCertificates, () => Sm2Certificate.Parse(reader.ReadByteString())),
                    Array(MaxCertificates, () => KeyId.FromBytes(reader.ReadByteString())), reader.ReadTextString(), reader.ReadByteString(), Time(), Time());
                reader.ReadEndArray();
                return read;
            }

            List<T> Array<T>(int most, Func<T> read)
            {
                var count = reader.ReadStartArray() is { } said && said <= most ? said : throw new CborContentException("length");
                var items = new List<T>(count);
                for (var i = 0; i < count; i++)
                {
                    items.Add(read());
                }

                reader.ReadEndArray();
                return items;
            }
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException or EidException)
        {
            list = null;
            return false;
        }
    }

    // What an address or a company's division leads to must be one neighbour and no other.
    private void RequireSound()
    {
        foreach (var one in Neighbours)
        {
            var problem = one.Division.Length != 6 || !one.Division.All(char.IsAsciiDigit) ? "区划码应为六位数字"
                : one.Name.Length is 0 or > MaxNameLength ? "名称长度有误"
                : one.Regions.Count == 0 || !one.Regions.All(region => region.Length is >= 2 and <= 6 && region.All(char.IsAsciiDigit)) ? "互认区划应为二至六位数字，至少一个"
                : !one.CodePrefix.StartsWith("HTTPS://", StringComparison.Ordinal) || !one.CodePrefix.EndsWith('/') || one.CodePrefix.Length > LicenseCode.MaxTextLength / 2 || !Uri.TryCreate(one.CodePrefix, UriKind.Absolute, out _) ? "官方网址应为以 / 结尾的大写网址"
                : one.TlsAuthority.Length > MaxTlsBytes || one.From >= one.To ? "TLS 证书或起止时间有误"
                : one.Problem(IssueTime);
            if (problem.Length > 0)
            {
                throw TrustSigner.Invalid($"邻区“{one.Name}”：{problem}");
            }
        }

        foreach (var (one, other) in Neighbours.SelectMany((one, i) => Neighbours.Skip(i + 1).Select(other => (one, other))))
        {
            if (one.CodePrefix.StartsWith(other.CodePrefix, StringComparison.Ordinal) || other.CodePrefix.StartsWith(one.CodePrefix, StringComparison.Ordinal))
            {
                throw TrustSigner.Invalid($"邻区“{one.Name}”与“{other.Name}”的官方网址不能区分");
            }
        }
    }

    // { 1: number, 2: issued, 3: next update, 4: [ [ division, name, [region], code prefix, [certificate], [key id], source, TLS CA, from, to ] ] }, times in seconds since 1970.
    internal byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(4);
        writer.WriteInt32(1);
        writer.WriteInt64(Number);
        writer.WriteInt32(2);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteInt32(3);
        writer.WriteInt64(NextUpdate.ToUnixTimeSeconds());
        writer.WriteInt32(4);
        writer.WriteStartArray(Neighbours.Count);
        foreach (var one in Neighbours)
        {
            writer.WriteStartArray(10);
            writer.WriteTextString(one.Division);
            writer.WriteTextString(one.Name);
            Array(one.Regions, writer.WriteTextString);
            writer.WriteTextString(one.CodePrefix);
            Array(one.Certificates, certificate => writer.WriteByteString(certificate.Der));
            Array(one.CodeSigners, id => writer.WriteByteString(id.ToBytes()));
            writer.WriteTextString(one.Source);
            writer.WriteByteString(one.TlsAuthority);
            writer.WriteInt64(one.From.ToUnixTimeSeconds());
            writer.WriteInt64(one.To.ToUnixTimeSeconds());
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();

        void Array<T>(IReadOnlyCollection<T> items, Action<T> write)
        {
            writer.WriteStartArray(items.Count);
            foreach (var item in items)
            {
                write(item);
            }

            writer.WriteEndArray();
        }
    }
}
