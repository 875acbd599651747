using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>
/// A register with very many licences, loaded in bulk. The licences that are asked for are signed like real ones and lie evenly among the
/// rest; the rest has the same size and shape, but no signature of its own. Seals are left out: no verification reads them.
/// </summary>
internal sealed class ScaleRegister(IssuingAuthority authority)
{
    private const string Columns =
        "id, license_id, credit_code, version, issue_time, start_time, start_recorded, manifest, manifest_digest, license_code, typed_code, status_list, status_index, state, state_effective, state_recorded";

    // Each was issued once, and nothing was done to it since.
    private const string Issues =
        """
        INSERT INTO feed (position, set_id, state, recorded_time, state_effective, state_reason, state_decided_by)
        SELECT id, id, 1, start_recorded, start_time, '', '' FROM issued_set;
        UPDATE feed_head SET position = (SELECT max(position) FROM feed)
        """;

    private sealed record Row(long Id, string LicenseId, string Holder, byte[] Manifest, byte[] Digest, string Code, string Typed);

    /// <summary>Signs the licences that will be asked for.</summary>
    public (byte[] Manifest, ManifestDigest Digest, string Code, License License)[] Sign(IReadOnlyList<EnterpriseInput> inputs, int count, DateTimeOffset now)
    {
        var made = new (byte[], ManifestDigest, string, License)[count];
        Parallel.For(0, count, i =>
        {
            var input = inputs[i % inputs.Count];
            var facts = EnterpriseFacts.Parse(new EnterpriseInput
            {
                CreditCode = Holder(i), Name = input.Name, Kind = EnterpriseKind.Company, Type = input.Type, Representative = input.Representative,
                Capital = input.Capital, EstablishDate = input.EstablishDate, Address = input.Address, BusinessScope = input.BusinessScope,
            }, DateOnly.FromDateTime(now.UtcDateTime));
            var license = new License(LicenseId.ForBusinessLicense(authority.CreditCode, facts.CreditCode, 1), facts, authority.Name, authority.CreditCode, now);
            var seals = SealKinds.All.Select((kind, n) => new ManifestSeal(kind, SealCode.Create(authority.Division, i * 4L + n + 1), RandomNumberGenerator.GetBytes(Sm3.Size)));
            var manifest = Envelope.Sign(ContentType.Manifest, new Manifest(authority.Environment, license, [.. seals]).Encode(), authority.ManifestSigner).Encode();
            var digest = ManifestDigest.Of(manifest);
            var code = new LicenseCode(facts.CreditCode, 1, facts.Name, digest, StatusIndex.Of(i + 1, authority.StatusSecret), now);
            made[i] = (manifest, digest, code.Sign(authority.CodePrefix, authority.CodeSigner), license);
        });
        return made;
    }

    /// <summary>Loads a register that has its tables and nothing in them.</summary>
    public static void Load(DbConnection connection, (byte[] Manifest, ManifestDigest Digest, string Code, License License)[] signed, int count, DateTimeOffset now)
    {
        var every = count / signed.Length;
        IEnumerable<Row> rows = Enumerable.Range(0, count).Select(i =>
        {
            var (manifest, digest, code, license) = signed[i / every % signed.Length];
            return i % every == 0 && i / every < signed.Length
                ? new Row(i + 1, license.Id.ToString(), license.Facts.CreditCode.Value, manifest, digest.Bytes.ToArray(), code, TypedCode.Generate().Value)
                : new Row(i + 1, $"filler-{i}-{license.Id}", $"filler{i:D12}", manifest, RandomNumberGenerator.GetBytes(Sm3.Size), code, TypedCode.Generate().Value);
        });
        if (connection is NpgsqlConnection postgres)
        {
            Copy(postgres, rows, now.ToUnixTimeMilliseconds());
        }
        else
        {
            Insert((SqliteConnection)connection, rows, now.ToUnixTimeMilliseconds());
        }
    }

    private static void Insert(SqliteConnection connection, IEnumerable<Row> rows, long now)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO issued_set ({Columns}) VALUES (@id, @license, @holder, 1, {now}, {now}, {now}, @manifest, @digest, @code, @typed, 0, @id, 1, {now}, {now})";
        string[] names = ["@id", "@license", "@holder", "@manifest", "@digest", "@code", "@typed"];
        var parameters = names.Select(name => command.Parameters.Add(new SqliteParameter(name, null))).ToArray();
        foreach (var row in rows)
        {
            object[] values = [row.Id, row.LicenseId, row.Holder, row.Manifest, row.Digest, row.Code, row.Typed];
            for (var i = 0; i < values.Length; i++)
            {
                parameters[i].Value = values[i];
            }

            command.ExecuteNonQuery();
        }

        command.CommandText = Issues;
        command.ExecuteNonQuery();
        transaction.Commit();
        command.Transaction = null;
        command.CommandText = "ANALYZE";
        command.ExecuteNonQuery();
    }

    private static void Copy(NpgsqlConnection connection, IEnumerable<Row> rows, long now)
    {
        using (var copy = connection.BeginBinaryImport($"COPY issued_set ({Columns}) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var row in rows)
            {
                copy.StartRow();
                copy.Write(row.Id, NpgsqlDbType.Bigint);
                copy.Write(row.LicenseId, NpgsqlDbType.Text);
                copy.Write(row.Holder, NpgsqlDbType.Text);
                foreach (var number in (long[])[1, now, now, now])
                {
                    Number(copy, number);
                }

                copy.Write(row.Manifest, NpgsqlDbType.Bytea);
                copy.Write(row.Digest, NpgsqlDbType.Bytea);
                copy.Write(row.Code, NpgsqlDbType.Text);
                copy.Write(row.Typed, NpgsqlDbType.Text);
                foreach (var number in (long[])[0, row.Id, 1, now, now])
                {
                    Number(copy, number);
                }
            }

            copy.Complete();
        }

        using var analyze = new NpgsqlCommand(Issues + "; ANALYZE issued_set; ANALYZE feed", connection);
        analyze.ExecuteNonQuery();

        static void Number(NpgsqlBinaryImporter copy, long value) => copy.Write(value, NpgsqlDbType.Bigint);
    }

    // Well-formed codes of companies nobody has: letters follow the region so that they meet no real one.
    private static string Holder(int number)
    {
        var body = $"91370406MA{number:D6}0";
        return CreditCode.Alphabet.Select(check => body + check).First(code => CreditCode.TryParse(code, out _, out _));
    }
}
