using System.Globalization;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Codes;

/// <summary>
/// One good code in a hundred thousand altered ones would be a forged licence. <c>EID_MUTATED_CODES</c> says how many codes have every
/// character changed.
/// </summary>
public sealed class CodeMutationTests
{
    private const string Prefix = "HTTPS://EID.EXAMPLE.GOV.CN/V/";
    private static readonly Sm2PrivateKey Key = Sm2Cases.Key("mutated codes");
    private static readonly SigningKey Signer = new(Key, TestCertificates.SelfSigned(Key));

    [Fact]
    public void Every_changed_character_of_a_code_is_refused()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("EID_MUTATED_CODES") ?? "1000", CultureInfo.InvariantCulture);
        var (tried, accepted) = (0, 0);
        Parallel.For(0, count, n =>
        {
            var text = Code(n).Sign(Prefix, Signer);
            Assert.True(Accepted(text));
            for (var at = 0; at < text.Length; at++)
            {
                // The lower-case form, another letter of the alphabet, a flipped bit: each at every third place, at another third with every code.
                var others = new[] { char.ToLowerInvariant(text[at]), text[at] == 'A' ? 'B' : 'A', (char)(text[at] ^ 1) }.Where(c => c != text[at]).ToArray();
                Interlocked.Increment(ref tried);
                if (Accepted(text[..at] + others[(at + n) % others.Length] + text[(at + 1)..]))
                {
                    Interlocked.Increment(ref accepted);
                }
            }
        });

        Figure($"figure mutated_codes {count} codes");
        Figure($"figure mutated_characters {tried} characters");
        Figure($"figure mutated_accepted {accepted} codes <= 0");
        Assert.InRange(tried, 300 * count, int.MaxValue);
        Assert.Equal(0, accepted);
    }

    // The format itself says what is the same typed code: lower case, and separators anywhere. All else must be noticed.
    [Fact]
    public void Every_changed_character_of_a_typed_code_is_noticed_or_is_the_same_code()
    {
        const string Characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!/ -０Ａ";
        for (var n = 0; n < 1000; n++)
        {
            var text = TypedCode.Generate().ToString();
            Assert.True(TypedCode.TryParse(text, out var code));
            for (var at = 0; at < text.Length; at++)
            {
                foreach (var c in Characters.Where(c => c != text[at]))
                {
                    var isSame = text[at] == '-' ? c == ' ' : char.ToUpperInvariant(c) == text[at];
                    Assert.True(isSame == TypedCode.TryParse(text[..at] + c + text[(at + 1)..], out var read) && (!isSame || read == code), $"{text} at {at}: {c}");
                }
            }
        }
    }

    internal static void Figure(string line) => Console.WriteLine(line);

    private static LicenseCode Code(int n) => new(
        CreditCode.Parse(TestCertificates.CreditCode), 1 + (n % 999), $"枣庄市山亭区第{n}样例有限公司", ManifestDigest.FromBytes(new TestRandom($"mutated {n}").Bytes(32))!, new StatusReference(n % 3, 7 * n),
        DateTimeOffset.FromUnixTimeSeconds(1_770_000_000 + n));

    private static bool Accepted(string text) =>
        LicenseCode.TryOpen(text, Prefix, out var envelope) == CodeProblem.None && envelope!.KeyId == Key.PublicKey.KeyId && envelope.Verify(Key.PublicKey) && LicenseCode.Read(envelope) is not null;
}
