using System.Text;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>As what a licence is written.</summary>
public enum DocumentFormat
{
    /// <summary>Never written.</summary>
    Unspecified = 0,

    /// <summary>OFD, sealed; the only one that proves anything.</summary>
    Ofd = 1,

    /// <summary>PDF, to print.</summary>
    Pdf = 2,

    /// <summary>PNG, to look at.</summary>
    Png = 3,

    /// <summary>SVG.</summary>
    Svg = 4,
}

/// <summary>
/// Makes documents of licences for many callers at once. That is work of the processor alone, so only as many are made at the same time as
/// leave the machine to those who verify; the others wait, no longer than their calls do.
/// </summary>
/// <param name="artist">Draws the face.</param>
/// <param name="fonts">What text is set in; stays the caller's.</param>
/// <param name="seal">Seal of the 登记机关; null where the deployment has none.</param>
/// <param name="turns">How much is worked on at once.</param>
/// <param name="times">Time stamps of what is sealed; null where none are asked for.</param>
public sealed class LicensePress(FaceArtist artist, FaceFonts fonts, AuthoritySeal? seal, Turns turns, StampTimes? times = null)
{
    private const int DotsPerInch = 150;
    private readonly LicenseDocuments documents = new(artist, fonts);

    /// <summary>A licence in force as OFD, sealed.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.SigningKeyUnusable"/>: there is no seal, or it is over; <see cref="ErrorReason.TextInvalid"/>;
    /// <see cref="ErrorReason.TimeStampUnavailable"/>, <see cref="ErrorReason.TimeStampInvalid"/>: one is required.
    /// </exception>
    public Task<byte[]> SealAsync(IssuedSet set, FaceForm form, DateTimeOffset time, CancellationToken cancel) => SealedAsync(own => documents.Prepare(set, form, own, time), time, cancel);

    /// <summary>A copy of a licence in force as OFD, sealed.</summary>
    /// <exception cref="EidException">As for <see cref="SealAsync"/>; <see cref="ErrorReason.DateOrder"/>.</exception>
    public Task<byte[]> SealCopyAsync(IssuedSet set, FaceForm form, CopyNote note, DateTimeOffset time, CancellationToken cancel) =>
        SealedAsync(own => documents.PrepareCopy(set, form, note, own, time), time, cancel);

    /// <summary>Draws such a copy and throws it away, to know that it can be drawn.</summary>
    /// <exception cref="EidException">As for <see cref="SealCopyAsync"/>.</exception>
    public Task<Drawing> DrawCopyAsync(IssuedSet set, FaceForm form, CopyNote note, DateTimeOffset time, CancellationToken cancel) =>
        turns.RunAsync(() => documents.DrawCopy(set, form, note, RequireSeal(time), time), cancel);

    /// <summary>
    /// A licence to look at or to print. It proves nothing; of one that is not in force the place of the seal stays empty, and what it is stands across the page.
    /// </summary>
    /// <param name="set">The licence.</param>
    /// <param name="form">正本 or 副本.</param>
    /// <param name="format">PDF, PNG or SVG.</param>
    /// <param name="ended">Why it is not in force, a few words; empty when it is.</param>
    /// <param name="time">When it is made.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>.</exception>
    public Task<byte[]> DrawAsync(IssuedSet set, FaceForm form, DocumentFormat format, string ended, DateTimeOffset time, CancellationToken cancel) => turns.RunAsync(() =>
    {
        var face = artist.Draw(FaceContent.Of(set), form, ended.Length == 0 ? seal?.Seal : null);
        face = ended.Length == 0 ? face : Watermark.Across(face, fonts, ended, $"截至 {LicenseDocuments.Minute(time)}");
        return format switch
        {
            DocumentFormat.Pdf => DrawingFile.ToPdf([face], fonts, set.License.AuthorityName, time),
            DocumentFormat.Png => DrawingFile.ToPng(face, fonts, DotsPerInch),
            DocumentFormat.Svg => Encoding.UTF8.GetBytes(DrawingSvg.Write(face, fonts)),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a picture"),
        };
    }, cancel);

    private async Task<byte[]> SealedAsync(Func<AuthoritySeal, PreparedStamp> prepare, DateTimeOffset time, CancellationToken cancel)
    {
        if (times is null)
        {
            return await turns.RunAsync(() => Signed().Finish(), cancel);
        }

        // Nobody's turn goes by while another service is waited for.
        var (document, signature) = await turns.RunAsync(Signed, cancel);
        var (stamped, _) = await times.StampAsync(signature, cancel);
        return await turns.RunAsync(() => document.Finish(stamped).ToBytes(), cancel);

        SignedDocument Signed()
        {
            var own = RequireSeal(time);
            var prepared = prepare(own);
            return new SignedDocument(prepared, SesSignature.Create(own.Seal, own.Signer, time, prepared.DataHash, prepared.PropertyInfo));
        }
    }

    private AuthoritySeal RequireSeal(DateTimeOffset time)
    {
        if (seal is null)
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, "本服务没有配置登记机关的电子印章，不能出具盖章的文件");
        }

        // It was in force when the service started.
        seal.Signer.RequireUsable(time);
        return time <= seal.Seal.Info.ValidEnd ? seal : throw new EidException(ErrorReason.SigningKeyUnusable, "登记机关的电子印章已过有效期，不能出具盖章的文件");
    }

    private sealed record SignedDocument(PreparedStamp Document, SesSignature Signature)
    {
        public byte[] Finish() => Document.Finish(Signature).ToBytes();
    }
}

/// <summary>Lets few work at once, the others wait.</summary>
/// <param name="atOnce">How many.</param>
public sealed class Turns(int atOnce) : IDisposable
{
    private readonly SemaphoreSlim free = new(atOnce);

    /// <summary>Half of the machine's processors, at least one.</summary>
    public static Turns OfThisMachine() => new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Works when it is this one's turn, away from the threads that serve calls.</summary>
    /// <exception cref="OperationCanceledException">Its turn did not come in time.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancel) => RunAsync(() => Task.Run(work, CancellationToken.None), cancel);

    /// <summary>The same for work that waits for the register in between.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            free.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => free.Dispose();
}
