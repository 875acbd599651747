using Google.Protobuf.WellKnownTypes;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The bad-input catalogue, rows of all writes: request ids, unknown fields, rehearsal, characters no seal can show, revoking.</summary>
public sealed class BadInputWriteTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // Good Unicode (the last ideograph of extension G), but not in the seal font.
    private const string Unseen = "\U0003134A";

    [Theory]
    [InlineData("")]
    [InlineData("123456789012345")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    [InlineData("1234567890123456 ")]
    [InlineData("1234567890/123456")]
    [InlineData("1234567890'123456")]
    [InlineData("1234567890一123456")]
    [InlineData("1234567890\r\n123456")]
    public async Task A_request_id_of_other_length_or_characters_is_refused_by_every_write(string id)
    {
        var issue = ServerFixture.ValidRequest();
        issue.RequestId = id;
        (await Refusal.Of(server.Staff().IssueSetAsync(issue))).IsField(StatusCode.InvalidArgument, "REQUEST_ID_INVALID", "request_id");

        var revoke = Revoke("issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next()));
        revoke.RequestId = id;
        (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).IsField(StatusCode.InvalidArgument, "REQUEST_ID_INVALID", "request_id");
    }

    [Theory]
    [InlineData("abcdefghijklmnop")]
    [InlineData("ABC.def_ghi-0123456789012345678901234567890123456789012345678901")]
    public async Task Request_ids_at_the_limits_are_accepted(string id)
    {
        var request = ServerFixture.ValidRequest();
        request.RequestId = id;

        Assert.Equal(4, (await server.Staff().IssueSetAsync(request)).Seals.Count);
    }

    [Fact]
    public async Task Validate_only_reports_what_would_be_and_issues_nothing()
    {
        var request = ServerFixture.ValidRequest();
        request.ValidateOnly = true;

        var rehearsal = await server.Staff().IssueSetAsync(request);

        Assert.Equal(request.Enterprise, rehearsal.License.Enterprise);
        Assert.Equal(new IssuedSet { License = rehearsal.License }, rehearsal);
        var lookup = await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verification.Types.Verdict.NotFound, lookup.Verdict);

        // The request id was not used up: the same request in earnest is neither a repetition nor a conflict.
        request.ValidateOnly = false;
        var issued = await server.Staff().IssueSetAsync(request);
        Assert.Equal(rehearsal.License.LicenseId, issued.License.LicenseId);
    }

    // A rehearsal that says "good" and a refusal afterwards would make rehearsing useless.
    [Theory]
    [InlineData("name")]
    [InlineData("representative")]
    public async Task A_character_no_seal_can_show_is_named_in_rehearsal_and_in_earnest(string field)
    {
        foreach (var rehearsal in (bool[])[true, false])
        {
            var request = ServerFixture.ValidRequest();
            request.ValidateOnly = rehearsal;
            Enterprise.Descriptor.FindFieldByName(field).Accessor.SetValue(request.Enterprise, "样例" + Unseen + "样例");

            var refusal = await Refusal.Of(server.Staff().IssueSetAsync(request));

            refusal.IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "enterprise." + field);
            Assert.Contains("第 3 个字", refusal.Violations[0].Description, StringComparison.Ordinal);
            Assert.Contains("U+3134A", refusal.Violations[0].Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Characters_missing_in_both_names_are_named_together()
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Name = "样" + Unseen + "例" + Unseen;
        request.Enterprise.Representative = Unseen + "样例";

        var refusal = await Refusal.Of(server.Staff().IssueSetAsync(request));

        Assert.Equal(["enterprise.name TEXT_INVALID", "enterprise.name TEXT_INVALID", "enterprise.representative TEXT_INVALID"], refusal.Fields);
    }

    [Fact]
    public async Task A_company_with_a_set_in_force_receives_no_second_one()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        foreach (var rehearsal in (bool[])[true, false])
        {
            var second = ServerFixture.ValidRequest();
            second.ValidateOnly = rehearsal;
            second.Enterprise.CreditCode = issued.License.Enterprise.CreditCode;

            var refusal = await Refusal.Of(server.Staff().IssueSetAsync(second));

            Assert.Equal((StatusCode.AlreadyExists, "LICENSE_EXISTS"), (refusal.Status, refusal.Reason));
            Assert.Equal(issued.License.LicenseId, refusal.Info.Metadata["license_id"]);
        }
    }

    // A sender who means more than this server understands must be told, at whatever depth the field stands.
    [Theory]
    [InlineData("request")]
    [InlineData("enterprise")]
    [InlineData("date")]
    public async Task A_write_with_a_field_we_do_not_know_is_refused(string depth)
    {
        var request = WithUnknownField(ServerFixture.ValidRequest(), depth);

        var refusal = await Refusal.Of(server.Staff().IssueSetAsync(request));

        Assert.Equal((StatusCode.InvalidArgument, "MALFORMED_REQUEST"), (refusal.Status, refusal.Reason));
    }

    [Theory]
    [InlineData("row")]
    [InlineData("request")]
    [InlineData("enterprise")]
    [InlineData("date")]
    public async Task A_row_of_an_import_with_a_field_we_do_not_know_is_refused_alone(string depth)
    {
        var bad = new ImportSetsRequest { Row = 1, Request = WithUnknownField(ServerFixture.ValidRequest(), depth) };
        bad = depth == "row" ? ImportSetsRequest.Parser.ParseFrom([.. bad.ToByteArray(), .. UnknownField]) : bad;

        var answers = await Import.Run(server.Staff(), bad, new ImportSetsRequest { Row = 2, Request = ServerFixture.ValidRequest() });

        Assert.Equal("MALFORMED_REQUEST", answers[1].Reason);
        Assert.Null(answers[1].IssuedSet);
        Assert.Equal(ImportSetsResponse.Types.Outcome.Issued, answers[2].Outcome);
    }

    [Fact]
    public async Task A_revocation_with_a_field_we_do_not_know_is_refused_and_ends_nothing()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var revoke = RevokeSetRequest.Parser.ParseFrom([.. Revoke(issued.Name).ToByteArray(), .. UnknownField]);

        Assert.Equal("MALFORMED_REQUEST", (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).Reason);
        Assert.Equal(IssuedSet.Types.State.Active, (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name })).State);
    }

    // Reads are forgiving: a newer client may ask an older server.
    [Fact]
    public async Task A_read_with_a_field_we_do_not_know_is_answered()
    {
        var request = VerifyCodeRequest.Parser.ParseFrom([.. new VerifyCodeRequest { Code = "x", Purpose = "TAX_REGISTRATION" }.ToByteArray(), .. UnknownField]);

        Assert.Equal(Verification.Types.Verdict.NotOurs, (await server.Tax().VerifyCodeAsync(request)).Verdict);
    }

    [Fact]
    public async Task A_view_we_do_not_know_is_refused()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());

        var refusal = await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name, View = (GetIssuedSetRequest.Types.View)9 }));

        refusal.IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "view");
    }

    [Theory]
    [InlineData("", "LICENSE_ID_INVALID")]
    [InlineData("issuedSets/", "USCC_INVALID")]
    [InlineData("issuedsets/91370406MA1234567X", "LICENSE_ID_INVALID")]
    [InlineData("issuedSets/91370406MA1234567X", "USCC_INVALID")]
    [InlineData("issuedSets/1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA1000019C.001.?", "LICENSE_ID_INVALID")]
    [InlineData("issuedSets/../../etc/passwd", "LICENSE_ID_INVALID")]
    public async Task A_name_that_cannot_be_one_is_refused_by_get_and_by_revoke(string name, string reason)
    {
        (await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = name }))).IsField(StatusCode.InvalidArgument, reason, "name");
        (await Refusal.Of(server.Staff().RevokeSetAsync(Revoke(name)))).IsField(StatusCode.InvalidArgument, reason, "name");
    }

    [Fact]
    public async Task A_name_the_register_does_not_know_is_not_found()
    {
        var name = "issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next());

        foreach (var refusal in new[]
                 {
                     await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = name })),
                     await Refusal.Of(server.Staff().RevokeSetAsync(Revoke(name))),
                 })
        {
            Assert.Equal((StatusCode.NotFound, "LICENSE_NOT_FOUND"), (refusal.Status, refusal.Reason));
        }
    }

    [Theory]
    [InlineData("reason", "", "REASON_REQUIRED")]
    [InlineData("reason", "无", "REASON_REQUIRED")]
    [InlineData("reason", "违法\u202E经营", "REASON_REQUIRED")]
    [InlineData("authority", "", "TEXT_INVALID")]
    [InlineData("authority", "样例机关 ", "TEXT_INVALID")]
    public async Task A_revocation_without_a_proper_reason_and_authority_is_refused(string field, string text, string reason)
    {
        var revoke = Revoke("issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next()));
        RevokeSetRequest.Descriptor.FindFieldByName(field).Accessor.SetValue(revoke, text);

        (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).IsField(StatusCode.InvalidArgument, reason, field);
    }

    // The last three are no points in time at all; the library for the message would throw, and that is our caller's mistake.
    [Theory]
    [InlineData("future")]
    [InlineData("before issue")]
    [InlineData("too many nanoseconds")]
    [InlineData("negative nanoseconds")]
    [InlineData("beyond the calendar")]
    public async Task A_revocation_from_an_impossible_time_is_refused_and_ends_nothing(string time)
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var revoke = Revoke(issued.Name);
        var issueTime = issued.License.IssueTime;
        revoke.EffectiveTime = time switch
        {
            "future" => TimeProvider.System.GetUtcNow().AddMinutes(1).ToTimestamp(),
            "before issue" => issueTime - Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
            "too many nanoseconds" => new Timestamp { Seconds = issueTime.Seconds, Nanos = 1_000_000_000 },
            "negative nanoseconds" => new Timestamp { Seconds = issueTime.Seconds + 1, Nanos = -1 },
            _ => new Timestamp { Seconds = long.MaxValue },
        };

        (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).IsField(StatusCode.InvalidArgument, "EFFECTIVE_TIME_INVALID", "effective_time");
        Assert.Equal(IssuedSet.Types.State.Active, (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name })).State);
    }

    [Fact]
    public async Task A_set_ends_once_and_the_same_request_is_only_repeated()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var revoke = Revoke(issued.Name);
        var first = await server.Staff().RevokeSetAsync(revoke);

        Assert.Equal(first.ToByteArray(), (await server.Staff().RevokeSetAsync(revoke)).ToByteArray());
        var again = await Refusal.Of(server.Staff().RevokeSetAsync(Revoke(issued.Name)));
        Assert.Equal((StatusCode.FailedPrecondition, "ALREADY_REVOKED"), (again.Status, again.Reason));
        revoke.Reason = "另一理由";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).Reason);
    }

    private static byte[] UnknownField => [0xC0, 0x3E, 0x01]; // field 1000, varint 1

    private static RevokeSetRequest Revoke(string name) =>
        new() { RequestId = ServerFixture.NewRequestId(), Name = name, Reason = "样例：违法经营", Authority = "样例机关" };

    private static IssueSetRequest WithUnknownField(IssueSetRequest request, string depth)
    {
        switch (depth)
        {
            case "date":
                request.Enterprise.EstablishDate = Google.Type.Date.Parser.ParseFrom([.. request.Enterprise.EstablishDate.ToByteArray(), .. UnknownField]);
                return request;
            case "enterprise":
                request.Enterprise = Enterprise.Parser.ParseFrom([.. request.Enterprise.ToByteArray(), .. UnknownField]);
                return request;
            case "request":
                return IssueSetRequest.Parser.ParseFrom([.. request.ToByteArray(), .. UnknownField]);
            default:
                return request;
        }
    }
}
