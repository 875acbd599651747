using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;
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

    /// <summary>A time of a request; null where it gives none.</summary>
    /// <param name="message">The field.</param>
    /// <param name="field">Its name.</param>
    /// <param name="reason">What is thrown when the numbers are no point in time.</param>
    /// <exception cref="EidException"><paramref name="reason"/>.</exception>
    public static DateTimeOffset? ToTime(Timestamp? message, string field = "effective_time", ErrorReason reason = ErrorReason.EffectiveTimeInvalid)
    {
        try
        {
            return message?.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            throw new EidException(reason, field + " 不是存在的时间", [new FieldViolation(field, reason, "不是存在的时间")]);
        }
    }

    /// <summary>The licence as a message, with these fields of its face.</summary>
    public static V1.License ToMessage(Licenses.License license, LicenseFields fields = LicenseFields.All) => new()
    {
        // The identifier contains the credit code.
        LicenseId = fields.HasFlag(LicenseFields.CreditCode) ? license.Id.ToString() : "", Version = license.Id.Version,
        Enterprise = ToMessage(license.Facts, fields),
        AuthorityName = license.AuthorityName, AuthorityCode = license.AuthorityCode.Value, IssueTime = license.IssueTime.ToTimestamp(),
        Trade = license.Trade is not { } trade ? null
            : new V1.Trade { Code = trade.Code, Name = trade.Name, Premises = fields.HasFlag(LicenseFields.Address) ? trade.Premises : "" },
    };

    /// <summary>The set as a message.</summary>
    /// <param name="set">The set.</param>
    /// <param name="state">Its state.</param>
    /// <param name="chain">Certificates to add in full view; null for the basic view.</param>
    /// <param name="until">When a prepared change ends the state; null when none waits.</param>
    public static V1.IssuedSet ToMessage(Domain.IssuedSet set, StateRecord state, IssuingAuthority? chain = null, DateTimeOffset? until = null)
    {
        var message = new V1.IssuedSet
        {
            Name = RegisterName.Of(set.License.Id), License = ToMessage(set.License), State = (V1.IssuedSet.Types.State)state.State,
            StateEffectiveTime = state.EffectiveTime.ToTimestamp(), LicenseCode = set.LicenseCode, TypedCode = set.TypedCode.ToString(),
            ManifestDigest = ByteString.CopyFrom(set.ManifestDigest.Bytes), Warnings = { set.License.Facts.Warnings },
            StateRecordedTime = state.RecordedTime.ToTimestamp(), Successor = state.Successor?.ToString() ?? "", StateUntilTime = until?.ToTimestamp(),
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
                    .Concat(chain.Others.Manifests).Concat(chain.Others.Codes).Concat(chain.Others.Receipts).Concat(chain.Intermediates).Concat(chain.Roots).Select(certificate => ByteString.CopyFrom(certificate.Der)));
        }

        return message;
    }

    /// <summary>A set as a message, by its manifest alone, which names its seals.</summary>
    public static V1.IssuedSet ToMessage(RegisterEntry entry, Manifest manifest, StateRecord state) => new()
    {
        Name = RegisterName.Of(entry.LicenseId), License = ToMessage(manifest.License), State = (V1.IssuedSet.Types.State)state.State,
        StateEffectiveTime = state.EffectiveTime.ToTimestamp(), StateRecordedTime = state.RecordedTime.ToTimestamp(), Successor = state.Successor?.ToString() ?? "",
        LicenseCode = entry.LicenseCode, TypedCode = entry.TypedCode.ToString(), ManifestDigest = ByteString.CopyFrom(entry.ManifestDigest.Bytes),
        Warnings = { manifest.License.Facts.Warnings }, Seals = { manifest.Seals.Select(seal => ToMessage(seal.Kind, seal.Code, seal.Digest)) },
    };

    /// <summary>The answer to a look-up, with the granted fields and no other.</summary>
    public static V1.Verification ToMessage(LookupAnswer answer)
    {
        var (explanation, nextStep) = VerdictTexts.Of(answer.Verification);
        var message = new V1.Verification
        {
            Verdict = (V1.Verification.Types.Verdict)answer.Verification.Verdict, Reason = answer.Verification.Reason.WireName(), Explanation = explanation,
            NextStep = nextStep, StatusAsOfTime = answer.Verification.StatusAsOf.ToTimestamp(), Receipt = answer.ReceiptBytes,
            AsOfTime = answer.Verification.AsOfTime?.ToTimestamp(),
            Live = answer.Verification.Manifest is null ? null : HolderWire.ToMessage(answer.Verification.Live, answer.Fields),
        };
        if (answer.Verification.Neighbour is { } neighbour)
        {
            // The neighbour's register is not ours: what the code itself says is all there is to show.
            message.Neighbour = new V1.Neighbour { IssuerDivision = neighbour.Issuer.Division, IssuerName = neighbour.Issuer.Name };
            message.License = neighbour.Claims is not { } claims ? null : new V1.License
            {
                Version = claims.Version, IssueTime = claims.IssueTime.ToTimestamp(), AuthorityName = neighbour.Issuer.Name,
                Enterprise = new Enterprise { CreditCode = answer.Fields.HasFlag(LicenseFields.CreditCode) ? claims.Holder.Value : "", Name = answer.Fields.HasFlag(LicenseFields.Name) ? claims.Name : "" },
            };
        }

        if (answer.Verification is { Manifest: { } manifest, Entry.State: { } state })
        {
            message.License = ToMessage(manifest.License, answer.Fields);
            if (answer.Fields.HasFlag(LicenseFields.Seals))
            {
                message.Seals.AddRange(manifest.Seals.Where(seal => answer.Verification.Seal is not { } one || seal.Code == one).Select(seal => ToMessage(seal.Kind, seal.Code, seal.Digest)));
            }

            message.StateEffectiveTime = state.EffectiveTime.ToTimestamp();
            message.StateRecordedTime = state.RecordedTime.ToTimestamp();
            message.StateReason = state.Reason;
            message.Succession = ToMessage(answer.Verification.Succession, answer.Fields);
            message.Permits.AddRange(answer.Verification.Permits.Select(TradeWire.ToMessage));
            message.HolderName = answer.Fields.HasFlag(LicenseFields.Name) && answer.Verification.Holder is { } holder && holder.Facts.Name != manifest.License.Facts.Name ? holder.Facts.Name : "";
        }

        return message;
    }

    private static V1.Succession? ToMessage(Verifying.Succession? succession, LicenseFields fields) => succession is null ? null : new()
    {
        LicenseId = fields.HasFlag(LicenseFields.CreditCode) ? succession.Successor.ToString() : "", Version = succession.Successor.Version,
        EffectiveTime = succession.EffectiveTime.ToTimestamp(), CurrentVersion = succession.Current.Id.Version,
        CurrentName = fields.HasFlag(LicenseFields.Name) ? succession.Current.Facts.Name : "",
    };

    /// <summary>The answer to questions: the verdict and a Yes or No for each, nothing of the face.</summary>
    public static AskQuestionsResponse ToAnswers(LookupAnswer answer) => new()
    {
        Verdict = (V1.Verification.Types.Verdict)answer.Verification.Verdict, Reason = answer.Verification.Reason.WireName(),
        Explanation = VerdictTexts.Of(answer.Verification).Explanation,
        StatusAsOfTime = answer.Verification.StatusAsOf.ToTimestamp(), Receipt = answer.ReceiptBytes,
        Answers = { answer.Answers.Select(yes => yes ? AskQuestionsResponse.Types.Answer.Yes : AskQuestionsResponse.Types.Answer.No) },
    };

    /// <summary>One question, its value checked.</summary>
    public static Verifying.Question ToQuestion(V1.Question message, string path) => Verifying.Question.Parse((QuestionKind)message.AskCase, ValueOf(message), path);

    /// <summary>The value a question is about, as it was sent.</summary>
    public static string ValueOf(V1.Question message) => message.AskCase switch
    {
        V1.Question.AskOneofCase.Active => message.Active ? "true" : "false",
        V1.Question.AskOneofCase.NameMatches => message.NameMatches,
        V1.Question.AskOneofCase.RepresentativeIs => message.RepresentativeIs,
        V1.Question.AskOneofCase.SealCurrent => message.SealCurrent,
        V1.Question.AskOneofCase.PermitActive => message.PermitActive,
        _ => "",
    };

    /// <summary>A change of the register.</summary>
    public static Change ToMessage(FeedChange change) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"changes/{change.Position}"), Mark = change.Position, Kind = KindOf(change),
        IssuedSet = RegisterName.Of(change.LicenseId), CreditCode = change.Holder.Value, Version = change.LicenseId.Version,
        State = change.Permit is null ? (V1.IssuedSet.Types.State)change.State.State : V1.IssuedSet.Types.State.Unspecified, Reason = change.State.Reason,
        Permit = change.Permit?.Number ?? "", PermitState = (V1.Permit.Types.State)(change.Permit?.State ?? PermitState.Unspecified),
        EffectiveTime = change.State.EffectiveTime.ToTimestamp(), RecordedTime = change.State.RecordedTime.ToTimestamp(),
    };

    /// <summary>What kind of change it is.</summary>
    public static Change.Types.Kind KindOf(FeedChange change) => change.Permit is not null ? Change.Types.Kind.PermitChanged : change.State.State switch
    {
        SetState.Active => change.IsIssue ? Change.Types.Kind.Issued : Change.Types.Kind.Resumed,
        SetState.Revoked => Change.Types.Kind.Revoked,
        SetState.Superseded => Change.Types.Kind.Superseded,
        SetState.Suspended => Change.Types.Kind.Suspended,
        SetState.Cancelled => Change.Types.Kind.Cancelled,
        SetState.Rescinded => Change.Types.Kind.Rescinded,
        SetState.Withdrawn => Change.Types.Kind.Withdrawn,
        _ => throw new EidException(ErrorReason.InternalFault, "登记状态无法识别"),
    };

    /// <summary>The face, with these of its fields.</summary>
    public static Enterprise ToMessage(EnterpriseFacts facts, LicenseFields fields)
    {
        return new Enterprise
        {
            CreditCode = Text(LicenseFields.CreditCode, facts.CreditCode.Value), Name = Text(LicenseFields.Name, facts.Name),
            Kind = fields.HasFlag(LicenseFields.Kind) ? (Enterprise.Types.Kind)facts.Kind : Enterprise.Types.Kind.Unspecified,
            Type = Text(LicenseFields.Type, facts.Type), Representative = Text(LicenseFields.Representative, facts.Representative),
            Capital = Text(LicenseFields.Capital, facts.Capital?.Text ?? ""),
            EstablishDate = fields.HasFlag(LicenseFields.EstablishDate)
                ? new Date { Year = facts.EstablishDate.Year, Month = facts.EstablishDate.Month, Day = facts.EstablishDate.Day } : null,
            Address = Text(LicenseFields.Address, facts.Address), BusinessScope = Text(LicenseFields.BusinessScope, facts.BusinessScope),
        };

        string Text(LicenseFields field, string value) => fields.HasFlag(field) ? value : "";
    }

    private static V1.Seal ToMessage(SealKind kind, SealCode code, byte[] digest) =>
        new() { Kind = (V1.Seal.Types.Kind)kind, SealCode = code.Value, Digest = ByteString.CopyFrom(digest) };
}
