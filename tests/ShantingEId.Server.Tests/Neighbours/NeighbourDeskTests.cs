using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Neighbours;
using ShantingEId.StatusLists;
using ShantingEId.TestSupport;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Tests.Neighbours;

/// <summary>Codes of a neighbour whose source answers whatever it likes: never VALID but by a young list of that neighbour's own key (I28, I33).</summary>
public sealed class NeighbourDeskTests(FakeNeighbour neighbour) : IClassFixture<FakeNeighbour>
{
    [Theory]
    [InlineData(LicenseStatus.Valid, Verdict.Valid, "")]
    [InlineData(LicenseStatus.Suspended, Verdict.Suspended, "SUSPENDED")]
    [InlineData(LicenseStatus.Superseded, Verdict.Superseded, "SUPERSEDED")]
    [InlineData(LicenseStatus.Invalid, Verdict.Revoked, "LISTED_INVALID")]
    public async Task The_neighbours_own_list_says_the_state(LicenseStatus status, Verdict verdict, string reason)
    {
        neighbour.Serve(number => neighbour.Token(number, status));

        var answer = await AskAsync(neighbour.Desk(neighbour.Entry()), neighbour.Code());

        Assert.Equal((verdict, reason), (answer.Verdict, answer.Reason.WireName()));
        Assert.Equal(FakeNeighbour.Division, answer.Neighbour!.Issuer.Division);
        Assert.InRange(answer.StatusAsOf, FakeNeighbour.Now().AddSeconds(-3), FakeNeighbour.Now());
    }

    // Permits are in no code: all must be in force, or the issuer must be asked.
    [Theory]
    [InlineData(LicenseStatus.Valid, Verdict.Valid, "")]
    [InlineData(LicenseStatus.Suspended, Verdict.Unknown, "PERMITS_NOT_LISTED")]
    public async Task A_comprehensive_licence_is_valid_with_all_of_its_permits_alone(LicenseStatus permits, Verdict verdict, string reason)
    {
        neighbour.Serve(number => neighbour.Token(number, permits: permits));

        var answer = await AskAsync(neighbour.Desk(neighbour.Entry()), neighbour.Code(neighbour.TradePlace));

        Assert.Equal((verdict, reason), (answer.Verdict, answer.Reason.WireName()));
    }

    // Everything that is not a young list of this neighbour for this address.
    public static TheoryData<string> Bad => ["garbage", "empty", "oversized", "endless", "slow", "redirect", "not found", "no permits", "server error", "html", "old", "expired", "future", "other address", "other list",
        "our status key", "another region's status key", "code key", "as a pack", "flipped", "unsigned compression bomb"];

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task What_is_no_young_list_of_the_neighbour_says_nothing(string what)
    {
        var good = neighbour.Token(0);
        neighbour.Answer = async (context, number) =>
        {
            var cancel = context.RequestAborted;
            var token = neighbour.Token(number);
            context.Response.ContentType = StatusToken.MediaType;
            switch (what)
            {
                case "garbage": token = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))]; break;
                case "empty": token = []; break;
                case "oversized": context.Response.ContentLength = 50_000_000; await context.Response.Body.WriteAsync(new byte[1000], cancel); return;
                case "endless":
                    for (var i = 0; i < 2000 && !cancel.IsCancellationRequested; i++)
                    {
                        await context.Response.Body.WriteAsync(new byte[4096], cancel);
                    }

                    return;
                case "slow":
                    foreach (var one in token.Take(60))
                    {
                        await context.Response.Body.WriteAsync(new[] { one }, cancel);
                        await Task.Delay(100, cancel);
                    }

