using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.StatusLists;

/// <summary>
/// Status list token in CWT (draft-ietf-oauth-status-list §5.2): claims sub, exp, iat, status_list, ttl in rising order of their
/// labels, in our envelope with <c>typ</c> "application/statuslist+cwt".
/// </summary>
public sealed record StatusToken
{
    /// <summary>Media type of the bytes.</summary>
    public const string MediaType = "application/statuslist+cwt";

    private const int MaxAddress = 2048;
    private const int ClaimSub = 2;
    private const int ClaimExp = 4;
    private const int ClaimIat = 6;
    private const int ClaimStatusList = 65533;
    private const int ClaimTtl = 65534;

    /// <summary>The list's own address (sub): a list cannot stand for another.</summary>
    public required string Address { get; init; }

    /// <summary>As of when the states hold (iat), whole seconds.</summary>
    public required DateTimeOffset IssueTime { get; init; }

    /// <summary>From when on it says nothing any more (exp), whole seconds.</summary>
    public required DateTimeOffset ExpireTime { get; init; }

    /// <summary>How long a copy may be used before asking again (ttl), whole seconds.</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>The states.</summary>
    public required StatusList List { get; init; }

    /// <summary>Signs the list.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: not a key for states.</exception>
    public Envelope Sign(SigningKey signer) => StatusSigner.Sign(ContentType.StatusList, Encode(), signer, IssueTime);

    /// <summary>Opens a token; whether it has expired is the caller's to ask.</summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="address">Under which address it was fetched, or which a licence code leads to.</param>
    /// <param name="certificates">Certificates of our authority: roots, those between, and that of the signer.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: not a list, another list, or not signed by whom it should be.</exception>
    public static StatusToken Open(ReadOnlyMemory<byte> bytes, string address, IReadOnlyCollection<Sm2Certificate> certificates)
    {
        if (!Envelope.TryParse(bytes, out var envelope) || !TryRead(envelope, out var token))
        {
            throw StatusSigner.Invalid("不是状态列表");
        }

        StatusSigner.Require("状态列表", envelope, certificates, [.. certificates.Where(certificate => certificate.IsIssuedBy(certificate))], token.IssueTime);
        return token.Address == address ? token : throw StatusSigner.Invalid($"这是另一个状态列表（{token.Address}）");
    }

    /// <summary>Reads the content of an envelope without judging its signature, to show it.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out StatusToken? token)
    {
        token = null;
        if (envelope.ContentType != ContentType.StatusList)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Strict);
            if (reader.ReadStartMap() != 5 || reader.ReadInt32() != ClaimSub)
            {
                return false;
            }

            var address = reader.ReadTextString();
            var expires = Seconds(reader, ClaimExp);
            var issued = Seconds(reader, ClaimIat);
            if (reader.ReadInt32() != ClaimStatusList || !StatusList.TryRead(reader, out var list))
            {
                return false;
            }

            var ttl = Seconds(reader, ClaimTtl);
            reader.ReadEndMap();
            if (reader.BytesRemaining != 0 || address.Length is 0 or > MaxAddress || ttl is <= 0 or > int.MaxValue || expires <= issued)
            {
                return false;
            }

            token = new StatusToken
            {
                Address = address, IssueTime = DateTimeOffset.FromUnixTimeSeconds(issued), ExpireTime = DateTimeOffset.FromUnixTimeSeconds(expires), Ttl = TimeSpan.FromSeconds(ttl), List = list,
            };

            // The draft's own map is not in deterministic order, so the reader cannot ask for it: one form is what we would write.
            return token.Encode().AsSpan().SequenceEqual(envelope.Payload);
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            return false;
        }

        static long Seconds(CborReader reader, int label) => reader.ReadInt32() == label ? reader.ReadInt64() : throw new CborContentException("label");
    }

    private byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        writer.WriteStartMap(5);
        writer.WriteInt32(ClaimSub);
        writer.WriteTextString(Address);
        writer.WriteInt32(ClaimExp);
        writer.WriteInt64(ExpireTime.ToUnixTimeSeconds());
        writer.WriteInt32(ClaimIat);
        writer.WriteInt64(IssueTime.ToUnixTimeSeconds());
        writer.WriteInt32(ClaimStatusList);
        List.Write(writer);
        writer.WriteInt32(ClaimTtl);
        writer.WriteInt64((long)Ttl.TotalSeconds);
        writer.WriteEndMap();
        return writer.Encode();
    }
}
