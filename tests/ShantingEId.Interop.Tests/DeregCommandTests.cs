using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary><c>eid dereg</c> from the application to the end, each command in a process of its own; the server's clock passes the days of publication.</summary>
public sealed class DeregCommandTests : IAsyncLifetime
{
    private readonly DeregistrationFixture server = new();
    private readonly string commitment = Path.GetTempFileName();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        File.Delete(commitment);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_company_leaves_the_simple_way()
    {
        await File.WriteAllTextAsync(commitment, "样例承诺书", TestContext.Current.CancellationToken);
        var set = await server.FoundAsync();
        var code = set.License.Enterprise.CreditCode;
        string[] signed = ["--commitment", commitment, "--reference", "样例档案1号", "--investors", "2"];

        // 1. Nothing without the declaration, nor with half a commitment.
        Has(Run(["apply", code, .. signed]), 2, "--declare");
        Has(Run("apply", code, "--commitment", commitment, "--declare"), 2, "应一并写明");
        var applied = Run(["apply", code, "--declare", .. signed]);
        Has(applied, 0, set.License.Enterprise.Name, "公示");
        var name = System.Text.RegularExpressions.Regex.Match(applied.Output, "JZ[0-9]{12}").Value;

        // 2. A department objects and takes it back; a defect is sent back and mended; everybody sees the notice.
        Has(Run("notices", "--open"), 0, set.License.Enterprise.Name);
        Has(Run("object", name, "--ground", "NONSENSE", "--reason", "样例：尚欠税款", "--as", "tax-bureau"), 2, "不认识");
        Has(Run("object", name, "--ground", "TAXES_OUTSTANDING", "--reason", "样例：尚欠税款", "--as", "tax-bureau"), 0, "样例：尚欠税款");
        Has(Run("show", name), 0, "样例：尚欠税款", "税务");
        Has(Run("withdraw-objection", name + "/objections/1", "--reason", "样例：已经结清", "--as", "tax-bureau"), 0, "异议已撤回");
        Has(Run("show", name), 0, "样例：已经结清");
        Has(Run("return", name, "--to-mend", "样例：承诺书漏填日期"), 0, "样例：承诺书漏填日期");
        Has(Run(["resubmit", name, .. signed]), 0, name);
        Has(Run("confirm", name, "--yes"), 1, "PUBLICATION_NOT_OVER");

        // 3. The days pass; the registrar sees what is due and confirms; once is enough.
        server.PassDay((await server.As("staff").GetDeregistrationAsync(new GetDeregistrationRequest { Name = "deregistrations/" + name })).LastDayToObject);
        Has(Run("list", "--open"), 0, name);
        Has(Run("confirm", name), 2, "--yes");
        Has(Run("confirm", name, "--yes"), 0, "注销");
        Has(Run("show", name), 0, "注销", "经过");
        Has(Run("list", "--open"), 0, "没有");
        Has(Run("confirm", name, "--yes"), 1, "DEREGISTRATION_NOT_ALLOWED");
    }

    [Fact]
    public async Task An_application_is_withdrawn_or_ended_and_the_company_stays()
    {
        var (one, other) = (await server.FoundAsync(Enterprise.Types.Kind.IndividualBusiness), await server.FoundAsync(Enterprise.Types.Kind.IndividualBusiness));
        var withdrawn = NameOf(Run("apply", one.License.Enterprise.CreditCode, "--declare"));
        var ended = NameOf(Run("apply", other.License.Enterprise.CreditCode, "--declare", "--itself"));

        Has(Run("withdraw", withdrawn), 0, "撤回");
        Has(Run("terminate", ended, "--reason", "样例：异议成立"), 0, "样例：异议成立");
        Has(Run("list", "--code", one.License.Enterprise.CreditCode), 0, withdrawn);
        Assert.Equal(IssuedSet.Types.State.Active, (await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = one.Name })).State);
        Has(Run("show", "JZ202600999999"), 1, "DEREGISTRATION_NOT_FOUND");
    }

    private static string NameOf((int Exit, string Output) end)
    {
        Has(end, 0);
        return System.Text.RegularExpressions.Regex.Match(end.Output, "JZ[0-9]{12}").Value;
    }

    private (int Exit, string Output) Run(string verb, string argument, params string[] more) => Run([verb, argument, .. more]);

    private (int Exit, string Output) Run(string[] arguments) => Eid.Run(["dereg", .. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);

    private static void Has((int Exit, string Output) end, int exit, params string[] words)
    {
        Assert.True(end.Exit == exit, end.Output);
        Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
    }
}
