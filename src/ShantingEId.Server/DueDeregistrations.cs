using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Calendar;
using ShantingEId.Deregistering;

namespace ShantingEId.Server;

/// <summary>
/// Does what is due in simple deregistrations, once a minute at every replica: cancels those that confirm themselves, and records
/// what time has ended. Answers are right without it; an act done by two replicas is committed once. It also says in time
/// when deadlines reach into a year whose holidays it does not know.
/// </summary>
internal sealed partial class DueDeregistrations(
    DeregistrationDesk desk, IDeregistrationStore store, WorkCalendar calendar, RegisterClock clock, ILogger<DueDeregistrations> log) : BackgroundService
{
    private const int Page = 100;

    // Twenty days of publication and twenty for confirming, each with the longest holiday in it.
    private const int FurthestDeadline = 70;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    // Told once: what cannot be cancelled stays due until somebody decides, and staff finds it among the overdue.
    private readonly HashSet<string> told = [];
    private int yearTold;

    /// <summary>Does everything that is due now; returns how many acts were committed.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (after, done) = ("", 0);
        while (true)
        {
            var now = clock.GetUtcNow();
            var page = await store.ListDeregistrationsAsync(new DeregistrationQuery(null, true, now, null, after, Page), cancel);
            foreach (var one in page)
            {
                done += await ActAsync(one, now, cancel) ? 1 : 0;
            }

            if (page.Count < Page)
            {
                return done;
            }

            after = page[^1].Number;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            do
            {
                try
                {
                    CheckCalendar();
                    await RunOnceAsync(stoppingToken);
                }
                catch (EidException error)
                {
                    Failed(error);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end, also of a server that is thrown away without being stopped.
        }
    }

    /// <summary>Says once of a year that its holidays are not known, when deadlines begin to reach it.</summary>
    internal void CheckCalendar()
    {
        var year = WorkCalendar.DayOf(clock.GetUtcNow().AddDays(FurthestDeadline)).Year;
        if (year != yearTold && !calendar.IsTabled(year))
        {
            yearTold = year;
            HolidaysUnknown(year);
        }
    }

    private async Task<bool> ActAsync(SimpleDeregistration one, DateTimeOffset now, CancellationToken cancel)
    {
        var state = one.StateAt(now);
        try
        {
            if (state.IsEnd())
            {
                return await desk.ExpireAsync(one.Number, cancel);
            }

            if (state == DeregistrationState.Confirmable && one.ConfirmsItself)
            {
                await desk.ConfirmDueAsync(one, cancel);
                return true;
            }
        }
        catch (EidException error) when (error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.Aborted)
        {
            if (error.Reason != ErrorReason.VersionConflict && told.Add(one.Number))
            {
                Barred(one.Number, error.Message);
            }
        }

        return false;
    }

    [LoggerMessage(EventName = "DeregistrationBarred", Level = LogLevel.Warning, Message = "{Number} is due and cannot be cancelled: {Problem}")]
    private partial void Barred(string number, string problem);

    [LoggerMessage(EventName = "HolidaysUnknown", Level = LogLevel.Warning,
        Message = "Holidays of {Year} are not known: deadlines that reach it count weekends only. When the notice is out, name a file of it with --holidays")]
    private partial void HolidaysUnknown(int year);

    [LoggerMessage(EventName = "DeregistrationsNotRead", Level = LogLevel.Warning, Message = "Due deregistrations could not be worked on; tried again in a minute")]
    private partial void Failed(EidException error);
}
