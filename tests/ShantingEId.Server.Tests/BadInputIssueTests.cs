using Google.Type;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The bad-input catalogue, rows of IssueSet: one valid request, one thing broken, one refusal that names it.</summary>
public sealed class BadInputIssueTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly Dictionary<string, string> BadTexts = new()
    {
        ["line feed"] = "山亭\n样例", ["carriage return"] = "山亭\r样例", ["delete"] = "山亭\u007F样例", ["C1 control"] = "山亭\u0085样例",
        ["zero-width space"] = "山亭\u200B样例", ["zero-width joiner"] = "山亭\u200D样例", ["byte order mark"] = "\uFEFF山亭样例",
        ["right-to-left override"] = "山亭\u202E样例", ["isolate"] = "山亭\u2066样例", ["private use"] = "山亭\uE000样例",
        ["private use plane 15"] = "山亭\U000F0000样例", ["unassigned"] = "山亭\u0378样例", ["line separator"] = "山亭\u2028样例",
        ["noncharacter"] = "山亭\uFFFF样例", ["leading space"] = " 山亭样例", ["trailing space"] = "山亭样例 ", ["leading wide space"] = "\u3000山亭样例",
        ["trailing no-break space"] = "山亭样例\u00A0", ["not NFC"] = "山亭e\u0301样例", ["compatibility ideograph"] = "山亭\uF900样例",
    };

    private static readonly string[] TextFields = ["name", "type", "representative", "address", "business_scope"];

    public static TheoryData<string, string> EveryTextAndField() =>
        [.. from text in BadTexts.Keys from field in TextFields select (text, field)];

    [Theory]
    [MemberData(nameof(EveryTextAndField))]
    public async Task A_text_with_something_a_person_cannot_see_is_refused(string text, string field)
    {
        var refusal = await Refuse(enterprise => Set(enterprise, field, BadTexts[text]));

        refusal.IsField(StatusCode.InvalidArgument, "TEXT_INVALID", $"enterprise.{field}");
    }

    [Theory]
    [InlineData("\u200B", "U+200B")]
    [InlineData("\U000F0000", "U+F0000")]
    public async Task The_refusal_of_a_character_gives_its_place_and_code_point(string character, string codePoint)
    {
        var refusal = await Refuse(enterprise => enterprise.Name = "山亭" + character + "样例");

        Assert.Contains("第 3 个字符", refusal.Violations[0].Description, StringComparison.Ordinal);
        Assert.Contains(codePoint, refusal.Violations[0].Description, StringComparison.Ordinal);
    }

    // Limits are counted in characters as people count them: a character outside the first plane is one, not two.
    [Theory]
    [InlineData("name", 60)]
    [InlineData("type", 60)]
    [InlineData("representative", 24)]
    [InlineData("address", 200)]
    [InlineData("business_scope", 2000)]
    public async Task A_text_may_be_as_long_as_its_limit_and_no_longer(string field, int limit)
    {
        var longest = string.Concat(Enumerable.Repeat("亭", limit));
        var fits = ServerFixture.ValidRequest();
        fits.ValidateOnly = true;
        Set(fits.Enterprise, field, longest);
        await server.Staff().IssueSetAsync(fits);

        var refusal = await Refuse(enterprise => Set(enterprise, field, longest + "亭"));

        refusal.IsField(StatusCode.InvalidArgument, "TEXT_INVALID", $"enterprise.{field}");
    }

    [Theory]
    [InlineData("name", "亭")]
    [InlineData("representative", "亭")]
    [InlineData("address", "亭")]
    [InlineData("business_scope", "")]
    [InlineData("name", "")]
    [InlineData("representative", "")]
    [InlineData("address", "")]
    public async Task A_text_that_is_too_short_is_refused(string field, string text)
    {
        var refusal = await Refuse(enterprise => Set(enterprise, field, text));

        refusal.IsField(StatusCode.InvalidArgument, "TEXT_INVALID", $"enterprise.{field}");
    }

    [Theory]
    [InlineData("length", "91370406MA1234567")]
    [InlineData("empty", "")]
    [InlineData("letter I", "91370406MAI2345678")]
    [InlineData("letter S", "91370406MAS2345678")]
    [InlineData("unknown department", "B1370406MA12345678")]
    [InlineData("unknown category", "98370406MA12345678")]
    [InlineData("letter in the division", "913704A6MA12345678")]
    public async Task A_credit_code_that_cannot_exist_is_refused(string why, string code)
    {
        var refusal = await Refuse(enterprise => enterprise.CreditCode = code);

        Assert.NotEmpty(why);
        refusal.IsField(StatusCode.InvalidArgument, "USCC_INVALID", "enterprise.credit_code");
    }

    [Fact]
    public async Task A_credit_code_in_other_spelling_is_refused_and_not_corrected()
    {
        var code = SampleCompanies.CreditCode(SampleCompanies.Next());
        string[] spellings =
        [
            code.ToLowerInvariant(), " " + code, code + " ", code + "\0", code[..17] + (code[17] == '0' ? '1' : '0'),
            string.Concat(code.Select(c => char.IsAsciiDigit(c) ? (char)('０' + c - '0') : c)),
        ];

        foreach (var spelling in spellings)
        {
            (await Refuse(enterprise => enterprise.CreditCode = spelling)).IsField(StatusCode.InvalidArgument, "USCC_INVALID", "enterprise.credit_code");
        }
    }

    [Theory]
    [InlineData(2024, 2, 30, "DATE_INVALID")]
    [InlineData(2023, 2, 29, "DATE_INVALID")]
    [InlineData(1948, 12, 31, "DATE_INVALID")]
    [InlineData(2200, 1, 1, "DATE_INVALID")]
    [InlineData(0, 0, 0, "DATE_INVALID")]
    [InlineData(1998, 0, 0, "DATE_INVALID")]
    [InlineData(1998, 13, 1, "DATE_INVALID")]
    [InlineData(-1998, 3, 9, "DATE_INVALID")]
    [InlineData(1998, -3, 9, "DATE_INVALID")]
    [InlineData(19980, 3, 9, "DATE_INVALID")]
    [InlineData(int.MaxValue, int.MinValue, int.MinValue, "DATE_INVALID")]
    [InlineData(2199, 12, 31, "DATE_ORDER")]
    public async Task A_date_that_cannot_be_is_refused(int year, int month, int day, string reason)
    {
        var refusal = await Refuse(enterprise => enterprise.EstablishDate = new Date { Year = year, Month = month, Day = day });

        refusal.IsField(StatusCode.InvalidArgument, reason, "enterprise.establish_date");
    }

    [Fact]
    public async Task A_missing_date_is_refused()
    {
        (await Refuse(enterprise => enterprise.EstablishDate = null)).IsField(StatusCode.InvalidArgument, "DATE_INVALID", "enterprise.establish_date");
    }

    // The bureau's day is that of UTC+8: a company founded today may be registered in the first hour of the day.
    [Fact]
    public async Task Founded_today_is_accepted_and_founded_tomorrow_is_refused()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(8));
        var request = ServerFixture.ValidRequest();
        request.ValidateOnly = true;
        request.Enterprise.EstablishDate = ToDate(today);
        await server.Staff().IssueSetAsync(request);

        // Two days, so that the test does not fail when midnight passes in the middle of it.
        var refusal = await Refuse(enterprise => enterprise.EstablishDate = ToDate(today.AddDays(2)));

        refusal.IsField(StatusCode.InvalidArgument, "DATE_ORDER", "enterprise.establish_date");
    }

    [Theory]
    [InlineData("-50万人民币")]
    [InlineData("−50万人民币")]
    [InlineData("0.123元")]
    [InlineData("1.0000001(万元人民币)")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e9")]
    [InlineData("50(万火星币)")]
    [InlineData("50 USD")]
    [InlineData("999999999999999999999999999999万元")]
    [InlineData("50,00万元")]
    [InlineData("50万万元")]
    [InlineData("٥٠万元")]
    public async Task A_capital_that_cannot_be_an_amount_is_refused(string capital)
    {
        (await Refuse(enterprise => enterprise.Capital = capital)).IsField(StatusCode.InvalidArgument, "AMOUNT_INVALID", "enterprise.capital");
    }

    [Theory]
    [InlineData("50\u200B(万元人民币)")]
    [InlineData("50(万元人民币) ")]
    public async Task A_capital_with_something_invisible_is_a_bad_text_like_any_other(string capital)
    {
        (await Refuse(enterprise => enterprise.Capital = capital)).IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "enterprise.capital");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(99)]
    [InlineData(-1)]
    public async Task A_kind_that_is_missing_or_unknown_is_refused(int kind)
    {
        (await Refuse(enterprise => enterprise.Kind = (Enterprise.Types.Kind)kind)).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "enterprise.kind");
    }

    // Category 1 of the code says "enterprise": neither a household nor a cooperative has such a code.
    [Theory]
    [InlineData(Enterprise.Types.Kind.IndividualBusiness)]
    [InlineData(Enterprise.Types.Kind.Cooperative)]
    public async Task A_kind_that_does_not_fit_the_code_is_refused(Enterprise.Types.Kind kind)
    {
        (await Refuse(enterprise => enterprise.Kind = kind)).IsField(StatusCode.FailedPrecondition, "LINT_FAILED", "enterprise.kind");
    }

    [Fact]
    public async Task A_request_without_an_enterprise_names_every_required_field()
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise = null;

        var refusal = await Refusal.Of(server.Staff().IssueSetAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, refusal.Status);
        Assert.Equal(
            ["enterprise.credit_code USCC_INVALID", "enterprise.name TEXT_INVALID", "enterprise.kind ENUM_INVALID", "enterprise.representative TEXT_INVALID",
             "enterprise.establish_date DATE_INVALID", "enterprise.address TEXT_INVALID", "enterprise.business_scope TEXT_INVALID"],
            refusal.Fields);
    }

    // A clerk mends everything in one go only when told everything in one go: also that the kind does not fit the code.
    [Fact]
    public async Task Every_violation_is_reported_at_once()
    {
        var refusal = await Refuse(enterprise =>
        {
            enterprise.Name = " 样例";
            enterprise.Kind = Enterprise.Types.Kind.IndividualBusiness;
            enterprise.Type = "样\u200B例";
            enterprise.Capital = "-1元";
            enterprise.EstablishDate.Day = 32;
            enterprise.Address = "";
        });

        Assert.Equal("TEXT_INVALID", refusal.Reason);
        Assert.Equal(
            ["enterprise.name TEXT_INVALID", "enterprise.type TEXT_INVALID", "enterprise.capital AMOUNT_INVALID", "enterprise.establish_date DATE_INVALID",
             "enterprise.address TEXT_INVALID", "enterprise.kind LINT_FAILED"],
            refusal.Fields);
    }

    // What a caller sends may be hostile to whoever reads the log or the error on a page.
    [Fact]
    public async Task A_refusal_does_not_echo_what_was_sent()
    {
        const string Marker = "<script>alert(1)</script>";
        var raw = string.Concat(Enumerable.Repeat(Marker, 100));
        var refusal = await Refuse(enterprise =>
        {
            foreach (var field in TextFields)
            {
                Set(enterprise, field, raw);
            }

            enterprise.CreditCode = raw;
            enterprise.Capital = raw;
        });

        Assert.Equal(7, refusal.Violations.Count);
        Assert.DoesNotContain(Marker, refusal.AllText, StringComparison.Ordinal);
        var badId = ServerFixture.ValidRequest();
        badId.RequestId = raw;
        Assert.DoesNotContain(Marker, (await Refusal.Of(server.Staff().IssueSetAsync(badId))).AllText, StringComparison.Ordinal);
    }

    private static Date ToDate(DateOnly date) => new() { Year = date.Year, Month = date.Month, Day = date.Day };

    private static void Set(Enterprise enterprise, string field, string value) => Enterprise.Descriptor.FindFieldByName(field).Accessor.SetValue(enterprise, value);

    private async Task<Refusal> Refuse(Action<Enterprise> breakIt)
    {
        var request = ServerFixture.ValidRequest();
        breakIt(request.Enterprise);
        return await Refusal.Of(server.Staff().IssueSetAsync(request));
    }
}
