using Google.Protobuf;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

public sealed class IdempotencyTests(ServerFixture server) : IdempotencyContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresIdempotencyTests(PostgresServerFixture server) : IdempotencyContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>The same request id gives the same bytes (I5), and a company one set in force (I6), however many ask at once.</summary>
public abstract class IdempotencyContract(ServerFixture server)
{
    [Fact]
    public async Task Sixteen_at_once_under_one_id_receive_the_same_bytes()
    {
        const int Ids = 40, AtOnce = 16;
        var staff = server.Staff();
        for (var i = 0; i < Ids; i++)
        {
            var request = ServerFixture.ValidRequest();
            using var start = new ManualResetEventSlim();
            var calls = Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
            {
                start.Wait();
                return (await staff.IssueSetAsync(request)).ToByteString();
            })).ToArray();
            start.Set();

            Assert.Single((await Task.WhenAll(calls)).Distinct());
        }

        using var register = server.OpenRegister();
        register.AssertWhole();
    }

    [Fact]
    public async Task Sixteen_revocations_at_once_under_one_id_receive_the_same_bytes()
    {
        var staff = server.Staff();
        for (var i = 0; i < 10; i++)
        {
            var issued = await staff.IssueSetAsync(ServerFixture.ValidRequest());
            var revoke = new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例：违法经营", Authority = "样例机关" };

            var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => (await staff.RevokeSetAsync(revoke)).ToByteString())));

            Assert.Single(replies.Distinct());
        }
    }

    public static TheoryData<string> Fields() => [.. Enterprise.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name)];

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task The_same_id_with_one_field_changed_is_refused(string field)
    {
        var request = ServerFixture.ValidRequest();
        await server.Staff().IssueSetAsync(request);
        var changed = request.Clone();
        switch (field)
        {
            case "credit_code": changed.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()); break;
            case "kind": changed.Enterprise.Kind = Enterprise.Types.Kind.Partnership; break;
            case "establish_date": changed.Enterprise.EstablishDate.Day++; break;
            case "capital": changed.Enterprise.Capital = "51(万元人民币)"; break;
            default:
                var accessor = Enterprise.Descriptor.FindFieldByName(field).Accessor;
                accessor.SetValue(changed.Enterprise, accessor.GetValue(changed.Enterprise) + "甲");
                break;
        }

        var refusal = await Refusal.Of(server.Staff().IssueSetAsync(changed));

        Assert.Equal((StatusCode.FailedPrecondition, "REQUEST_ID_REUSED"), (refusal.Status, refusal.Reason));
        Assert.Equal(4, (await server.Staff().IssueSetAsync(request)).Seals.Count);
    }

    // Text moved from one field to the next must not look like the same content.
    [Fact]
    public async Task The_same_id_with_text_moved_between_fields_is_refused()
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Address = "样例路一号甲";
        request.Enterprise.BusinessScope = "乙食品销售";
        await server.Staff().IssueSetAsync(request);
        request.Enterprise.Address = "样例路一号";
        request.Enterprise.BusinessScope = "甲乙食品销售";

        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(server.Staff().IssueSetAsync(request))).Reason);
    }

    [Fact]
    public async Task An_id_used_for_issuing_cannot_be_used_for_revoking()
    {
        var request = ServerFixture.ValidRequest();
        var issued = await server.Staff().IssueSetAsync(request);
        var revoke = new RevokeSetRequest { RequestId = request.RequestId, Name = issued.Name, Reason = "样例：违法经营", Authority = "样例机关" };

        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(server.Staff().RevokeSetAsync(revoke))).Reason);
    }

    [Fact]
    public async Task A_repetition_after_a_revocation_still_receives_the_first_answer_and_revives_nothing()
    {
        var request = ServerFixture.ValidRequest();
        var first = await server.Staff().IssueSetAsync(request);
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = first.Name, Reason = "样例：违法经营", Authority = "样例机关" });

        Assert.Equal(first.ToByteArray(), (await server.Staff().IssueSetAsync(request)).ToByteArray());
        Assert.Equal(IssuedSet.Types.State.Revoked, (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = first.Name })).State);
    }
}
