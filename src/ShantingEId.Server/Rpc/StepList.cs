using Grpc.Core;
using ShantingEId.Cases;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using LicenseFields = ShantingEId.Verifying.LicenseFields;

namespace ShantingEId.Server.Rpc;

/// <summary>The changes of steps from a mark on, for departments and staff. Like the change feed it keeps nothing for its readers.</summary>
internal sealed class StepList(ICaseStore cases, CaseRules rules, CaseWire wire, CallerDirectory callers, FeedNotice notice, TimeProvider clock)
{
    private const int Stretch = 500;
    private const int MaxStretches = 20;
    private const int DefaultPage = 100;
    private const int LargestPage = 500;
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    /// <summary>One page.</summary>
    public async Task<ListStepsResponse> ListAsync(ListStepsRequest request, Caller caller, CancellationToken cancel)
    {
        var filter = new Filter(request.Kinds, request.States, caller, rules.Catalogue, callers);
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        var answer = new ListStepsResponse { Mark = request.AfterMark };

        // What does not pass is read over, up to a limit: a rare filter must not read the whole register in one call.
        for (var i = 0; i < MaxStretches && !answer.IsCurrent && answer.Changes.Count < size; i++)
        {
            var (changes, mark, isCurrent) = await ReadAsync(answer.Mark, request.IsOverdue, cancel);
            foreach (var change in changes.Where(filter.Passes))
            {
                if (answer.Changes.Count == size)
                {
                    return answer;
                }

                answer.Changes.Add(wire.ToMessage(change, filter.ShowsHolder(change)));
                answer.Mark = change.Position;
            }

            (answer.Mark, answer.IsCurrent) = (mark, isCurrent);
        }

        return answer;
    }

    /// <summary>As they happen.</summary>
    public async Task WatchAsync(WatchStepsRequest request, IServerStreamWriter<WatchStepsResponse> stream, Caller caller, CancellationToken cancel)
    {
        var filter = new Filter(request.Kinds, request.States, caller, rules.Catalogue, callers);
        var mark = request.AfterMark;
        long? written = null; // None yet, so the first quiet moment is told at once.
        while (true)
        {
            // 1. What is there, in order.
            var (changes, read, isCurrent) = await ReadAsync(mark, onlyOverdue: false, cancel);
            foreach (var change in changes.Where(filter.Passes))
            {
                await stream.WriteAsync(new WatchStepsResponse { Change = wire.ToMessage(change, filter.ShowsHolder(change)), Mark = change.Position }, cancel);
                written = clock.GetTimestamp();
            }

            // 2. A sign of life, which also carries the mark over what did not pass.
            mark = read;
            if (written is null || clock.GetElapsedTime(written.Value) >= SignOfLife)
            {
                await stream.WriteAsync(new WatchStepsResponse { Mark = mark }, cancel);
                written = clock.GetTimestamp();
            }

            // 3. Sleep until the feed moves, or until the next sign of life is due.
            if (isCurrent)
            {
                var due = SignOfLife - clock.GetElapsedTime(written.Value);
                await notice.WaitAsync(mark, due > TimeSpan.Zero ? due : TimeSpan.Zero, cancel);
            }
        }
    }

    // A stretch with fewer changes than asked for holds everything up to the head it was read with.
    private async Task<(IReadOnlyList<PlacedEvent> Changes, long Mark, bool IsCurrent)> ReadAsync(long after, bool onlyOverdue, CancellationToken cancel)
    {
        if (after < 0)
        {
            throw MarkInvalid("不能为负数");
        }

        var page = onlyOverdue ? await cases.ReadOverdueAsync(wire.Today, after, Stretch, cancel) : await cases.ReadStepsAsync(after, Stretch, cancel);
        if (after > page.Head)
        {
            throw MarkInvalid("大于最新的变更");
        }

        return page.Changes.Count < Stretch ? (page.Changes, page.Head, true) : (page.Changes, page.Changes[^1].Position, false);
    }

    private static EidException MarkInvalid(string problem) =>
        new(ErrorReason.MarkInvalid, "after_mark " + problem, [new FieldViolation("after_mark", ErrorReason.MarkInvalid, problem)]);

    /// <summary>What a caller wants and may see. A department: the steps it holds, once they are opened; anything else does not exist for it.</summary>
    private sealed class Filter
    {
        private readonly HashSet<StepKind> kinds;
        private readonly HashSet<StepState> states;
        private readonly HashSet<StepKind> withHolder;
        private readonly bool all;
        private readonly Caller caller;

        public Filter(IReadOnlyList<Step.Types.Kind> kinds, IReadOnlyList<Step.Types.State> states, Caller caller, StepCatalogue catalogue, CallerDirectory callers)
        {
            (this.caller, all) = (caller, caller.Role is CallerRole.Staff or CallerRole.Auditor);
            var held = catalogue.Plans.Where(plan => plan.Department == caller.Name).ToArray();
            HashSet<StepKind> may = all ? [.. StepKinds.All] : [.. held.Select(plan => plan.Kind)];
            if (may.Count == 0)
            {
                throw Invalid("kinds", "贵单位未登记办理任何事项");
            }

            this.kinds = kinds.Count == 0 ? may : [.. kinds.Select(kind => (StepKind)kind)];
            if (!this.kinds.IsSubsetOf(may))
            {
                throw Invalid("kinds", "取值无法识别，或不由贵单位办理");
            }

            this.states = [.. states.Select(state => (StepState)state)];
            if (this.states.Any(state => state == StepState.Unspecified || !Enum.IsDefined(state)))
            {
                throw Invalid("states", "取值无法识别");
            }

            withHolder = all ? may : [.. held.Where(plan => callers.RequirePurpose(caller, plan.Purpose).Granted.HasFlag(LicenseFields.CreditCode)).Select(plan => plan.Kind)];
        }

        public bool Passes(PlacedEvent change) =>
            kinds.Contains(change.Step.Kind) && (states.Count == 0 || states.Contains(change.Event.Step.State)) && (all || change.Event.Step.IsShown) && caller.Scope.Contains(change.Holder);

        public bool ShowsHolder(PlacedEvent change) => withHolder.Contains(change.Step.Kind);

        private static EidException Invalid(string field, string problem) => new(ErrorReason.FilterInvalid, $"{field} {problem}", [new FieldViolation(field, ErrorReason.FilterInvalid, problem)]);
    }
}
