using System.Globalization;
using System.Text;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tool.Bench;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// I11: rows of the register (invented ones where those are not at hand) are damaged at random and brought to be signed; of what was signed all
/// stands before the same rules written by themselves in another language. EID_MUTANTS says how many.
/// </summary>
public sealed class MutantTests
{
    private static readonly DateOnly Today = new(2026, 3, 2);

    // What gets into text by way of keyboards, spreadsheets and bad faith.
    private static readonly string[] Nasties =
    [
        " ", "\u3000", "\t", "\n", "\u00A0", "\u2003", "\u200B", "\u200D", "\u202E", "\u2066", "\uFEFF", "\u00AD", "\uFE0F", "\uFFFD", "\u2800", "\u3164", "\uE000", "\uD840", "\uDC00", "\u0301", "\uF900", "\u2126", "\0",
        "𠀀", "😀", "\U000E0041", "Ａ", "O", "０", "－", "∞", "万", "　", "<", "&", "\u2028", "\u115F", "\u17B4", "\u180E", "\u034F", "\u0378",
    ];

    [Fact]
    public void Nothing_is_signed_that_rules_written_by_themselves_refuse()
    {
        Foreign.Need("node");
        var count = int.Parse(Environment.GetEnvironmentVariable("EID_MUTANTS") ?? "4000", CultureInfo.InvariantCulture);
        var rows = BenchRows.Inputs(BenchRows.Load(Foreign.SharedData("zaozhuang-enterprises.csv")));
        var (dice, refused, signed) = (new TestRandom("facts"), new SortedDictionary<string, int>(), new List<License>());
        var root = CertificateIssuer.NewRoot(new CertificateSubject("样例", "样例根"), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var signer = root.NewKey(new CertificateSubject("样例", "样例签发"), CertificateUse.Signing, root.Certificate.NotBefore, root.Certificate.NotAfter);
        var authority = CreditCode.Parse("11370406MB9TE5T085");
        var seals = SealSet.Create([.. SealKinds.All.Select(kind => Seal(kind, signer))]); // The same for all: it is the facts that differ.
        for (var i = 0; i < count; i++)
        {
            var mutant = Mutate(dice, rows[i % rows.Count]);
            try
            {
                // 1. As the desk does it: facts, licence, manifest, signature.
                var facts = EnterpriseFacts.Parse(mutant, Today);
                var license = new License(LicenseId.ForBusinessLicense(authority, facts.CreditCode, 1), facts, "样例局", authority, root.Certificate.NotBefore);
                var manifest = Envelope.Sign(ContentType.Manifest, Manifest.Of("sample", license, seals).Encode(), signer);

                // 2. What stands in the signed bytes, not what was brought.
                Assert.True(manifest.Verify(signer.Certificate.PublicKey) && Manifest.TryRead(manifest, out _), mutant.ToString());
                signed.Add(Manifest.TryRead(manifest, out var read) ? read.License : throw new InvalidOperationException());
            }
            catch (EidException error)
            {
                var key = string.Join('+', error.Violations.Select(violation => $"{violation.Field[(violation.Field.IndexOf('.') + 1)..]} {violation.Reason}").Distinct());
                refused[key] = refused.GetValueOrDefault(key) + 1;
            }
        }

        // 3. The judge, who must be able to say no.
        var verdicts = Judge([.. signed.Select(license => license.Facts.ToInput()), rows[0] with { Name = "甲\u200B乙" }, rows[0] with { CreditCode = "91370406MA0000015J" }]);
        Assert.Equal(["name: unseen character", "creditCode: check character"], verdicts[^2..].Select(verdict => verdict.Split(';')[0]));
        var disagreements = verdicts[..^2].Index().Where(each => each.Item != "good").Select(each => $"{each.Item}: {JsonSerializer.Serialize(signed[each.Index].Facts.ToInput())}").ToList();

        Figure("mutants", count, "mutants", ">= 4000");
        Figure("mutants_signed", signed.Count, "licences", $">= {count / 20}");
        Figure("mutants_signed_wrongly", disagreements.Count, "licences", "<= 0");
        Console.WriteLine(string.Join('\n', refused.OrderByDescending(pair => pair.Value).Take(30).Select(pair => $"{pair.Value,7} {pair.Key}")));
        Assert.Empty(disagreements);
        // Both outcomes are met, and every field is refused for reasons of its own.
        Assert.InRange(signed.Count, count / 20, count * 19 / 20);
        Assert.All((string[])["credit_code UsccInvalid", "name TextInvalid", "kind EnumInvalid", "kind LintFailed", "type TextInvalid", "representative TextInvalid", "capital AmountInvalid", "establish_date DateInvalid", "establish_date DateOrder", "address TextInvalid", "business_scope TextInvalid"],
            reason => Assert.Contains(refused.Keys, key => key.Split('+').Contains(reason)));
    }

    private static IssuedSeal Seal(SealKind kind, SigningKey signer)
    {
        var code = SealCode.Create("370406", (int)kind);
        var info = new SesSealInfo
        {
            VendorId = "sample", SealId = code.Value, Type = 1, Name = "样例章", CertificateList = [signer.Certificate.Der.ToArray()], CreateTime = signer.Certificate.NotBefore,
            ValidStart = signer.Certificate.NotBefore, ValidEnd = signer.Certificate.NotAfter, PictureType = "PNG", Picture = [1], Width = 40, Height = 40,
        };
        return new IssuedSeal(kind, code, SesSeal.Create(info, signer), signer.Certificate, []);
    }

    private static EnterpriseInput Mutate(TestRandom dice, EnterpriseInput row)
    {
        var mutant = dice.Below(12) switch
        {
            0 => row with { CreditCode = Damage(dice, row.CreditCode, "0123456789ABCDEFGHJKLMNPQRTUWXY") },
            1 => row with { Name = Damage(dice, row.Name) },
            2 => row with { Kind = (EnterpriseKind)(dice.Below(13) - 1) },
            3 => row with { Type = Damage(dice, row.Type) },
            4 => row with { Representative = Damage(dice, row.Representative) },
            5 or 6 => row with { Capital = Damage(dice, row.Capital.Length == 0 ? "50(万元人民币)" : row.Capital, "0123456789.,-万亿元人民币美（）() eE∞") },
            7 => row with { EstablishDate = Damage(dice, row.EstablishDate, "0123456789-/ ") },
            8 => row with { EstablishDate = Today.AddDays(dice.Below(7) - 3).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) },
            9 => row with { Address = Damage(dice, row.Address) },
            10 => row with { BusinessScope = Damage(dice, row.BusinessScope) },
            _ => row.CreditCode.Length < 3 ? row : row with { CreditCode = row.CreditCode[..1] + (1 + dice.Below(9)) + row.CreditCode[2..] },
        };
        return dice.Below(4) == 0 ? Mutate(dice, mutant) : mutant;
    }

