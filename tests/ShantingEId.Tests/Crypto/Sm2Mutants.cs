using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>One thing that must not be accepted as the signature of its case.</summary>
internal sealed record Mutant(string Class, string Name, byte[] Der);

/// <summary>Breaks good signatures in the ways verifiers are known to overlook (the class list of reliability.md I29).</summary>
internal static class Sm2Mutants
{
    private static readonly BigInteger N = ReferenceSm2.N;
    private static readonly BigInteger Two256 = BigInteger.One << 256;

    public static IEnumerable<Mutant> Of(SignedCase c) =>
        [.. OtherForms(c), .. Ranges(c), .. Algebra(c), .. WrongTypes(c), .. Conventions(c), .. Damage(c)];

    /// <summary>The same two numbers, or what a lenient reader takes for them, in other bytes.</summary>
    public static IEnumerable<Mutant> OtherForms(SignedCase c)
    {
        byte[] r = Integer(c.R), s = Integer(c.S);
        byte[] rBody = r[2..], sBody = s[2..], body = [.. r, .. s], good = Sequence(body);
        Mutant Form(string @class, string name, byte[] der) => new(@class, name, der);
        var n = (byte)body.Length;

        yield return Form("BER length", "sequence 81", [0x30, 0x81, n, .. body]);
        yield return Form("BER length", "sequence 82", [0x30, 0x82, 0, n, .. body]);
        yield return Form("BER length", "sequence 84", [0x30, 0x84, 0, 0, 0, n, .. body]);
        yield return Form("BER length", "r 81", Sequence([2, 0x81, (byte)rBody.Length, .. rBody, .. s]));
        yield return Form("BER length", "r 82", Sequence([2, 0x82, 0, (byte)rBody.Length, .. rBody, .. s]));
        yield return Form("BER length", "s 81", Sequence([.. r, 2, 0x81, (byte)sBody.Length, .. sBody]));
        yield return Form("BER length", "s 82", Sequence([.. r, 2, 0x82, 0, (byte)sBody.Length, .. sBody]));
        yield return Form("indefinite", "sequence", [0x30, 0x80, .. body, 0, 0]);
        yield return Form("indefinite", "sequence without end", [0x30, 0x80, .. body]);
        yield return Form("indefinite", "r constructed", Sequence([0x22, 0x80, .. r, 0, 0, .. s]));
        yield return Form("trailing", "zero after", [.. good, 0]);
        yield return Form("trailing", "end of contents after", [.. good, 0, 0]);
        yield return Form("trailing", "null after", [.. good, 5, 0]);
        yield return Form("trailing", "null inside", Sequence([.. body, 5, 0]));
        yield return Form("trailing", "third integer", Sequence([.. body, .. s]));
        yield return Form("trailing", "zero byte inside", Sequence([.. body, 0]));
        yield return Form("trailing", "twice", [.. good, .. good]);
        yield return Form("extra zero", "r", Sequence([2, (byte)(rBody.Length + 1), 0, .. rBody, .. s]));
        yield return Form("extra zero", "s", Sequence([.. r, 2, (byte)(sBody.Length + 1), 0, .. sBody]));
        yield return Form("extra zero", "two before r", Sequence([2, (byte)(rBody.Length + 2), 0, 0, .. rBody, .. s]));
        yield return Form("wrapped", "in a sequence", Sequence(good));
        yield return Form("wrapped", "in an octet string", [4, (byte)good.Length, .. good]);
        yield return Form("wrapped", "in a bit string", [3, (byte)(good.Length + 1), 0, .. good]);
        yield return Form("wrapped", "raw r and s", c.Signature.Raw.ToArray());
        if (rBody[0] == 0)
        {
            yield return Form("missing zero", "r", Sequence([2, (byte)(rBody.Length - 1), .. rBody[1..], .. s]));
        }

        if (sBody[0] == 0)
        {
            yield return Form("missing zero", "s", Sequence([.. r, 2, (byte)(sBody.Length - 1), .. sBody[1..]]));
        }
    }

