using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;
using Kind = ShantingEId.V1.Seal.Types.Kind;
using Side = ShantingEId.V1.StampPlace.Types.Straddle.Types.Side;

namespace ShantingEId.Server.Tests.Stamping;

public sealed class StampTests(ServerFixture server) : StampContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresStampTests(PostgresServerFixture server) : StampContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>用印 over the wire: what a granted caller stamps is valid for a stranger, once, in the log, and only while it may be.</summary>
public abstract class StampContract(ServerFixture server)
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("示例原文");
    private readonly SealClient seals = new(server);

    [Fact]
    public async Task A_stamped_document_is_valid_and_the_use_stands_in_the_log()
    {
        var set = await seals.GrantedAsync();
        var document = SampleDocument.Create(5);
        var request = SealClient.OfDocument(set, document, SealClient.At(60, 80, 1, 3), SealClient.Keyword("盖章", 2), SealClient.Straddle(Side.Right));

        var answer = await seals.App.StampAsync(request);

        var report = await seals.VerifyAsync(answer.Ofd);
        Assert.Equal(SealVerdict.Valid, report.Verdict);
        var signature = Assert.Single(report.Signatures);
        Assert.Equal(set.Seals.Single(seal => seal.Kind == Kind.Official).SealCode, signature.SealId);
        Assert.Equal(["1", "3", "2", "1", "2", "3", "4", "5"], signature.StampPages);

        var use = Assert.Single(await seals.UsesAsync(set));
        Assert.NotEmpty(use.Name);
        Assert.Equal(answer.Use, new SealUse(use) { Name = "" });
        Assert.Equal(("holder-app", "企业应用", "示例合同", "CONTRACT", "合同、协议", "1-5", request.RequestId), (use.Caller, use.CallerTitle, use.Title, use.Use, use.UseTitle, use.Pages, use.RequestId));
        Assert.Equal(Sm3.Hash(document), use.Digest);
        Assert.Equal((set.Name, signature.SealId, signature.SigningTime), (use.IssuedSet, use.SealCode, use.StampTime.ToDateTimeOffset()));
        Assert.Null(use.ProvenTime);

        // Nothing of the document is kept.
        Assert.True(answer.Use.CalculateSize() + answer.SesSignature.Length < 64 * 1024);
        using var register = server.OpenRegister();
        Assert.Equal(0, register.Number("SELECT count(*) FROM reply WHERE length(reply) > 65536 AND request_id = @id", ("@id", request.RequestId)));
    }

    [Fact]
    public async Task A_digest_gets_a_signature_that_holds_for_its_text_alone()
    {
        var set = await seals.GrantedAsync();
        var answer = await seals.App.StampAsync(SealClient.OfDigest(set, Text));

        Assert.True(answer.Ofd.IsEmpty);
        Assert.Equal(SealVerdict.Valid, (await seals.VerifyAsync(answer.SesSignature, Text)).Verdict);
        Assert.Equal(SealVerdict.Invalid, (await seals.VerifyAsync(answer.SesSignature, [.. Text, 0])).Verdict);
        Assert.Equal("", answer.Use.Pages);
    }

    [Fact]
    public async Task A_retry_gives_the_same_bytes_and_other_content_is_refused()
    {
        var set = await seals.GrantedAsync();
        var document = SampleDocument.Create(2);
        var request = SealClient.OfDocument(set, document);
        var first = await seals.App.StampAsync(request);
        await seals.Life.DoAsync("Revoke", set); // What was done stays done, and can be fetched again.

        Assert.Equal(first, await seals.App.StampAsync(request));
        Assert.Single(await seals.UsesAsync(set));

        Action<StampRequest>[] others =
        [
            each => each.Title = "示例合同二", each => each.Document.Places[0].Point.X = 101, each => each.Document.Places.Add(SealClient.At(20, 20)),
            each => each.Document.Ofd = ByteString.CopyFrom(SampleDocument.Create(3)), each => each.Seal = Kind.LegalRepresentative,
        ];
        foreach (var change in others)
        {
            var other = new StampRequest(request);
            change(other);
            Assert.Equal((StatusCode.FailedPrecondition, "REQUEST_ID_REUSED"), await ReasonOf(seals.App.StampAsync(other)));
        }
    }

    // Company A with two of its seals, company B with one: each later signature covers the earlier ones and breaks none.
    [Fact]
    public async Task Several_signers_on_one_document_are_all_valid_and_the_first_is_unharmed()
    {
        var (a, b) = (await seals.GrantedAsync(), await seals.GrantedAsync());
        var first = await seals.App.StampAsync(SealClient.OfDocument(a, SampleDocument.Create(3)));
        var second = SealClient.OfDocument(a, first.Ofd.ToByteArray(), SealClient.At(150, 250));
        (second.Seal, second.Use) = (Kind.Finance, "FINANCE");
        var third = SealClient.OfDocument(b, (await seals.App.StampAsync(second)).Ofd.ToByteArray(), SealClient.Straddle(Side.Left));

        var last = await seals.App.StampAsync(third);

        var (before, after) = (await seals.VerifyAsync(first.Ofd), await seals.VerifyAsync(last.Ofd));
        Assert.Equal(SealVerdict.Valid, after.Verdict);
        Assert.Equal([Kind.Official, Kind.Finance, Kind.Official], after.Signatures.Select(signature => a.Seals.Concat(b.Seals).Single(seal => seal.SealCode == signature.SealId).Kind));
        Assert.Equal(before.Signatures[0].Checks.Select(check => (check.Step, check.Outcome)), after.Signatures[0].Checks.Select(check => (check.Step, check.Outcome)));
        Assert.Equal(before.Signatures[0].SigningTime, after.Signatures[0].SigningTime);
    }

    [Fact]
    public async Task Without_a_grant_for_it_nobody_stamps_and_nobody_learns_whether_there_is_such_a_company()
    {
        var set = await seals.Life.FoundAsync();
        var nobody = new IssuedSet(set);
        nobody.License.Enterprise.CreditCode = TestSupport.SampleCompanies.CreditCode(TestSupport.SampleCompanies.Next());
        var known = await Refusal.Of(seals.App.StampAsync(SealClient.OfDigest(set, Text)));
        var unknown = await Refusal.Of(seals.App.StampAsync(SealClient.OfDigest(nobody, Text)));
        Assert.Equal((StatusCode.PermissionDenied, "SEAL_USE_NOT_GRANTED"), (known.Status, known.Reason));
        Assert.Equal((known.Status, known.AllText), (unknown.Status, unknown.AllText));
        Assert.Equal(known.Info, unknown.Info);

        // For another caller, another seal, another use, or not any more.
        await seals.Desk.GrantSealUseAsync(SealClient.Grant(set, "staff"));
        Assert.Equal((StatusCode.PermissionDenied, "SEAL_USE_NOT_GRANTED"), await ReasonOf(seals.App.StampAsync(SealClient.OfDigest(set, Text))));
        await seals.Desk.GrantSealUseAsync(SealClient.Grant(set, "holder-app", [Kind.LegalRepresentative], "CONTRACT"));
        var letters = await seals.Desk.GrantSealUseAsync(SealClient.Grant(set, "holder-app", [Kind.Official], "OFFICIAL_LETTER"));
        Assert.Equal((StatusCode.PermissionDenied, "SEAL_USE_NOT_GRANTED"), await ReasonOf(seals.App.StampAsync(SealClient.OfDigest(set, Text))));
        var letter = SealClient.OfDigest(set, Text);
        letter.Use = "OFFICIAL_LETTER";
        await seals.App.StampAsync(letter);
        await seals.Desk.WithdrawSealUseAsync(new WithdrawSealUseRequest { RequestId = ServerFixture.NewRequestId(), Name = letters.Name, Reason = "示例：企业撤回" });
        letter.RequestId = ServerFixture.NewRequestId();
        Assert.Equal((StatusCode.PermissionDenied, "SEAL_USE_NOT_GRANTED"), await ReasonOf(seals.App.StampAsync(letter)));

        // Nor is the log shown to an app that the company has granted nothing.
        Assert.Equal((StatusCode.PermissionDenied, "SEAL_USE_NOT_GRANTED"), await ReasonOf(seals.App.ListSealUsesAsync(new ListSealUsesRequest { CreditCode = nobody.License.Enterprise.CreditCode })));
        Assert.Single((await seals.Auditor.ListSealUsesAsync(new ListSealUsesRequest { CreditCode = set.License.Enterprise.CreditCode })).Uses);
    }

    [Fact]
    public async Task A_seal_stands_only_on_documents_of_its_use()
    {
        var set = await seals.GrantedAsync();
        foreach (var (kind, use, reason) in ((Kind, string, string)[])[(Kind.Invoice, "CONTRACT", "SEAL_USE_NOT_ALLOWED"), (Kind.Official, "INVOICE", "SEAL_USE_NOT_ALLOWED"), (Kind.Official, "HOLIDAY", "SEAL_USE_UNKNOWN"), (Kind.Unspecified, "CONTRACT", "ENUM_INVALID")])
        {
            var request = SealClient.OfDigest(set, Text);
            (request.Seal, request.Use) = (kind, use);
            Assert.Equal((StatusCode.InvalidArgument, reason), await ReasonOf(seals.App.StampAsync(request)));
        }

        Assert.Empty(await seals.UsesAsync(set));
    }

    [Fact]
    public async Task Only_a_seal_in_force_is_used_and_the_refusal_says_what_it_is_instead()
    {
        var set = await seals.GrantedAsync();
        await seals.Life.DoAsync("Suspend", set);
        var paused = await Refusal.Of(seals.App.StampAsync(SealClient.OfDigest(set, Text)));
        Assert.Equal((StatusCode.FailedPrecondition, "SEAL_NOT_IN_FORCE", "SUSPENDED"), (paused.Status, paused.Reason, paused.Info.Metadata["state"]));
        await seals.Life.DoAsync("Resume", set);
        var request = SealClient.OfDigest(set, Text);
        var old = await seals.App.StampAsync(request);

        // A lost seal is made anew: from then on the new one stands on documents.
        var lost = LifeClient.Change(set, _ => { });
        lost.ReplaceSeals.Add(Kind.Official);
        var replaced = (await seals.Life.ChangeAsync(lost)).IssuedSet;
        var answer = await seals.App.StampAsync(SealClient.OfDigest(set, Text));
        Assert.Equal(replaced.Seals.Single(seal => seal.Kind == Kind.Official).SealCode, answer.Use.SealCode);
        Assert.NotEqual(old.Use.SealCode, answer.Use.SealCode);

        await seals.Life.DoAsync("Revoke", replaced);
        var ended = await Refusal.Of(seals.App.StampAsync(SealClient.OfDigest(set, Text)));
        Assert.Equal((StatusCode.FailedPrecondition, "SEAL_NOT_IN_FORCE", "REVOKED"), (ended.Status, ended.Reason, ended.Info.Metadata["state"]));
        Assert.Equal(2, (await seals.UsesAsync(set)).Count);
        Assert.DoesNotContain(RegisterCheck.Run(server.Options()), problem => problem.Problem.Contains("用印", StringComparison.Ordinal) || problem.Problem.Contains("印章", StringComparison.Ordinal));
    }

    // The last moment before the commit, where chance seldom comes: the answer is being written.
    [Theory]
    [InlineData("Revoke", ErrorReason.VersionConflict)]
    [InlineData("Suspend", ErrorReason.VersionConflict)]
    [InlineData("Replace", ErrorReason.VersionConflict)]
    [InlineData("Withdraw", ErrorReason.SealUseNotGranted)]
    public async Task A_set_or_grant_that_ends_between_judgement_and_commit_yields_no_stamp(string what, ErrorReason reason)
    {
        var set = await seals.Life.FoundAsync();
        var grant = await seals.Desk.GrantSealUseAsync(SealClient.Grant(set));
        var wire = server.Services.GetRequiredService<Rpc.SealWire>();
        var app = server.Services.GetRequiredService<Callers.CallerDirectory>().FindByName("holder-app")!;
        var command = wire.ToCommand(SealClient.OfDigest(set, Text), app);
        var encode = command.EncodeReply;
        command = command with
        {
            EncodeReply = (use, signature) =>
            {
                EndAsync().GetAwaiter().GetResult();
                return encode(use, signature);
            },
        };

        var error = await Assert.ThrowsAsync<EidException>(() => server.Services.GetRequiredService<StampDesk>().StampAsync(command, TestContext.Current.CancellationToken));

        Assert.Equal(reason, error.Reason);
        Assert.Empty((await seals.Auditor.ListSealUsesAsync(new ListSealUsesRequest { CreditCode = set.License.Enterprise.CreditCode })).Uses);
        Assert.Null(await server.Services.GetRequiredService<ILicenseStore>().FindReplyAsync("holder-app", command.RequestId, TestContext.Current.CancellationToken));

        async Task EndAsync()
        {
            var lost = LifeClient.Change(set, _ => { });
            lost.ReplaceSeals.Add(Kind.Official);
            _ = what switch
            {
                "Replace" => (object)await seals.Life.ChangeAsync(lost),
                "Withdraw" => await seals.Desk.WithdrawSealUseAsync(new WithdrawSealUseRequest { RequestId = ServerFixture.NewRequestId(), Name = grant.Name, Reason = "示例：企业撤回" }),
                _ => await seals.Life.DoAsync(what, set),
            };
        }
    }

    [Fact]
    public async Task Many_stamp_at_once_and_each_stands_once_in_the_paged_log()
    {
        var sets = new[] { await seals.GrantedAsync(), await seals.GrantedAsync() };
        var requests = Enumerable.Range(0, 24).Select(i => SealClient.OfDigest(sets[i % 2], [.. Text, (byte)i])).ToArray();

        // Each twice, at once: the twin of a request gets the answer of the first.
        var answers = await Task.WhenAll(requests.Concat(requests).Select(request => seals.App.StampAsync(request).ResponseAsync));

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(answers[i], answers[i + requests.Length]);
        }

        foreach (var set in sets)
        {
            var uses = await seals.UsesAsync(set, size: 5);
            Assert.Equal(12, uses.Select(use => use.RequestId).Distinct().Count());
            Assert.Equal(12, uses.Count);
            var grant = Assert.Single((await seals.Desk.ListSealUseGrantsAsync(new ListSealUseGrantsRequest { CreditCode = set.License.Enterprise.CreditCode })).Grants);
            Assert.Equal(12, grant.UseCount);
        }
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_and_nothing_is_stamped()
    {
        var set = await seals.GrantedAsync();
        var document = SampleDocument.Create(2);
        (Action<StampRequest> Change, string Reason, string Field)[] wrong =
        [
            (each => each.ClearSubject(), "STAMP_PLACE_INVALID", "subject"),
            (each => each.Document.Places.Clear(), "STAMP_PLACE_INVALID", "document.places"),
            (each => each.Document.Places[0] = new StampPlace(), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.At(100, 100, 3), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.At(100, 100, 0), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.At(double.NaN, 100), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.At(300, 100), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.Keyword("没有这个词"), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.Keyword("盖章", 3), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.Keyword(""), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Places[0] = SealClient.Straddle(Side.Unspecified), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => (each.Document.Ofd, each.Document.Places[0]) = (ByteString.CopyFrom(SampleDocument.Create()), SealClient.Straddle(Side.Right)), "STAMP_PLACE_INVALID", "document.places[0]"),
            (each => each.Document.Ofd = ByteString.Empty, "DOCUMENT_INVALID", "document.ofd"),
            (each => each.Title = "", "TEXT_INVALID", "title"),
            (each => each.Title = new string('长', 101), "TEXT_INVALID", "title"),
            (each => each.CreditCode = "91370406MA", "USCC_INVALID", "credit_code"),
            (each => each.RequestId = "short", "REQUEST_ID_INVALID", "request_id"),
            (each => each.Digest = new StampDigest { Sm3 = ByteString.CopyFrom(new byte[31]), PropertyInfo = "/x" }, "DOCUMENT_INVALID", "digest.sm3"),
            (each => each.Digest = new StampDigest { Sm3 = ByteString.CopyFrom(new byte[32]), PropertyInfo = "中" }, "TEXT_INVALID", "digest.property_info"),
        ];
        foreach (var (change, reason, field) in wrong)
        {
            var request = SealClient.OfDocument(set, document);
            change(request);
            (await Refusal.Of(seals.App.StampAsync(request))).IsField(StatusCode.InvalidArgument, reason, field);
        }

        var torn = SealClient.OfDocument(set, document[..^40]);
        Assert.Equal(StatusCode.InvalidArgument, (await ReasonOf(seals.App.StampAsync(torn))).Status);
        Assert.Empty(await seals.UsesAsync(set));
    }

    [Fact]
    public async Task What_is_wrong_with_a_grant_is_said_and_nothing_is_granted()
    {
        var set = await seals.Life.FoundAsync();
        (Action<GrantSealUseRequest> Change, StatusCode Status, string Reason)[] wrong =
        [
            (each => each.Caller = "bank", StatusCode.InvalidArgument, "TEXT_INVALID"),
            (each => each.Caller = "nobody", StatusCode.InvalidArgument, "TEXT_INVALID"),
            (each => each.Seals.Clear(), StatusCode.InvalidArgument, "ENUM_INVALID"),
            (each => each.Seals[0] = (Kind)9, StatusCode.InvalidArgument, "ENUM_INVALID"),
            (each => each.Uses.Clear(), StatusCode.InvalidArgument, "SEAL_USE_UNKNOWN"),
            (each => each.Uses[0] = "HOLIDAY", StatusCode.InvalidArgument, "SEAL_USE_UNKNOWN"),
            (each => { each.Seals.Clear(); each.Seals.Add(Kind.Invoice); }, StatusCode.InvalidArgument, "SEAL_USE_NOT_ALLOWED"),
            (each => { each.Uses.Clear(); each.Uses.Add("INVOICE"); }, StatusCode.InvalidArgument, "SEAL_USE_NOT_ALLOWED"),
            (each => each.Reference = "", StatusCode.InvalidArgument, "TEXT_INVALID"),
            (each => each.UntilTime = null, StatusCode.InvalidArgument, "DATE_ORDER"),
            (each => each.UntilTime.Seconds -= 31 * 86400, StatusCode.InvalidArgument, "DATE_ORDER"),
            (each => each.UntilTime.Seconds += 1200L * 86400, StatusCode.InvalidArgument, "DATE_ORDER"),
            (each => each.CreditCode = TestSupport.SampleCompanies.CreditCode(TestSupport.SampleCompanies.Next()), StatusCode.NotFound, "LICENSE_NOT_FOUND"),
        ];
        foreach (var (change, status, reason) in wrong)
        {
            var request = SealClient.Grant(set);
            change(request);
            Assert.Equal((status, reason), await ReasonOf(seals.Desk.GrantSealUseAsync(request)));
        }

        Assert.Empty((await seals.Desk.ListSealUseGrantsAsync(new ListSealUseGrantsRequest { CreditCode = set.License.Enterprise.CreditCode })).Grants);

        // Granted twice by one request, and withdrawn once.
        var good = SealClient.Grant(set);
        var grant = await seals.Desk.GrantSealUseAsync(good);
        Assert.Equal(grant, await seals.Desk.GrantSealUseAsync(good));
        var withdraw = new WithdrawSealUseRequest { RequestId = ServerFixture.NewRequestId(), Name = grant.Name, Reason = "示例：企业撤回" };
        var withdrawn = await seals.Desk.WithdrawSealUseAsync(withdraw);
        Assert.Equal(withdrawn, await seals.Desk.WithdrawSealUseAsync(withdraw));
        Assert.Equal(withdrawn, Assert.Single((await seals.App.ListSealUseGrantsAsync(new ListSealUseGrantsRequest { CreditCode = good.CreditCode })).Grants));
        withdraw.RequestId = ServerFixture.NewRequestId();
        Assert.Equal((StatusCode.FailedPrecondition, "NOTHING_CHANGED"), await ReasonOf(seals.Desk.WithdrawSealUseAsync(withdraw)));
        foreach (var name in (string[])["sealUseGrants/999999", "sealUseGrants/01", "grants/1", ""])
        {
            withdraw.Name = name;
            Assert.Equal((StatusCode.NotFound, "SEAL_GRANT_NOT_FOUND"), await ReasonOf(seals.Desk.WithdrawSealUseAsync(withdraw)));
        }
    }

    [Fact]
    public async Task A_document_may_be_large_and_nothing_else_may()
    {
        var set = await seals.GrantedAsync();
        var request = SealClient.OfDigest(set, Text);
        request.Title = new string('长', 70_000); // Larger than other methods take, refused for what it is.
        Assert.Equal((StatusCode.InvalidArgument, "TEXT_INVALID"), await ReasonOf(seals.App.StampAsync(request)));
        request = SealClient.OfDocument(set, new byte[MaxDocument + (128 * 1024)]);
        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), await ReasonOf(seals.App.StampAsync(request)));
        request = SealClient.OfDocument(set, new byte[MaxDocument]);
        Assert.Equal(StatusCode.InvalidArgument, (await ReasonOf(seals.App.StampAsync(request))).Status);

        var grant = SealClient.Grant(set);
        grant.Reference = new string('长', 40_000);
        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), await ReasonOf(seals.Desk.GrantSealUseAsync(grant)));
    }

    [Fact]
    public async Task A_document_is_stamped_over_json_too_and_the_limits_are_the_same()
    {
        var set = await seals.GrantedAsync();
        var method = SealService.Descriptor.FindMethodByName("Stamp");
        var app = JsonCall.As(server, "holder-app");
        var large = SampleDocument.Create(400); // Every page with a name of its own: far more than other methods take.
        Assert.InRange(large.Length, 100_000, MaxDocument);
        var stamped = await app.Ask(method, SealClient.OfDocument(set, large, SealClient.At(100, 100, 400)));
        Assert.Equal(System.Net.HttpStatusCode.OK, stamped.Http);
        Assert.Equal(SealVerdict.Valid, (await seals.VerifyAsync(ByteString.FromBase64((string)System.Text.Json.Nodes.JsonNode.Parse(stamped.Text)!["ofd"]!))).Verdict);

        // And by the SDK, which repeats the same request after a broken connection.
        using var sdk = Client.EidClient.Connect(new Client.EidClientOptions { Address = server.Address, Certificate = Client.EidCertificate.FromFolder(server.Certificates, "holder-app") });
        var request = SealClient.OfDocument(set, large);
        var first = await sdk.StampAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(first, await sdk.StampAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(SealVerdict.Valid, (await seals.VerifyAsync(first.Ofd)).Verdict);

        Assert.Equal("MESSAGE_TOO_LARGE", (await app.Ask(method, SealClient.OfDocument(set, new byte[MaxDocument + (128 * 1024)]))).Reason);
        var grant = SealClient.Grant(set);
        grant.Reference = new string('长', 40_000);
        Assert.Equal("MESSAGE_TOO_LARGE", (await JsonCall.As(server, "staff").Ask(SealService.Descriptor.FindMethodByName("GrantSealUse"), grant)).Reason);
    }

    private const int MaxDocument = 8 * 1024 * 1024;

    private static async Task<(StatusCode Status, string Reason)> ReasonOf<T>(AsyncUnaryCall<T> call) => await Refusal.Of(call) is var refusal ? (refusal.Status, refusal.Reason) : default;
}
