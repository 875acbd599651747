using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>
/// The one window: opens cases, asks for further steps, takes reports of departments and decisions of staff, and issues. A licence is
/// issued in a transaction of its own, under a request id made from the case: first the case says that it is granted, then the set is issued,
/// then the case says so. Whoever comes after a crash in between, with the same request or another grant, goes on from there.
/// </summary>
/// <param name="register">The register of sets.</param>
/// <param name="cases">The cases.</param>
/// <param name="issuer">Issues.</param>
/// <param name="rules">How cases go on.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="codec">How an issue's answer is written.</param>
/// <param name="clock">The one clock.</param>
public sealed class CaseDesk(ILicenseStore register, ICaseStore cases, Issuer issuer, CaseRules rules, IChangeFeed feed, SetCodec codec, RegisterClock clock)
{
    private const int Attempts = 5;
    private const int MaxEvidence = 500;
    private const int MaxReference = 64;

    /// <summary>Opens a case, and issues at once what passes every automatic check.</summary>
    public async Task<IssueOutcome> OpenAsync(OpenCommand command, CancellationToken cancel)
    {
        clock.RequireSound();

        // 1. Policy: facts that cannot stand on a licence are sent back at once, for nobody could grant them.
        var today = WorkCalendar.DayOf(Now());
        var facts = EnterpriseFacts.Parse(command.Enterprise, today);
        var kinds = rules.RequireOffered(command.Steps);

        // 2. Seen before?
        var request = Request(command.Actor, command.RequestId, "OpenCase", [.. Texts(facts), .. kinds.Select(kind => kind.WireName())]);
        if (await FindReplyAsync(request, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, request.ContentDigest, feed);
        }

        // 3. Begun before and cut short? Else a new case. Where a person must look, the request ends with that.
        var subject = await FindBegunAsync(request, cancel);
        if (subject is null)
        {
            var findings = await FindingsAsync(facts, today, cancel);
            var (opened, outcome) = await BeginAsync(command, request, facts, kinds, findings);
            if (outcome is not null)
            {
                return outcome;
            }

            subject = opened ?? await FindBegunAsync(request, cancel) ?? throw CaseErrors.Overtaken();
        }

        // 4. Licence and seals. 5. The case says so, and the other steps are opened with it.
        var (next, _) = await IssueAsync(subject, cancel);
        return await ChangeAsync(subject.Id, request, next, command.EncodeReply, CaseErrors.NotFound, cancel);
    }

    /// <summary>Asks for further steps.</summary>
    public async Task<IssueOutcome> AddAsync(AddCommand command, CancellationToken cancel)
    {
        var kinds = command.Steps.Count > 0 ? rules.RequireOffered(command.Steps) : throw EidException.OfField(ErrorReason.EnumInvalid, "steps", "应写明要增加的事项");
        var request = Request(command.Actor, command.RequestId, "AddSteps", [command.Case.Value, .. kinds.Select(kind => kind.WireName())]);
        return await ChangeAsync(command.Case, request, subject => rules.Add(subject, kinds, command.Actor, Now()), command.EncodeReply, CaseErrors.NotFound, cancel);
    }

    /// <summary>Takes a department's report. To anybody who does not hold the step it does not exist.</summary>
    public async Task<IssueOutcome> ReportAsync(ReportCommand command, CancellationToken cancel)
    {
        // 1. Whose step it is comes first: nothing else may be learned about another's.
        var kind = command.Step.Kind;
        if (kind == StepKind.License || rules.Catalogue.DepartmentOf(kind) != command.Actor)
        {
            throw CaseErrors.StepNotFound();
        }

        // 2. What is reported.
        RequireReason(command.Reason, command.Act is StepAct.Return or StepAct.Refuse);
        RequireEvidence(command.Evidence, command.Act is StepAct.Complete);
        var request = Request(command.Actor, command.RequestId, "ReportStep",
            [command.Step.ToString(), command.Act.ToString(), command.Reason, command.Evidence?.Text ?? "", command.Evidence?.Reference ?? ""]);

        // 3. Written, if the step is shown to them and the table allows it.
        return await ChangeAsync(command.Step.Case, request,
            subject => command.MayKnow(subject.Facts.CreditCode) && subject.Find(kind) is { IsShown: true }
                ? rules.Act(subject, kind, command.Act, command.Actor, Now(), command.Reason, command.Evidence) : throw CaseErrors.StepNotFound(),
            command.EncodeReply, CaseErrors.StepNotFound, cancel);
    }

