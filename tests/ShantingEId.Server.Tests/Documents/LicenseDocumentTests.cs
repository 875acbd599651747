using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Crypto;
using ShantingEId.Server.Tests.Trades;
using ShantingEId.V1;
using Format = ShantingEId.V1.GetLicenseDocumentRequest.Types.Format;
using Form = ShantingEId.V1.LicenseDocument.Types.Form;
using Outcome = ShantingEId.V1.DocumentCheck.Types.Outcome;
using Verdict = ShantingEId.V1.DocumentVerification.Types.Verdict;

namespace ShantingEId.Server.Tests.Documents;

public sealed class SqliteDocumentTests(ServerFixture server) : LicenseDocumentContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresDocumentTests(PostgresServerFixture server) : LicenseDocumentContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Licences as documents, and documents and stamps judged by the register's states.</summary>
public abstract class LicenseDocumentContract(ServerFixture server) : DocumentContract(server)
{
    [Fact]
    public async Task A_licence_comes_in_every_format_and_its_ofd_is_valid_with_the_licence_in_it()
    {
        var set = await IssueAsync();
        foreach (var (format, type, start) in ((Format, string, byte[])[])
            [(Format.Unspecified, "application/ofd", "PK"u8.ToArray()), (Format.Pdf, "application/pdf", "%PDF"u8.ToArray()), (Format.Png, "image/png", [0x89, 0x50]), (Format.Svg, "image/svg+xml", "<svg"u8.ToArray())])
        {
            var document = await As("holder-app").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Format = format, Form = Form.Original }, cancellationToken: Cancel);
            Assert.Equal((set.Name, type), (document.IssuedSet, document.ContentType));
            Assert.True(document.Content.Span.StartsWith(start), format.ToString());
            Assert.Equal(Sm3.Hash(document.Content.Span), document.Digest.ToByteArray());
            Assert.StartsWith(set.License.Enterprise.Name + "营业执照（正本）.", document.FileName, StringComparison.Ordinal);
        }

        // By the company's code too; judged by a department, it is a look-up of the company.
        var ofd = await As("auditor").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = "issuedSets/" + set.License.Enterprise.CreditCode }, cancellationToken: Cancel);
        var answer = await JudgeAsync(ofd.Content, "样例-1");
        Assert.True(answer.Verdict == Verdict.Valid, answer.ToString());
        Assert.Equal((set.Name, Verification.Types.Verdict.Valid), (answer.License.IssuedSet, answer.License.Verdict));
        var lookup = Assert.Single(await LookupsAsync(set, 1));
        Assert.Equal(("VerifyDocument", "bank", Purpose, "样例-1", Verification.Types.Verdict.Valid, ""), (lookup.Method, lookup.Caller, lookup.Purpose, lookup.Reference, lookup.Verdict, lookup.Reason));
    }

    [Fact]
    public async Task A_document_that_was_edited_is_invalid_and_says_where()
    {
        var set = await IssueAsync();
        var file = OfdReaderFile.Of((await OfdAsync(set)).Content.Span);
        var page = file.Require("Doc_0/Pages/Page_0/Content.xml");
        var edited = page.Bytes.ToArray();
        edited[edited.AsSpan().IndexOf("营业执照"u8) + 2] ^= 1;

        var answer = await JudgeAsync(ByteString.CopyFrom(file.With(new ShantingEId.Documents.Ofd.OfdEntry(page.Name, edited)).ToBytes()));

        Assert.Equal(Verdict.Invalid, answer.Verdict);
        Assert.Contains(answer.Files, each => each is { Path: "/Doc_0/Pages/Page_0/Content.xml", Standing: DocumentFile.Types.Standing.Altered });
        Assert.Contains(answer.Signatures[0].Checks, check => check is { Outcome: Outcome.Failed, Reason: "FILE_ALTERED" });
        Assert.Null(answer.License);
    }

    [Fact]
    public async Task What_has_ended_is_not_sealed_and_its_document_says_so()
    {
        var set = await IssueAsync();
        var before = await OfdAsync(set);
        await RevokeAsync(set);

        var refusal = await Refusal.Of(As("staff").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name }, cancellationToken: Cancel));
        Is(StatusCode.FailedPrecondition, "LICENSE_NOT_IN_FORCE", refusal);
        Assert.Equal("REVOKED", refusal.Info.Metadata["state"]);

        // The document is as genuine as it was; the licence is not in force.
        var answer = await JudgeAsync(before.Content);
        Assert.Equal((Verdict.Valid, Verification.Types.Verdict.Revoked, "REVOKED"), (answer.Verdict, answer.License.Verdict, answer.License.Reason));
        Assert.Equal(Verification.Types.Verdict.Revoked, Assert.Single(await LookupsAsync(set, 1)).Verdict);
    }

    // Nobody shall go on with a picture of a licence that is over: it has no seal, and says why in every quarter.
    [Fact]
    public async Task A_picture_of_what_is_not_in_force_has_no_seal_and_its_state_across_the_page()
    {
        var (valid, revoked, paused, ended) = (await IssueAsync(), await IssueAsync(), await IssueAsync(), await IssueAsync());
        var trade = await TradeSamples.IssueAsync(Server, ended);
        await RevokeAsync(revoked);
        await Server.Staff().SuspendSetAsync(new SuspendSetRequest { RequestId = ServerFixture.NewRequestId(), Name = paused.Name, Reason = "样例：歇业", Authority = "样例机关" }, cancellationToken: Cancel);
        await Server.Staff().CancelSetAsync(new CancelSetRequest { RequestId = ServerFixture.NewRequestId(), Name = ended.Name, Reason = "样例：注销", Authority = "样例机关" }, cancellationToken: Cancel);

        var whole = await SvgAsync(valid);
        Assert.DoesNotContain("截至", whole, StringComparison.Ordinal);
        foreach (var (set, words) in ((IssuedSet, string)[])[(revoked, "已被吊销"), (paused, "处于暂停状态"), (ended, "已经注销"), (trade, "主体的营业执照不在有效状态")])
        {
            var svg = await SvgAsync(set);
            Assert.InRange(Occurs(svg, $">{words}</text>"), 4, 40);
            Assert.InRange(Occurs(svg, ">截至 20"), 4, 40);
            Assert.Contains(set.License.Enterprise.Name, svg, StringComparison.Ordinal);
            if (set != trade)
            {
                Assert.Equal(Occurs(whole, "<image") - 1, Occurs(svg, "<image"));
            }
        }

        foreach (var format in (Format[])[Format.Png, Format.Pdf])
        {
            var picture = await As("holder-app").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = revoked.Name, Format = format }, cancellationToken: Cancel);
            Assert.InRange(picture.Content.Length, 10_000, 2_000_000);
        }

        async Task<string> SvgAsync(IssuedSet set) =>
            (await As("holder-app").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Format = Format.Svg }, cancellationToken: Cancel)).Content.ToStringUtf8();

        static int Occurs(string text, string part) => text.Split(part).Length - 1;
    }

    [Fact]
    public async Task A_paused_licence_and_the_one_that_was_replaced_are_not_sealed()
    {
        var paused = await IssueAsync();
        await Server.Staff().SuspendSetAsync(new SuspendSetRequest { RequestId = ServerFixture.NewRequestId(), Name = paused.Name, Reason = "样例：歇业", Authority = "样例机关" }, cancellationToken: Cancel);
        var old = await IssueAsync();
        var changed = await Server.Staff().ChangeRegistrationAsync(Life.LifeClient.Change(old, face => face.Address = "枣庄市山亭区样例路2号", "address"), cancellationToken: Cancel);

        Assert.Equal("SUSPENDED", (await Refusal.Of(As("staff").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = paused.Name }))).Info.Metadata["state"]);
        Assert.Equal("SUPERSEDED", (await Refusal.Of(As("staff").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = old.Name }))).Info.Metadata["state"]);
        Assert.Equal(changed.IssuedSet.Name, (await OfdAsync(changed.IssuedSet)).IssuedSet);
    }

    [Fact]
    public async Task A_comprehensive_licence_is_sealed_while_its_companys_licence_is_in_force()
    {
        var set = await IssueAsync();
        var trade = await new TradeService.TradeServiceClient(Server.Channel("staff")).IssueTradeLicenseAsync(new IssueTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = set.License.Enterprise.CreditCode, Trade = "CONVENIENCE_STORE",
            Permits = { new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1" + set.License.Enterprise.CreditCode[8..] } },
        }, cancellationToken: Cancel);
        var document = await OfdAsync(trade);
        Assert.Contains("行业综合许可证", document.FileName, StringComparison.Ordinal);
        var answer = await JudgeAsync(document.Content);
        Assert.True(answer is { Verdict: Verdict.Valid, License.Verdict: Verification.Types.Verdict.Valid } && answer.License.IssuedSet == trade.Name, answer.ToString());

        await RevokeAsync(set);

        Is(StatusCode.FailedPrecondition, "HOLDER_NOT_IN_FORCE", await Refusal.Of(async () => await OfdAsync(trade)));
        Assert.Equal("HOLDER_NOT_IN_FORCE", (await JudgeAsync(document.Content)).License.Reason);
    }

    [Fact]
    public async Task What_does_not_exist_or_was_not_said_well_is_refused()
    {
        var set = await IssueAsync();
        var client = As("staff");

        Is(StatusCode.NotFound, "LICENSE_NOT_FOUND", await Refusal.Of(client.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = "issuedSets/" + ServerFixture.ValidRequest().Enterprise.CreditCode })));
        (await Refusal.Of(client.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Format = (Format)9 }))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "format");
        (await Refusal.Of(client.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Form = (Form)9 }))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "form");
        Is(StatusCode.PermissionDenied, "ACCESS_DENIED", await Refusal.Of(As("bank").GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name })));
        Is(StatusCode.InvalidArgument, "CONTAINER_UNSAFE", await Refusal.Of(async () => await JudgeAsync(ByteString.CopyFromUtf8("PK, and nothing more"))));
        Is(StatusCode.InvalidArgument, "CONTAINER_LIMITS", await Refusal.Of(async () => await JudgeAsync(ByteString.Empty)));
        Is(StatusCode.PermissionDenied, "PURPOSE_NOT_GRANTED", await Refusal.Of(As("bank").VerifyDocumentAsync(new VerifyDocumentRequest { Document = ByteString.CopyFrom(1), Purpose = "AUDIT" })));
    }

    [Fact]
    public async Task A_companys_stamp_is_as_good_as_its_licence_was_when_it_was_made()
    {
        var set = await IssueAsync();
        var text = "样例合同"u8.ToArray();
        var stamp = await StampAsync(set, text);

        var good = await StampAsync(stamp, text);
        Assert.True(good.Verdict == Verdict.Valid, good.ToString());
        Assert.Equal((set.Seals[0].SealCode, true), (good.Signature.SealCode, good.Signature.HasSeal));
        Assert.Equal(Verdict.Valid, (await StampAsync(stamp, digest: Sm3.Hash(text))).Verdict);
        Assert.Equal(Verdict.Invalid, (await StampAsync(stamp, "别的合同"u8.ToArray())).Verdict);
        Assert.Equal(Verdict.NotConfirmed, (await StampAsync(stamp)).Verdict);

        // Times of signing are whole seconds: the stamp and the end of its licence must not share one.
        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);

        // Once the licence has ended: made before, nobody but the signer says so; made afterwards, the seal had ended.
        await RevokeAsync(set);
        var before = await StampAsync(stamp, text);
        Assert.Equal(Verdict.NotConfirmed, before.Verdict);
        Assert.Contains(before.Signature.Checks, check => check.Reason == "TIME_UNPROVEN");
        var after = await StampAsync(await StampAsync(set, text, TimeProvider.System.GetUtcNow().AddSeconds(2)), text);
        Assert.Equal(Verdict.Invalid, after.Verdict);
        Assert.Contains(after.Signature.Checks, check => check.Reason == "SEAL_ENDED");

        // Six look-ups, each under the company whose seal it is.
        var lookups = await LookupsAsync(set, 6);
        Assert.All(lookups, each => Assert.Equal("VerifyStamp", each.Method));
        Assert.Equal((Verification.Types.Verdict.Revoked, "SEAL_ENDED"), (lookups[0].Verdict, lookups[0].Reason));
    }

    [Fact]
    public async Task A_seal_on_somebody_elses_page_does_not_make_it_a_licence()
    {
        // The company seals a page of its own making and puts the manifest of its licence behind it.
        var set = await IssueAsync();
        var licence = OfdReaderFile.Of((await OfdAsync(set)).Content.Span);
        var unsigned = new ShantingEId.Documents.Ofd.OfdFile(licence.Entries.Where(entry => !entry.Name.Contains("/Signs/", StringComparison.Ordinal))
            .Select(entry => entry.Name != "OFD.xml" ? entry : entry with
            {
                Bytes = System.Text.Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(System.Text.Encoding.UTF8.GetString(entry.Bytes.Span), "<ofd:Signatures>.*</ofd:Signatures>", "")),
            }));

        var answer = await JudgeAsync(ByteString.CopyFrom((await SealedByCompanyAsync(set, unsigned)).ToBytes()));

        Assert.True(answer.Verdict == Verdict.Valid, answer.ToString());
        Assert.Equal(set.Seals[0].SealCode, Assert.Single(answer.Signatures).SealCode);
        Assert.Null(answer.License);
        Assert.Single(await LookupsAsync(set, 1));
    }

    private async Task<StampVerification> StampAsync(ShantingEId.Seals.SesSignature stamp, byte[]? text = null, byte[]? digest = null)
    {
        var request = new VerifyStampRequest { Signature = ByteString.CopyFrom(stamp.Der), Purpose = Purpose };
        if (text is not null)
        {
            request.Text = ByteString.CopyFrom(text);
        }

        if (digest is not null)
        {
            request.TextDigest = ByteString.CopyFrom(digest);
        }

        return await As("bank").VerifyStampAsync(request, cancellationToken: Cancel);
    }
}
