using System.Formats.Asn1;
using System.Globalization;
using System.Reflection;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Issuing;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;
using Kind = ShantingEId.V1.Seal.Types.Kind;

namespace ShantingEId.Server.Tests.Stamping;

public sealed class SealKeyTests(ServerFixture server) : SealKeyContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresSealKeyTests(PostgresServerFixture server) : SealKeyContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Private keys of seals leave the vault sealed or not at all: in whatever spelling, they are in no reply, log line, table or file.</summary>
public abstract class SealKeyContract(ServerFixture server)
{
    [Fact]
    public async Task The_private_keys_of_a_set_that_stamped_are_nowhere_but_sealed()
    {
        // 1. Every seal is made and used; what was answered on the way.
        var seals = new SealClient(server);
        var set = await seals.GrantedAsync();
        var places = new List<(string Where, byte[] Bytes)> { ("the issued set", set.ToByteArray()) };
        foreach (var (kind, use) in ((Kind, string)[])[(Kind.Official, "CONTRACT"), (Kind.Finance, "FINANCE"), (Kind.Invoice, "INVOICE"), (Kind.LegalRepresentative, "CONTRACT")])
        {
            var request = SealClient.OfDocument(set, SampleDocument.Create(2));
            (request.Seal, request.Use) = (kind, use);
            var answer = await seals.App.StampAsync(request);
            places.Add(($"the stamp {kind}", answer.ToByteArray()));
            places.AddRange(OfdReader.Read(answer.Ofd.ToByteArray()).Files.Select(file => ($"{file.Key} of the stamp {kind}", file.Value.ToArray())));
            request.Title = "";
            places.Add(($"the refusal {kind}", Encoding.UTF8.GetBytes((await Refusal.Of(seals.App.StampAsync(request))).AllText)));
        }

        places.AddRange((await seals.UsesAsync(set)).Select(use => ("the log of uses", use.ToByteArray())));
        var license = await new DocumentService.DocumentServiceClient(server.Channel("staff")).GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name });
        places.AddRange(OfdReader.Read(license.Content.ToByteArray()).Files.Select(file => ($"{file.Key} of the licence", file.Value.ToArray())));

        // 2. What the service keeps and writes.
        places.AddRange(server.Log.Lines.Select(line => ("the server's log", Encoding.UTF8.GetBytes($"{line.Text} {line.Error}"))));
        using var register = server.OpenRegister();
        var tables = register.Rows(server is PostgresServerFixture ? "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'" : "SELECT name FROM sqlite_master WHERE type = 'table'").Select(row => (string)row[0]).ToList();
        places.AddRange(tables.SelectMany(table => register.Rows($"SELECT * FROM \"{table}\"").SelectMany(row => row.Select(value => ("table " + table, Bytes(value))))));
        var keys = set.Seals.Select(seal => (Seal: seal, Sealed: (byte[])register.Rows("SELECT sealed_key FROM seal WHERE seal_code = @code", ("@code", seal.SealCode))[0][0]))
            .Select(each => (each.Seal, each.Sealed, Scalar: Scalar(each.Sealed, each.Seal.SealCode))).ToList();
        await server.StopAsync(); // It locks some of its files.
        places.AddRange(Directory.EnumerateFiles(server.Data, "*", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(server.Certificates)).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))));
        await server.StartAsync();

        // 3. Each key in every spelling; in its sealed form it is found where it belongs, so what looks for it can find something.
        foreach (var (seal, sealedKey, scalar) in keys)
        {
            Assert.Contains(places, place => place.Where == "table seal" && place.Bytes.AsSpan().IndexOf(sealedKey) >= 0);
            foreach (var (spelling, bytes) in Spellings(scalar))
            {
                Assert.Equal([], places.Where(place => place.Bytes.AsSpan().IndexOf(bytes) >= 0).Select(place => $"{seal.Kind} as {spelling} in {place.Where}"));
            }
        }
    }

    // The number is for the vault alone; no code of the product hands it out.
    private byte[] Scalar(byte[] sealedKey, string code)
    {
        using var key = server.Services.GetRequiredService<IssuingAuthority>().Vault.Open(sealedKey, code);
        var scalar = (byte[])typeof(Sm2PrivateKey).GetMethod("ExportScalar", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(key, null)!;
        using var again = Sm2PrivateKey.FromScalar(scalar);
        Assert.Equal(key.PublicKey.Spki.ToArray(), again.PublicKey.Spki.ToArray());
        return scalar;
    }

    // Key files hold the number as it is. Of base64 the middle is looked for: its ends depend on what stands around.
    private static IEnumerable<(string Name, byte[] Bytes)> Spellings(byte[] scalar)
    {
        yield return ("bytes", scalar);
        yield return ("bytes turned round", [.. scalar.Reverse()]);
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(scalar)));
        yield return ("capital hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(scalar)));
        yield return ("decimal", Encoding.ASCII.GetBytes(new System.Numerics.BigInteger(scalar, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture)));
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteOctetString(scalar);
        }

        yield return ("DER", writer.Encode());
        foreach (var before in (int[])[0, 1, 2])
        {
            var text = Convert.ToBase64String([.. new byte[before], .. scalar])[4..40];
            yield return ("base64", Encoding.ASCII.GetBytes(text));
            yield return ("base64 for addresses", Encoding.ASCII.GetBytes(text.Replace('+', '-').Replace('/', '_')));
        }
    }

    private static byte[] Bytes(object value) => value as byte[] ?? Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
}
