using System.Globalization;
using System.Numerics;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>
/// SM2 written a second time, from the text of GB/T 32918.2 and with plain numbers, so that tests have an opinion that does
/// not come from the library under test. It takes e, any ID and, on purpose, numbers outside their range.
/// </summary>
internal static class ReferenceSm2
{
    public const string DefaultId = "1234567812345678";

    public static readonly BigInteger P = Hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF");
    public static readonly BigInteger A = Hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC");
    public static readonly BigInteger B = Hex("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93");
    public static readonly BigInteger N = Hex("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
    public static readonly (BigInteger X, BigInteger Y) G = (
        Hex("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"),
        Hex("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"));

    public static BigInteger Hex(string text) => BigInteger.Parse("0" + text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    /// <summary>Big-endian, at least 32 bytes.</summary>
    public static byte[] Bytes(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return bytes.Length >= 32 ? bytes : [.. new byte[32 - bytes.Length], .. bytes];
    }

    /// <summary>d·G.</summary>
    public static (BigInteger X, BigInteger Y) PublicPoint(BigInteger d) => Affine(Multiply(d, (G.X, G.Y, 1)));

    /// <summary>The point inside a SubjectPublicKeyInfo of the one accepted form.</summary>
    public static (BigInteger X, BigInteger Y) PointOf(ReadOnlySpan<byte> spki) => (Number(spki[^64..^32]), Number(spki[^32..]));

    /// <summary>5.5: ZA = SM3(ENTL ‖ ID ‖ a ‖ b ‖ xG ‖ yG ‖ xA ‖ yA).</summary>
    public static byte[] Za((BigInteger X, BigInteger Y) key, string id)
    {
        var text = Encoding.ASCII.GetBytes(id);
        var bits = text.Length * 8;
        return Sm3.Hash([(byte)(bits >> 8), (byte)bits, .. text, .. Bytes(A), .. Bytes(B), .. Bytes(G.X), .. Bytes(G.Y), .. Bytes(key.X), .. Bytes(key.Y)]);
    }

    public static BigInteger E((BigInteger X, BigInteger Y) key, string id, ReadOnlySpan<byte> message) => Number(Sm3.Hash([.. Za(key, id), .. message]));

    /// <summary>6.1, over e; the caller makes sure that k gives no zero.</summary>
    public static (BigInteger R, BigInteger S) Sign(BigInteger d, BigInteger e, BigInteger k)
    {
        var r = (e + PublicPoint(k).X) % N;
        var s = BigInteger.ModPow(1 + d, N - 2, N) * Modulo(k - (r * d), N) % N;
        return (r, s);
    }

    /// <summary>7.1 with every range check.</summary>
    public static bool Verify((BigInteger X, BigInteger Y) key, BigInteger e, BigInteger r, BigInteger s) =>
        r > 0 && r < N && s > 0 && s < N && (r + s) % N != 0 && EquationHolds(key, e, r, s);

    /// <summary>7.1 B5 to B7 alone: what a verifier that forgot the range checks would accept.</summary>
    public static bool EquationHolds((BigInteger X, BigInteger Y) key, BigInteger e, BigInteger r, BigInteger s)
    {
        var sum = Add(Multiply(Modulo(s, N), (G.X, G.Y, 1)), Multiply(Modulo(r + s, N), (key.X, key.Y, 1)));
        return !sum.Z.IsZero && Modulo(e + Affine(sum).X - r, N).IsZero;
    }

    /// <summary>The y of an x, when the curve has one; p is 3 modulo 4.</summary>
    public static BigInteger? YOf(BigInteger x)
    {
        var square = Modulo((x * x * x) + (A * x) + B, P);
        var y = BigInteger.ModPow(square, (P + 1) / 4, P);
        return y * y % P == square ? y : null;
    }

    private static BigInteger Modulo(BigInteger value, BigInteger modulus)
    {
        var rest = value % modulus;
        return rest.Sign < 0 ? rest + modulus : rest;
    }

    // Jacobian coordinates: x = X/Z², y = Y/Z³; Z = 0 is the point at infinity.
    private static (BigInteger X, BigInteger Y, BigInteger Z) Multiply(BigInteger factor, (BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        (BigInteger, BigInteger, BigInteger) sum = (1, 1, 0);
        for (var bit = (int)factor.GetBitLength() - 1; bit >= 0; bit--)
        {
            sum = Double(sum);
            if (!((factor >> bit) & 1).IsZero)
            {
                sum = Add(sum, point);
            }
        }

        return sum;
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Double((BigInteger X, BigInteger Y, BigInteger Z) a)
    {
        if (a.Z.IsZero || a.Y.IsZero)
        {
            return (1, 1, 0);
        }

        var yy = a.Y * a.Y % P;
        var s = 4 * a.X * yy % P;
        var zz = a.Z * a.Z % P;
        var m = ((3 * a.X * a.X) + (A * zz % P * zz)) % P;
        var x = Modulo((m * m) - (2 * s), P);
        return (x, Modulo((m * (s - x)) - (8 * yy * yy), P), 2 * a.Y * a.Z % P);
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z) Add((BigInteger X, BigInteger Y, BigInteger Z) a, (BigInteger X, BigInteger Y, BigInteger Z) b)
    {
        if (a.Z.IsZero || b.Z.IsZero)
        {
            return a.Z.IsZero ? b : a;
        }

        BigInteger za = a.Z * a.Z % P, zb = b.Z * b.Z % P;
        BigInteger ua = a.X * zb % P, ub = b.X * za % P, sa = a.Y * zb * b.Z % P, sb = b.Y * za * a.Z % P;
        if (ua == ub)
        {
            return sa == sb ? Double(a) : (1, 1, 0);
        }

        BigInteger h = Modulo(ub - ua, P), r = Modulo(sb - sa, P);
        var hh = h * h % P;
        var hhh = h * hh % P;
        var x = Modulo((r * r) - hhh - (2 * ua * hh), P);
        return (x, Modulo((r * ((ua * hh) - x)) - (sa * hhh), P), h * a.Z * b.Z % P);
    }

    private static (BigInteger X, BigInteger Y) Affine((BigInteger X, BigInteger Y, BigInteger Z) point)
    {
        var inverse = BigInteger.ModPow(point.Z, P - 2, P);
        var square = inverse * inverse % P;
        return (point.X * square % P, point.Y * square * inverse % P);
    }
}
