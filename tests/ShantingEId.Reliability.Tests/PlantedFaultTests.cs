using Microsoft.Data.Sqlite;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server;
using ShantingEId.Server.Storage;
using Act = ShantingEId.V1.ChangePermitRequest.Types.Act;

namespace ShantingEId.Reliability.Tests;

/// <summary>A sound register made by a real server, and what its clients were told.</summary>
public sealed class SoundRegister : IAsyncLifetime
{
    public Folders Folders { get; } = new();

    public List<Ack> Acks { get; private set; } = [];

    public EidServerOptions Options => new() { CertificatesDirectory = Folders.Certificates, DataDirectory = Folders.Data, Environment = "Development" };

    public async ValueTask InitializeAsync()
    {
        await using var server = await ServerProcess.StartAsync(Folders);
        using var client = new EidClient(server, Folders);
        using (var acks = new AckLog(Folders.Other("acks")))
        {
            for (var i = 0; i < 8; i++)
            {
                var set = await Write.Issue().SendAsync(client, acks);
                if (i % 4 == 3)
                {
                    await Write.Revoke(set).SendAsync(client, acks);
                }
            }

            // A company, its comprehensive licence, and the next version of that, with a permit that was paused in the one and ends in the other.
            var trade = await Write.IssueTrade(await Write.Issue().SendAsync(client, acks)).SendAsync(client, acks);
            await Write.ChangePermit(trade, Act.Suspend).SendAsync(client, acks);
            trade = await Write.ChangeTrade(trade).SendAsync(client, acks);
            await Write.ChangePermit(trade, Act.Revoke).SendAsync(client, acks);
        }

        await server.KillAsync();
        Acks = AckLog.Read(Folders.Other("acks"));
        // One file, so that a copy of it is a copy of the register.
        Execute(Folders.Database, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public ValueTask DisposeAsync()
    {
        Folders.Dispose();
        return ValueTask.CompletedTask;
    }

    public static void Execute(string path, string sql)
    {
        using var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = false }.ToString());
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

/// <summary>
/// A check that finds nothing may be a check that sees nothing: every fault planted here must be found by the independent
/// reader of the kill loop, and by the operator's own check of the register.
/// </summary>
public sealed class PlantedFaultTests(SoundRegister register) : IClassFixture<SoundRegister>
{
    // Set 3 is in force, set 4 is revoked; 10 and 11 are the two versions of a comprehensive licence.
    private const string Copy3 = "license_id || '-', credit_code, version + 1, issue_time, manifest, CAST(manifest_digest || x'00' AS BLOB), license_code, typed_code || '-', status_list, status_index + 1, state, state_effective, state_recorded, start_time, start_recorded";

    private const string Columns = "license_id, credit_code, version, issue_time, manifest, manifest_digest, license_code, typed_code, status_list, status_index, state, state_effective, state_recorded, start_time, start_recorded";

    // Only those who remember what they were told can notice these.
    public static TheoryData<string, string> FaultsWithoutTrace => new()
    {
        { "an acknowledged set is gone without a trace",
            """
            DELETE FROM reply WHERE request_id IN (SELECT request_id FROM act WHERE set_id = 3); DELETE FROM seal WHERE set_id = 3;
            DELETE FROM feed WHERE set_id = 3; DELETE FROM act WHERE set_id = 3; DELETE FROM issued_set WHERE id = 3
            """ },
        { "a revocation is gone without a trace",
            """
            DELETE FROM reply WHERE request_id IN (SELECT request_id FROM act WHERE set_id = 4 AND deed = 'RevokeSet'); DELETE FROM feed WHERE set_id = 4 AND state = 2;
            DELETE FROM act WHERE set_id = 4 AND deed = 'RevokeSet'; UPDATE issued_set SET state = 1 WHERE id = 4
            """ },
    };

    public static TheoryData<string, string> Faults => new()
    {
        { "a revoked set is in force again", "UPDATE issued_set SET state = 1 WHERE id = 4" },
        { "a set is revoked that nobody revoked", "UPDATE issued_set SET state = 2 WHERE id = 3" },
        { "a seal is gone", "DELETE FROM seal WHERE set_id = 3 AND kind = 2" },
        { "a fifth seal stands in a set", "DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT * FROM seal; DROP TABLE seal; ALTER TABLE t RENAME TO seal; INSERT INTO seal SELECT 9999, set_id, kind, '37040699999999', ses_seal, certificate, sealed_key, NULL FROM seal WHERE set_id = 3 AND kind = 1" },
        { "a seal code is used twice", "DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT * FROM seal; DROP TABLE seal; ALTER TABLE t RENAME TO seal; UPDATE seal SET seal_code = (SELECT seal_code FROM seal WHERE set_id = 2 AND kind = 1) WHERE set_id = 3 AND kind = 1" },
        { "two sets have exchanged a seal", "UPDATE seal SET set_id = -1 WHERE set_id = 3 AND kind = 1; UPDATE seal SET set_id = 3 WHERE set_id = 2 AND kind = 1; UPDATE seal SET set_id = 2 WHERE set_id = -1" },
        { "a seal has another byte at its end", "UPDATE seal SET ses_seal = CAST(substr(ses_seal, 1, length(ses_seal) - 1) || CASE substr(ses_seal, -1) WHEN x'5A' THEN x'A5' ELSE x'5A' END AS BLOB) WHERE set_id = 3 AND kind = 3" },
        { "a manifest digest is flipped", "UPDATE issued_set SET manifest_digest = CAST(CASE substr(manifest_digest, 1, 1) WHEN x'00' THEN x'FF' ELSE x'00' END || substr(manifest_digest, 2) AS BLOB) WHERE id = 3" },
        { "a manifest has another byte at its end", "UPDATE issued_set SET manifest = CAST(substr(manifest, 1, length(manifest) - 1) || CASE substr(manifest, -1) WHEN x'5A' THEN x'A5' ELSE x'5A' END AS BLOB) WHERE id = 3" },
        { "two sets have exchanged their manifests", "UPDATE issued_set SET manifest = CASE id WHEN 2 THEN (SELECT manifest FROM issued_set WHERE id = 3) ELSE (SELECT manifest FROM issued_set WHERE id = 2) END WHERE id IN (2, 3)" },
        { "a company has two sets in force", $"DROP INDEX one_open_set; INSERT INTO issued_set ({Columns}) SELECT {Copy3} FROM issued_set WHERE id = 3" },
        { "a reply is gone", "DELETE FROM reply WHERE request_id = (SELECT request_id FROM act WHERE set_id = 3)" },
        { "a reply is another's", "UPDATE reply SET reply = (SELECT reply FROM reply WHERE id = 2) WHERE request_id = (SELECT request_id FROM act WHERE set_id = 3)" },
        { "a reply stands without a deed", "INSERT INTO reply (actor, request_id, content_digest, reply) VALUES ('staff', 'no-such-request-0', x'00', x'')" },
        { "a feed entry is gone", "DELETE FROM feed WHERE set_id = 3" },
        { "a feed entry is doubled", "INSERT INTO feed (set_id, state, recorded_time) SELECT set_id, state, recorded_time FROM feed WHERE set_id = 3" },
        { "a log entry is gone", "DELETE FROM act WHERE set_id = 3" },
        { "a log entry is doubled", "INSERT INTO act (actor, request_id, deed, set_id, recorded_time) SELECT actor, request_id, deed, set_id, recorded_time FROM act WHERE set_id = 3" },
        { "a permit of a comprehensive licence is gone", "DELETE FROM permit WHERE set_id = 11 AND number = 'YC2'" },
        { "a comprehensive licence has a permit that is not on it", "INSERT INTO permit (set_id, number, code, department, expire_day, check_day) SELECT 11, 'QX9', code, department, expire_day, check_day FROM permit WHERE set_id = 10 AND number = 'QX1'" },
        { "the pause of a permit is gone", "DELETE FROM feed WHERE set_id = 10 AND permit = 'JY1'" },
        { "the end of a permit is gone, as if it had not been counted", "DELETE FROM feed WHERE set_id = 11 AND permit = 'JY1'; UPDATE issued_set SET permit_events = permit_events - 1 WHERE id = 11" },
        { "a permit that had ended goes on", "UPDATE feed SET state = 1 WHERE set_id = 11 AND permit = 'JY1'" },
        { "a permit's changes are counted wrongly", "UPDATE issued_set SET permit_events = permit_events + 1 WHERE id = 11" },
        { "a permit's change is another's", "UPDATE feed SET permit = 'YC2' WHERE set_id = 11 AND permit = 'JY1'" },
    };

    // Faults that only signatures and keys show; the independent reader has neither.
    public static TheoryData<string, string> FaultsOfSignatures => new()
    {
        { "a licence code has another character at its end", "UPDATE issued_set SET license_code = substr(license_code, 1, length(license_code) - 8) || 'AAAAAAAA' WHERE id = 3" },
        { "two sets have exchanged their codes", "UPDATE issued_set SET license_code = CASE id WHEN 2 THEN (SELECT license_code FROM issued_set WHERE id = 3) ELSE (SELECT license_code FROM issued_set WHERE id = 2) END WHERE id IN (2, 3)" },
        { "a typed code fails its own check character", "UPDATE issued_set SET typed_code = '000000000009' WHERE id = 3" },
        { "two sets have exchanged a private key", "UPDATE seal SET sealed_key = (SELECT sealed_key FROM seal WHERE set_id = 2 AND kind = 1) WHERE set_id = 3 AND kind = 1" },
        { "a seal stands beside another's certificate", "UPDATE seal SET certificate = (SELECT certificate FROM seal WHERE set_id = 2 AND kind = 1) WHERE set_id = 3 AND kind = 1" },
        { "the place in the status lists is not the one that was signed", "UPDATE issued_set SET status_index = (status_index + 1) % 1048576 WHERE id = 3" },
        { "numbers in use are no longer set aside", "UPDATE counter SET next = 1 WHERE name = 'seal'" },
    };

    [Fact]
    public void A_sound_register_has_no_problems()
    {
        Assert.Empty(RegisterAudit.CheckAll(register.Folders.Database, register.Acks));
        Assert.Empty(RegisterCheck.Run(register.Options));
    }

    [Theory, MemberData(nameof(Faults)), MemberData(nameof(FaultsWithoutTrace))]
    public void The_independent_reader_finds_that(string fault, string sql) =>
        Assert.True(RegisterAudit.CheckAll(Damaged(sql), register.Acks).Count > 0, fault);

    [Theory, MemberData(nameof(Faults)), MemberData(nameof(FaultsOfSignatures))]
    public void The_check_of_the_register_finds_that(string fault, string sql) => Assert.True(Check(Damaged(sql)).Count > 0, fault);

    [Fact]
    public void Both_find_a_page_of_the_file_overwritten()
    {
        var path = Damaged("SELECT 1");
        using (var file = File.OpenWrite(path))
        {
            // Any page but the first must do; the middle one holds rows or pictures.
            file.Position = file.Length / 2 / 4096 * 4096;
            file.Write(Enumerable.Repeat((byte)0xA5, 4096).ToArray());
        }

        Assert.NotEmpty(RegisterAudit.CheckAll(path, register.Acks));
        Assert.NotEmpty(Check(path));
    }

    private IReadOnlyList<RegisterProblem> Check(string path) => RegisterCheck.Run(register.Options with { DataDirectory = Path.GetDirectoryName(path)! });

    private string Damaged(string sql)
    {
        var folder = Directory.CreateDirectory(register.Folders.Other(Guid.NewGuid().ToString("N"))).FullName;
        var path = Path.Combine(folder, "register.db");
        File.Copy(register.Folders.Database, path);
        SoundRegister.Execute(path, sql);
        return path;
    }
}
