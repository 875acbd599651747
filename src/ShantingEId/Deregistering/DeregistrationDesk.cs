using System.Globalization;
using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Deregistering;

/// <summary>Whose act it is, and how its answer is kept.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Sees">Whether the caller may know of a proceeding; one it may not know of is not there for it.</param>
/// <param name="EncodeReply">Turns the proceeding into the answer's bytes.</param>
public sealed record DeregistrationCaller(string Actor, RequestId RequestId, Func<SimpleDeregistration, bool> Sees, Func<SimpleDeregistration, byte[]> EncodeReply);

/// <summary>简易注销: applies, objects, returns, confirms. Each act is judged by the table in <see cref="DeregistrationActs"/> and committed once.</summary>
/// <param name="register">The register's sets.</param>
/// <param name="store">The proceedings.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="calendar">Working days.</param>
/// <param name="terms">Periods.</param>
/// <param name="authority">Who cancels, as it stands in the state of the set.</param>
/// <param name="clock">The one clock.</param>
public sealed class DeregistrationDesk(
    ILicenseStore register, IDeregistrationStore store, IChangeFeed feed, WorkCalendar calendar, DeregistrationTerms terms, string authority, RegisterClock clock)
{
    private const string Numbers = "deregistration";
    private const int MostObjections = 100;

    /// <summary>Files an application and publishes it.</summary>
    /// <param name="caller">Who files.</param>
    /// <param name="holder">The company.</param>
    /// <param name="commitment">The commitment; null only for an individual business.</param>
    /// <param name="declaredAbsent">Impediments that the applicant declares absent.</param>
    /// <param name="confirmsItself">Whether the register confirms when the time has come.</param>
    /// <param name="cancel">Gives up before the commit.</param>
    public async Task<IssueOutcome> ApplyAsync(
        DeregistrationCaller caller, CreditCode holder, Commitment? commitment, IReadOnlyCollection<Impediment> declaredAbsent, bool confirmsItself, CancellationToken cancel)
    {
        clock.RequireSound();

        // 1. The form of it.
        commitment?.RequireForm();
        if (Impediments.Declared.Except(declaredAbsent).ToArray() is { Length: > 0 } undeclared)
        {
            throw EidException.OfField(ErrorReason.DeclarationIncomplete, "declared_absent", $"应逐项声明不存在；尚缺：{string.Join("；", undeclared.Select(each => each.ChineseName()))}");
        }

        // 2. Seen before?
        var content = Digest("ApplyDeregistration", holder.Value, commitment?.ToString() ?? "", confirmsItself, string.Join(',', declaredAbsent.Distinct().Order().Select(each => (int)each)));
        if (await register.FindReplyAsync(caller.Actor, caller.RequestId, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, content, feed);
        }

        // 3. What the register knows of the company, and of what it tried before.
        var entry = (await register.FindAsync(RegisterKey.Of(holder), TimeSpan.Zero, cancel)).Entry ?? throw StoreErrors.NotFound();
        var facts = (await register.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound()).License.Facts;
        var now = LicenseTime.Stored(clock.GetUtcNow());
        var before = await OfCompanyAsync(holder, cancel);
        foreach (var open in before.Where(one => !one.Recorded.IsEnd()))
        {
            if (!open.StateAt(now).IsEnd())
            {
                // It may be this very request that opened it, since step 2.
                return await register.FindReplyAsync(caller.Actor, caller.RequestId, cancel) is { } twin
                    ? await IssueOutcome.RepeatAsync(twin, content, feed) : throw DeregistrationErrors.Open(open.Number);
            }

            await ExpireAsync(open.Number, cancel);
        }

        var (_, bars) = await JudgeSetAsync(holder, now, cancel);
        if (before.Any(one => one.HasStandingObjection))
        {
            bars.Add(Impediment.EarlierObjection);
        }

        if (bars.Count > 0)
        {
            throw DeregistrationErrors.Barred(bars);
        }

        var published = facts.Kind != EnterpriseKind.IndividualBusiness;
        if (published && commitment is null)
        {
            throw EidException.OfField(ErrorReason.CommitmentInvalid, "commitment", "应提交全体投资人承诺书（细则第四十七条）；只有个体工商户无需提交");
        }

        // 4. Number and last days.
        var today = WorkCalendar.DayOf(now);
        var last = terms.LastDayToObject(calendar, today, published);
        var one = new SimpleDeregistration
        {
            Number = DeregistrationName.Number(today, await register.ReserveAsync(Numbers, 1, cancel)), Holder = holder, License = entry.LicenseId, Name = facts.Name,
            IsPublished = published, Applicant = caller.Actor, Commitment = commitment, ConfirmsItself = confirmsItself,
            Recorded = DeregistrationState.Published, Revision = 1, AppliedTime = now, PeriodEnd = WorkCalendar.EndOf(last),
            ConfirmUntil = WorkCalendar.EndOf(calendar.AddDays(last, terms.ConfirmDays)), CancelUntil = WorkCalendar.EndOf(calendar.AddWorkingDays(last, terms.CancelWorkingDays)),
            UpdatedTime = now, Events = [new DeregistrationEvent(DeregistrationAct.Apply, now, caller.Actor, "")],
        };

        // 5. The commit point; published from here on.
        var reply = caller.EncodeReply(one);
        var committed = await store.AddDeregistrationAsync(one, new WriteRequest(caller.Actor, caller.RequestId, content, reply));
        return committed.Earlier is { } raced ? await IssueOutcome.RepeatAsync(raced, content, feed) : new IssueOutcome(reply, false);
    }

    /// <summary>Objects, while the publication lasts.</summary>
    public Task<IssueOutcome> ObjectAsync(DeregistrationCaller caller, string number, string objector, Impediment ground, string reason, CancellationToken cancel)
    {
        if (!ground.IsGround())
        {
            throw EidException.OfField(ErrorReason.ObjectionGroundInvalid, "ground", "应为细则第四十八条、条例第三十三条所列的情形");
        }

        RequireText(reason, "reason", ErrorReason.ReasonRequired, 200);
        RequireText(objector, "objector", ErrorReason.TextInvalid, 60);
        return ActAsync(caller, number, DeregistrationAct.RaiseObjection, Digest("RaiseObjection", number, objector, (int)ground, reason), reason, (one, now) =>
        {
            if (one.Objections.FirstOrDefault(each => each.WithdrawnTime is null && (each.Caller, each.Objector, each.Ground) == (caller.Actor, objector, ground)) is { } same)
            {
                throw DeregistrationErrors.ObjectionExists(same.Number);
            }

            if (one.Objections.Count == MostObjections)
            {
                throw DeregistrationErrors.NotAllowed(one.StateAt(now));
            }

            return one with { Objections = [.. one.Objections, new Objection(one.Objections.Count + 1, caller.Actor, objector, ground, reason, now, null)] };
        }, cancel);
    }

    /// <summary>Withdraws an objection of the caller's own.</summary>
    public Task<IssueOutcome> WithdrawObjectionAsync(DeregistrationCaller caller, string number, int objection, string reason, CancellationToken cancel)
    {
        RequireText(reason, "reason", ErrorReason.ReasonRequired, 200);
        return ActAsync(caller, number, DeregistrationAct.WithdrawObjection, Digest("WithdrawObjection", number, objection, reason), reason, (one, now) =>
        {
            var mine = one.Objections.FirstOrDefault(each => each.Number == objection && each.Caller == caller.Actor) ?? throw DeregistrationErrors.ObjectionNotFound();
            return mine.WithdrawnTime is null
                ? one with { Objections = [.. one.Objections.Select(each => each == mine ? mine with { WithdrawnTime = now } : each)] }
                : throw DeregistrationErrors.ObjectionWithdrawn();
        }, cancel);
    }

    /// <summary>容错: returns an application with what is to be mended. The publication goes on and is not repeated.</summary>
    public Task<IssueOutcome> ReturnAsync(DeregistrationCaller caller, string number, string toMend, CancellationToken cancel)
    {
        RequireText(toMend, "to_mend", ErrorReason.ReasonRequired, 200);
        return ActAsync(caller, number, DeregistrationAct.Return, Digest("ReturnDeregistration", number, toMend), toMend, (one, now) =>
        {
            // As long as it could be confirmed anyway, and never less than the days for mending: who applied in time does not lose by being sent back.
            var until = Later(one.ConfirmUntil, WorkCalendar.EndOf(calendar.AddDays(WorkCalendar.DayOf(now), terms.MendDays)));
            return one with { Recorded = DeregistrationState.Returned, Remark = toMend, MendUntil = until, ConfirmUntil = until };
        }, cancel);
    }

    /// <summary>Hands a returned application in again.</summary>
    public Task<IssueOutcome> ResubmitAsync(DeregistrationCaller caller, string number, Commitment? commitment, CancellationToken cancel)
    {
        commitment?.RequireForm();
        return ActAsync(caller, number, DeregistrationAct.Resubmit, Digest("ResubmitDeregistration", number, commitment?.ToString() ?? ""), "", (one, now) =>
        {
            var cancelUntil = WorkCalendar.EndOf(calendar.AddWorkingDays(WorkCalendar.DayOf(now), terms.CancelWorkingDays));
            return one with
            {
                Recorded = DeregistrationState.Published, Commitment = commitment ?? one.Commitment, Remark = "", MendUntil = null, CancelUntil = Later(one.CancelUntil, cancelUntil),
            };
        }, cancel);
    }

    /// <summary>Ends a proceeding, by the registrar.</summary>
    public Task<IssueOutcome> TerminateAsync(DeregistrationCaller caller, string number, string reason, CancellationToken cancel)
    {
        RequireText(reason, "reason", ErrorReason.ReasonRequired, 200);
        return ActAsync(caller, number, DeregistrationAct.Terminate, Digest("TerminateDeregistration", number, reason), reason,
            (one, _) => one with { Recorded = DeregistrationState.Terminated, Remark = reason }, cancel);
    }

    /// <summary>Takes an application back, by the applicant.</summary>
    public Task<IssueOutcome> WithdrawAsync(DeregistrationCaller caller, string number, CancellationToken cancel) =>
        ActAsync(caller, number, DeregistrationAct.Withdraw, Digest("WithdrawDeregistration", number), "", (one, _) => one with { Recorded = DeregistrationState.Withdrawn }, cancel);

    /// <summary>Confirms, and cancels: licence, seals and certificates end in one act.</summary>
    public Task<IssueOutcome> ConfirmAsync(DeregistrationCaller caller, string number, CancellationToken cancel) =>
        ActAsync(caller, number, DeregistrationAct.Confirm, Digest("ConfirmDeregistration", number), "",
            (one, _) => one with { Recorded = DeregistrationState.Cancelled }, cancel);

    /// <summary>Records what time has done to a proceeding; returns false when it has done nothing.</summary>
    public async Task<bool> ExpireAsync(string number, CancellationToken cancel)
    {
        var one = await store.FindDeregistrationAsync(number, cancel) ?? throw DeregistrationErrors.NotFound();
        var (now, state) = (Now(one), DeregistrationState.Unspecified);
        if (one.Recorded.IsEnd() || !(state = one.StateAt(now)).IsEnd())
        {
            return false;
        }

        var remark = state == DeregistrationState.Terminated ? "期满时仍有异议" : one.Recorded == DeregistrationState.Returned ? "逾期未补正" : "期满后逾期未申请注销";
        var changed = Changed(one with { Recorded = state, Remark = remark }, new DeregistrationEvent(DeregistrationAct.Expire, now, SimpleDeregistration.Clock, remark));
        await store.ChangeDeregistrationAsync(changed, null, ClockRequest(one));
        return true;
    }

    /// <summary>Confirms what is due by itself; the same id at every replica, so it happens once.</summary>
    public async Task ConfirmDueAsync(SimpleDeregistration due, CancellationToken cancel)
    {
        var request = ClockRequest(due);
        await ConfirmAsync(new DeregistrationCaller(request.Actor, request.RequestId, _ => true, _ => []), due.Number, cancel);
    }

    // Every act but the first: seen before, allowed, judged, committed.
    private async Task<IssueOutcome> ActAsync(
        DeregistrationCaller caller, string number, DeregistrationAct act, byte[] content, string remark,
        Func<SimpleDeregistration, DateTimeOffset, SimpleDeregistration> apply, CancellationToken cancel)
    {
        clock.RequireSound();

        // 1. Seen before?
        if (await register.FindReplyAsync(caller.Actor, caller.RequestId, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, content, feed);
        }

        // 2. Is it there, for this caller, and may it be done now?
        var one = await store.FindDeregistrationAsync(number, cancel);
        if (one is null || !caller.Sees(one))
        {
            throw DeregistrationErrors.NotFound();
        }

        SimpleDeregistration changed;
        CancelledSet? cancelled = null;
        try
        {
            var now = Now(one);
            Require(act, one, now);
            changed = Changed(apply(one, now), new DeregistrationEvent(act, now, caller.Actor, remark));

            // 3. The set that ends with it, judged anew: much may have happened since the application.
            if (act == DeregistrationAct.Confirm)
            {
                var (judged, bars) = await JudgeSetAsync(one.Holder, now, cancel);
                var name = judged is null ? null : (await register.LoadSetAsync(judged.LicenseId, cancel))?.License.Facts.Name;
                if (name is not null && name != one.Name)
                {
                    bars.Add(Impediment.NoticeOutdated);
                }

                if (bars.Count > 0 || judged is null)
                {
                    // It may be this very proceeding that another clerk has just brought to its end.
                    if ((await store.FindDeregistrationAsync(number, cancel))?.Revision != one.Revision)
                    {
                        throw StoreErrors.Changed();
                    }

                    throw DeregistrationErrors.Barred(bars);
                }

                // Times of a set never go back, whatever the clocks of two replicas differ by.
                var recorded = Later(now, judged.State.RecordedTime);
                cancelled = new CancelledSet(judged, new StateRecord(SetState.Cancelled, recorded, recorded, $"简易注销（{one.Number}）", authority));
            }
        }
        catch (EidException error) when (error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.AlreadyExists or ErrorKind.Aborted)
        {
            // It may be this very request that changed it, since step 1.
            if (await register.FindReplyAsync(caller.Actor, caller.RequestId, cancel) is { } twin)
            {
                return await IssueOutcome.RepeatAsync(twin, content, feed);
            }

            throw;
        }

        // 4. The commit point.
        var reply = caller.EncodeReply(changed);
        var committed = await store.ChangeDeregistrationAsync(changed, cancelled, new WriteRequest(caller.Actor, caller.RequestId, content, reply));
        if (committed.Earlier is { } raced)
        {
            return await IssueOutcome.RepeatAsync(raced, content, feed);
        }

        // 5. Cancelled means that nobody answers VALID any more.
        if (cancelled is not null)
        {
            await feed.SettleAsync(committed.Position);
        }

        return new IssueOutcome(reply, false);
    }

    // The reason that helps most: too early and too late are said with the day.
    private static void Require(DeregistrationAct act, SimpleDeregistration one, DateTimeOffset now)
    {
        var state = one.StateAt(now);
        if (act == DeregistrationAct.Confirm && state is DeregistrationState.Published or DeregistrationState.Objected)
        {
            throw DeregistrationErrors.NotOver(one);
        }

        if (act == DeregistrationAct.RaiseObjection && now >= one.PeriodEnd && !state.IsEnd())
        {
            throw DeregistrationErrors.PeriodOver(one);
        }

        if (!act.IsAllowed(state))
        {
            throw DeregistrationErrors.NotAllowed(state);
        }
    }

    // What the register itself says against it; the newest set of the company by everything recorded.
    private async Task<(StatedEntry? Judged, List<Impediment> Bars)> JudgeSetAsync(CreditCode holder, DateTimeOffset now, CancellationToken cancel)
    {
        var history = await register.HistoryAsync(holder.Value, cancel);
        // What was taken back waits for nothing: the last word on each set counts.
        if (history.GroupBy(one => one.LicenseId).Select(own => own.Last().State).Any(state => ChangeRules.IsWaiting(state, now) && state.State != SetState.Withdrawn))
        {
            return (null, [Impediment.ChangePending]);
        }

        var entry = (await register.FindAsync(RegisterKey.Of(holder), TimeSpan.Zero, cancel)).Entry ?? throw StoreErrors.NotFound();
        var newest = history.LastOrDefault(one => one.LicenseId == entry.LicenseId) ?? throw StoreErrors.NotFound();
        return newest.State.State switch
        {
            SetState.Active => (newest, []),
            SetState.Revoked or SetState.Rescinded => (newest, [Impediment.RevokedOrClosed]),
            _ => (newest, [Impediment.NotInForce]),
        };
    }

    private async Task<List<SimpleDeregistration>> OfCompanyAsync(CreditCode holder, CancellationToken cancel)
    {
        const int Page = 100;
        var all = new List<SimpleDeregistration>();
        IReadOnlyList<SimpleDeregistration> page;
        do
        {
            page = await store.ListDeregistrationsAsync(new DeregistrationQuery(holder, false, null, null, all.Count == 0 ? "" : all[^1].Number, Page), cancel);
            all.AddRange(page);
        }
        while (page.Count == Page);
        return all;
    }

    private static SimpleDeregistration Changed(SimpleDeregistration one, DeregistrationEvent happened) =>
        one with { Revision = one.Revision + 1, UpdatedTime = happened.Time, Events = [.. one.Events, happened] };

    // The id names what the act rests on, so every replica that finds the same thing due sends the same request.
    private static WriteRequest ClockRequest(SimpleDeregistration one)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"clock.{one.Number}.{one.Revision}");
        return new WriteRequest(SimpleDeregistration.Clock, RequestId.Parse(id), Digest(id), []);
    }

    private static void RequireText(string text, string field, ErrorReason reason, int max)
    {
        if (FaceText.Problem(text, 2, max) is { Length: > 0 } problem)
        {
            throw EidException.OfField(reason, field, problem);
        }
    }

    // U+001F cannot occur in checked text, so the join cannot be read two ways.
    private static byte[] Digest(params ReadOnlySpan<object> parts) => Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', parts.ToArray())));

    // Times of one proceeding never go back.
    private DateTimeOffset Now(SimpleDeregistration one) => Later(LicenseTime.Stored(clock.GetUtcNow()), one.UpdatedTime);

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