                    return;
                case "redirect" when context.Request.Query.Count == 0: context.Response.Redirect(context.Request.Path + "?again"); return;
                case "not found": context.Response.StatusCode = 404; break;
                case "no permits" when number != 0: context.Response.StatusCode = 404; return;
                case "server error": context.Response.StatusCode = 500; break;
                case "html": token = "<html>维护中</html>"u8.ToArray(); break;
                case "old": token = neighbour.Token(number, age: TimeSpan.FromSeconds(121)); break;
                case "expired": token = neighbour.Token(number, age: TimeSpan.FromSeconds(30), lifetime: TimeSpan.FromSeconds(10), ttl: TimeSpan.FromSeconds(60)); break;
                case "future": token = neighbour.Token(number, age: TimeSpan.FromMinutes(-6)); break;
                case "other address": token = neighbour.Token(number, address: StatusReference.AddressOf("HTTPS://EID.YICHENG.EXAMPLE/", number)); break;
                case "other list": token = neighbour.Token(number, address: StatusReference.AddressOf(FakeNeighbour.Prefix, number + 1)); break;
                case "our status key": token = neighbour.Token(number, keys: neighbour.Home); break;
                case "another region's status key": token = neighbour.Token(number, keys: neighbour.Others); break;
                case "code key": token = Resigned(ContentType.StatusList, token, AuthorityFiles.CodeSigner); break;
                case "as a pack": token = Resigned(ContentType.StatusPack, token, AuthorityFiles.StatusSigner); break;
                case "flipped": token[^100] ^= 1; break;
                case "unsigned compression bomb": token = [.. token.AsSpan()[..60], .. new byte[200_000]]; break;
            }

            await context.Response.Body.WriteAsync(token, cancel);
        };
        var desk = neighbour.Desk(neighbour.Entry());
        var (code, clock) = (neighbour.Code(), Stopwatch.StartNew());

        var answer = await AskAsync(desk, code);

        Assert.Equal((Verdict.Unknown, VerdictReason.NeighbourStateUnknown), (answer.Verdict, answer.Reason));
        Assert.NotNull(answer.Neighbour!.Claims); // The signature is good; that is all.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8)); // Two seconds, and what a busy machine adds.

        // Then it is left alone: a hundred more wait for nothing and ask for nothing, whatever stands there by now.
        neighbour.Serve(number => neighbour.Token(number));
        var (asked, again) = (neighbour.Asked, Stopwatch.StartNew());
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Verdict.Unknown, (await AskAsync(desk, code)).Verdict);
        }

        Assert.InRange(neighbour.Asked - asked, 0, 1);
        Assert.InRange(again.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20)); // Of waiting it would be 200.
        Assert.NotEmpty(good);
    }

    // An old list, signed and within its life, played again after a newer one: neither back to VALID, nor VALID once the newer is old.
    [Fact]
    public async Task A_list_never_takes_the_place_of_a_later_one()
    {
        var clock = new FakeTimeProvider(FakeNeighbour.Now());
        var start = clock.GetUtcNow();
        var (valid, revoked) = (new Dictionary<int, byte[]> { [0] = neighbour.Token(0, issued: start.AddSeconds(-20)), [16 << 16] = neighbour.Token(16 << 16, issued: start.AddSeconds(-20)) }, neighbour.Token(0, LicenseStatus.Invalid, issued: start));
        var desk = neighbour.Desk(FakeNeighbour.List(neighbour.Entry()), clock);
        var code = neighbour.Code();
        neighbour.Serve(number => valid[number]);
        Assert.Equal(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
        neighbour.Serve(number => number == 0 ? revoked : valid[number]);
        clock.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(Verdict.Revoked, (await AskAsync(desk, code)).Verdict);

        neighbour.Serve(number => valid[number]);
        for (var second = 0; second < 150; second += 5)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            Assert.NotEqual(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
        }

        Assert.Equal(Verdict.Unknown, (await AskAsync(desk, code)).Verdict);
    }

    // I28: at one second past the bound it is not VALID any more, and before it is; in between nobody was asked.
    [Fact]
    public async Task A_state_counts_for_twice_its_ttl_and_not_a_second_longer()
    {
        var clock = new FakeTimeProvider(FakeNeighbour.Now());
        var desk = neighbour.Desk(FakeNeighbour.List(neighbour.Entry()), clock);
        var code = neighbour.Code();
        var start = clock.GetUtcNow();
        var tokens = new Dictionary<int, byte[]> { [0] = neighbour.Token(0, issued: start), [16 << 16] = neighbour.Token(16 << 16, issued: start) };
        neighbour.Serve(number => tokens[number]);
        Assert.Equal(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
        neighbour.Answer = (context, _) => { context.Response.StatusCode = 503; return Task.CompletedTask; };

        clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
        // Who asks for a younger one is not given it.
        Assert.Equal(Verdict.Unknown, (await AskAsync(desk, code, TimeSpan.FromSeconds(10))).Verdict);
        clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await AskAsync(desk, code);
        Assert.Equal((Verdict.Unknown, VerdictReason.NeighbourStateUnknown), (answer.Verdict, answer.Reason));
        Assert.Equal(start, answer.StatusAsOf);

        // Back again after its rest.
        neighbour.Serve(number => neighbour.Token(number, issued: start.AddSeconds(180)));
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
    }

    // Half of its ttl over: asked for in the background, while the state at hand is answered. A thousand at once are one question.
    [Fact]
    public async Task Lists_are_asked_for_once_and_in_good_time()
    {
        var clock = new FakeTimeProvider(FakeNeighbour.Now());
        var desk = neighbour.Desk(FakeNeighbour.List(neighbour.Entry()), clock);
        var code = neighbour.Code();
        var start = clock.GetUtcNow();
        neighbour.Serve(number => neighbour.Token(number, issued: start));
        var before = neighbour.Asked;
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => AskAsync(desk, code))), answer => Assert.Equal(Verdict.Valid, answer.Verdict));
        Assert.Equal(2, neighbour.Asked - before);

        clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(Verdict.Valid, (await AskAsync(desk, code)).Verdict);
        for (var i = 0; neighbour.Asked - before < 4; i++)
        {
            Assert.InRange(i, 0, 100);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Over_tls_the_certificate_of_our_list_alone_is_believed()
    {
        neighbour.Serve(number => neighbour.Token(number));
        var https = new UriBuilder(neighbour.Https) { Host = "localhost" }.Uri.ToString();
        async Task<Verdict> With(byte[] tls, string source) => (await AskAsync(neighbour.Desk(neighbour.Entry(source) with { TlsAuthority = tls }), neighbour.Code())).Verdict;
        byte[] Certificate(string keys, string file) => System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(keys, file))).RawData;

        Assert.Equal(Verdict.Valid, await With(neighbour.TlsAuthority, https));
        Assert.Equal(Verdict.Valid, await With(Certificate(neighbour.Theirs, "server.crt"), https)); // The server's own.
        Assert.Equal(Verdict.Unknown, await With(Certificate(neighbour.Others, "tls-ca.crt"), https));
        Assert.Equal(Verdict.Unknown, await With(Certificate(neighbour.Others, "server.crt"), https));
        Assert.Equal(Verdict.Unknown, await With(neighbour.TlsAuthority, new UriBuilder(https) { Host = "127.0.0.2" }.Uri.ToString())); // Nobody there, and no name of the certificate.
        Assert.Throws<EidException>(() => FakeNeighbour.List(neighbour.Entry(https)).Sign(AuthorityFiles.OpenKey(neighbour.Home, AuthorityFiles.TrustListSigner, FakeNeighbour.Now())));
        Assert.Throws<EidException>(() => FakeNeighbour.List(neighbour.Entry("http://192.0.2.1/")).Sign(AuthorityFiles.OpenKey(neighbour.Home, AuthorityFiles.TrustListSigner, FakeNeighbour.Now())));
    }

    // I33 and the scope of a neighbour's key: behind its own address, for its own divisions, for codes alone.
    [Fact]
    public async Task A_neighbours_key_vouches_for_its_own_region_alone()
    {
        neighbour.Serve(number => neighbour.Token(number));
        var other = RegionServer.AsNeighbour(neighbour.Others, "370404", "枣庄市峄城区", "HTTPS://EID.YICHENG.EXAMPLE/", neighbour.Http);
        var desk = neighbour.Desk(neighbour.Entry(), other);
        async Task<(Verdict, string)> Ask(string code) => await desk.VerifyAsync(code, null, null, TestContext.Current.CancellationToken) is { } answer ? (answer.Verdict, answer.Reason.WireName()) : (Verdict.Unspecified, "");

        Assert.Equal((Verdict.Valid, ""), await Ask(neighbour.Code()));
        Assert.Equal((Verdict.NotOurs, "NEIGHBOUR_REGION"), await Ask(neighbour.Code(holder: SampleCompanies.CreditCode(7, "370404"))));
        Assert.Equal((Verdict.NotOurs, "NEIGHBOUR_REGION"), await Ask(neighbour.Code(holder: SampleCompanies.CreditCode(7, "370406"))));
        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), await Ask(neighbour.Code(prefix: "HTTPS://EID.YICHENG.EXAMPLE/", holder: SampleCompanies.CreditCode(7, "370404")))); // A's key at B's address.
        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), await Ask(neighbour.Code(keys: neighbour.Home))); // Our own key at the neighbour's.
        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), await Ask(neighbour.Code(signer: AuthorityFiles.ManifestSigner)));
        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), await Ask(neighbour.Code(signer: AuthorityFiles.SealMaker)));
        // B's states do not stand for A's licences: another address.
        neighbour.Serve(number => neighbour.Token(number, keys: neighbour.Others, address: StatusReference.AddressOf("HTTPS://EID.YICHENG.EXAMPLE/", number)));
        Assert.Equal((Verdict.Unknown, "NEIGHBOUR_STATE_UNKNOWN"), (await AskAsync(neighbour.Desk(neighbour.Entry(), other), neighbour.Code()) is var crossed) ? (crossed.Verdict, crossed.Reason.WireName()) : default);

        // Not listed: as before. Our own: not the neighbours' business. A damaged one: said to be that.
        Assert.Equal((Verdict.Unspecified, ""), await Ask(neighbour.Code(prefix: "HTTPS://EID.TENGZHOU.EXAMPLE/")));
        Assert.Equal((Verdict.Unspecified, ""), await Ask(neighbour.Code(prefix: "HTTPS://EID.SHANTING.EXAMPLE/")));
        var code = neighbour.Code();
        Assert.Equal(Verdict.BadSignature, (await Ask(code[..^9] + (code[^9] == 'A' ? 'B' : 'A') + code[^8..])).Item1);
        Assert.Equal(Verdict.Malformed, (await Ask(code[..^20])).Item1);
        // No code leads to a list that is not one of licences.
        neighbour.Serve(number => neighbour.Token(number));
        Assert.Equal((Verdict.Unknown, "NEIGHBOUR_STATE_UNKNOWN"), await Ask(neighbour.Code(new StatusReference(65536, 4711))));
        Assert.Equal((Verdict.Revoked, "LISTED_INVALID"), await Ask(neighbour.Code(new StatusReference(0, 1 << 20))));
        Assert.Equal((Verdict.Revoked, "LISTED_INVALID"), await Ask(neighbour.Code(new StatusReference(0, 5)))); // I13: signed, and never issued.
    }

    [Fact]
    public async Task Recognition_ends_with_the_list_and_with_its_term()
    {
        neighbour.Serve(number => neighbour.Token(number));
        var (now, entry) = (FakeNeighbour.Now(), neighbour.Entry());
        async Task<(Verdict, string)> At(DateTimeOffset time, Neighbour one)
        {
            var answer = await AskAsync(neighbour.Desk(FakeNeighbour.List(one) with { IssueTime = now, NextUpdate = now.AddHours(1) }, new FakeTimeProvider(time)), neighbour.Code());
            return (answer.Verdict, answer.Reason.WireName());
        }

        Assert.Equal((Verdict.Valid, ""), await At(now, entry));
        Assert.Equal((Verdict.Unknown, "NEIGHBOUR_LIST_EXPIRED"), await At(now.AddHours(1), entry));
        Assert.Equal((Verdict.Unknown, "NEIGHBOUR_LIST_EXPIRED"), await At(now.AddMinutes(-6), entry)); // A clock from before the list.
        Assert.Equal((Verdict.NotOurs, "NEIGHBOUR_PERIOD"), await At(now, entry with { To = now.AddSeconds(-1) }));
        Assert.Equal((Verdict.NotOurs, "NEIGHBOUR_PERIOD"), await At(now, entry with { From = now.AddMinutes(1) }));
        Assert.Equal((Verdict.Unknown, "NEIGHBOUR_STATE_UNKNOWN"), await At(now, entry with { Source = "" }));
    }

    // The file may change under a running service; what cannot be believed changes nothing.
    [Fact]
    public async Task The_list_is_read_again_when_its_file_changes()
    {
        neighbour.Serve(number => neighbour.Token(number));
        var clock = new FakeTimeProvider(FakeNeighbour.Now());
        var path = Path.GetTempFileName();
        var first = FakeNeighbour.List() with { Number = 5 };
        RegionServer.WriteList(neighbour.Home, path, first);
        var directory = neighbour.Open(path, clock);
        var desk = new NeighbourDesk(directory, neighbour.Authority, new RegisterClock(clock));
        async Task<bool> Knows()
        {
            clock.Advance(TimeSpan.FromSeconds(1.1));
            return await desk.VerifyAsync(neighbour.Code(), null, null, TestContext.Current.CancellationToken) is { Verdict: Verdict.Valid };
        }

        Assert.False(await Knows());
        RegionServer.WriteList(neighbour.Home, path, FakeNeighbour.List(neighbour.Entry()) with { Number = 6 });
        Assert.True(await Knows());
        foreach (var bad in (Action[])
        [
            () => RegionServer.WriteList(neighbour.Home, path, first), // An older number.
            () => RegionServer.WriteList(neighbour.Others, path, FakeNeighbour.List() with { Number = 9 }), // Another authority's.
            () => File.WriteAllText(path, "x"),
            () => File.Delete(path),
            () => RegionServer.WriteList(neighbour.Home, path, FakeNeighbour.List(neighbour.Entry() with { Regions = ["3704"] }) with { Number = 9 }), // Ours is in it.
            () => RegionServer.WriteList(neighbour.Home, path, FakeNeighbour.List(neighbour.Entry() with { CodePrefix = "HTTPS://EID.SHANTING.EXAMPLE/B/" }) with { Number = 9 }),
        ])
        {
            bad();
            Assert.True(await Knows());
            Assert.Equal(6, directory.Current.Codes.List.Number);
        }

        RegionServer.WriteList(neighbour.Home, path, FakeNeighbour.List() with { Number = 10 });
        Assert.False(await Knows());
        File.Delete(path);
        Assert.Equal(ErrorReason.TrustListInvalid, Assert.Throws<EidException>(() => neighbour.Open(path)).Reason);
    }

    private static async Task<Verification> AskAsync(NeighbourDesk desk, string code, TimeSpan? accepted = null) => (await desk.VerifyAsync(code, null, accepted, TestContext.Current.CancellationToken))!;

    private byte[] Resigned(ContentType use, byte[] token, string signer)
    {
        Assert.True(Envelope.TryParse(token, out var envelope));
        return Envelope.Sign(use, envelope.Payload, AuthorityFiles.OpenKey(neighbour.Theirs, signer, TimeProvider.System.GetUtcNow())).Encode();
    }
}
