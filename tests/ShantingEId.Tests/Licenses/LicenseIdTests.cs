using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>证照标识 of GB/T 36904: real ones of other systems and our own.</summary>
public sealed class LicenseIdTests
{
    private const string First = "1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    // Real identifiers of other licence types, a sample with a division code as issuer, and two made up ones of ours.
    [Theory]
    [InlineData("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U", 1)]
    [InlineData("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F", 1)]
    [InlineData("1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0", 2)]
    [InlineData("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9", 1)]
    [InlineData(First, 1)]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.002.I", 2)]
    public void TryParse_accepts_the_published_identifiers(string text, int version)
    {
        Assert.True(LicenseId.TryParse(text, out var id));
        Assert.Equal(version, id.Version);
        Assert.Equal(text, id.ToString());
        var parts = text.Split('.');
        Assert.Equal((parts[5], parts[6], parts[7], parts[9][0]), (id.Type, id.Issuer, id.Serial, id.Check));
    }

    // ISO/IEC 7064 MOD 37,36 by itself.
    [Fact]
    public void The_check_character_of_the_standards_example_is_M() => Assert.Equal('M', Iso7064.HybridCheck(Alphabet, "A12425GABC1234002"));

    [Fact]
    public void ForBusinessLicense_builds_the_identifier_of_a_version()
    {
        var issuer = CreditCode.Parse("11370406MB9TE5T085");
        var holder = CreditCode.Parse("91370406MA3ABC127Q");
        Assert.Equal(First, LicenseId.ForBusinessLicense(issuer, holder, 1).ToString());
        Assert.True(LicenseId.TryParse(LicenseId.ForBusinessLicense(issuer, holder, 999).ToString(), out var last));
        Assert.Equal(999, last.Version);
        foreach (var version in new[] { 0, -1, 1000, int.MinValue, int.MaxValue })
        {
            Assert.Equal(
                ErrorReason.LicenseIdInvalid,
                Assert.Throws<EidException>(() => LicenseId.ForBusinessLicense(issuer, holder, version)).Reason);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1.2.156.3005.2.")]
    [InlineData("1.2.156.3005.3.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K")] // other root
    [InlineData("11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K")] // no root
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001")] // no check character
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.L")] // wrong one
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.k")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K.")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.KK")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K ")]
    [InlineData(" 1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.001.K")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001..91370406MA3ABC127Q.001.K")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406-A3ABC127Q.001.K")]
    [InlineData("1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T085.91370406MA3ABC127Q.００1.K")]
    public void TryParse_refuses_an_invalid_identifier(string? text)
    {
        Assert.False(LicenseId.TryParse(text, out _));
        Assert.Equal(ErrorReason.LicenseIdInvalid, Assert.Throws<EidException>(() => LicenseId.Parse(text)).Reason);
    }

    // The check character is right in each; only the shape is wrong.
    [Theory]
    [InlineData("11100000MB0143028R001", "11370406MB9TE5T085", "91370406MA3ABC127Q", "000")] // version 0
    [InlineData("11100000MB0143028R001", "11370406MB9TE5T085", "91370406MA3ABC127Q", "01")]
    [InlineData("11100000MB0143028R001", "11370406MB9TE5T085", "91370406MA3ABC127Q", "0001")]
    [InlineData("11100000MB0143028R001", "11370406MB9TE5T085", "91370406MA3ABC127Q", "00A")]
    [InlineData("11100000MB0143028R01", "11370406MB9TE5T085", "91370406MA3ABC127Q", "001")] // type of 20
    [InlineData("11100000MB0143028R0001", "11370406MB9TE5T085", "91370406MA3ABC127Q", "001")] // type of 22
    public void TryParse_refuses_a_wrong_shape_under_a_right_check_character(string type, string issuer, string serial, string version)
    {
        Assert.True(LicenseId.TryParse(First, out _));
        Assert.False(LicenseId.TryParse($"1.2.156.3005.2.{type}.{issuer}.{serial}.{version}.{Iso7064.HybridCheck(Alphabet, type + issuer + serial + version)}", out _));
    }

    // MOD 37,36 finds every single wrong character; moved dots keep the check character and must fail by shape.
    [Fact]
    public void Every_single_substitution_is_refused()
    {
        for (var i = 0; i < First.Length; i++)
        {
            foreach (var c in Alphabet + ".a ")
            {
                if (c != First[i])
                {
                    Assert.False(LicenseId.TryParse(First[..i] + c + First[(i + 1)..], out _), $"at {i}: {c}");
                }
            }
        }
    }

    // Dots are not part of the check: issuer and serial can be divided elsewhere, which gives another identifier, not the same.
    [Fact]
    public void An_identifier_divided_elsewhere_is_not_the_same()
    {
        var moved = "1.2.156.3005.2.11100000MB0143028R001.11370406MB9TE5T0859.1370406MA3ABC127Q.001.K";
        Assert.NotEqual(LicenseId.Parse(First), LicenseId.TryParse(moved, out var id) ? id : null);
    }
}
