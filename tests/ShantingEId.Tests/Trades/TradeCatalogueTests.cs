using ShantingEId.Trades;

namespace ShantingEId.Tests.Trades;

/// <summary>The catalogue of trades, and what is refused in one.</summary>
public sealed class TradeCatalogueTests
{
    private const string Permits = "permit AA | 样例许可甲 | 样例部门 | 样例法第一条 | 5 | no\npermit BB | 样例许可乙 | 样例部门 | 样例法第二条 | - | yes\n";
    private static readonly TradeCatalogue Catalogue = TradeCatalogue.BuiltIn;

    [Fact]
    public void There_are_fifty_trades_and_each_combines_permits_of_the_catalogue()
    {
        Assert.Equal(50, Catalogue.Trades.Count);
        Assert.Equal(50, Catalogue.Trades.Select(trade => trade.Name).Distinct().Count());
        Assert.Equal(50, Catalogue.Trades.Select(trade => trade.Code).Distinct().Count());
        Assert.InRange(Catalogue.Permits.Count, 40, 60);
        Assert.All(Catalogue.Trades, trade =>
        {
            Assert.InRange(trade.Permits.Count, 2, 12);
            Assert.All(trade.Permits, permit => Assert.Same(Catalogue.FindPermit(permit.Code), permit));
        });
        Assert.Equal(Catalogue.Permits.Select(permit => permit.Code).Order(), Catalogue.Trades.SelectMany(trade => trade.Permits).Select(permit => permit.Code).Distinct().Order());
    }

    [Fact]
    public void A_trade_is_found_with_the_permits_its_published_catalogues_name()
    {
        Assert.Equal(["药品经营许可（零售）", "食品经营许可", "第三类医疗器械经营许可"], Catalogue.FindTrade("PHARMACY")!.Permits.Take(3).Select(permit => permit.Name));
        Assert.Equal(["出版物零售业务经营许可", "食品经营许可"], Catalogue.FindTrade("BOOKSHOP")!.Permits.Select(permit => permit.Name));
        Assert.Equal(["便利店", "饭店（餐饮）", "药店"], Catalogue.Trades.Where(trade => trade.Source == TradeSource.Shandong).Select(trade => trade.Name));
        Assert.Null(Catalogue.FindTrade("pharmacy"));
        Assert.Null(Catalogue.FindPermit("PHARMACY"));
    }

    // Terms and 告知承诺 as the laws named beside them say.
    [Theory]
    [InlineData("FOOD_BUSINESS", 5, false)]
    [InlineData("PUBLIC_PLACE_HYGIENE", 4, true)]
    [InlineData("ENTERTAINMENT", 2, false)]
    [InlineData("LABOUR_DISPATCH", 3, false)]
    [InlineData("FIRE_SAFETY", null, true)]
    public void A_permit_has_its_term_and_says_whether_a_commitment_suffices(string code, int? years, bool onCommitment)
    {
        var permit = Catalogue.FindPermit(code)!;
        Assert.Equal((years, onCommitment), (permit.TermYears, permit.OnCommitment));
    }

    [Fact]
    public void A_file_is_read_as_a_whole()
    {
        var one = TradeCatalogue.Parse("# 样例\r\n" + Permits + "\r\ntrade SAMPLE | 样例行业 | DRAFT | BB AA\r\n");
        Assert.Equal((5, null), (one.FindPermit("AA")!.TermYears, one.FindPermit("BB")!.TermYears));
        Assert.Equal(["BB", "AA"], Assert.Single(one.Trades).Permits.Select(permit => permit.Code));
        Assert.Equal("样例法第二条", one.FindPermit("BB")!.Basis);
    }

    [Theory]
    [InlineData("trade T1 | 样例行业 | DRAFT | AA CC", "第 3 行：没有许可 CC")]
    [InlineData("trade T1 | 样例行业 | DRAFT | AA", "第 3 行：应合并")]
    [InlineData("trade T1 | 样例行业 | DRAFT | AA AA", "第 3 行：应合并")]
    [InlineData("trade T1 | 样例行业 | XX | AA BB", "第 3 行：来源")]
    [InlineData("trade t1 | 样例行业 | DRAFT | AA BB", "第 3 行：代码")]
    [InlineData("trade T1 | 样 | DRAFT | AA BB", "第 3 行：名称")]
    [InlineData("trade T1 | 样例行业 | AA BB", "第 3 行：不是")]
    [InlineData("permit AA | 样例许可丙 | 样例部门 | 样例法 | 5 | no", "第 3 行：许可重复")]
    [InlineData("permit CC | 样例许可甲 | 样例部门 | 样例法 | 5 | no", "第 3 行：许可重复")]
    [InlineData("permit CC | 样例许可丙 | 样例部门 | 样例法 | 0 | no", "第 3 行：有效期")]
    [InlineData("permit CC | 样例许可丙 | 样例部门 | 样例法 | 5 | maybe", "第 3 行：告知承诺")]
    [InlineData("trade T1 | 样例行业 | DRAFT | AA BB\ntrade T2 | 样例行业 | DRAFT | AA BB", "第 4 行：行业重复")]
    [InlineData("trade T1 | 样例行业 | DRAFT | AA BB\ntrade T1 | 样例行业二 | DRAFT | AA BB", "第 4 行：行业重复")]
    [InlineData("", "没有任何行业用到")]
    public void A_slip_is_refused_with_its_line(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => TradeCatalogue.Parse(Permits + text)).Message, StringComparison.Ordinal);
}
