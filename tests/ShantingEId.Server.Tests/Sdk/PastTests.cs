using ShantingEId.Client;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>The SDK about past instants, old codes and seals; receipts of them are checked by it against question and answer.</summary>
public sealed class PastTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_renamed_company_is_told_apart_in_time_with_receipts_that_say_of_when()
    {
        var life = LifeClient.Of(server);
        var old = await life.FoundAsync();
        var change = await life.ChangeAsync(LifeClient.Rename(old, "枣庄市山亭区样例回执食品有限公司"));
        var flip = change.IssuedSet.StateEffectiveTime.ToDateTimeOffset();
        using var bank = EidClient.Connect(new EidClientOptions
        {
            Address = server.Address, Certificate = EidCertificate.FromFolder(server.Certificates, "bank"), Purpose = "ACCOUNT_OPENING", WithReceipt = true, Trust = EidTrust.FromFolder(server.Certificates),
        });
        var cancel = TestContext.Current.CancellationToken;
        var then = new EidLookupOptions { AsOf = flip.AddMilliseconds(-1) };

        var now = await bank.VerifyAsync(old.LicenseCode, cancel: cancel);
        var past = await bank.VerifyAsync(old.LicenseCode, then, cancel);
        var company = await bank.LookupAsync(old.License.Enterprise.CreditCode, then, cancel);
        var seal = await bank.VerifySealAsync(old.Seals[0].SealCode, then, cancel);
        var replaced = await bank.VerifySealAsync(old.Seals[0].SealCode, cancel: cancel);
        var before = await bank.VerifyAsync(change.IssuedSet.LicenseCode, then, cancel);
        var replies = await bank.AskAsync(EidSubject.Company(old.License.Enterprise.CreditCode), [EidQuestions.NameMatches(old.License.Enterprise.Name)], then, cancel);

        Assert.Equal((Verdict.Superseded, change.IssuedSet.License.Enterprise.Name), (now.Verdict, now.Succession!.CurrentName));
        Assert.Equal((Verdict.Valid, then.AsOf), (past.Verdict, past.AsOf));
        Assert.StartsWith("在所查询的时间", past.Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain("现", past.Explanation + seal.Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain("当前", past.Explanation + seal.Explanation, StringComparison.Ordinal);
        Assert.Equal((Verdict.Valid, 1), (company.Verdict, company.License!.Version));
        Assert.Equal((Verdict.Valid, Verdict.Superseded, Verdict.NotFound), (seal.Verdict, replaced.Verdict, before.Verdict));
        Assert.True(replies.Replies[0]);
        foreach (var receipt in new[] { past.Receipt!, company.Receipt!, seal.Receipt!, before.Receipt!, replies.Receipt! })
        {
            Assert.Equal(then.AsOf.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture), receipt.Facts["as_of_time"]);
        }

        Assert.False(now.Receipt!.Facts.ContainsKey("as_of_time"));
        Assert.Equal(change.IssuedSet.License.LicenseId, now.Receipt.Facts["successor_license_id"]);
    }
}
