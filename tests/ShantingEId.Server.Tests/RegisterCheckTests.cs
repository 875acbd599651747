using ShantingEId.Server.Storage;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

public sealed class SqliteRegisterCheckTests(ServerFixture server) : RegisterCheckContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresRegisterCheckTests(PostgresServerFixture server) : RegisterCheckContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary><c>eid fsck</c> over both stores, beside the running server: it finds what was done behind the server's back, and where.</summary>
public abstract class RegisterCheckContract(ServerFixture server)
{
    private const string Id = "(SELECT id FROM issued_set WHERE license_id = @it)";
    private const string Other = "(SELECT id FROM issued_set WHERE license_id = @other)";
    private const string ItsRequest = $"(SELECT request_id FROM act WHERE set_id = {Id})";

    private static readonly string[] Faults =
    [
        "UPDATE issued_set SET manifest = (SELECT manifest FROM issued_set WHERE license_id = @other) WHERE license_id = @it",
        "UPDATE issued_set SET state = 2 WHERE license_id = @it",
        "UPDATE issued_set SET status_index = 1048575 - status_index WHERE license_id = @it",
        "UPDATE issued_set SET license_code = (SELECT license_code FROM issued_set WHERE license_id = @other) WHERE license_id = @it",
        "UPDATE issued_set SET issue_time = issue_time - 1000 WHERE license_id = @it",
        $"DELETE FROM seal WHERE kind = 4 AND set_id = {Id}",
        $"UPDATE seal SET sealed_key = (SELECT sealed_key FROM seal WHERE kind = 1 AND set_id = {Other}) WHERE kind = 1 AND set_id = {Id}",
        $"UPDATE seal SET ses_seal = (SELECT ses_seal FROM seal WHERE kind = 2 AND set_id = {Other}) WHERE kind = 2 AND set_id = {Id}",
        $"UPDATE reply SET reply = (SELECT reply FROM reply WHERE request_id = (SELECT request_id FROM act WHERE set_id = {Other})) WHERE request_id = {ItsRequest}",
        $"DELETE FROM reply WHERE request_id = {ItsRequest}",
        $"UPDATE reply SET position = (SELECT position FROM feed WHERE set_id = {Other}) WHERE request_id = {ItsRequest}",
        $"DELETE FROM feed WHERE set_id = {Id}",
        $"INSERT INTO act (actor, request_id, deed, set_id, recorded_time) SELECT actor, request_id, deed, set_id, recorded_time FROM act WHERE set_id = {Id}",
    ];

    [Fact]
    public async Task Every_set_that_was_tampered_with_is_named_and_no_other()
    {
        var sets = new List<IssuedSet>();
        for (var i = 0; i < Faults.Length + 2; i++)
        {
            sets.Add(await server.Staff().IssueSetAsync(ServerFixture.ValidRequest()));
        }

        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = sets[^2].Name, Reason = "样例：违法经营", Authority = "样例机关" });
        Assert.Empty(RegisterCheck.Run(server.Options()));

        using var register = server.OpenRegister();
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(fault, ("@it", sets[i].License.LicenseId), ("@other", sets[^1].License.LicenseId)));
        }

        var named = RegisterCheck.Run(server.Options()).Select(problem => problem.Subject).ToHashSet();
        Assert.Equal([], sets[..Faults.Length].Select((set, i) => (set.License.LicenseId, Faults[i])).Where(item => !named.Contains(item.LicenseId)).Select(item => item.Item2));
        Assert.DoesNotContain(sets[^1].License.LicenseId, named);
        Assert.DoesNotContain(sets[^2].License.LicenseId, named);
    }

    [Fact]
    public async Task Numbers_in_use_that_are_set_aside_no_more_and_places_beyond_the_head_are_found()
    {
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        // A server would see the feed go back, and serve nobody any more.
        await server.StopAsync();
        using var register = server.OpenRegister();
        var (next, head) = (register.Number("SELECT next FROM counter WHERE name = 'seal'"), register.Number("SELECT position FROM feed_head"));
        Set(1, 0);
        var problems = RegisterCheck.Run(server.Options());
        Set(next, head);
        await server.StartAsync();

        Assert.Contains(problems, problem => problem.Subject == "counter seal");
        Assert.Contains(problems, problem => problem.Subject == "feed 1");

        void Set(long next, long head)
        {
            register.Execute("UPDATE counter SET next = @next WHERE name = 'seal'", ("@next", next));
            register.Execute("UPDATE feed_head SET position = @head", ("@head", head));
        }
    }
}
