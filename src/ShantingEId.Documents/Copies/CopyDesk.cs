using System.Globalization;
using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Documents.Faces;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Documents.Copies;

/// <summary>A request for a copy.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">Of which licence.</param>
/// <param name="Form">正本 or 副本.</param>
/// <param name="Maker">Who has it made, as it is to stand on the copy.</param>
/// <param name="Receiver">The caller that may fetch it.</param>
/// <param name="ReceiverTitle">What it is called.</param>
/// <param name="Purpose">For what, 2 to 100 characters.</param>
/// <param name="ExpireTime">Until when; null for <see cref="CopyTerms.Usual"/>.</param>
/// <param name="EncodeReply">Turns the copy into the answer's bytes, without the download id.</param>
public sealed record CreateCopyCommand(
    string Actor, RequestId RequestId, RegisterName License, FaceForm Form, string Maker, string Receiver, string ReceiverTitle, string Purpose, DateTimeOffset? ExpireTime, Func<LicenseCopy, byte[]> EncodeReply);

/// <summary>A request to fetch a copy.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="DownloadId">The id that came with it.</param>
/// <param name="EncodeReply">Turns the copy and its document into the answer's bytes.</param>
public sealed record DownloadCopyCommand(string Actor, RequestId RequestId, string DownloadId, Func<LicenseCopy, IssuedSet, byte[], byte[]> EncodeReply);

/// <summary>加注件: copies for one receiver and one use, fetched once. The document is made when it is fetched, of what is in force then.</summary>
/// <param name="register">The register.</param>
/// <param name="copies">The copies.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="press">Makes the document.</param>
/// <param name="ids">Makes download ids.</param>
/// <param name="clock">The one clock.</param>
public sealed class CopyDesk(ILicenseStore register, ICopyStore copies, IChangeFeed feed, LicensePress press, DownloadIds ids, RegisterClock clock)
{
    /// <summary>Makes a copy to be fetched.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.TextInvalid"/>, <see cref="ErrorReason.CopyExpiryInvalid"/>, <see cref="ErrorReason.LicenseNotFound"/>,
    /// <see cref="ErrorReason.LicenseNotInForce"/>, <see cref="ErrorReason.SigningKeyUnusable"/>; store errors.
    /// </exception>
    public async Task<IssueOutcome> CreateAsync(CreateCopyCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Policy.
        if (FaceText.Problem(command.Purpose, 2, 100) is { Length: > 0 } problem)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "purpose_text", problem);
        }

        // 2. Once: a repeated request is given its earlier answer.
        var content = Content("CreateLicenseCopy", command.License, command.Form, command.Receiver, command.Purpose, command.ExpireTime?.UtcTicks);
        return await Once.RunAsync(register, feed, command.Actor, command.RequestId, content, async () =>
        {
            var expires = command.ExpireTime is { } asked ? LicenseTime.Stored(asked) : now + CopyTerms.Usual;
            if (expires < now + CopyTerms.Shortest || expires > now + CopyTerms.Longest)
            {
                throw EidException.OfField(ErrorReason.CopyExpiryInvalid, "expire_time", "应在 10 分钟至 30 天之后");
            }

            // 3. Of what is in force, and only what can be drawn: the receiver must not be the first to learn that it cannot.
            var set = await LicenseInForce.RequireAsync(register, command.License, cancel);
            var copy = new LicenseCopy
            {
                Number = CopyName.Number(WorkCalendar.DayOf(now), await register.ReserveAsync("copy", 1, cancel)),
                License = set.License.Id, Maker = command.Maker, Receiver = command.Receiver, ReceiverTitle = command.ReceiverTitle, Purpose = command.Purpose, Form = command.Form,
                DownloadDigest = DownloadIds.Digest(ids.Of(command.Actor, command.RequestId))!, CreatedTime = now, ExpireTime = expires,
            };
            await press.DrawCopyAsync(set, copy.Form, copy.Note, now, cancel);

            // 4. The commit point.
            var reply = command.EncodeReply(copy);
            return new Written(reply, await copies.AddCopyAsync(copy, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false);
        }, cancel);
    }

    /// <summary>Hands a copy out, once. Its reply is kept whole: who lost it on the way gets the same bytes under the same request id.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.CopyNotFound"/>, <see cref="ErrorReason.AlreadyDownloaded"/>, <see cref="ErrorReason.CopyExpired"/>,
    /// <see cref="ErrorReason.LicenseNotInForce"/>, <see cref="ErrorReason.SigningKeyUnusable"/>; store errors.
    /// </exception>
    public async Task<IssueOutcome> DownloadAsync(DownloadCopyCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());
        var digest = DownloadIds.Digest(command.DownloadId) ?? throw CopyErrors.NotFound();
        var content = Content("DownloadLicenseCopy", Convert.ToHexStringLower(digest));
        return await Once.RunAsync(register, feed, command.Actor, command.RequestId, content, async () =>
        {
            // 1. Which, and is it the caller's? That there is one for somebody else is told to nobody.
            var copy = await copies.FindCopyAsync(digest, cancel) is { } found && found.Receiver == command.Actor ? found : throw CopyErrors.NotFound();
            if (copy.DownloadTime is not null)
            {
                throw CopyErrors.Downloaded(copy);
            }

            // 2. In its time, and while the licence is in force.
            var set = now >= copy.ExpireTime ? throw CopyErrors.Expired(copy) : await LicenseInForce.RequireAsync(register, RegisterName.Parse(RegisterName.Of(copy.License)), cancel);

            // 3. The document, sealed; then the commit point, which only one passes.
            var document = await press.SealCopyAsync(set, copy.Form, copy.Note, now, cancel);
            var reply = command.EncodeReply(copy, set, document);
            var downloaded = copy with { DownloadTime = now, DocumentDigest = Sm3.Hash(document) };
            return new Written(reply, await copies.MarkDownloadedAsync(downloaded, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false);
        }, cancel);
    }

    private static byte[] Content(params object?[] parts) => Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', parts.Select(part => Convert.ToString(part, CultureInfo.InvariantCulture)))));
}
