using System.Net;
using ShantingEId.Codes;
using ShantingEId.V1;
using Decision = ShantingEId.V1.DecideStepRequest.Types.Decision;
using Kind = ShantingEId.V1.Step.Types.Kind;

namespace ShantingEId.Server.Tests.Cases;

/// <summary>办理进度 on the public page: with the code of the receipt and nothing else, and nothing of whose case it is.</summary>
public sealed class ProgressPageTests(PublicFixture server) : IClassFixture<PublicFixture>
{
    private readonly HttpClient browser = server.Browser();

    [Fact]
    public async Task The_code_of_the_receipt_opens_the_progress_and_who_guesses_is_stopped()
    {
        var staff = new CaseService.CaseServiceClient(server.Channel("staff"));
        var request = SampleCases.Doubtful(Kind.Tax);
        var opened = await staff.OpenCaseAsync(request);

        // As printed, and as a phone types it.
        foreach (var typed in (string[])[opened.ProgressCode, opened.ProgressCode.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant()])
        {
            var (status, html) = await GetAsync("/?code=" + typed);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.All((string[])["<h1 id=\"verdict\">办理中</h1>", "2 个事项中 0 个已结束", "营业执照和电子印章", "人工审核中", "税务登记", "等待前置事项"], part => Assert.Contains(part, html, StringComparison.Ordinal));
            Assert.All([request.Enterprise.Name, request.Enterprise.CreditCode, request.Enterprise.Representative, request.Enterprise.Address, opened.Name[6..], "NAME_RESERVED"],
                secret => Assert.DoesNotContain(secret, html, StringComparison.Ordinal));
        }

        await staff.DecideStepAsync(new DecideStepRequest { RequestId = ServerFixture.NewRequestId(), Name = opened.Steps[0].Name, Decision = Decision.Grant });
        var (_, english) = await GetAsync("/?lang=en&code=" + opened.ProgressCode);
        Assert.All((string[])["In progress", "1 of 2 steps have ended", "Tax registration", "not taken up yet", ", due by "], part => Assert.Contains(part, english, StringComparison.Ordinal));
        // The other language is that of the same case.
        Assert.Contains($"href=\"?code={opened.ProgressCode}&amp;lang=zh\"", english, StringComparison.Ordinal);

        // A code that nobody has, until there were too many.
        for (var guess = 0; ; guess++)
        {
            Assert.InRange(guess, 0, 20);
            var (status, html) = await GetAsync("/?code=" + ProgressCode.Generate());
            if (status == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal(20, guess);
                return;
            }

            Assert.Contains("<h1 id=\"verdict\">查无此办件</h1>", html, StringComparison.Ordinal);
        }
    }

    private async Task<(HttpStatusCode Status, string Html)> GetAsync(string path)
    {
        using var answer = await browser.GetAsync(path, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
