using ShantingEId.Seals;

namespace ShantingEId.Tests.Documents;

public class RepresentativeSealTests
{
    [Theory]
    [InlineData("张三", "张三之印")]
    [InlineData("张志洋", "张志洋印")]
    public void Short_names_are_filled_up_to_four_fields(string name, string filled) =>
        Assert.Equal(Draw(filled).Picture.Png, Draw(name).Picture.Png);

    [Fact]
    public void Fields_are_read_from_the_right_column_down()
    {
        var (name, other) = (Draw("欧阳志远"), Draw("欧阳国栋"));
        Assert.Equal(name.Box(0.1, -9, 9, 9), other.Box(0.1, -9, 9, 9));
        Assert.NotEqual(name.Box(-9, -9, -0.1, 9), other.Box(-9, -9, -0.1, 9));
        Assert.Equal(name.Box(0.1, -9, 9, -0.1), Draw("欧冶明").Box(0.1, -9, 9, -0.1));
    }

    [Theory]
    [InlineData("李")]
    [InlineData("张三")]
    [InlineData("欧阳志远")]
    [InlineData("司马相如之")]
    [InlineData("阿卜杜拉·买买提")]
    [InlineData("迪丽热巴·迪力木拉提·艾则孜")]
    [InlineData("John Smith")]
    [InlineData("Maximilian-Christopher X")]
    [InlineData("WWWWWWWWWWWWWWWWWWWWWWWW")]
    [InlineData("一二三四五六七八九十一二三四五六七八九十一二三四")]
    public void Any_name_stays_inside_the_border(string name)
    {
        var map = Draw(name);
        for (var along = -8.8; along < 8.8; along += 0.03)
        {
            foreach (var inside in new[] { 8.45, 8.6, 8.8 })
            {
                Assert.False(map.Ink(along, inside) || map.Ink(along, -inside) || map.Ink(inside, along) || map.Ink(-inside, along));
            }
        }

        var (left, top, right, bottom) = map.Bounds(-8.8, -8.8, 8.8, 8.8);
        Assert.Equal(0, left + right, 1.2);
        Assert.InRange(right - left, 7, 16.6);
        Assert.InRange(bottom - top, 2, 16.6);
    }

    private static InkMap Draw(string name) => Samples.Draw(SealKind.LegalRepresentative, representative: name);
}
