using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>查询记录: who looked up a company, when, for which purpose, with what verdict.</summary>
internal sealed class LookupList(ILookupLog log, CallerDirectory callers, IssuingAuthority authority)
{
    private const int DefaultPage = 50;
    private const int LargestPage = 500;
    private readonly ListPageToken tokens = new(authority.StatusSecret, "ListLookups");

    /// <summary>One page, newest first.</summary>
    public async Task<ListLookupsResponse> ListAsync(ListLookupsRequest request, Caller caller, CancellationToken cancel)
    {
        // 1. Whose look-ups, and from where on.
        if (!CreditCode.TryParse(request.CreditCode, out var holder, out var problem))
        {
            throw new EidException(ErrorReason.UsccInvalid, problem, [new FieldViolation("credit_code", ErrorReason.UsccInvalid, problem)]);
        }

        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        var before = tokens.Before(request.PageToken, holder, caller.Name);

        // 2. A company outside the caller's regions has the list of one that nobody ever looked up.
        var (rows, complete) = await log.ListLookupsAsync(holder, caller.Scope.Contains(holder) ? before : 0, size + 1, cancel);

        // 3. One row more than asked for says whether there is another page.
        var answer = new ListLookupsResponse { CompleteUntilTime = complete?.ToTimestamp() };
        answer.Lookups.AddRange(rows.Take(size).Select(each => ToMessage(each.Row)));
        if (rows.Count > size)
        {
            answer.NextPageToken = tokens.Write(rows[size - 1].Id, holder, caller.Name);
        }

        return answer;
    }

    private Lookup ToMessage(LookupRow row) => new()
    {
        LookupTime = row.Time.ToTimestamp(), Caller = row.Caller, CallerTitle = callers.TitleOf(row.Caller),
        Purpose = row.Purpose, PurposeTitle = callers.TitleOfPurpose(row.Purpose), Method = row.Method,
        Verdict = (Verification.Types.Verdict)row.Verdict, Reason = row.Reason, Reference = row.Reference,
        Name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"lookups/{row.Ledger}/{row.Tick}/{row.Index}"),
    };
}

/// <summary>
/// Place in a list, good for one list of one company and one caller only. The place is hidden too: it would tell how many look-ups
/// the whole register has. 24 bytes, URL-safe Base64: the masked place, then its HMAC-SM3, which also makes the mask.
/// </summary>
internal sealed class ListPageToken(byte[] secret, string list)
{
    private const int TagSize = 16;
    private readonly byte[] tagKey = Sm3.Hmac(secret, Encoding.ASCII.GetBytes(list + " page token"));
    private readonly byte[] maskKey = Sm3.Hmac(secret, Encoding.ASCII.GetBytes(list + " page token mask"));

    /// <summary>The token of a place.</summary>
    public string Write(long before, CreditCode holder, string caller)
    {
        var token = new byte[sizeof(long) + TagSize];
        var tag = Tag(before, holder, caller);
        tag.CopyTo(token.AsSpan(sizeof(long)));
        BinaryPrimitives.WriteInt64BigEndian(token, before ^ Mask(tag));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The place from which a page goes on, before the first page beyond every place.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PageTokenInvalid"/>.</exception>
    public long Before(string token, CreditCode holder, string caller) => token.Length == 0 ? long.MaxValue : Read(token, holder, caller)
        ?? throw new EidException(ErrorReason.PageTokenInvalid, "page_token 不属于这份清单；请从第一页重新查询",
            [new FieldViolation("page_token", ErrorReason.PageTokenInvalid, "不属于这份清单")]);

    /// <summary>The place of a token; null when it was not made for this company and this caller.</summary>
    public long? Read(string text, CreditCode holder, string caller)
    {
        Span<byte> token = stackalloc byte[sizeof(long) + TagSize];
        if (text.Length != Base64Url.GetEncodedLength(token.Length) || !Base64Url.TryDecodeFromChars(text, token, out var written) || written != token.Length)
        {
            return null;
        }

        var tag = token[sizeof(long)..];
        var before = BinaryPrimitives.ReadInt64BigEndian(token) ^ Mask(tag);
        return CryptographicOperations.FixedTimeEquals(tag, Tag(before, holder, caller)) ? before : null;
    }

    // The credit code has a fixed length, so the two texts cannot run into each other.
    private ReadOnlySpan<byte> Tag(long before, CreditCode holder, string caller)
    {
        var place = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(place, before);
        return Sm3.Hmac(tagKey, (byte[])[.. place, .. Encoding.ASCII.GetBytes(holder.Value), .. Encoding.UTF8.GetBytes(caller)]).AsSpan(0, TagSize);
    }

    private long Mask(ReadOnlySpan<byte> tag) => BinaryPrimitives.ReadInt64BigEndian(Sm3.Hmac(maskKey, tag));
}

/// <summary>Sizes of pages.</summary>
internal static class PageSize
{
    /// <summary>What was asked for; zero is the default.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PageSizeInvalid"/>.</exception>
    public static int Of(int asked, int usual, int largest) => asked == 0 ? usual : asked > 0 && asked <= largest ? asked
        : throw new EidException(ErrorReason.PageSizeInvalid, $"page_size 应为 1 至 {largest}", [new FieldViolation("page_size", ErrorReason.PageSizeInvalid, $"应为 1 至 {largest}")]);
}
