using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Crypto;
using ShantingEId.Server.Storage;
using ShantingEId.V1;
using State = ShantingEId.V1.LicenseCopy.Types.State;

namespace ShantingEId.Server.Tests.Documents;

public sealed class SqliteCopyTests(ServerFixture server) : LicenseCopyContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCopyTests(PostgresServerFixture server) : LicenseCopyContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>加注件: for one receiver, once, in its time; and nothing that would let anybody else fetch it is kept.</summary>
public abstract class LicenseCopyContract(ServerFixture server) : DocumentContract(server)
{
    private static readonly string[] Faults =
    [
        "UPDATE license_copy SET credit_code = '91370406MA3ABC127Q' WHERE number = @it",
        "UPDATE license_copy SET expire_time = created_time + 1 WHERE number = @it",
        "UPDATE license_copy SET download_time = expire_time WHERE number = @it",
        "UPDATE license_copy SET download_time = 0 WHERE number = @it",
        "UPDATE license_copy SET download_request = '' WHERE number = @it",
        "UPDATE license_copy SET document_digest = download_digest WHERE number = @it",
        "DELETE FROM reply WHERE request_id = (SELECT request_id FROM license_copy WHERE number = @it)",
        "DELETE FROM reply WHERE request_id = (SELECT download_request FROM license_copy WHERE number = @it)",
    ];

