using ShantingEId.Server.Tests;
using ShantingEId.TestSupport;
using ShantingEId.Tool.Views;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid company</c>, <c>eid search</c> and filed items of <c>eid change</c> as a registrar uses them, each command in a process of its own.</summary>
public sealed class CompanyCommandTests : IAsyncLifetime
{
    private const string OldName = "枣庄市山亭区样例（果品）商行", NewName = "枣庄市山亭区样例新名食品有限公司";
    private readonly ServerFixture server = new();
    private readonly string code = SampleCompanies.CreditCode(SampleCompanies.Next());

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_registrar_files_renames_looks_at_the_whole_record_and_finds_the_former_name()
    {
        var request = ServerFixture.ValidRequest();
        (request.Enterprise.CreditCode, request.Enterprise.Name) = (code, OldName);
        await server.Staff().IssueSetAsync(request);

        Has(Change("--file", "联络员=样例甲", "--preview"), 0, "只记入登记簿", "登记联络员（旧）：（未备案）", "第 1 版，不换发");
        Has(Change("--file", "联络员=样例甲"), 0, "✔ 已备案", "登记联络员（新）：样例甲");
        Has(Change("--file", "联络员=样例甲"), 1, "NOTHING_CHANGED");
        Has(Change("--file", "家庭成员=样例"), 1, "ENUM_INVALID");
        Has(Change("--file", "星座=样例"), 2, "章程、经营期限、股东");
        Has(Change("--name", NewName, "--file", "联络员=样例乙"), 0, "名称（旧）：" + OldName, "名称（新）：" + NewName, "第 1 版 → 第 2 版", "登记联络员（旧）：样例甲");

        Has(Run("company", code), 0, NewName, "第 1 版\t" + OldName, "财务专用章\t3704", "登记联络员\t样例乙", "设立\t第 1 版执照和 4 枚印章", "登记联络员：样例乙（原：样例甲）", "重做 4 枚印章");
        Has(Run("search", OldName.Replace('（', '(').Replace('）', ')')), 0, code, OldName, NewName);
        Has(Run("search", "枣庄市山亭区样例", "--prefix", "--limit", "1"), 0, OldName, "还有更多");
        Has(Run("search", "枣庄市山亭区没有的公司"), 0, "没有找到");
        Has(Run("company", "1234"), 1, "USCC_INVALID");
    }

    // Of a long scope a person sees what went and what came, not two walls of text.
    [Fact]
    public void Of_a_long_scope_only_the_difference_is_shown()
    {
        var same = string.Join('；', Enumerable.Range(1, 12).Select(i => $"样例项目{i}销售"));
        Assert.Equal(["－  酒类经营", "＋  互联网销售", "其余 12 项不变"], ChangeView.Lines("酒类经营；" + same, same + "；互联网销售"));
        Assert.Equal(["旧  甲；乙", "新  甲；丙"], ChangeView.Lines("甲；乙", "甲；丙"));
        // The same items in another order: nothing went or came, so both stand whole.
        var turned = string.Join('；', same.Split('；').Reverse());
        Assert.Equal(["旧  " + same, "新  " + turned], ChangeView.Lines(same, turned));
    }

    private (int Exit, string Output) Change(params string[] more) => Run(["change", code, "--reason", "样例：企业申请", "--authority", "样例机关", "--yes", .. more]);

    private (int Exit, string Output) Run(params string[] arguments) => Eid.Run([.. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
