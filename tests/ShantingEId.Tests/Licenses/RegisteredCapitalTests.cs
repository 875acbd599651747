using System.Globalization;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>注册资本: the shapes in the register, and figures that are none.</summary>
public sealed class RegisteredCapitalTests
{
    [Theory]
    [InlineData("50(万元人民币)", "500000", "CNY")]
    [InlineData("50（万元人民币）", "500000", "CNY")]
    [InlineData("102.9万人民币", "1029000", "CNY")]
    [InlineData("1,234(万美元)", "12340000", "USD")]
    [InlineData("1,234.5(万美元)", "12345000", "USD")]
    [InlineData("30万元", "300000", "CNY")]
    [InlineData("30万", "300000", "CNY")]
    [InlineData("30万元人民币", "300000", "CNY")]
    [InlineData("5000元", "5000", "CNY")]
    [InlineData("5000", "5000", "CNY")]
    [InlineData("0.5亿元", "50000000", "CNY")]
    [InlineData("100万港元", "1000000", "HKD")]
    [InlineData("100万港币", "1000000", "HKD")]
    [InlineData("100万欧元", "1000000", "EUR")]
    [InlineData("100.25元", "100.25", "CNY")]
    [InlineData("0.000001万", "0.01", "CNY")] // one 分
    [InlineData("0万人民币", "0", "CNY")]
    [InlineData("99,999,999,999.99", "99999999999.99", "CNY")]
    public void TryParse_finds_the_amount(string text, string amount, string currency)
    {
        Assert.True(RegisteredCapital.TryParse(text, out var capital, out var problem), problem);
        Assert.Equal(text, capital!.Text);
        Assert.Equal(decimal.Parse(amount, CultureInfo.InvariantCulture), capital.Amount);
        Assert.Equal(currency, capital.Currency);
    }

    // What is registered in words stays in words: it is printed as it is and has no amount for machines.
    [Theory]
    [InlineData("人民币伍拾万元整")]
    [InlineData("无")]
    [InlineData("叁佰万元")]
    public void TryParse_keeps_words_without_an_amount(string text)
    {
        Assert.True(RegisteredCapital.TryParse(text, out var capital, out _));
        Assert.Equal(text, capital!.Text);
        Assert.Null(capital.Amount);
        Assert.Null(capital.Currency);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-50万人民币")] // negative, with three kinds of minus and in words
    [InlineData("−50万人民币")]
    [InlineData("－50万人民币")]
    [InlineData("50万人民币-")]
    [InlineData("负50万人民币")]
    [InlineData("负伍拾万元")]
    [InlineData("(50万人民币)")]
    [InlineData("0.001元")] // more than two decimals of the unit
    [InlineData("100.255元")]
    [InlineData("0.0000001万")]
    [InlineData("0.00000000001亿")]
    [InlineData("1.000000000000000000000000000000000001元")] // a decimal would round this away
    [InlineData("NaN")]
    [InlineData("NaN万人民币")]
    [InlineData("ＮａＮ")]
    [InlineData("Infinity")]
    [InlineData("∞")]
    [InlineData("1e9")]
    [InlineData("0x10万")]
    [InlineData("100000000001元")] // above the limit
    [InlineData("99999999999999999999999999999999999999万")]
    [InlineData("50万比特币")] // unknown currency
    [InlineData("50万法郎")]
    [InlineData("50(万元CNY)")]
    [InlineData("50万人民币元整整")]
    [InlineData("1,23万人民币")] // groups that are none
    [InlineData("1,2345万人民币")]
    [InlineData(",123万人民币")]
    [InlineData("50.万人民币")]
    [InlineData(".5万人民币")]
    [InlineData("5.0.0万人民币")]
    [InlineData("50%")]
    [InlineData("50万人民币50万人民币")]
    [InlineData("人民币50万美元")] // a figure in no known shape must not pass as words
    [InlineData("约50万人民币")]
    [InlineData("５０万人民币")] // full-width digits
    [InlineData("٥٠万人民币")] // Arabic digits
    [InlineData("50(万元人民币")] // half a bracket
    [InlineData("50万人民币)")]
    [InlineData("50(万元人民币）")]
    [InlineData(" 50万人民币")]
    [InlineData("50万人民币 ")]
    [InlineData("50万人民币\n")]
    [InlineData("50\u200B万人民币")]
    public void TryParse_refuses_what_cannot_be_an_amount(string text)
    {
        Assert.False(RegisteredCapital.TryParse(text, out var capital, out var problem));
        Assert.Null(capital);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void TryParse_refuses_a_text_over_60_characters()
    {
        Assert.True(RegisteredCapital.TryParse(new string('万', 60), out _, out _));
        Assert.False(RegisteredCapital.TryParse(new string('万', 61), out _, out _));
    }
}
