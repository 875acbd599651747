using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Copies;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Reading;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Form = ShantingEId.V1.LicenseDocument.Types.Form;
using Format = ShantingEId.V1.GetLicenseDocumentRequest.Types.Format;
using IssuedSet = ShantingEId.Issuing.IssuedSet;
using LicenseCopy = ShantingEId.V1.LicenseCopy;

namespace ShantingEId.Server.Rpc;

/// <summary>Documents as messages.</summary>
internal static class DocumentWire
{
    /// <summary>正本 or 副本.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.EnumInvalid"/>.</exception>
    public static FaceForm ToForm(Form form) => form switch
    {
        Form.Original => FaceForm.Original,
        Form.Duplicate or Form.Unspecified => FaceForm.Duplicate,
        _ => throw EidException.OfField(ErrorReason.EnumInvalid, "form", "取值无法识别"),
    };

    /// <summary>The format.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.EnumInvalid"/>.</exception>
    public static DocumentFormat ToFormat(Format format) => format == Format.Unspecified ? DocumentFormat.Ofd
        : System.Enum.IsDefined(format) ? (DocumentFormat)format : throw EidException.OfField(ErrorReason.EnumInvalid, "format", "取值无法识别");

    /// <summary>A document.</summary>
    public static LicenseDocument ToMessage(IssuedSet set, FaceForm form, DocumentFormat format, byte[] content, bool isCopy = false) => new()
    {
        IssuedSet = RegisterName.Of(set.License.Id), Content = UnsafeByteOperations.UnsafeWrap(content), Digest = ByteString.CopyFrom(Sm3.Hash(content)),
        ContentType = format switch { DocumentFormat.Ofd => "application/ofd", DocumentFormat.Pdf => "application/pdf", DocumentFormat.Png => "image/png", _ => "image/svg+xml" },
        FileName = FileName(set, form, isCopy) + "." + format switch { DocumentFormat.Ofd => "ofd", DocumentFormat.Pdf => "pdf", DocumentFormat.Png => "png", _ => "svg" },
    };

    /// <summary>A copy, without its download id.</summary>
    public static LicenseCopy ToMessage(Documents.Copies.LicenseCopy copy, DateTimeOffset now) => new()
    {
        Name = CopyName.Of(copy.Number), IssuedSet = RegisterName.Of(copy.License), Receiver = copy.Receiver, ReceiverTitle = copy.ReceiverTitle, PurposeText = copy.Purpose,
        Maker = copy.Maker, Form = copy.Form == FaceForm.Original ? Form.Original : Form.Duplicate, CreateTime = copy.CreatedTime.ToTimestamp(), ExpireTime = copy.ExpireTime.ToTimestamp(),
        State = copy.DownloadTime is not null ? LicenseCopy.Types.State.Downloaded : now >= copy.ExpireTime ? LicenseCopy.Types.State.Expired : LicenseCopy.Types.State.Waiting,
        DownloadTime = copy.DownloadTime?.ToTimestamp(), DocumentDigest = ByteString.CopyFrom(copy.DocumentDigest),
    };

    /// <summary>What a document came to.</summary>
    public static DocumentVerification ToMessage(DocumentReport report) => new()
    {
        Verdict = (DocumentVerification.Types.Verdict)report.Verdict, Summary = report.Summary, Checks = { report.Checks.Select(ToMessage) },
        Signatures = { report.Signatures.Select(ToMessage) },
        Files =
        {
            report.Files.Select(file => new V1.DocumentFile
            {
                Path = file.Path, Size = file.Size, Standing = (V1.DocumentFile.Types.Standing)file.Standing, CoveredBy = { file.CoveredBy }, Reachable = file.IsReachable,
            }),
        },
    };

    /// <summary>What the register says of the licence in a document.</summary>
    public static DocumentLicense ToMessage(Verifying.Verification license) => new()
    {
        IssuedSet = license.Entry is { } entry ? RegisterName.Of(entry.LicenseId) : "", Verdict = (V1.Verification.Types.Verdict)license.Verdict, Reason = license.Reason.WireName(),
        Explanation = VerdictTexts.Of(license).Explanation,
    };

    /// <summary>What a signature by itself came to.</summary>
    public static StampVerification ToMessage(SignatureReport report)
    {
        var answer = ToMessage("签章", report.Signature?.ToSign.Seal, report.Checks);
        answer.Signature.Signer = report.Signature?.SignerCertificate.Subject ?? "";
        answer.Signature.SigningTime = report.Signature?.ToSign.Time.ToTimestamp();
        answer.Signature.ProvenTime = report.ProvenTime?.ToTimestamp();
        return answer;
    }

    /// <summary>What a seal by itself came to, in the same form; that of the command line, which looks at seals without a service.</summary>
    public static StampVerification ToMessage(SealReport report) => ToMessage("印章", report.Seal, report.Checks);

    private static StampVerification ToMessage(string what, SesSeal? seal, IReadOnlyList<SealCheck> checks)
    {
        var verdict = (DocumentVerification.Types.Verdict)SealChecks.Verdict(checks);
        return new StampVerification
        {
            Verdict = verdict, Summary = SealChecks.Summary(what, checks),
            Signature = new V1.DocumentSignature
            {
                HasSeal = true, Verdict = verdict, SealName = seal?.Info.Name ?? "", SealCode = seal?.Info.SealId ?? "", Checks = { checks.Select(ToMessage) },
            },
        };
    }

    private static V1.DocumentSignature ToMessage(Documents.Reading.DocumentSignature signature) => new()
    {
        Id = signature.Id, Path = signature.Path, HasSeal = signature.HasSeal, Verdict = (DocumentVerification.Types.Verdict)signature.Verdict, SealName = signature.SealName,
        SealCode = signature.SealId, Signer = signature.SignerOrganisation, SigningTime = signature.SigningTime?.ToTimestamp(), ProvenTime = signature.ProvenTime?.ToTimestamp(),
        Provider = signature.Provider, StampPages = { signature.StampPages }, Checks = { signature.Checks.Select(ToMessage) },
    };

    private static DocumentCheck ToMessage(SealCheck check) => new()
    {
        Step = check.Step.WireName(), Title = check.Step.ChineseName(), Clause = check.Clause, Outcome = (DocumentCheck.Types.Outcome)check.Outcome,
        Reason = check.Problem == SealProblem.None ? "" : check.Problem.WireName(), Text = check.Text,
    };

    // Names of companies may hold what names of files may not.
    private static string FileName(IssuedSet set, FaceForm form, bool isCopy)
    {
        var name = $"{set.License.Facts.Name}{(set.License.Trade is null ? "营业执照" : "行业综合许可证")}（{(form == FaceForm.Original ? "正本" : "副本")}）{(isCopy ? "加注件" : "")}";
        return string.Concat(name.Select(c => c is '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' ? '_' : c));
    }
}
