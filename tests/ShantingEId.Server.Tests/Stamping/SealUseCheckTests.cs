using ShantingEId.Server.Storage;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Stamping;

/// <summary>fsck over grants and uses: sound ones are sound, and each that was altered behind the server's back is named; the journal makes the same rows again.</summary>
public sealed class SealUseCheckTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Grant = "(SELECT grant_number FROM seal_use WHERE request_id = @it)";

    // What is damaged, and what must be said of it.
    private static readonly (string Damage, string Problem)[] Faults =
    [
        ("DELETE FROM seal_use WHERE request_id = @it", "用印授权的使用次数与用印记录不符"),
        ($"UPDATE seal_grant SET use_count = 5 WHERE number = {Grant}", "用印授权的使用次数与用印记录不符"),
        ($"UPDATE seal_grant SET uses = 'LABOUR' WHERE number = {Grant}", "用印记录超出其授权"),
        ($"UPDATE seal_grant SET kinds = '2,3' WHERE number = {Grant}", "用印记录超出其授权"),
        ($"UPDATE seal_grant SET caller = 'staff' WHERE number = {Grant}", "用印记录超出其授权"),
        ($"UPDATE seal_grant SET until_time = granted_time + 1 WHERE number = {Grant}", "用印记录超出其授权"),
        ($"UPDATE seal_grant SET withdrawn_time = granted_time, withdrawn_position = position WHERE number = {Grant}", "用印记录超出其授权"),
        ($"UPDATE seal_grant SET withdrawn_time = granted_time WHERE number = {Grant}", "用印授权的撤回不完整或时间颠倒"),
        ($"UPDATE seal_grant SET kinds = '' WHERE number = {Grant}", "用印授权的撤回不完整或时间颠倒"),
        ("UPDATE seal_use SET recorded_time = recorded_time - 3600000 WHERE request_id = @it", "用印时执照不在有效状态"),
        ("UPDATE seal_use SET seal_code = '37040699999999' WHERE request_id = @it", "所用的印章不属于该企业、章型不符或当时已被替换"),
        ("UPDATE seal_use SET kind = 4 WHERE request_id = @it", "所用的印章不属于该企业、章型不符或当时已被替换"),
        ("DELETE FROM reply WHERE request_id = @it", "用印授权或用印记录没有留存答复"),
        ("UPDATE reply SET position = position + 1 WHERE request_id = @it", "用印授权或用印记录没有留存答复"),
        ("UPDATE reply SET reply = x'00' WHERE request_id = @it", "留存的签章无法读取"),
        ("UPDATE reply SET reply = (SELECT o.reply FROM reply o JOIN seal_use u ON u.request_id = o.request_id WHERE o.request_id <> @it LIMIT 1) WHERE request_id = @it", "留存的签章不是这枚印章的"),
        ("UPDATE seal_use SET signed_time = signed_time + 1000 WHERE request_id = @it", "留存的签章与用印记录不符"),
        ("UPDATE seal_use SET data_hash = digest WHERE request_id = @it", "留存的签章与用印记录不符"),
        ("UPDATE seal_use SET property_info = '/x' WHERE request_id = @it", "留存的签章与用印记录不符"),
        ("UPDATE seal_use SET title = '改过' WHERE request_id = @it", "留存的答复与用印记录不符"),
        ("UPDATE seal_use SET digest = x'00' WHERE request_id = @it", "留存的答复与用印记录不符"),
        ("UPDATE seal_use SET stamped_time = 1 WHERE request_id = @it", "留存的答复与用印记录不符"),
    ];

    [Fact]
    public async Task Every_use_that_was_tampered_with_is_named_and_the_journal_makes_the_same_rows()
    {
        var seals = new SealClient(server);
        var stamps = new List<StampRequest>();
        for (var i = 0; i < Faults.Length + 1; i++)
        {
            stamps.Add(SealClient.OfDocument(await seals.GrantedAsync(), SampleDocument.Create()));
            await seals.App.StampAsync(stamps[i]);
        }

        var withdrawn = await seals.Desk.ListSealUseGrantsAsync(new ListSealUseGrantsRequest { CreditCode = stamps[^1].CreditCode });
        await seals.Desk.WithdrawSealUseAsync(new WithdrawSealUseRequest { RequestId = ServerFixture.NewRequestId(), Name = withdrawn.Grants[0].Name, Reason = "示例：企业撤回" });
        await server.StopAsync();
        Assert.Empty(RegisterCheck.Run(server.Options()));
        Assert.Empty(await server.RebuildAsync());

        using var register = server.OpenRegister();
        var places = stamps.ConvertAll(stamp => (Use: register.Number("SELECT position FROM seal_use WHERE request_id = @it", ("@it", stamp.RequestId)),
            Grant: register.Number("SELECT grant_number FROM seal_use WHERE request_id = @it", ("@it", stamp.RequestId))));
        foreach (var (i, (damage, _)) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(damage, ("@it", stamps[i].RequestId)));
        }

        var named = RegisterCheck.Run(server.Options()).ToHashSet();
        Assert.Equal([], Faults.Index().Where(each => !named.Contains(new RegisterProblem($"用印 {places[each.Index].Use}", each.Item.Problem))
            && !named.Contains(new RegisterProblem($"授权 {places[each.Index].Grant}", each.Item.Problem))).Select(each => each.Item));
        Assert.DoesNotContain(named, problem => problem.Subject == $"用印 {places[^1].Use}" || problem.Subject == $"授权 {places[^1].Grant}");

        register.Execute("UPDATE counter SET next = 2 WHERE name = 'seal_grant'");
        register.Execute("UPDATE feed_head SET position = 1");
        var worse = RegisterCheck.Run(server.Options()).Select(each => each.Problem).ToHashSet();
        Assert.Contains("用印授权的编号超出已预留的号段", worse);
        Assert.Contains("用印的序号超出已记的最新序号", worse);
    }
}
