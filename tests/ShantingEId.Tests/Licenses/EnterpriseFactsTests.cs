using System.Text;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>The rows "Issue" of the bad-input catalogue: one good input, one thing broken.</summary>
public sealed class EnterpriseFactsTests
{
    private static readonly DateOnly Today = new(2026, 3, 1);

    private static readonly EnterpriseInput Good = new()
    {
        CreditCode = "91370406MA3ABC127Q", Name = "枣庄市山亭区测试有限公司", Kind = EnterpriseKind.Company, Type = "有限责任公司(自然人投资或控股)",
        Representative = "张三", Capital = "50(万元人民币)", EstablishDate = "2026-03-01", Address = "枣庄市山亭区新城驻地", BusinessScope = "供水、生活用水。",
    };

    [Fact]
    public void Good_facts_are_kept_as_they_are_and_go_round()
    {
        var facts = EnterpriseFacts.Parse(Good, Today);
        Assert.Equal(Good, facts.ToInput());
        Assert.Equal(500_000m, facts.Capital!.Amount);
        Assert.Equal(Today, facts.EstablishDate);
    }

    [Fact]
    public void Type_and_capital_may_be_empty()
    {
        var facts = EnterpriseFacts.Parse(Good with { Type = "", Capital = "" }, Today);
        Assert.Equal("", facts.Type);
        Assert.Null(facts.Capital);
    }

    [Theory]
    [InlineData("")]
    [InlineData("91370406MA3ABC127")]
    [InlineData("91370406MA3ABC127R")]
    [InlineData("91370406ma3abc127q")]
    [InlineData("９1370406MA3ABC127Q")]
    [InlineData("91370406MA3ABCIOSV")]
    public void A_wrong_credit_code_is_refused(string code) => Refused(Good with { CreditCode = code }, "credit_code", ErrorReason.UsccInvalid);