    /// <summary>Numbers outside 1..n-1; several satisfy the equation, so only the range check stands in their way.</summary>
    public static IEnumerable<Mutant> Ranges(SignedCase c)
    {
        BigInteger[] outside = [0, N, N + 1, Two256, Two256 - 1, -1, -N];
        foreach (var value in outside)
        {
            yield return Pair("range", $"r = {value:X}", value, c.S);
            yield return Pair("range", $"s = {value:X}", c.R, value);
        }

        yield return Pair("range", "both zero", 0, 0);
        yield return Pair("range", "0 and n", 0, N);
        yield return Pair("range", "n and 0", N, 0);
        foreach (var mutant in SameModuloN(c))
        {
            yield return mutant;
        }

        yield return Pair("negative", "-r", -c.R, c.S);
        yield return Pair("negative", "-s", c.R, -c.S);
        yield return Pair("negative", "both", -c.R, -c.S);
        yield return Pair("range", "r + 2^256", c.R + Two256, c.S);
        yield return Pair("range", "s + 2^256", c.R, c.S + Two256);
    }

    /// <summary>Equal to r and s modulo n.</summary>
    public static IEnumerable<Mutant> SameModuloN(SignedCase c)
    {
        yield return Pair("modulo n", "r + n", c.R + N, c.S);
        yield return Pair("modulo n", "s + n", c.R, c.S + N);
        yield return Pair("modulo n", "both + n", c.R + N, c.S + N);
        yield return Pair("modulo n", "r - n", c.R - N, c.S);
        yield return Pair("modulo n", "s - n", c.R, c.S - N);
        yield return Pair("modulo n", "r + 2n", c.R + N + N, c.S);
    }

    // In range and well formed, but wrong: the arithmetic has to say so.
    private static IEnumerable<Mutant> Algebra(SignedCase c)
    {
        yield return Pair("t = 0", "s = n - r", c.R, N - c.R);
        yield return Pair("t = 0", "r = n - s", N - c.S, c.S);
        yield return Pair("t = 0", "1 and n-1", 1, N - 1);
        yield return Pair("t = 0", "n-1 and 1", N - 1, 1);
        yield return Pair("swapped", "s and r", c.S, c.R);
        yield return Pair("swapped", "r twice", c.R, c.R);
        yield return Pair("swapped", "s twice", c.S, c.S);
        yield return Pair("mirrored", "n - s", c.R, N - c.S); // accepted by ECDSA; must not be by SM2
        yield return Pair("mirrored", "n - r", N - c.R, c.S);
        yield return Pair("mirrored", "both", N - c.R, N - c.S);
        yield return Pair("neighbour", "r + 1", (c.R + 1) % N, c.S);
        yield return Pair("neighbour", "s + 1", c.R, (c.S + 1) % N);
        yield return Pair("edge", "1 and 1", 1, 1);
        yield return Pair("edge", "n-1 twice", N - 1, N - 1);
        yield return Pair("edge", "r and 1", c.R, 1);

        // sG + tP = O when s = -r·d/(1+d). With r = e a verifier that takes x(O) for 0 finds R = r.
        var toInfinity = BigInteger.ModPow(1 + c.D, N - 2, N) * (N - c.D) % N;
        var e = c.E % N;
        yield return Pair("infinity", "r kept", c.R, c.R * toInfinity % N);
        yield return Pair("infinity", "r = e", e, e * toInfinity % N);
        // sG = tP when s = r·d/(1-d): the two points of the sum are one, which plain addition formulas cannot add.
        var toDouble = BigInteger.ModPow((1 - c.D + N) % N, N - 2, N) * c.D % N;
        yield return Pair("duplicated point", "r kept", c.R, c.R * toDouble % N);
        yield return Pair("duplicated point", "r = e", e, e * toDouble % N);
    }

    private static IEnumerable<Mutant> WrongTypes(SignedCase c)
    {
        byte[] r = Integer(c.R), s = Integer(c.S), body = [.. r, .. s];
        foreach (var (name, tag) in new (string, byte)[]
        {
            ("boolean", 1), ("bit string", 3), ("octet string", 4), ("null", 5), ("enumerated", 10), ("utf8", 12), ("context 2", 0x82), ("constructed", 0x22),
        })
        {
            yield return new Mutant("type", $"r as {name}", Sequence([tag, .. r[1..], .. s]));
            yield return new Mutant("type", $"s as {name}", Sequence([.. r, tag, .. s[1..]]));
        }

        foreach (var tag in new byte[] { 0x31, 0x10, 0xA0, 0x70, 0x24 })
        {
            yield return new Mutant("type", $"sequence as {tag:X2}", [tag, (byte)body.Length, .. body]);
        }

        yield return new Mutant("type", "r empty", Sequence([2, 0, .. s]));
        yield return new Mutant("type", "s empty", Sequence([.. r, 2, 0]));
        yield return new Mutant("type", "s missing", Sequence(r));
        yield return new Mutant("type", "empty sequence", [0x30, 0]);
        yield return new Mutant("type", "nothing", []);
    }

