using Google.Protobuf;
using Grpc.Core;
using ShantingEId.V1;
using Outcome = ShantingEId.V1.ImportSetsResponse.Types.Outcome;

namespace ShantingEId.Server.Tests;

/// <summary>ImportSets: every row one answer, a bad row alone refused, an interrupted import resumed by running it again.</summary>
public sealed class ImportTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Every_row_has_one_answer_and_a_bad_row_stops_no_other()
    {
        var rows = Rows(12);
        rows[2].Request.Enterprise.CreditCode = "91370406MA0000000X";
        rows[4].Request.RequestId = "short";
        rows[6].Request = null;
        rows[8].Request.Enterprise.CreditCode = rows[0].Request.Enterprise.CreditCode;
        rows[9].Request.Enterprise.Name = "样例\u200B公司";

        // The same company twice in one import: which of the two comes first is open, so row 0 goes ahead alone.
        Assert.Equal(Outcome.Issued, (await Import.Run(server.Staff(), rows[0]))[0].Outcome);
        var answers = await Import.Run(server.Staff(), rows);

        Assert.Equal(rows.Select(row => row.Row), answers.Keys.Order());
        Assert.Equal(Outcome.Repeated, answers[0].Outcome);
        Assert.Equal("USCC_INVALID", answers[2].Reason);
        Assert.Equal("REQUEST_ID_INVALID", answers[4].Reason);
        Assert.Equal("REQUEST_ID_INVALID", answers[6].Reason);
        Assert.Equal("LICENSE_EXISTS", answers[8].Reason);
        Assert.Equal("TEXT_INVALID", answers[9].Reason);
        Assert.All([2L, 4, 6, 8, 9], row => Assert.True(answers[row] is { Outcome: Outcome.Refused, IssuedSet: null, Message.Length: > 0 }));
        Assert.All([1L, 3, 5, 7, 10, 11], row => Assert.True(answers[row] is { Outcome: Outcome.Issued, Reason: "", Message: "", IssuedSet.Seals.Count: 4 }));
    }

    [Fact]
    public async Task The_same_import_again_repeats_the_same_answers()
    {
        var rows = Rows(10);
        var first = await Import.Run(server.Staff(), rows);
        var second = await Import.Run(server.Staff(), rows);

        Assert.All(rows, row =>
        {
            Assert.Equal(Outcome.Repeated, second[row.Row].Outcome);
            Assert.Equal(first[row.Row].IssuedSet.ToByteArray(), second[row.Row].IssuedSet.ToByteArray());
        });
    }

    // Two clerks start the same file: rows of the same request id meet in the middle of issuing.
    [Fact]
    public async Task The_same_row_many_times_at_once_is_issued_once_and_else_repeated()
    {
        var request = ServerFixture.ValidRequest();
        var rows = Enumerable.Range(0, 12).Select(i => new ImportSetsRequest { Row = i, Request = request }).ToArray();

        var answers = await Task.WhenAll(Import.Run(server.Staff(), rows), Import.Run(server.Staff(), rows));

        var all = answers.SelectMany(each => each.Values).ToArray();
        Assert.Equal(24, all.Length);
        Assert.Single(all, answer => answer.Outcome == Outcome.Issued);
        Assert.Equal(23, all.Count(answer => answer.Outcome == Outcome.Repeated));
        Assert.Single(all.Select(answer => answer.IssuedSet.ToByteString()).Distinct());
    }

    // An import is no place for a rehearsal: issuing in earnest what was marked as one would be the worst reading.
    [Fact]
    public async Task A_row_marked_as_rehearsal_is_refused_and_issues_nothing()
    {
        var row = Rows(1)[0];
        row.Request.ValidateOnly = true;

        var answer = (await Import.Run(server.Staff(), row))[0];

        Assert.Equal((Outcome.Refused, "MALFORMED_REQUEST"), (answer.Outcome, answer.Reason));
        var refusal = await Refusal.Of(server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + row.Request.Enterprise.CreditCode }));
        Assert.Equal("LICENSE_NOT_FOUND", refusal.Reason);
    }

    [Fact]
    public async Task A_row_larger_than_the_limit_ends_the_stream_and_the_import_can_be_resumed_without_it()
    {
        var rows = Rows(3);
        rows[1].Request.Enterprise.BusinessScope = new string('亭', 30_000);

        var refusal = await Refusal.Of(() => Import.Run(server.Staff(), rows));

        Assert.Equal((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"), (refusal.Status, refusal.Reason));
        var resumed = await Import.Run(server.Staff(), rows[0], rows[2]);
        Assert.All(resumed.Values, answer => Assert.NotEqual(Outcome.Refused, answer.Outcome));
    }

    // Bytes that are no message have no row number to answer to, so the stream ends; it is the caller's mistake, not ours.
    [Theory]
    [InlineData("garbage", "MALFORMED_REQUEST")]
    [InlineData("bad UTF-8", "MALFORMED_REQUEST")]
    [InlineData("short frame", "MALFORMED_FRAME")]
    public async Task Bytes_that_are_no_row_end_the_stream_as_the_callers_mistake(string what, string reason)
    {
        var good = RawCall.Frame(Rows(1)[0].ToByteArray());
        byte[] bad = what switch
        {
            "garbage" => RawCall.Frame([0xFF, 0xFF, 0xFF, 0xFF]),
            "bad UTF-8" => RawCall.Frame([0x12, 0x04, 0x0A, 0x02, 0xC3, 0x28]),
            _ => RawCall.Frame([0x08, 0x01], declared: 900),
        };

        var answer = await RawCall.As(server, "staff").Post(RawCall.ImportSets, [.. good, .. bad]);

        Assert.Equal((StatusCode.InvalidArgument, reason), (answer.Status!.Value, answer.Reason));
        Assert.Empty(server.Log.Faults);
    }

    [Fact]
    public async Task A_stream_given_up_midway_leaves_whole_sets_only_and_is_resumed_by_running_it_again()
    {
        var rows = Rows(40);
        using (var call = server.Staff().ImportSets())
        {
            foreach (var row in rows)
            {
                await call.RequestStream.WriteAsync(row);
            }

            // Some answers have come, more rows are at work: now the client dies.
            for (var i = 0; i < 8; i++)
            {
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            }
        }

        var resumed = await Import.Run(server.Staff(), rows);

        Assert.True(resumed.Values.Count(answer => answer.Outcome == Outcome.Repeated) >= 8);
        Assert.All(resumed.Values, answer => Assert.True(answer.Outcome is Outcome.Repeated or Outcome.Issued, answer.Reason));
        using var register = new RegisterFile(server.RegisterPath);
        register.AssertWhole();
        Assert.Empty(server.Log.Faults);
    }

    private static ImportSetsRequest[] Rows(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new ImportSetsRequest { Row = i, Request = ServerFixture.ValidRequest() })];
}
