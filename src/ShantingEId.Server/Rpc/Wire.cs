using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Domain = ShantingEId.Issuing;

namespace ShantingEId.Server.Rpc;

/// <summary>The one mapping between the API's messages and the library's types. Enum numbers are equal by design, and a test holds it.</summary>
internal static class Wire
{
    /// <summary>What a request says, unchecked.</summary>
    public static EnterpriseInput ToInput(Enterprise? message) => message is null ? new EnterpriseInput() : new EnterpriseInput
    {
        CreditCode = message.CreditCode, Name = message.Name, Kind = (EnterpriseKind)message.Kind, Type = message.Type,
        Representative = message.Representative, Capital = message.Capital, Address = message.Address, BusinessScope = message.BusinessScope,
        EstablishDate = message.EstablishDate is { } date
            ? string.Create(CultureInfo.InvariantCulture, $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}") : "",
    };

    /// <summary>The time from which a revocation holds; null where the request gives none.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.EffectiveTimeInvalid"/>: the numbers are no point in time.</exception>
    public static DateTimeOffset? ToTime(Timestamp? message)
    {
        try
        {
            return message?.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            throw new EidException(ErrorReason.EffectiveTimeInvalid, "effective_time 不是存在的时间",
                [new FieldViolation("effective_time", ErrorReason.EffectiveTimeInvalid, "不是存在的时间")]);
        }
    }

    /// <summary>The licence as a message.</summary>
    public static V1.License ToMessage(Licenses.License license) => new()
    {
        LicenseId = license.Id.ToString(), Version = license.Id.Version, Enterprise = ToMessage(license.Facts),
        AuthorityName = license.AuthorityName, AuthorityCode = license.AuthorityCode.Value, IssueTime = license.IssueTime.ToTimestamp(),
    };

    /// <summary>The set as a message.</summary>
    /// <param name="set">The set.</param>
    /// <param name="state">Its state.</param>
    /// <param name="chain">Certificates to add in full view; null for the basic view.</param>
    public static V1.IssuedSet ToMessage(Domain.IssuedSet set, StateRecord state, IssuingAuthority? chain = null)
    {
        var message = new V1.IssuedSet
        {
            Name = RegisterName.Of(set.License.Id), License = ToMessage(set.License), State = (V1.IssuedSet.Types.State)state.State,
            StateEffectiveTime = state.EffectiveTime.ToTimestamp(), LicenseCode = set.LicenseCode, TypedCode = set.TypedCode.ToString(),
            ManifestDigest = ByteString.CopyFrom(set.ManifestDigest.Bytes), Warnings = { set.License.Facts.Warnings },
        };
        foreach (var seal in set.Seals.Seals)
        {
            var item = ToMessage(seal.Kind, seal.Code, seal.Digest);
            if (chain is not null)
            {
                item.SesSeal = ByteString.CopyFrom(seal.Seal.Der);
                item.Certificate = ByteString.CopyFrom(seal.Certificate.Der);
            }

            message.Seals.Add(item);
        }

        if (chain is not null)
        {
            message.Manifest = ByteString.CopyFrom(set.Manifest);
            message.AuthorityCertificates.AddRange(
                new[] { chain.ManifestSigner.Certificate, chain.CodeSigner.Certificate, chain.ReceiptSigner.Certificate }
                    .Concat(chain.Intermediates).Concat(chain.Roots).Select(certificate => ByteString.CopyFrom(certificate.Der)));
        }

        return message;
    }

    /// <summary>The answer to a verification, with every field; the caller cuts it by purpose.</summary>
    public static V1.Verification ToMessage(Verifying.Verification answer)
    {
        var (explanation, nextStep) = VerdictTexts.Of(answer.Verdict, answer.Reason);
        var message = new V1.Verification
        {
            Verdict = (V1.Verification.Types.Verdict)answer.Verdict, Reason = answer.Reason.WireName(), Explanation = explanation,
            NextStep = nextStep, StatusAsOfTime = answer.StatusAsOf.ToTimestamp(),
        };
        if (answer is { Manifest: { } manifest, Entry.State: { } state })
        {
            message.License = ToMessage(manifest.License);
            message.Seals.AddRange(manifest.Seals.Select(seal => ToMessage(seal.Kind, seal.Code, seal.Digest)));
            message.StateEffectiveTime = state.EffectiveTime.ToTimestamp();
            message.StateReason = state.Reason;
        }

        return message;
    }

    private static Enterprise ToMessage(EnterpriseFacts facts) => new()
    {
        CreditCode = facts.CreditCode.Value, Name = facts.Name, Kind = (Enterprise.Types.Kind)facts.Kind, Type = facts.Type,
        Representative = facts.Representative, Capital = facts.Capital?.Text ?? "", Address = facts.Address, BusinessScope = facts.BusinessScope,
        EstablishDate = new Date { Year = facts.EstablishDate.Year, Month = facts.EstablishDate.Month, Day = facts.EstablishDate.Day },
    };

    private static V1.Seal ToMessage(SealKind kind, SealCode code, byte[] digest) =>
        new() { Kind = (V1.Seal.Types.Kind)kind, SealCode = code.Value, Digest = ByteString.CopyFrom(digest) };
}
