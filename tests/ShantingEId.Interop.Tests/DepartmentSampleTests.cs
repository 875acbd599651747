using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>The longer sample of the departments' page, run against a real server.</summary>
public sealed class DepartmentSampleTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string OfficialAddress = "HTTPS://EID.SHANTING.EXAMPLE/";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_day_at_the_tax_office()
    {
        var archive = Directory.CreateTempSubdirectory("eid-archive-").FullName;
        try
        {
            var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: Cancel);
            var other = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: Cancel);
            var name = issued.License.Enterprise.Name;
            using var eid = Department.Connect(server.Address, server.Certificates, "tax-bureau", "TAX_REGISTRATION");

            // The counter, and the file.
            Assert.Equal($"办理：{name}", await Department.ServeAsync(eid, issued.LicenseCode, "2026-0001", archive));
            Assert.Contains($" tax-bureau TAX_REGISTRATION Valid {name}", Department.CheckAgain(Path.Combine(archive, "2026-0001.receipt"), server.Certificates), StringComparison.Ordinal);
            Assert.Equal("未受理：QR_TEXT_INVALID", await Department.ServeAsync(eid, "\u0001", "2026-0002", archive));
            Assert.Contains(" Unspecified ", Department.CheckAgain(Path.Combine(archive, "2026-0002.refusal"), server.Certificates), StringComparison.Ordinal);

            // Questions.
            Assert.True(await Department.IsRepresentativeAsync(eid, issued.License.Enterprise.CreditCode, issued.License.Enterprise.Representative));
            Assert.False(await Department.IsRepresentativeAsync(eid, issued.License.Enterprise.CreditCode, "另一样例人"));

            // A revocation: word of it, then the monthly round, then the counter again.
            using var day = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var heard = new TaskCompletionSource<Change>(TaskCreationOptions.RunContinuationsAsynchronously);
            var watching = Department.WatchAsync(eid, 0, change => Task.FromResult(heard.TrySetResult(change)), day.Token);
            await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例理由", Authority = "样例机关" }, cancellationToken: Cancel);
            Assert.Equal((issued.License.Enterprise.CreditCode, "样例理由"), (await heard.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel)) is var change ? (change.CreditCode, change.Reason) : default);
            await day.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
            var customers = new[] { issued, other }.Select(set => set.License.Enterprise.CreditCode).ToAsyncEnumerable();
            Assert.Equal([$"{issued.License.Enterprise.CreditCode} Revoked"], await Department.NoLongerValidAsync(eid, customers));
            Assert.StartsWith("不办理：执照真实，但已被吊销", await Department.ServeAsync(eid, issued.LicenseCode, "2026-0003", archive), StringComparison.Ordinal);

            // The line is down: even the revoked one has a good signature, and is no yes.
            Assert.StartsWith($"Unknown {name} ", Department.CheckOffline(issued.LicenseCode, server.Certificates, OfficialAddress), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(archive, recursive: true);
        }
    }
}
