using ShantingEId.Seals;
using ShantingEId.TimeStamps;

namespace ShantingEId.Documents.Stamping;

/// <summary>Has signatures stamped by a time stamp authority.</summary>
/// <param name="Client">Asks it.</param>
/// <param name="IsRequired">Whether a signature without its token is refused.</param>
public sealed record StampTimes(TimeStampClient Client, bool IsRequired)
{
    /// <summary>The signature with its token, and the time that it proves; without either where there is none to be had and none is required.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TimeStampUnavailable"/>, <see cref="ErrorReason.TimeStampInvalid"/>.</exception>
    public async Task<(SesSignature Signature, DateTimeOffset? Proven)> StampAsync(SesSignature signature, CancellationToken cancel)
    {
        try
        {
            var token = await Client.StampAsync(signature.SignatureValue.ToArray(), cancel);
            return (signature.WithTimeStamp(token.Der), token.Time);
        }
        catch (EidException error) when (error.Reason is ErrorReason.TimeStampUnavailable or ErrorReason.TimeStampInvalid && !IsRequired)
        {
            return (signature, null);
        }
    }
}