    // What a person cannot see, or sees differently from what is signed.
    [Theory]
    [InlineData("\u0000", "control")]
    [InlineData("\u0007", "control")]
    [InlineData("\n", "line feed")]
    [InlineData("\t", "tab")]
    [InlineData("\u007F", "delete")]
    [InlineData("\u0085", "next line")]
    [InlineData("\u2028", "line separator")]
    [InlineData("\u2029", "paragraph separator")]
    [InlineData("\u200B", "zero width space")]
    [InlineData("\u200C", "zero width non-joiner")]
    [InlineData("\u200D", "zero width joiner")]
    [InlineData("\uFEFF", "byte order mark")]
    [InlineData("\u2060", "word joiner")]
    [InlineData("\u00AD", "soft hyphen")]
    [InlineData("\u202E", "right-to-left override")]
    [InlineData("\u2066", "left-to-right isolate")]
    [InlineData("\u200F", "right-to-left mark")]
    [InlineData("\u061C", "Arabic letter mark")]
    [InlineData("\U000E0041", "tag letter")]
    [InlineData("\uE000", "private use")]
    [InlineData("\U000F0000", "private use of plane 15")]
    [InlineData("\uFFFE", "non-character")]
    [InlineData("\u0378", "unassigned")]
    [InlineData("\uFE0F", "variation selector")]
    [InlineData("\U000E0100", "ideographic variation selector")]
    [InlineData("\u034F", "grapheme joiner")]
    [InlineData("\u3164", "Hangul filler")]
    [InlineData("\u115F", "Hangul choseong filler")]
    [InlineData("\u17B4", "Khmer vowel drawn as nothing")]
    [InlineData("\u180B", "Mongolian variation selector")]
    [InlineData("\u180F", "the newest of those")]
    [InlineData("\uFFA0", "half-width Hangul filler")]
    [InlineData("\u2800", "empty braille pattern")]
    [InlineData("\u00A0", "no-break space")]
    [InlineData("\u2003", "em space")]
    [InlineData("\uFFFD", "a character lost on the way")]
    public void An_invisible_or_reordering_character_is_refused_in_every_text(string character, string what)
    {
        foreach (var (field, put) in TextFields)
        {
            var violation = Refused(put("山亭" + character + "测试"), field, ErrorReason.TextInvalid);
            Assert.True(violation.Message.Contains($"U+{char.ConvertToUtf32(character, 0):X4}", StringComparison.Ordinal), what);
            Assert.Contains("第 3 个字符", violation.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0xD800)]
    [InlineData(0xDBFF)]
    [InlineData(0xDC00)]
    [InlineData(0xDFFF)]
    public void An_unpaired_surrogate_is_refused_in_every_text(int unit)
    {
        // Made here: an attribute cannot carry one.
        var character = new string((char)unit, 1);
        foreach (var (field, put) in TextFields)
        {
            var violation = Refused(put("山亭" + character + "测试"), field, ErrorReason.TextInvalid);
            Assert.True(violation.Message.Contains($"U+{unit:X4}", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(" 山亭测试")]
    [InlineData("山亭测试 ")]
    [InlineData("\u3000山亭测试")]
    [InlineData("山亭测试\u3000")]
    public void A_space_at_either_end_is_refused_in_every_text(string text)
    {
        foreach (var (field, put) in TextFields)
        {
            Refused(put(text), field, ErrorReason.TextInvalid);
        }
    }

    // Two spellings of what looks the same. In invariant-globalization mode the platform would answer "yes" to all of them.
    [Theory]
    [InlineData("e\u0301", "composes to U+00E9")]
    [InlineData("A\u030A", "composes to U+00C5")]
    [InlineData("\u212B", "is U+00C5")]
    [InlineData("\u2126", "is U+03A9")]
    [InlineData("\u212A", "is K")]
    [InlineData("\uF900", "is U+8C48")]
    [InlineData("\uFA10", "is U+585A")]
    [InlineData("\U0002F800", "is U+4E3D")]
    [InlineData("\u2329", "is U+3008")]
    [InlineData("\u1100\u1161", "composes to U+AC00")]
    [InlineData("\u304B\u3099", "composes to U+304C")]
    [InlineData("\u037E", "is a semicolon")]
    public void A_text_that_is_not_NFC_is_refused_in_every_text(string character, string why)
    {
        foreach (var (field, put) in TextFields)
        {
            var violation = Refused(put("山亭" + character + "测试"), field, ErrorReason.TextInvalid);
            Assert.True(violation.Message.Contains("NFC", StringComparison.Ordinal), $"{why}: {violation.Message}");
        }
    }

    // Ordinary characters of names and scopes, rare ones included; refusing these would be as wrong.
    [Theory]
    [InlineData("阿卜杜拉·买买提")]
    [InlineData("山亭（集团）“新”、A座3-2号；《书》")]
    [InlineData("Café Ⅱ ≤5℃ №1")]
    [InlineData("𠮷野家䶮昇\u3007")]
    [InlineData("\uFA0E\uFA0F\uFA29")] // these twelve of the compatibility block are ordinary ideographs
    [InlineData("山亭\u3000测试 有限公司")]
    [InlineData("각し゛")]
    public void Ordinary_text_is_accepted(string text)
    {
        Assert.Equal(text, EnterpriseFacts.Parse(Good with { Name = text, Address = text, BusinessScope = text, Type = text, Representative = text }, Today).Name);
    }

    // Characters are Unicode scalar values, so a rare ideograph counts as one.
    [Theory]
    [InlineData("name", 2, 60)]
    [InlineData("type", 0, 60)]
    [InlineData("representative", 2, 24)]
    [InlineData("address", 2, 200)]
    [InlineData("business_scope", 1, 2000)]
    public void Lengths_are_counted_in_characters(string field, int min, int max)
    {
        var put = TextFields.Single(f => f.Field == field).Put;
        foreach (var character in new[] { "山", "𠮷", "A" })
        {
            EnterpriseFacts.Parse(put(Repeat(character, max)), Today);
            Refused(put(Repeat(character, max + 1)), field, ErrorReason.TextInvalid);
            EnterpriseFacts.Parse(put(Repeat(character, min)), Today);
            if (min > 0)
            {
                Refused(put(Repeat(character, min - 1)), field, ErrorReason.TextInvalid);
            }
        }

        // The byte limit, four per character, can therefore never be the first to bite: UTF-8 has no longer character.
        Assert.Equal(max * 4, Encoding.UTF8.GetByteCount(Repeat("𠮷", max)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2025-02-29")]
    [InlineData("2025-13-01")]
    [InlineData("2025-00-01")]
    [InlineData("2025-01-00")]
    [InlineData("2025-1-1")]
    [InlineData("20250101")]
    [InlineData("2025/01/01")]
    [InlineData("01-01-2025")]
    [InlineData(" 2025-01-01")]
    [InlineData("2025-01-01 ")]
    [InlineData("2025-01-01T00:00:00")]
    [InlineData("２025-01-01")]
    [InlineData("1948-12-31")]
    [InlineData("2200-01-01")]
    [InlineData("0000-01-01")]
    public void An_impossible_date_is_refused(string date) => Refused(Good with { EstablishDate = date }, "establish_date", ErrorReason.DateInvalid);

    [Fact]
    public void A_date_after_today_is_refused()
    {
        Refused(Good with { EstablishDate = "2026-03-02" }, "establish_date", ErrorReason.DateOrder);
        Refused(Good with { EstablishDate = "2199-12-31" }, "establish_date", ErrorReason.DateOrder);
        EnterpriseFacts.Parse(Good with { EstablishDate = "1949-01-01" }, Today);
        EnterpriseFacts.Parse(Good with { EstablishDate = "2024-02-29" }, Today);
    }

    [Theory]
    [InlineData("-1万人民币")]
    [InlineData("1.234元")]
    [InlineData("NaN")]
    [InlineData("99999999999999999999999999999999999999万")]
    [InlineData("50万比特币")]
    public void A_capital_that_is_no_amount_is_refused(string capital) => Refused(Good with { Capital = capital }, "capital", ErrorReason.AmountInvalid);

    [Theory]
    [InlineData(EnterpriseKind.Unspecified)]
    [InlineData((EnterpriseKind)8)]
    [InlineData((EnterpriseKind)(-1))]
    public void An_unknown_kind_is_refused(EnterpriseKind kind) => Refused(Good with { Kind = kind }, "kind", ErrorReason.EnumInvalid);

    [Theory]
    [InlineData("91370406MA3ABC127Q", "1 2 3 4 7")]
    [InlineData("92370406MA3DEF343B", "6")]
    [InlineData("93370406MA3GHJ5627", "5 7")]
    [InlineData("11370406MB9TE5T085", "")] // an authority is given no business licence
    public void Kind_and_code_must_fit(string code, string kinds)
    {
        foreach (var kind in Enum.GetValues<EnterpriseKind>().Where(k => k != EnterpriseKind.Unspecified))
        {
            var input = Good with { CreditCode = code, Kind = kind };
            if (kinds.Split(' ').Contains(((int)kind).ToString(System.Globalization.CultureInfo.InvariantCulture)))
            {
                Assert.Equal(kind, EnterpriseFacts.Parse(input, Today).Kind);
            }
            else
            {
                Refused(input, "kind", ErrorReason.LintFailed);
            }
        }
    }

    // Whoever corrects an application wants to know everything at once.
    [Fact]
    public void All_violations_are_reported_at_once_in_the_order_of_the_fields()
    {
        var input = new EnterpriseInput { Name = "山", Type = "\u0000", Representative = "张", Capital = "-1", EstablishDate = "x", Address = "", BusinessScope = "" };
        var error = Assert.Throws<EidException>(() => EnterpriseFacts.Parse(input, Today, "items[3]"));
        Assert.Equal(ErrorReason.UsccInvalid, error.Reason);
        Assert.Equal(
            [
                ("items[3].credit_code", ErrorReason.UsccInvalid), ("items[3].name", ErrorReason.TextInvalid), ("items[3].kind", ErrorReason.EnumInvalid),
                ("items[3].type", ErrorReason.TextInvalid), ("items[3].representative", ErrorReason.TextInvalid), ("items[3].capital", ErrorReason.AmountInvalid),
                ("items[3].establish_date", ErrorReason.DateInvalid), ("items[3].address", ErrorReason.TextInvalid),
                ("items[3].business_scope", ErrorReason.TextInvalid),
            ],
            error.Violations.Select(v => (v.Field, v.Reason)));
    }

    // No echo of raw input: a message may go into logs and onto screens.
    [Fact]
    public void Messages_do_not_repeat_the_input()
    {
        var input = Good with { Name = "<script>\u202E", EstablishDate = "<script>", CreditCode = "<script>", Capital = "<script>" };
        var error = Assert.Throws<EidException>(() => EnterpriseFacts.Parse(input, Today));
        Assert.Equal(4, error.Violations.Count);
        Assert.DoesNotContain("script", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Violations, v => v.Message.Contains("script", StringComparison.Ordinal));
    }

    private static readonly (string Field, Func<string, EnterpriseInput> Put)[] TextFields =
    [
        ("name", text => Good with { Name = text }), ("type", text => Good with { Type = text }), ("representative", text => Good with { Representative = text }),
        ("capital", text => Good with { Capital = text }), ("address", text => Good with { Address = text }), ("business_scope", text => Good with { BusinessScope = text }),
    ];

    private static FieldViolation Refused(EnterpriseInput input, string field, ErrorReason reason)
    {
        var error = Assert.Throws<EidException>(() => EnterpriseFacts.Parse(input, Today));
        var violation = Assert.Single(error.Violations);
        Assert.Equal(($"enterprise.{field}", reason, reason), (violation.Field, violation.Reason, error.Reason));
        return violation;
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
