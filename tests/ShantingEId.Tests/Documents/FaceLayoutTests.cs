using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Documents;

/// <summary>Nothing on a face is cut off, lies over something else, or is lost.</summary>
public class FaceLayoutTests
{
    [Fact]
    public void Every_row_of_a_register_is_on_its_face_character_by_character()
    {
        foreach (var (i, row) in FaceSamples.Rows().Index())
        {
            var face = FaceSamples.Draw(row, i % 2 == 0 ? FaceForm.Duplicate : FaceForm.Original);
            AssertSound(face, row.Name);
            AssertSays(face, row);
        }
    }

    [Fact]
    public void Texts_of_any_allowed_length_fit_on_the_face_of_every_kind()
    {
        foreach (var kind in Enum.GetValues<EnterpriseKind>().Where(kind => kind != EnterpriseKind.Unspecified))
        {
            foreach (var (name, scope, address) in ((int, int, int)[])[(2, 1, 2), (30, 1000, 60), (60, 1000, 200), (60, 2000, 200), (45, 2000, 30)])
            {
                var input = Of(kind) with
                {
                    Name = FaceSamples.Text(name), BusinessScope = FaceSamples.Text(scope), Address = FaceSamples.Text(address), Type = FaceSamples.Text(60), Representative = FaceSamples.Text(24),
                };
                foreach (var form in (FaceForm[])[FaceForm.Duplicate, FaceForm.Original])
                {
                    var face = FaceSamples.Draw(input, form);
                    AssertSound(face, $"{kind} {name} {scope} {address}");
                    AssertSays(face, input);
                }
            }
        }
    }

    // Latin letters are narrow, ideographs are not, and a long word has no place to break.
    [Theory]
    [InlineData('W')]
    [InlineData('i')]
    [InlineData('，')]
    [InlineData('（')]
    [InlineData('鑫')]
    public void A_text_of_one_character_alone_fits_too(char one)
    {
        var input = FaceSamples.Company with { Name = new string(one, 60), BusinessScope = new string(one, 2000), Address = new string(one, 200), Representative = new string(one, 24) };
        var face = FaceSamples.Draw(input);
        AssertSound(face, one.ToString());
        AssertSays(face, input);
    }

    [Fact]
    public void A_name_is_made_smaller_first_and_broken_into_lines_then()
    {
        (double Size, int Lines) Name(int length)
        {
            var rows = FaceSamples.Draw(FaceSamples.Company with { Name = new string('示', length) }).Text.Where(row => row.Text.StartsWith("示示", StringComparison.Ordinal)).ToArray();
            return (rows[0].Size, rows.Length);
        }

        Assert.Equal((4.9, 1), Name(8));
        Assert.Equal(1, Name(24).Lines);
        Assert.InRange(Name(24).Size, 3.8, 4.85);
        Assert.Equal((3.8, 2), Name(40));
    }

    [Fact]
    public void No_line_begins_with_a_closing_mark_or_ends_with_an_opening_one_and_lines_are_spread()
    {
        var lines = FaceSamples.Draw(FaceSamples.Company with { BusinessScope = FaceSamples.Text(800) }).Text.Where(row => row.Text.Length > 20).ToArray();

        Assert.True(lines.Length > 10);
        Assert.DoesNotContain(lines, row => "，。、；：）".Contains(row.Text[0], StringComparison.Ordinal));
        Assert.DoesNotContain(lines, row => row.Text[^1] == '（');
        var scope = lines.Where(row => row.Box.X == lines[^2].Box.X && row.Size == lines[^2].Size).ToArray();
        Assert.All(scope[..^1], row => Assert.InRange(row.Box.Width, scope.Max(each => each.Box.Width) - 3, scope.Max(each => each.Box.Width)));
    }

    [Theory]
    [InlineData(EnterpriseKind.Company, "法定代表人", "注册资本", "住所", "成立日期")]
    [InlineData(EnterpriseKind.Partnership, "执行事务合伙人", "出资额", "主要经营场所", "成立日期")]
    [InlineData(EnterpriseKind.SoleProprietorship, "投资人", "出资额", "住所", "成立日期")]
    [InlineData(EnterpriseKind.Cooperative, "法定代表人", "成员出资总额", "住所", "成立日期")]
    [InlineData(EnterpriseKind.IndividualBusiness, "经营者", null, "经营场所", "注册日期")]
    [InlineData(EnterpriseKind.Branch, "负责人", null, "营业场所", "成立日期")]
    public void Each_kind_has_its_own_labels(EnterpriseKind kind, string representative, string? capital, string address, string established)
    {
        var rows = FaceSamples.Draw(Of(kind)).Text.Select(row => row.Text).ToHashSet();

        Assert.Contains(representative, rows);
        Assert.Contains(address, rows);
        Assert.Contains(established, rows);
        Assert.Equal(capital is not null, rows.Any(text => text is "注册资本" or "出资额" or "成员出资总额"));
        Assert.True(capital is null || rows.Contains(capital));
    }