    [Fact]
    public async Task A_copy_is_fetched_once_by_whom_it_was_made_for_and_the_company_sees_it()
    {
        var set = await IssueAsync();
        var request = Request(set);
        var copy = await As("holder-app").CreateLicenseCopyAsync(request, cancellationToken: Cancel);
        Assert.Equal(("bank", "银行", State.Waiting, 43), (copy.Receiver, copy.ReceiverTitle, copy.State, copy.DownloadId.Length));
        Assert.Equal(copy, await As("holder-app").CreateLicenseCopyAsync(request, cancellationToken: Cancel)); // Also the id, which is kept nowhere.
        Assert.Equal(State.Waiting, (await OfAsync(set)).State);

        // Not anybody else, not with another id.
        Is(StatusCode.NotFound, "COPY_NOT_FOUND", await Refusal.Of(As("tax-bureau").DownloadLicenseCopyAsync(Fetch(copy.DownloadId, "TAX_REGISTRATION"))));
        foreach (var id in (string[])[copy.DownloadId[..42] + (copy.DownloadId[42] == 'A' ? 'B' : 'A'), copy.DownloadId[..42], copy.DownloadId + "A", "", copy.Name])
        {
            Is(StatusCode.NotFound, "COPY_NOT_FOUND", await Refusal.Of(As("bank").DownloadLicenseCopyAsync(Fetch(id))));
        }

        // Once; the same request gets the same bytes again, another is told when it was.
        var fetch = Fetch(copy.DownloadId);
        var document = await As("bank").DownloadLicenseCopyAsync(fetch, cancellationToken: Cancel);
        Assert.Equal(document, await As("bank").DownloadLicenseCopyAsync(fetch, cancellationToken: Cancel));
        var second = await Refusal.Of(As("bank").DownloadLicenseCopyAsync(Fetch(copy.DownloadId)));
        Is(StatusCode.FailedPrecondition, "ALREADY_DOWNLOADED", second);
        var seen = await OfAsync(set);
        Assert.Equal((State.Downloaded, "", document.Digest), (seen.State, seen.DownloadId, seen.DocumentDigest));
        Assert.Equal(seen.DownloadTime.ToDateTimeOffset(), DateTimeOffset.Parse(second.Info.Metadata["download_time"], System.Globalization.CultureInfo.InvariantCulture));

        // What it says, and that it holds.
        var text = string.Concat(OfdReaderFile.Of(document.Content.Span).Entries.Where(entry => entry.Name.EndsWith(".xml", StringComparison.Ordinal)).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Bytes.Span)));
        Assert.Contains("仅用于：开立单位结算账户（样例）（银行）", text, StringComparison.Ordinal);
        Assert.Contains("企业应用 ", text, StringComparison.Ordinal);
        Assert.Equal(DocumentVerification.Types.Verdict.Valid, (await JudgeAsync(document.Content)).Verdict);

        // Two downloads that were answered and the judging; what was refused names nobody.
        var lookups = await LookupsAsync(set, 3);
        Assert.Equal(["VerifyDocument", "DownloadLicenseCopy", "DownloadLicenseCopy"], lookups.Select(each => each.Method));
    }

    [Fact]
    public async Task Of_many_who_fetch_at_once_one_gets_it()
    {
        var copy = await As("holder-app").CreateLicenseCopyAsync(Request(await IssueAsync()), cancellationToken: Cancel);
        var bank = As("bank");

        var ends = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            try
            {
                return (await bank.DownloadLicenseCopyAsync(Fetch(copy.DownloadId), cancellationToken: Cancel)).Content.Length > 0 ? "OK" : "";
            }
            catch (RpcException error)
            {
                return error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>().Reason;
            }
        }));

        Assert.Equal([.. Enumerable.Repeat("ALREADY_DOWNLOADED", 5), "OK"], ends.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_download_id_stands_nowhere_in_the_register()
    {
        var copy = await As("staff").CreateLicenseCopyAsync(Request(await IssueAsync()), cancellationToken: Cancel);
        using var register = Server.OpenRegister();

        var row = Assert.Single(register.Rows("SELECT * FROM license_copy WHERE number = @it", ("@it", Number(copy))));
        var reply = (byte[])Assert.Single(register.Rows("SELECT r.reply FROM reply r JOIN license_copy c ON c.actor = r.actor AND c.request_id = r.request_id WHERE c.number = @it", ("@it", Number(copy))))[0];

        Assert.DoesNotContain(row, value => value is string text && text.Contains(copy.DownloadId, StringComparison.Ordinal));
        Assert.Contains(row, value => value is byte[] bytes && bytes.AsSpan().SequenceEqual(Sm3.Hash(System.Text.Encoding.ASCII.GetBytes(copy.DownloadId))));
        Assert.Equal("", LicenseCopy.Parser.ParseFrom(reply).DownloadId);
    }

    [Fact]
    public async Task After_its_end_and_after_that_of_the_licence_a_copy_is_not_handed_out()
    {
        var set = await IssueAsync();
        var (late, ended) = (await As("holder-app").CreateLicenseCopyAsync(Request(set), cancellationToken: Cancel), await As("holder-app").CreateLicenseCopyAsync(Request(set), cancellationToken: Cancel));
        using (var register = Server.OpenRegister())
        {
            register.Execute("UPDATE license_copy SET created_time = created_time - 86400001, expire_time = expire_time - 86400001 WHERE number = @it", ("@it", Number(late)));
        }

        Is(StatusCode.FailedPrecondition, "COPY_EXPIRED", await Refusal.Of(As("bank").DownloadLicenseCopyAsync(Fetch(late.DownloadId))));
        var page = await As("auditor").ListLicenseCopiesAsync(new ListLicenseCopiesRequest { CreditCode = set.License.Enterprise.CreditCode, PageSize = 1 }, cancellationToken: Cancel);
        Assert.Equal((ended.Name, State.Waiting), (Assert.Single(page.LicenseCopies).Name, page.LicenseCopies[0].State));
        page = await As("auditor").ListLicenseCopiesAsync(new ListLicenseCopiesRequest { CreditCode = set.License.Enterprise.CreditCode, PageToken = page.NextPageToken }, cancellationToken: Cancel);
        Assert.Equal((late.Name, State.Expired, ""), (Assert.Single(page.LicenseCopies).Name, page.LicenseCopies[0].State, page.NextPageToken));

        await RevokeAsync(set);
        Is(StatusCode.FailedPrecondition, "LICENSE_NOT_IN_FORCE", await Refusal.Of(As("bank").DownloadLicenseCopyAsync(Fetch(ended.DownloadId))));
        Is(StatusCode.FailedPrecondition, "LICENSE_NOT_IN_FORCE", await Refusal.Of(As("holder-app").CreateLicenseCopyAsync(Request(set))));
    }

    [Fact]
    public async Task A_copy_that_makes_no_sense_is_refused_when_it_is_asked_for()
    {
        var set = await IssueAsync();
        async Task Field(Action<CreateLicenseCopyRequest> change, string reason, string field)
        {
            var request = Request(set);
            change(request);
            (await Refusal.Of(As("staff").CreateLicenseCopyAsync(request))).IsField(StatusCode.InvalidArgument, reason, field);
        }

        await Field(request => request.PurposeText = "贷", "TEXT_INVALID", "purpose_text");
        await Field(request => request.PurposeText = new string('贷', 101), "TEXT_INVALID", "purpose_text");
        await Field(request => request.ExpireTime = In(TimeSpan.FromMinutes(9)), "COPY_EXPIRY_INVALID", "expire_time");
        await Field(request => request.ExpireTime = In(TimeSpan.FromDays(31)), "COPY_EXPIRY_INVALID", "expire_time");
        await Field(request => request.Receiver = "nobody", "RECEIVER_UNKNOWN", "receiver");
        await Field(request => request.Receiver = "staff", "RECEIVER_UNKNOWN", "receiver");
        await Field(request => request.Receiver = "engraver", "RECEIVER_UNKNOWN", "receiver"); // Registered, but not for this.
        await Field(request => request.RequestId = "short", "REQUEST_ID_INVALID", "request_id");
        (await Refusal.Of(As("staff").ListLicenseCopiesAsync(new ListLicenseCopiesRequest { CreditCode = set.License.Enterprise.CreditCode, PageToken = "x" }))).IsField(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token");

        // The longest that is allowed can be drawn; another content under the same id is refused.
        var longest = Request(set);
        (longest.PurposeText, longest.ExpireTime) = (new string('贷', 100), In(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(1)));
        var copy = await As("staff").CreateLicenseCopyAsync(longest, cancellationToken: Cancel);
        Assert.NotEmpty((await As("bank").DownloadLicenseCopyAsync(Fetch(copy.DownloadId), cancellationToken: Cancel)).Content);
        longest.PurposeText = "别的用途";
        Is(StatusCode.FailedPrecondition, "REQUEST_ID_REUSED", await Refusal.Of(As("staff").CreateLicenseCopyAsync(longest)));
    }

    [Fact]
    public async Task Fsck_names_every_copy_that_was_tampered_with_and_no_other()
    {
        var set = await IssueAsync();
        var copies = new List<LicenseCopy>();
        for (var i = 0; i < Faults.Length + 2; i++)
        {
            copies.Add(await As("holder-app").CreateLicenseCopyAsync(Request(set), cancellationToken: Cancel));
            if (i <= Faults.Length)
            {
                await As("bank").DownloadLicenseCopyAsync(Fetch(copies[i].DownloadId), cancellationToken: Cancel);
            }
        }

        var before = RegisterCheck.Run(Server.Options()).Select(problem => problem.Subject).ToHashSet();
        using var register = Server.OpenRegister();
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(fault, ("@it", Number(copies[i]))));
        }

        var named = RegisterCheck.Run(Server.Options()).Select(problem => problem.Subject).ToHashSet();
        Assert.All(copies, copy => Assert.DoesNotContain(Number(copy), before));
        Assert.Equal([], Faults.Index().Where(each => !named.Contains(Number(copies[each.Index]))).Select(each => each.Item));
        Assert.All(copies[Faults.Length..], copy => Assert.DoesNotContain(Number(copy), named));

        // Numbers that nobody gave away.
        var next = register.Number("SELECT next FROM counter WHERE name = 'copy'");
        register.Execute("UPDATE counter SET next = 1 WHERE name = 'copy'");
        Assert.Contains(RegisterCheck.Run(Server.Options()), problem => problem.Subject == Number(copies[^1]));
        register.Execute("UPDATE counter SET next = @next WHERE name = 'copy'", ("@next", next));
    }

    private async Task<LicenseCopy> OfAsync(IssuedSet set) =>
        Assert.Single((await As("holder-app").ListLicenseCopiesAsync(new ListLicenseCopiesRequest { CreditCode = set.License.Enterprise.CreditCode }, cancellationToken: Cancel)).LicenseCopies);

    private static CreateLicenseCopyRequest Request(IssuedSet set) => new() { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Receiver = "bank", PurposeText = "开立单位结算账户（样例）" };

    private static DownloadLicenseCopyRequest Fetch(string id, string purpose = Purpose) => new() { RequestId = ServerFixture.NewRequestId(), DownloadId = id, Purpose = purpose };

    private static string Number(LicenseCopy copy) => copy.Name.Split('/')[1];
}