    // Good signatures of somebody who counts otherwise: other ID, none, other digest, ENTL in bytes, other key in ZA.
    private static IEnumerable<Mutant> Conventions(SignedCase c)
    {
        var za = ReferenceSm2.Za(c.Point, ReferenceSm2.DefaultId);
        var shortEntl = Sm3.Hash([0, 16, .. "1234567812345678"u8, .. ZaTail(c.Point)]);
        var es = new (string Class, string Name, BigInteger E)[]
        {
            ("wrong ID", "B", ReferenceSm2.E(c.Point, "BBBB567812345678", c.Message)),
            ("wrong ID", "empty", ReferenceSm2.E(c.Point, "", c.Message)),
            ("wrong ID", "TLS 1.3", ReferenceSm2.E(c.Point, "TLSv1.3+GM+Cipher+Suite", c.Message)),
            ("wrong ID", "shorter", ReferenceSm2.E(c.Point, "123456781234567", c.Message)),
            ("wrong ID", "length in bytes", ReferenceSm2.Number(Sm3.Hash([.. shortEntl, .. c.Message]))),
            ("no ID", "SM3 of the message", ReferenceSm2.Number(Sm3.Hash(c.Message))),
            ("no ID", "the message itself", ReferenceSm2.Number(c.Message)),
            ("wrong digest", "SHA-256", ReferenceSm2.Number(SHA256.HashData([.. za, .. c.Message]))),
            ("wrong digest", "SM3 twice", ReferenceSm2.Number(Sm3.Hash(Sm3.Hash([.. za, .. c.Message])))),
            ("wrong digest", "message before ZA", ReferenceSm2.Number(Sm3.Hash([.. c.Message, .. za]))),
            ("wrong key", "ZA of another key", ReferenceSm2.E(ReferenceSm2.G, ReferenceSm2.DefaultId, c.Message)),
            ("wrong message", "one byte more", ReferenceSm2.E(c.Point, ReferenceSm2.DefaultId, [.. c.Message, 0])),
            ("special hash", "e = 0", 0),
            ("special hash", "e = n", N),
            ("special hash", "e = 2^256 - 1", Two256 - 1),
        };
        foreach (var (@class, name, e) in es)
        {
            var k = ReferenceSm2.Number(new TestRandom(c.Name + name).Bytes(32)) % N;
            var (r, s) = ReferenceSm2.Sign(c.D, e, k);
            yield return Pair(@class, name, r, s);
        }

        var (otherR, otherS) = ReferenceSm2.Sign((c.D + 1) % N, c.E, 12345);
        yield return Pair("wrong key", "neighbour", otherR, otherS);
    }

    private static IEnumerable<Mutant> Damage(SignedCase c)
    {
        var good = c.Signature.ToDer();
        foreach (var length in new[] { 1, 2, 3, 4, 10, 34, 36, 37, good.Length - 2, good.Length - 1 })
        {
            yield return new Mutant("truncated", $"{length} bytes", good[..length]);
        }

        for (var i = 0; i < good.Length; i += 5)
        {
            var altered = good.ToArray();
            altered[i] ^= (byte)(1 << (i % 8));
            yield return new Mutant("bit", $"byte {i}", altered);
        }
    }

    private static Mutant Pair(string @class, string name, BigInteger r, BigInteger s) => new(@class, name, Sequence([.. Integer(r), .. Integer(s)]));

    private static byte[] Integer(BigInteger value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }

    // Bodies of mutants stay below 128 bytes but for three integers; the length is minimal either way.
    private static byte[] Sequence(byte[] body) => body.Length < 128 ? [0x30, (byte)body.Length, .. body] : [0x30, 0x81, (byte)body.Length, .. body];

    private static byte[] ZaTail((BigInteger X, BigInteger Y) key) =>
        [
            .. ReferenceSm2.Bytes(ReferenceSm2.A), .. ReferenceSm2.Bytes(ReferenceSm2.B), .. ReferenceSm2.Bytes(ReferenceSm2.G.X), .. ReferenceSm2.Bytes(ReferenceSm2.G.Y),
            .. ReferenceSm2.Bytes(key.X), .. ReferenceSm2.Bytes(key.Y),
        ];
}
