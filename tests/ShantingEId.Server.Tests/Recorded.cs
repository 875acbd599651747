using System.Diagnostics;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Tests;

/// <summary>Look-ups as they arrived in the register, asked for behind the server's back.</summary>
public static class Recorded
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The look-ups under a reference, once there are so many; the ledger takes a moment to arrive in the register.</summary>
    public static Task<List<LookupRow>> Under(ServerFixture server, string reference, int count = 1) => Where(server, "reference = $value", reference, count);

    /// <summary>The look-ups of a company.</summary>
    public static Task<List<LookupRow>> Of(ServerFixture server, string holder, int count = 1) => Where(server, "holder = $value", holder, count);

    public static async Task<List<LookupRow>> Where(ServerFixture server, string condition, string value, int count)
    {
        using var register = new RegisterFile(server.RegisterPath);
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var rows = register.Rows(
                "SELECT ledger, tick, place, time, holder, caller, purpose, method, verdict, reason, reference FROM lookup WHERE " + condition + " ORDER BY id", ("$value", value));
            if (rows.Count >= count || watch.Elapsed > Patience)
            {
                Assert.Equal(count, rows.Count);
                return [.. rows.Select(row => new LookupRow(
                    (string)row[0], (long)row[1], (int)(long)row[2], DateTimeOffset.FromUnixTimeMilliseconds((long)row[3]), (string)row[4], (string)row[5],
                    (string)row[6], (string)row[7], (int)(long)row[8], (string)row[9], (string)row[10]))];
            }
        }
    }
}
