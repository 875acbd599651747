using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Calendar;
using ShantingEId.V1;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Reliability.Tests.Bench;

/// <content>Changes that are prepared at one place and told, taken back or in force at the other; cases and deregistrations.</content>
internal sealed partial class UpgradeLoad
{
    // Long enough that a place which leaves meanwhile does not make it late.
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(3);

    // Replicas flip within a quarter of a second of each other.
    private static readonly TimeSpan Flip = TimeSpan.FromMilliseconds(500);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private async Task PrepareOnAsync()
    {
        for (var turn = 0; !stopped; turn++)
        {
            if (await SendAsync(turn, Write.Issue()) is not { } first)
            {
                continue;
            }

            // 1. Prepared at the other place, for days ahead or a moment; until then both places know nothing of it, and do nothing else to the company.
            var isTakenBack = turn % 2 == 0;
            var time = Now + (isTakenBack ? TimeSpan.FromDays(3) : Ahead);
            if (await SendAsync(turn + 1, Write.Prepare(first, $"枣庄市山亭区样例预备{turn}号食品有限公司", time), error => error.StatusCode == StatusCode.InvalidArgument && Now > time) is not { } prepared)
            {
                continue;
            }

            await ExpectAsync(first, Verdict.Valid, time);
            await ExpectAsync(prepared, Verdict.NotFound, time);
            if (await SendAsync(turn, Write.Revoke(first), error => error.StatusCode == StatusCode.FailedPrecondition && (EidClient.Reason(error) == "CHANGE_PENDING" || Now > time)) is not null)
            {
                Problems.Add("a licence was revoked while a change waited");
            }

            // 2. Taken back where it was not prepared, it never was; else it comes by itself, at both.
            if (isTakenBack)
            {
                if (await SendAsync(turn, Write.WithdrawChange(first)) is not null)
                {
                    await ExpectAsync(first, Verdict.Valid);
                    await ExpectAsync(prepared, Verdict.Revoked);
                }

                continue;
            }

            await Task.Delay(time + Flip > Now ? time + Flip - Now : TimeSpan.Zero);
            ended[first.LicenseCode] = Stopwatch.GetTimestamp();
            Watch(prepared.LicenseCode);
            await ExpectAsync(first, Verdict.Superseded);
            await ExpectAsync(prepared, Verdict.Valid);
            heard.AddOrUpdate("flip", 1, (_, count) => count + 1);
        }
    }

    // The one window: each deed at another place than the one before, and what was told holds at both.
    private async Task ServeWindowAsync()
    {
        for (var turn = 0; !stopped; turn++)
        {
            if (await SendAsync(turn, Write.OpenCase(WorkCalendar.DayOf(Now)), windowAcks, null) is not Case opened
                || await SendAsync(turn + 1, Write.ReportTax(opened.Name, Report.Accept), windowAcks, null) is null
                || await SendAsync(turn, Write.ReportTax(opened.Name, Report.Complete), windowAcks, null) is null)
            {
                continue;
            }

            await ExpectAsync("case", Case.Types.State.Completed, async client => (await client.Cases.GetCaseAsync(new GetCaseRequest { Name = opened.Name })).State);
            if (await SendAsync(turn + 1, Write.ApplyDeregistration(opened.Enterprise.CreditCode), windowAcks, null) is not Deregistration applied)
            {
                continue;
            }

            await ExpectAsync("deregistration", Deregistration.Types.State.Published, client => StateAsync(client, applied));
            if (await SendAsync(turn, Write.WithdrawDeregistration(applied.Name), windowAcks, null) is not null)
            {
                await ExpectAsync("deregistration", Deregistration.Types.State.Withdrawn, client => StateAsync(client, applied));
            }
        }
    }

    private static async Task<Deregistration.Types.State> StateAsync(EidClient client, Deregistration deregistration) =>
        (await client.Deregistrations.GetDeregistrationAsync(new GetDeregistrationRequest { Name = deregistration.Name })).State;

    private async Task ExpectAsync<T>(string what, T expected, Func<EidClient, Task<T>> ask)
        where T : struct, Enum
    {
        for (var place = 0; place < places.Count; place++)
        {
            if (await TryAsync(place, what, async client => (T?)await ask(client)) is { } state && !state.Equals(expected))
            {
                Problems.Add($"place {place}: {what} {state} where {expected} had been acknowledged");
            }
        }
    }

    // Only what was answered before its end is judged.
    private async Task ExpectAsync(IssuedSet set, Verdict expected, DateTimeOffset until)
    {
        for (var place = 0; place < places.Count; place++)
        {
            if (await AskAsync(place, set.LicenseCode) is { } verdict && verdict != expected && Now < until)
            {
                Problems.Add($"place {place}: {verdict} where {expected} holds until {until:O}");
            }
        }
    }
}
