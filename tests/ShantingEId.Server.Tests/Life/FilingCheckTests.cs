using ShantingEId.Server.Storage;
using ShantingEId.V1;
using Filed = ShantingEId.V1.FiledItem.Types.Kind;

namespace ShantingEId.Server.Tests.Life;

public sealed class FilingCheckTests(ServerFixture server) : FilingCheckContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresFilingCheckTests(PostgresServerFixture server) : FilingCheckContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary><c>eid fsck</c> over filed items, in both stores: what was altered behind the server's back is named.</summary>
public abstract class FilingCheckContract(ServerFixture server)
{
    // Of each company the first filing is alone, the second stands with a new licence, the third is alone again.
    private static readonly string[] Faults =
    [
        "UPDATE filed_item SET text = '样例改过' WHERE credit_code = @it AND text = '样例一'",
        "UPDATE filed_item SET kind = 2 WHERE credit_code = @it AND text = '样例一'",
        "DELETE FROM filed_item WHERE credit_code = @it AND kind = 1",
        "UPDATE filed_item SET effective_time = recorded_time + 1 WHERE credit_code = @it AND text = '样例一'",
        "UPDATE filed_item SET effective_time = effective_time - 1 WHERE credit_code = @it AND text = '样例二'",
        "UPDATE filed_item SET recorded_time = recorded_time + 999999 WHERE credit_code = @it AND text = '样例一'",
        "UPDATE filed_item SET set_id = (SELECT min(id) FROM issued_set WHERE credit_code = @it) WHERE text = '样例二' AND credit_code = @it",
        "UPDATE filed_item SET set_id = (SELECT min(id) FROM issued_set WHERE credit_code <> @it) WHERE text = '样例三' AND credit_code = @it",
        "UPDATE filed_item SET revision = 9 WHERE credit_code = @it AND text = '样例三'",
        "DELETE FROM filed_item WHERE credit_code = @it AND revision = 2",
        "UPDATE filed_item SET position = position - 1 WHERE credit_code = @it AND kind = 1",
        "DELETE FROM reply WHERE request_id = (SELECT request_id FROM filed_item WHERE credit_code = @it AND text = '样例一')",
        "UPDATE filed_item SET actor = 'nobody' WHERE credit_code = @it AND text = '样例三'",
    ];

    [Fact]
    public async Task Every_filing_that_was_tampered_with_is_named_and_no_other()
    {
        var life = LifeClient.Of(server);
        var holders = new List<string>();
        for (var i = 0; i <= Faults.Length; i++)
        {
            var set = await life.FoundAsync();
            holders.Add(set.License.Enterprise.CreditCode);
            await life.ChangeAsync(FilingContract.Filing(set, (Filed.Management, "样例一"), (Filed.Articles, "样例章程")));
            var change = LifeClient.Change(set, face => face.Address = "枣庄市山亭区样例新路1号", "address");
            change.FiledItems.Add(new FiledItem { Kind = Filed.Management, Text = "样例二" });
            await life.ChangeAsync(change);
            await life.ChangeAsync(FilingContract.Filing(set, (Filed.Management, "样例三")));
        }

        Assert.Empty(RegisterCheck.Run(server.Options()));
        using var register = server.OpenRegister();
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(fault, ("@it", holders[i])));
        }

        var named = RegisterCheck.Run(server.Options()).Select(problem => problem.Subject).ToHashSet();
        Assert.Equal([], Faults.Index().Where(each => !named.Contains(holders[each.Index])).Select(each => each.Item));
        Assert.DoesNotContain(holders[^1], named);
        register.Execute("UPDATE feed_head SET position = 1");
        Assert.Contains(RegisterCheck.Run(server.Options()), problem => problem.Problem == "备案事项的序号超出已记的最新序号");
    }
}
