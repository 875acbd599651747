using System.Formats.Asn1;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>I29 and I30: no trick is accepted, and a signature has one form only.</summary>
public sealed class Sm2NegativeTests
{
    // Without this the sets below could pass because nothing is ever accepted.
    [Fact]
    public void The_unbroken_signatures_are_good()
    {
        Assert.Equal(6, Sm2Cases.All.Count);
        foreach (var c in Sm2Cases.All)
        {
            Assert.True(Accepted(c, c.Signature.ToDer()), c.Name);
            Assert.True(ReferenceSm2.Verify(c.Point, c.E, c.R, c.S), c.Name);
        }
    }

    [Fact]
    public void Verify_refuses_at_least_500_broken_signatures()
    {
        var seen = new HashSet<string>();
        var accepted = new List<string>();
        foreach (var c in Sm2Cases.All)
        {
            foreach (var mutant in Sm2Mutants.Of(c))
            {
                Assert.NotEqual(c.Signature.ToDer(), mutant.Der);
                seen.Add(c.Name + Convert.ToHexString(mutant.Der));
                if (Accepted(c, mutant.Der))
                {
                    accepted.Add($"{c.Name}: {mutant.Class}, {mutant.Name}");
                }
            }
        }

        Assert.Empty(accepted);
        Assert.True(seen.Count >= 500, $"only {seen.Count} different vectors");
    }

    // The list of I29; a class that loses its vectors is noticed here.
    [Fact]
    public void Every_class_of_the_list_has_vectors()
    {
        var classes = Sm2Cases.All.SelectMany(Sm2Mutants.Of).Select(m => m.Class).ToHashSet();
        Assert.Superset(
            new HashSet<string>
            {
                "BER length", "indefinite", "trailing", "missing zero", "extra zero", "negative", "range", "modulo n", "t = 0", "swapped", "type", "infinity",
                "duplicated point", "special hash", "wrong ID", "no ID", "wrong digest", "truncated",
            },
            classes);
    }

    // r + n, s - n and their like satisfy the equation: whoever forgets 1 <= r, s <= n-1 accepts a second form.
    [Fact]
    public void Numbers_equal_modulo_n_satisfy_the_equation_and_are_refused_by_range()
    {
        foreach (var c in Sm2Cases.All)
        {
            foreach (var mutant in Sm2Mutants.SameModuloN(c))
            {
                var sequence = new AsnReader(mutant.Der, AsnEncodingRules.DER).ReadSequence();
                Assert.True(ReferenceSm2.EquationHolds(c.Point, c.E, sequence.ReadInteger(), sequence.ReadInteger()), mutant.Name);
                Assert.Null(Sm2Signature.FromDer(mutant.Der));
            }
        }
    }

    // Where both see two numbers in range, library and reference must say the same.
    [Fact]
    public void Verify_agrees_with_the_reference_on_every_readable_mutant()
    {
        var compared = 0;
        foreach (var c in Sm2Cases.All)
        {
            foreach (var mutant in Sm2Mutants.Of(c))
            {
                if (Sm2Signature.FromDer(mutant.Der) is { } signature)
                {
                    var expected = ReferenceSm2.Verify(c.Point, c.E, ReferenceSm2.Number(signature.Raw[..32]), ReferenceSm2.Number(signature.Raw[32..]));
                    Assert.True(expected == c.Key.PublicKey.Verify(c.Message, signature), $"{c.Name}: {mutant.Name}");
                    compared++;
                }
            }
        }

        Assert.True(compared > 150, $"only {compared}");
    }

    [Fact]
    public void FromDer_refuses_at_least_20_other_forms_of_each_signature()
    {
        foreach (var c in Sm2Cases.All)
        {
            var forms = Sm2Mutants.OtherForms(c).ToList();
            Assert.True(forms.Count >= 20);
            Assert.All(forms, form => Assert.Null(Sm2Signature.FromDer(form.Der)));
        }
    }

    [Fact]
    public void FromDer_refuses_every_range_mutant()
    {
        foreach (var mutant in Sm2Cases.All.SelectMany(Sm2Mutants.Ranges))
        {
            Assert.True(Sm2Signature.FromDer(mutant.Der) is null, mutant.Name);
        }
    }

    [Fact]
    public void Raw_and_DER_turn_into_each_other_unchanged()
    {
        foreach (var c in Sm2Cases.All)
        {
            var raw = c.Signature.Raw.ToArray();
            var der = Sm2Signature.FromRaw(raw)!.ToDer();
            Assert.Equal(raw, Sm2Signature.FromDer(der)!.Raw.ToArray());
            Assert.Equal(der, Sm2Signature.FromDer(der)!.ToDer());
        }
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // 0
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123")] // n
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54124")] // n + 1
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")] // 2^256 - 1
    public void FromRaw_refuses_a_number_out_of_range(string hex)
    {
        var number = Convert.FromHexString(hex);
        var good = Sm2Cases.All[0].Signature.Raw.ToArray();
        Assert.Null(Sm2Signature.FromRaw([.. number, .. good[32..]]));
        Assert.Null(Sm2Signature.FromRaw([.. good[..32], .. number]));
    }

    // n - 1 and 1 are the ends of the range and are readable, though no signature is good with them.
    [Fact]
    public void FromRaw_accepts_both_ends_of_the_range()
    {
        byte[] ends = [.. ReferenceSm2.Bytes(ReferenceSm2.N - 1), .. ReferenceSm2.Bytes(1)];
        Assert.Equal(ends, Sm2Signature.FromRaw(ends)!.Raw.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(128)]
    public void FromRaw_refuses_another_length(int length)
    {
        byte[] good = [.. Sm2Cases.All[0].Signature.Raw, .. Sm2Cases.All[1].Signature.Raw];
        Assert.Null(Sm2Signature.FromRaw(good.AsSpan(0, length)));
    }

    // Every single wrong bit of the 512.
    [Fact]
    public void Verify_refuses_every_flipped_bit_of_the_raw_form()
    {
        var c = Sm2Cases.All[0];
        for (var bit = 0; bit < 512; bit++)
        {
            var raw = c.Signature.Raw.ToArray();
            raw[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Sm2Signature.FromRaw(raw) is { } signature && c.Key.PublicKey.Verify(c.Message, signature), $"bit {bit}");
        }
    }

    private static bool Accepted(SignedCase c, byte[] der) =>
        Sm2Signature.FromDer(der) is { } signature && c.Key.PublicKey.Verify(c.Message, signature);
}
