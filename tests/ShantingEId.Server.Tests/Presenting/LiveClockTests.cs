using ShantingEId.V1;
using static ShantingEId.Server.Tests.Presenting.HolderClient;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>A deployment whose clock these tests own.</summary>
public sealed class LiveClockFixture : PresentFixture;

/// <summary>I34: the minute of a code is the server's, whichever way its clock is put.</summary>
public sealed class LiveClockTests(LiveClockFixture server) : IClassFixture<LiveClockFixture>
{
    private readonly HolderClient holder = new(server);

    [Theory]
    [InlineData(-6, "NOT_YET_VALID")]
    [InlineData(-5, "")]
    [InlineData(-1, "")]
    [InlineData(0, "")]
    [InlineData(59, "")]
    [InlineData(60, "EXPIRED")]
    [InlineData(61, "EXPIRED")]
    [InlineData(86400, "EXPIRED")]
    public async Task A_code_is_good_for_sixty_seconds_of_the_servers_clock(int seconds, string reason)
    {
        var (_, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        try
        {
            server.Wall.Stopped = shown.IssueTime.ToDateTimeOffset().AddSeconds(seconds);

            var answer = await holder.BankScansAsync(shown);

            if (reason.Length == 0)
            {
                Assert.Equal(Verdict.Valid, answer.Verdict);
            }
            else
            {
                NotAccepted(reason, answer);
            }
        }
        finally
        {
            server.Wall.Stopped = null;
        }
    }

    // A clock that is put back makes no used code good again, and one that is put forward and back accepts once.
    [Fact]
    public async Task Steps_of_the_clock_give_no_second_use()
    {
        var (_, session) = await holder.OpenAsync();
        var (used, late) = (await holder.ShowAsync(session), await holder.ShowAsync(session));
        Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(used)).Verdict);
        try
        {
            foreach (var shift in (int[])[-3, 30, -2, 65, 3600, 0])
            {
                server.Wall.Shift = TimeSpan.FromSeconds(shift);
                NotAccepted(shift > 60 ? "EXPIRED" : "ALREADY_PRESENTED", await holder.BankScansAsync(used));
            }

            server.Wall.Shift = TimeSpan.FromSeconds(65);
            NotAccepted("EXPIRED", await holder.BankScansAsync(late));
            server.Wall.Shift = TimeSpan.Zero;
            Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(late)).Verdict);
            NotAccepted("ALREADY_PRESENTED", await holder.BankScansAsync(late));
        }
        finally
        {
            server.Wall.Shift = TimeSpan.Zero;
        }
    }

    [Fact]
    public async Task A_session_lasts_twelve_hours()
    {
        var (_, session) = await holder.OpenAsync();
        try
        {
            server.Wall.Shift = TimeSpan.FromHours(12) - TimeSpan.FromSeconds(30);
            await holder.ShowAsync(session);
            server.Wall.Shift = TimeSpan.FromHours(12) + TimeSpan.FromSeconds(1);
            Assert.Equal("HOLDER_PROOF_REQUIRED", (await ReasonOf(holder.App.CreatePresentationAsync(Showing(session)))).Reason);
        }
        finally
        {
            server.Wall.Shift = TimeSpan.Zero;
        }
    }
}