    [Fact]
    public void An_individual_business_run_by_a_family_says_so()
    {
        var rows = FaceSamples.Draw(Of(EnterpriseKind.IndividualBusiness) with { Type = "家庭经营" }).Text.Select(row => row.Text).ToArray();
        Assert.Equal("家庭经营", rows[Array.IndexOf(rows, "组成形式") + 1]);
        Assert.DoesNotContain("类型", rows);
    }

    [Fact]
    public void Both_forms_say_the_same_and_the_duplicate_reminds_of_the_report()
    {
        var (duplicate, original) = (FaceSamples.Draw(FaceSamples.Company), FaceSamples.Draw(FaceSamples.Company, FaceForm.Original));

        Assert.Equal((297, 210), (duplicate.Width, duplicate.Height));
        Assert.Equal((420, 297), (original.Width, original.Height));
        var only = duplicate.Text.Select(row => row.Text).Except(original.Text.Select(row => row.Text)).ToArray();
        Assert.Equal(["（副本）", "市场主体应当于每年1月1日至6月30日通过国家企业信用信息公示系统报送公示年度报告"], only);
        foreach (var face in (Drawing[])[duplicate, original])
        {
            var texts = face.Text.Select(row => row.Text).ToArray();
            Assert.Contains("营业执照", texts);
            Assert.Contains("国家企业信用信息公示系统网址：http://www.gsxt.gov.cn", texts);
            Assert.Contains("国家市场监督管理总局监制", texts);
            Assert.Contains("校验短码 K1PH-635F-2C1V", texts);
            Assert.Contains("2026年03月02日", texts);
            // A seal is as large as it is, on any paper, and lies over the name of the authority.
            var imprint = Assert.Single(face.Shapes.OfType<SealImprint>());
            Assert.Equal((40, 40), (imprint.Box.Width, imprint.Box.Height));
            Assert.True(Overlap(imprint.Box, face.Text.First(row => row.Text.StartsWith("枣庄市山亭区行政", StringComparison.Ordinal)).Box));
        }
    }

