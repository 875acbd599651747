using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>What passes is repeated, in its time and under the same id; what is refused is not.</summary>
public sealed class RetryTests(CertificatesFixture certificates) : IClassFixture<CertificatesFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ErrorReason.StoreUnavailable)]
    [InlineData(ErrorReason.AuditUnavailable)]
    [InlineData(ErrorReason.Draining)]
    [InlineData(ErrorReason.VersionConflict)]
    public async Task What_passes_is_repeated_until_it_is_answered(ErrorReason reason)
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, call) => call < 3 ? throw ScriptedService.Error(reason) : Task.FromResult(ScriptedService.Valid());
        var told = new List<string>();
        using var eid = EidClient.Connect(service.Options() with { OnRetry = (error, _) => told.Add(error.Reason) });

        Assert.True((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        Assert.Equal(3, service.Calls);
        Assert.Equal([reason.WireName(), reason.WireName()], told);
    }

    [Theory]
    [InlineData(ErrorReason.PurposeNotGranted)]
    [InlineData(ErrorReason.QrTextInvalid)]
    [InlineData(ErrorReason.InternalFault)]
    [InlineData(ErrorReason.StorageFull)]
    [InlineData(ErrorReason.ClientCertInvalid)]
    [InlineData(ErrorReason.RateLimited)]
    public async Task What_is_refused_is_asked_once(ErrorReason reason)
    {
        await using var service = await certificates.StartAsync();
        // A wait is no invitation to repeat: only a full quota that says how long is.
        service.Verify = (_, _, _) => throw ScriptedService.Error(reason, reason == ErrorReason.RateLimited ? null : TimeSpan.FromMilliseconds(10));
        using var eid = EidClient.Connect(service.Options());

        var error = await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync("样例", cancel: Cancel));

        Assert.Equal((reason.WireName(), 1), (error.Error.Reason, service.Calls));
    }

    [Theory]
    [InlineData(ErrorReason.RateLimited)]
    [InlineData(ErrorReason.AuditUnavailable)]
    public async Task No_repetition_comes_sooner_than_the_service_asked_for(ErrorReason reason)
    {
        await using var service = await certificates.StartAsync();
        var watch = new Stopwatch();
        var came = TimeSpan.Zero;
        service.Verify = (_, _, call) =>
        {
            if (call == 1)
            {
                watch.Start();
                throw ScriptedService.Error(reason, TimeSpan.FromMilliseconds(700));
            }

            came = watch.Elapsed;
            return Task.FromResult(ScriptedService.Valid());
        };
        using var eid = EidClient.Connect(service.Options());

        Assert.True((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        Assert.InRange(came, TimeSpan.FromMilliseconds(690), TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task A_wait_beyond_the_callers_time_is_not_begun()
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) => throw ScriptedService.Error(ErrorReason.RateLimited, TimeSpan.FromSeconds(30));
        using var eid = EidClient.Connect(service.Options() with { Timeout = TimeSpan.FromSeconds(5) });
        var watch = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync("样例", cancel: Cancel));

        Assert.Equal(("RATE_LIMITED", TimeSpan.FromSeconds(30), 1), (error.Error.Reason, error.Error.RetryAfter, service.Calls));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task All_attempts_together_keep_to_the_callers_time()
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) => throw ScriptedService.Error(ErrorReason.StoreUnavailable);
        using var eid = EidClient.Connect(service.Options() with { Timeout = TimeSpan.FromSeconds(1.5) });
        var watch = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync("样例", cancel: Cancel));

        Assert.Equal("STORE_UNAVAILABLE", error.Error.Reason);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));
        Assert.InRange(service.Calls, 3, 9);
    }

    // One server of several hangs: its silence must not use up the time in which another would answer.
    [Fact]
    public async Task A_silent_server_is_given_up_in_time_for_another_attempt()
    {
        await using var service = await certificates.StartAsync();
        service.Verify = async (_, context, call) =>
        {
            if (call == 1)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return ScriptedService.Valid();
        };
        using var eid = EidClient.Connect(service.Options() with { Timeout = TimeSpan.FromSeconds(6) });

        Assert.True((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        Assert.Equal(2, service.Calls);
    }

    [Fact]
    public async Task A_write_is_repeated_under_its_own_id_and_content()
    {
        await using var service = await certificates.StartAsync();
        var seen = new List<IssueSetRequest>();
        service.Issue = (request, call) =>
        {
            seen.Add(request);
            return call < 4 ? throw ScriptedService.Error(ErrorReason.OutcomeUnknown) : Task.FromResult(new IssuedSet { Name = "issuedSets/sample" });
        };
        using var eid = EidClient.Connect(service.Options("staff"));
        var id = RequestIds.New();

        Assert.Equal("issuedSets/sample", (await eid.IssueAsync(id, ServerFixture.ValidRequest().Enterprise, Cancel)).Name);
        Assert.Equal(4, seen.Count);
        Assert.All(seen, request => Assert.Equal((id, seen[0].Enterprise), (request.RequestId, request.Enterprise)));
    }

    [Fact]
    public async Task A_revocation_is_repeated_under_its_own_id_and_content()
    {
        await using var service = await certificates.StartAsync();
        var seen = new List<RevokeSetRequest>();
        service.Revoke = (request, call) =>
        {
            seen.Add(request);
            return call < 3 ? throw ScriptedService.Error(ErrorReason.OutcomeUnknown) : Task.FromResult(new IssuedSet { Name = request.Name });
        };
        using var eid = EidClient.Connect(service.Options("staff"));
        var expected = new RevokeSetRequest { RequestId = RequestIds.New(), Name = "issuedSets/sample", Reason = "样例理由", Authority = "样例机关" };

        await eid.RevokeAsync(expected.RequestId, expected.Name, expected.Reason, expected.Authority, Cancel);

        Assert.Equal([expected, expected, expected], seen);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_said_as_such_and_a_server_that_comes_back_is_found()
    {
        await using var service = await certificates.StartAsync();
        using var eid = EidClient.Connect(service.Options());
        Assert.True((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        await service.CrashAsync();

        using (var hasty = EidClient.Connect(service.Options() with { Timeout = TimeSpan.FromMilliseconds(400) }))
        {
            var error = await Assert.ThrowsAsync<EidCallException>(() => hasty.VerifyAsync("样例", cancel: Cancel));
            Assert.Equal(EidError.ServerUnreachable, error.Error.Reason);
        }

        var waiting = eid.VerifyAsync("样例", cancel: Cancel);
        await Task.Delay(400, Cancel);
        await service.StartAsync();
        Assert.True((await waiting).IsValid);
    }

    [Fact]
    public async Task A_certificate_in_a_pfx_file_does_as_well()
    {
        await using var service = await certificates.StartAsync();
        var file = Path.Combine(certificates.Folder, "bank.pfx");
        using (var bank = X509Certificate2.CreateFromPemFile(Path.Combine(certificates.Folder, "bank.crt"), Path.Combine(certificates.Folder, "bank.key")))
        {
            File.WriteAllBytes(file, bank.Export(X509ContentType.Pkcs12, "样例口令"));
        }

        var ca = File.ReadAllText(Path.Combine(certificates.Folder, "tls-ca.crt"));
        using var eid = EidClient.Connect(service.Options() with { Certificate = EidCertificate.FromPfx(file, "样例口令", ca) });

        Assert.True((await eid.VerifyAsync("样例", cancel: Cancel)).IsValid);
        Assert.Throws<ArgumentException>(() => EidCertificate.FromPfx(file, "另一口令", ca));
        Assert.Throws<ArgumentException>(() => EidCertificate.FromPfx(file, "样例口令", ""));
        Assert.Throws<ArgumentException>(() => EidCertificate.FromPem(ca, "", ca));
    }

    // Nobody but the one CA is trusted, and TLS that fails is not tried again.
    [Fact]
    public async Task A_service_of_another_ca_is_not_spoken_to()
    {
        using var strange = new CertificatesFixture();
        await using var service = await certificates.StartAsync();
        var told = 0;
        using var eid = EidClient.Connect(service.Options() with { Certificate = EidCertificate.FromFolder(strange.Folder, "bank"), OnRetry = (_, _) => told++ });

        var error = await Assert.ThrowsAsync<EidCallException>(() => eid.VerifyAsync("样例", cancel: Cancel));
        Assert.Equal((EidError.TlsFailed, 0, 0), (error.Error.Reason, told, service.Calls));
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_its_own_cancellation()
    {
        await using var service = await certificates.StartAsync();
        service.Verify = (_, _, _) => throw ScriptedService.Error(ErrorReason.StoreUnavailable);
        using var eid = EidClient.Connect(service.Options());
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => eid.VerifyAsync("样例", cancel: patience.Token));
    }

    [Fact]
    public void Waits_grow_differ_and_never_undercut_the_service()
    {
        EidError Failure(TimeSpan? after) => new() { Code = StatusCode.Unavailable, Reason = "STORE_UNAVAILABLE", Message = "", RetryAfter = after };
        for (var attempt = 1; attempt <= 40; attempt++)
        {
            var most = Math.Min(100 * Math.Pow(2, Math.Min(attempt - 1, 16)), 5000);
            var waits = Enumerable.Range(0, 50).Select(_ => Retries.Wait(Failure(null), attempt).TotalMilliseconds).ToArray();
            Assert.All(waits, wait => Assert.InRange(wait, most / 2, most));
            Assert.True(waits.Distinct().Count() > 10, "callers thrown off together come back together");
            Assert.All(Enumerable.Range(0, 50), _ => Assert.True(Retries.Wait(Failure(TimeSpan.FromSeconds(9)), attempt) >= TimeSpan.FromSeconds(9)));
        }
    }
}
