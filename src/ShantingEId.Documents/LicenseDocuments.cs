using System.Globalization;
using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>加注件: a copy of a licence made for one use.</summary>
/// <param name="Maker">Who makes it.</param>
/// <param name="Purpose">For what, 1 to 200 characters.</param>
/// <param name="Expiry">Until when it may be used.</param>
public sealed record CopyNote(string Maker, string Purpose, DateTimeOffset Expiry);

/// <summary>
/// Licences as documents: OFD with text, metadata of GB/T 36903, the signed manifest inside, sealed by the 登记机关. The same
/// licence makes the same document; only the signature over it is new each time.
/// </summary>
/// <param name="artist">Draws the face.</param>
/// <param name="fonts">What text is set in; stays the caller's.</param>
public sealed class LicenseDocuments(FaceArtist artist, FaceFonts fonts)
{
    /// <summary>The licence as OFD, sealed.</summary>
    /// <param name="set">The licence.</param>
    /// <param name="form">正本 or 副本.</param>
    /// <param name="seal">Seal of the 登记机关.</param>
    /// <param name="time">When it is sealed.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>, <see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public OfdFile Create(IssuedSet set, FaceForm form, AuthoritySeal seal, DateTimeOffset time) => Seal(Prepare(set, form, seal, time), seal, time);

    /// <summary>The same without its signature.</summary>
    public PreparedStamp Prepare(IssuedSet set, FaceForm form, AuthoritySeal seal, DateTimeOffset time) => Prepare(set, artist.Draw(FaceContent.Of(set), form, seal.Seal), [], seal, time);

    /// <summary>A copy for one use: its purpose and its end stand across the page and in the metadata, under the same seal.</summary>
    /// <param name="set">The licence.</param>
    /// <param name="form">正本 or 副本.</param>
    /// <param name="note">For whom, for what, until when.</param>
    /// <param name="seal">Seal of the 登记机关.</param>
    /// <param name="time">When it is made and sealed.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: maker or purpose; <see cref="ErrorReason.DateOrder"/>: it would be over before it is made.</exception>
    public OfdFile CreateCopy(IssuedSet set, FaceForm form, CopyNote note, AuthoritySeal seal, DateTimeOffset time) => Seal(PrepareCopy(set, form, note, seal, time), seal, time);

    /// <summary>The same without its signature.</summary>
    public PreparedStamp PrepareCopy(IssuedSet set, FaceForm form, CopyNote note, AuthoritySeal seal, DateTimeOffset time) =>
        Prepare(set, DrawCopy(set, form, note, seal, time), LicenseMetadata.OfCopy(note, time), seal, time);

    /// <summary>The face of such a copy, for a preview.</summary>
    public Drawing DrawCopy(IssuedSet set, FaceForm form, CopyNote note, AuthoritySeal seal, DateTimeOffset time)
    {
        if (FaceText.Problem(note.Purpose, 1, 200) is { Length: > 0 } purpose)
        {
            throw new EidException(ErrorReason.TextInvalid, "用途" + purpose);
        }

        if (FaceText.Problem(note.Maker, 1, 60) is { Length: > 0 } maker)
        {
            throw new EidException(ErrorReason.TextInvalid, "制作者" + maker);
        }

        if (note.Expiry <= time)
        {
            throw new EidException(ErrorReason.DateOrder, "加注件的有效期截止时间应晚于制作时间");
        }

        var face = artist.Draw(FaceContent.Of(set), form, seal.Seal);
        return Watermark.Over(face with { Title = face.Title + "加注件" }, fonts,
            $"仅用于：{note.Purpose}", $"{note.Maker} {Minute(time)} 制作", $"有效期至 {Minute(note.Expiry)}");
    }

    private static OfdFile Seal(PreparedStamp prepared, AuthoritySeal seal, DateTimeOffset time) =>
        prepared.Finish(SesSignature.Create(seal.Seal, seal.Signer, time, prepared.DataHash, prepared.PropertyInfo));

    private PreparedStamp Prepare(IssuedSet set, Drawing face, IReadOnlyList<KeyValuePair<string, string>> copy, AuthoritySeal seal, DateTimeOffset time)
    {
        // 1. What it says about itself; its identifier follows from what it is.
        var metadata = (KeyValuePair<string, string>[])[.. LicenseMetadata.Of(set.License, seal, time), .. copy];
        var identity = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\n', metadata.Select(item => $"{item.Key}={item.Value}").Prepend(face.Title))));
        var info = new OfdInfo(Convert.ToHexStringLower(identity[..16]), $"{set.License.Facts.Name}{face.Title}", set.License.AuthorityName, time, metadata);

        // 2. The document, with what any verifier needs inside.
        var document = OfdDocument.Create([face], fonts, info, new OfdAttachment(Reading.LicenseInside.FileName, "签发清单", "CBOR", set.Manifest));

        // 3. The seal, where the face has left its place.
        var place = face.Shapes.OfType<SealImprint>().Single().Box;
        return OfdSigner.Prepare(document, time, new StampPlace(0, place));
    }

    /// <summary>A time as documents print it, China's.</summary>
    internal static string Minute(DateTimeOffset time) => time.ToOffset(WorkCalendar.ChinaOffset).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