    [Fact]
    public void A_comprehensive_licence_lists_every_permit()
    {
        foreach (var (permits, long_) in ((int, bool)[])[(2, false), (3, false), (12, false), (12, true)])
        {
            var trade = FaceSamples.Trade(permits, long_ ? kind => FaceSamples.Text(60) : null);
            foreach (var form in (FaceForm[])[FaceForm.Duplicate, FaceForm.Original])
            {
                var face = FaceSamples.Draw(FaceSamples.Company, form, trade);
                AssertSound(face, $"{permits} permits");
                var said = string.Concat(face.Text.Select(row => row.Text));
                Assert.Contains("行业综合许可证", said, StringComparison.Ordinal);
                Assert.DoesNotContain("营业执照", said, StringComparison.Ordinal);
                Assert.All(trade.Permits, permit => Assert.Contains(permit.Name + permit.Number + permit.Department, said, StringComparison.Ordinal));
                Assert.Contains("2026-03-02 至 长期", said, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_character_without_a_glyph_is_named_and_refuses_the_face()
    {
        var missing = Enumerable.Range(0x20000, 0x2000).Select(number => new System.Text.Rune(number)).First(rune => FaceSamples.Fonts.Regular.Advance(rune) is null);
        var error = Assert.Throws<EidException>(() => FaceSamples.Draw(FaceSamples.Company with { Representative = "示" + missing }));
        Assert.Equal(ErrorReason.TextInvalid, error.Reason);
        Assert.Contains($"U+{missing.Value:X4}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_watermark_covers_the_page_and_stays_on_it()
    {
        foreach (var purpose in (int[])[4, 40, 200])
        {
            var note = new CopyNote("示例银行股份有限公司枣庄山亭支行", FaceSamples.Text(purpose), FaceSamples.Time.AddDays(30));
            foreach (var form in (FaceForm[])[FaceForm.Duplicate, FaceForm.Original])
            {
                var face = FaceSamples.Documents.DrawCopy(FaceSamples.Set(FaceSamples.Company), form, note, FaceSamples.Seal, FaceSamples.Time);
                var marks = face.Text.Where(row => row.Turn != 0).ToArray();
                Assert.True(marks.Length >= 8);
                Assert.All(marks, mark => Assert.True(Inside(mark.Box, new Box(0, 0, face.Width, face.Height)), $"{mark.Text} {mark.Box}"));
                // Every quarter of the page has some.
                foreach (var (x, y) in ((double, double)[])[(0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5)])
                {
                    Assert.Contains(marks, mark => Overlap(mark.Box, new Box(x * face.Width, y * face.Height, face.Width / 2, face.Height / 2)));
                }

                Assert.Contains("有效期至 2026-04-01 14:00", marks.Select(mark => mark.Text));
                Assert.Contains(note.Purpose, string.Concat(marks.Select(mark => mark.Text)), StringComparison.Ordinal);
            }
        }
    }

    private static EnterpriseInput Of(EnterpriseKind kind) => FaceSamples.Company with
    {
        Kind = kind,
        CreditCode = kind switch { EnterpriseKind.IndividualBusiness => "92370406MA3DEF343B", EnterpriseKind.Cooperative => "93370406MA3GHJ5627", _ => FaceSamples.Company.CreditCode },
    };

    // Each value, put together from its lines, stands there whole: lines of one value follow each other.
    private static void AssertSays(Drawing face, EnterpriseInput input)
    {
        var said = string.Concat(face.Text.Select(row => row.Text));
        var hasCapital = FaceLabels.For(input.Kind).Capital is not null;
        foreach (var value in (string[])[input.CreditCode, input.Name, input.Type, input.Representative, hasCapital ? input.Capital : "", input.Address, input.BusinessScope, FaceSamples.AuthorityName])
        {
            Assert.True(said.Contains(value, StringComparison.Ordinal), $"{input.Name}: {value}");
        }
    }

    private static void AssertSound(Drawing face, string what)
    {
        var rows = face.Text.ToArray();
        var pictures = face.Shapes.OfType<Picture>().Select(picture => picture.Box).ToArray();
        var page = new Box(9, 9, face.Width - 18, face.Height - 12);
        foreach (var row in rows)
        {
            // 1. Its box lies on the page, its baseline in its box.
            if (!Inside(row.Box, page))
            {
                Assert.Fail($"{what}: {row.Text} leaves the page: {row.Box}");
            }

            Assert.InRange(row.Y, row.Box.Y, row.Box.Bottom);

            // 2. Every character lies in the box, after the one before it.
            var characters = row.Text.EnumerateRunes().ToArray();
            Assert.Equal(characters.Length, row.Offsets.Length);
            for (var i = 0; i < characters.Length; i++)
            {
                var advance = FaceSamples.Fonts[row.Font].Advance(characters[i])!.Value * row.Size;
                var (left, right) = (row.X + row.Offsets[i], row.X + row.Offsets[i] + advance);
                if (left < row.Box.X - 0.02 || right > row.Box.Right + 0.1 || (i > 0 && row.Offsets[i] <= row.Offsets[i - 1]))
                {
                    Assert.Fail($"{what}: {characters[i]} of {row.Text} leaves its box or lies over the one before");
                }
            }
        }

        // 3. Items stay in their column: the left one ends at 151 mm of the 副本. A table has columns of its own.
        var scale = face.Width / 297;
        Assert.DoesNotContain(rows, row => face.Title.StartsWith("营业执照", StringComparison.Ordinal) && row.Box.Y > 70 * scale && row.Box.Y < 190 * scale && row.Box.X < 151 * scale && row.Box.Right > 151.1 * scale);

        // 4. No two rows share room, none lies over the QR symbol.
        for (var i = 0; i < rows.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (Overlap(rows[i].Box, rows[j].Box))
                {
                    Assert.Fail($"{what}: “{rows[i].Text}” {rows[i].Box} lies over “{rows[j].Text}” {rows[j].Box}");
                }
            }

            Assert.DoesNotContain(pictures, box => Overlap(box, rows[i].Box));
        }
    }

    private static bool Inside(Box box, Box room) => box.X >= room.X - 0.02 && box.Y >= room.Y - 0.02 && box.Right <= room.Right + 0.02 && box.Bottom <= room.Bottom + 0.02;

    private static bool Overlap(Box one, Box other) =>
        one.X < other.Right - 0.02 && other.X < one.Right - 0.02 && one.Y < other.Bottom - 0.02 && other.Y < one.Bottom - 0.02;
}