    /// <summary>Carries out a decision of staff; a grant issues.</summary>
    public async Task<IssueOutcome> DecideAsync(DecideCommand command, CancellationToken cancel)
    {
        // 1. Policy.
        var now = Now();
        var today = WorkCalendar.DayOf(now);
        var (kind, act) = (command.Step.Kind, command.Act);
        RequireReason(command.Reason, act is StepAct.Return or StepAct.Refuse or StepAct.Withdraw);
        if (command.Mended is not null && (act != StepAct.Reopen || kind != StepKind.License))
        {
            throw EidException.OfField(ErrorReason.LintFailed, "enterprise", "只有恢复办理营业执照（REOPEN）时可以更正登记事项");
        }

        if (kind != StepKind.License && act is StepAct.Grant or StepAct.Return or StepAct.Refuse)
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "decision", "只有营业执照由登记机关核发、退回或不予办理；其他事项由其办理单位报告");
        }

        var mended = command.Mended is { } input ? EnterpriseFacts.Parse(input, today) : null;
        var request = Request(command.Actor, command.RequestId, "DecideStep",
            [command.Step.ToString(), act.ToString(), command.Reason, .. mended is null ? [] : Texts(mended)]);

        // 2. Anything but a grant is one change of the case.
        if (act != StepAct.Grant)
        {
            return await ChangeAsync(command.Step.Case, request,
                subject => rules.Act(mended is null ? subject : CaseRules.Mend(subject, mended, InstantGrant.Check(mended, today)), kind, act, command.Actor, Now(), command.Reason),
                command.EncodeReply, CaseErrors.NotFound, cancel);
        }

        clock.RequireSound();
        if (await FindReplyAsync(request, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, request.ContentDigest, feed);
        }

        // 3. Granted: from here on the step can only be issued, or come back to a person.
        var granted = await ApplyAsync(command.Step.Case, request, subject => rules.Act(subject, kind, act, command.Actor, Now()), null, CaseErrors.NotFound, cancel);
        if (granted.Outcome is { } twin)
        {
            return twin;
        }

        // 4. Licence and seals; what hinders them is told to who granted.
        var (next, refusal) = await IssueAsync(granted.After, cancel);
        if (refusal is not null)
        {
            await ApplyAsync(command.Step.Case, request, next, null, CaseErrors.NotFound, cancel);
            throw refusal;
        }

        // 5. The case says so.
        return await ChangeAsync(command.Step.Case, request, next, command.EncodeReply, CaseErrors.NotFound, cancel);
    }

    // The register keeps milliseconds, and an answer must say what it will say later.
    private DateTimeOffset Now() => LicenseTime.Stored(clock.GetUtcNow());

    private async Task<CaseFile?> FindBegunAsync(WriteRequest request, CancellationToken cancel)
    {
        var begun = await cases.FindCaseAsync(CaseKey.Of(request.Actor, request.RequestId), cancel);
        return begun is null || begun.ContentDigest.AsSpan().SequenceEqual(request.ContentDigest) ? begun : throw Reused();
    }

    // What an application lacks for being granted at once. The issuer's own checks come last, for they draw four seals.
    private async Task<IReadOnlyList<Finding>> FindingsAsync(EnterpriseFacts facts, DateOnly today, CancellationToken cancel)
    {
        var findings = InstantGrant.Check(facts, today);
        try
        {
            await issuer.ValidateAsync(facts.ToInput(), cancel);
            return findings;
        }
        catch (EidException refusal) when (IsForAPerson(refusal))
        {
            return [.. findings, Of(refusal)];
        }
    }

    private async Task<(CaseFile? Opened, IssueOutcome? Outcome)> BeginAsync(
        OpenCommand command, WriteRequest request, EnterpriseFacts facts, IReadOnlyList<StepKind> kinds, IReadOnlyList<Finding> findings)
    {
        var opened = rules.Open(
            new CaseFile
            {
                Id = CaseId.New(), Progress = Codes.ProgressCode.Generate(), OpenedBy = request.Actor, OpenRequest = request.RequestId, ContentDigest = request.ContentDigest,
                Facts = facts, FactsRevision = 1, OpenTime = Now(), Findings = findings, Events = [],
            }, kinds);
        var whole = request with { Reply = command.EncodeReply(opened) };
        try
        {
            var committed = await cases.WriteCaseAsync(null, opened, whole, keepReply: findings.Count > 0);
            return committed.Earlier is { } twin ? (null, await IssueOutcome.RepeatAsync(twin, request.ContentDigest, feed))
                : findings.Count > 0 ? (opened, new IssueOutcome(whole.Reply, false)) : (opened, null);
        }
        catch (EidException error) when (error.Reason == ErrorReason.VersionConflict)
        {
            return (null, null); // A twin of this request has just opened it.
        }
    }

    // Gives what the case comes to, to be applied to whatever it has become meanwhile.
    private async Task<(Func<CaseFile, CaseFile> Next, EidException? Refusal)> IssueAsync(CaseFile granted, CancellationToken cancel)
    {
        if (granted.Find(StepKind.License)!.State != StepState.Accepted)
        {
            return (subject => subject, null);
        }

        try
        {
            var issued = await issuer.IssueAsync(new IssueCommand(granted.OpenedBy, granted.Id.IssueRequest(granted.FactsRevision), granted.Facts.ToInput(), codec.Encode), cancel);
            var license = codec.LicenseOf(issued.Reply);
            return (subject => rules.Issue(subject, license, Now()), null);
        }
        catch (EidException refusal) when (IsForAPerson(refusal))
        {
            return (subject => rules.Doubt(subject, Of(refusal), Now()), refusal);
        }
    }

    private async Task<IssueOutcome> ChangeAsync(
        CaseId id, WriteRequest request, Func<CaseFile, CaseFile> change, Func<CaseFile, byte[]> encode, Func<EidException> notFound, CancellationToken cancel)
    {
        if (await FindReplyAsync(request, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, request.ContentDigest, feed);
        }

        var (after, outcome) = await ApplyAsync(id, request, change, encode, notFound, cancel);
        return outcome ?? new IssueOutcome(encode(after), false);
    }

    // Reads, changes, writes; once more when somebody else was faster. With a reply the request ends with this write.
    private async Task<(CaseFile After, IssueOutcome? Outcome)> ApplyAsync(
        CaseId id, WriteRequest request, Func<CaseFile, CaseFile> change, Func<CaseFile, byte[]>? encode, Func<EidException> notFound, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = await cases.FindCaseAsync(CaseKey.Of(id), cancel) ?? throw notFound();
            try
            {
                var after = change(before);
                if (encode is null && after.Events.Count == before.Events.Count)
                {
                    return (after, null);
                }

                var whole = encode is null ? request : request with { Reply = encode(after) };
                var committed = await cases.WriteCaseAsync(before, after, whole, keepReply: encode is not null);
                return (after, committed.Earlier is { } twin ? await IssueOutcome.RepeatAsync(twin, request.ContentDigest, feed)
                    : encode is null ? null : new IssueOutcome(whole.Reply, false));
            }
            catch (EidException error) when (error.Reason == ErrorReason.VersionConflict && attempt < Attempts)
            {
                // The next attempt sees what the other one did.
            }
            catch (EidException error) when (error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.AlreadyExists)
            {
                // It may be this very request that did it, since the case was read.
                if (await FindReplyAsync(request, cancel) is not { } twin)
                {
                    throw;
                }

                return (before, await IssueOutcome.RepeatAsync(twin, request.ContentDigest, feed));
            }
        }
    }

    private ValueTask<StoredReply?> FindReplyAsync(WriteRequest request, CancellationToken cancel) => register.FindReplyAsync(request.Actor, request.RequestId, cancel);

    // A fault of ours, a store that is away or a key that is out of force is nobody's to decide: the same request again goes on.
    private static bool IsForAPerson(EidException refusal) =>
        refusal.Reason is ErrorReason.LicenseExists or ErrorReason.TransitionNotAllowed || refusal.Reason.Kind() == ErrorKind.InvalidArgument;

    private static Finding Of(EidException refusal) => new(refusal.Reason.WireName(), refusal.Message);

    private static EidException Reused() => new(ErrorReason.RequestIdReused, "request_id 已用于内容不同的另一请求；请换用新的 request_id");

    // U+001F cannot occur in checked text, so the join cannot be read two ways.
    private static WriteRequest Request(string actor, RequestId id, string method, IEnumerable<string> content) =>
        new(actor, id, Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', content.Prepend(method)))), []);

    private static IEnumerable<string> Texts(EnterpriseFacts facts)
    {
        var input = facts.ToInput();
        return [input.CreditCode, input.Name, input.Kind.ToString(), input.Type, input.Representative, input.Capital, input.EstablishDate, input.Address, input.BusinessScope];
    }

    private static void RequireReason(string reason, bool isDue)
    {
        if (!isDue && reason.Length > 0)
        {
            throw EidException.OfField(ErrorReason.ReasonRequired, "reason", "此处不填理由");
        }

        if (isDue && FaceText.Problem(reason, 2, 200) is { Length: > 0 } problem)
        {
            throw EidException.OfField(ErrorReason.ReasonRequired, "reason", problem);
        }
    }

    private static void RequireEvidence(Evidence? evidence, bool isDue)
    {
        if (!isDue && evidence is not null)
        {
            throw EidException.OfField(ErrorReason.EvidenceRequired, "evidence", "只在办结时填写");
        }

        if (!isDue)
        {
            return;
        }

        if (evidence is null or { Text: "", Reference: "" })
        {
            throw EidException.OfField(ErrorReason.EvidenceRequired, "evidence", "办结时应写明办理结果（text）或文号（reference）");
        }

        if (FaceText.Problem(evidence.Text, 0, MaxEvidence) is { Length: > 0 } text)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "evidence.text", text);
        }

        if (FaceText.Problem(evidence.Reference, 0, MaxReference) is { Length: > 0 } reference)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "evidence.reference", reference);
        }
    }
}
