using System.Text;
using ShantingEId.Documents.Faces;
using ShantingEId.Issuing;

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
public sealed class LicensePress(FaceArtist artist, FaceFonts fonts, AuthoritySeal? seal, Turns turns)
{
    private const int DotsPerInch = 150;
    private readonly LicenseDocuments documents = new(artist, fonts);

    /// <summary>A licence in force as OFD, sealed.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: there is no seal, or it is over; <see cref="ErrorReason.TextInvalid"/>.</exception>
    public Task<byte[]> SealAsync(IssuedSet set, FaceForm form, DateTimeOffset time, CancellationToken cancel) =>
        turns.RunAsync(() => documents.Create(set, form, RequireSeal(time), time).ToBytes(), cancel);

    /// <summary>A copy of a licence in force as OFD, sealed.</summary>
    /// <exception cref="EidException">As for <see cref="SealAsync"/>; <see cref="ErrorReason.DateOrder"/>.</exception>
    public Task<byte[]> SealCopyAsync(IssuedSet set, FaceForm form, CopyNote note, DateTimeOffset time, CancellationToken cancel) =>
        turns.RunAsync(() => documents.CreateCopy(set, form, note, RequireSeal(time), time).ToBytes(), cancel);

    /// <summary>Draws such a copy and throws it away, to know that it can be drawn.</summary>
    /// <exception cref="EidException">As for <see cref="SealCopyAsync"/>.</exception>
    public Task<Drawing> DrawCopyAsync(IssuedSet set, FaceForm form, CopyNote note, DateTimeOffset time, CancellationToken cancel) =>
        turns.RunAsync(() => documents.DrawCopy(set, form, note, RequireSeal(time), time), cancel);

    /// <summary>A licence to look at or to print. It proves nothing, so of one that is not in force the place of the seal stays empty.</summary>
    /// <param name="set">The licence.</param>
    /// <param name="form">正本 or 副本.</param>
    /// <param name="format">PDF, PNG or SVG.</param>
    /// <param name="isInForce">Whether it is in force.</param>
    /// <param name="time">When it is made.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>.</exception>
    public Task<byte[]> DrawAsync(IssuedSet set, FaceForm form, DocumentFormat format, bool isInForce, DateTimeOffset time, CancellationToken cancel) => turns.RunAsync(() =>
    {
        var face = artist.Draw(FaceContent.Of(set), form, isInForce ? seal?.Seal : null);
        return format switch
        {
            DocumentFormat.Pdf => DrawingFile.ToPdf([face], fonts, set.License.AuthorityName, time),
            DocumentFormat.Png => DrawingFile.ToPng(face, fonts, DotsPerInch),
            DocumentFormat.Svg => Encoding.UTF8.GetBytes(DrawingSvg.Write(face, fonts)),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a picture"),
        };
    }, cancel);

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