    private static string Damage(TestRandom dice, string text, string? letters = null)
    {
        var at = dice.Below(text.Length + 1);
        var end = Math.Min(text.Length, at + 1);
        var piece = letters is not null && dice.Below(3) > 0 ? letters[dice.Below(letters.Length)].ToString()
            : dice.Below(4) == 0 ? ((char)(0x21 + dice.Below(12254))).ToString() : Nasties[dice.Below(Nasties.Length)];
        return dice.Below(8) switch
        {
            0 => text[..at] + text[end..],
            1 or 2 => text[..at] + piece + text[end..],
            3 or 4 => text[..at] + piece + text[at..],
            5 => dice.Below(2) == 0 ? piece + text : text + piece,
            6 => string.Concat(Enumerable.Repeat(text, 1 + dice.Below(39))),
            _ => dice.Below(2) == 0 ? "" : text[..at],
        };
    }

    private static string[] Judge(IEnumerable<EnterpriseInput> facts)
    {
        var lines = new StringBuilder();
        foreach (var each in facts)
        {
            // Unpaired halves of characters are for the judge to see too: the platform's writer would replace them.
            lines.Append('{').AppendJoin(',', new (string Name, string Value)[]
            {
                ("creditCode", each.CreditCode), ("name", each.Name), ("type", each.Type), ("representative", each.Representative), ("capital", each.Capital),
                ("establishDate", each.EstablishDate), ("address", each.Address), ("businessScope", each.BusinessScope),
            }.Select(field => $"\"{field.Name}\":\"{string.Concat(field.Value.Select(c => $"\\u{(int)c:X4}"))}\"")).Append(CultureInfo.InvariantCulture, $",\"kind\":{(int)each.Kind}}}\n");
        }

        var (exit, output) = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests/interop/check-facts.mjs"), Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ((int)EnterpriseKind.IndividualBusiness).ToString(CultureInfo.InvariantCulture)], lines.ToString());
        Assert.True(exit == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static void Figure(string name, int value, string unit, string goal) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name} {value} {unit} {goal}"));
}
