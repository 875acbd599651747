using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Journal;

/// <summary>Holds a register against what its journal alone makes of an empty one, row by row.</summary>
public static class Rebuilt
{
    // Look-ups stand in the ledgers; live codes are over before a register could be rebuilt; members are processes that run; the rest is how a database keeps itself.
    private static readonly string[] NotJournalled = ["lookup", "ledger", "holder_session", "presentation", "member", "schema_version", "sqlite_sequence"];

    // Rows of these are named by their id in others. Elsewhere PostgreSQL numbers a rebuilt table without the gaps that rollbacks left.
    private static readonly string[] NamedById = ["issued_set", "case_file", "deregistration", "incident"];

    /// <summary>Whether every fixture rebuilds its register at the end (<c>EID_REBUILD=FILE</c>), to be told in a file: tests that damage a register on purpose differ then.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable("EID_REBUILD") is not null;

    /// <summary>Adds a line for each difference to the file.</summary>
    public static void Tell(string fixture, IReadOnlyCollection<string> differences)
    {
        lock (NotJournalled)
        {
            File.AppendAllLines(Environment.GetEnvironmentVariable("EID_REBUILD")!, [$"{fixture}: {differences.Count} differences", .. differences.Take(20).Select(each => "  " + each)]);
        }
    }

    /// <summary>Rebuilds from the journal into another place and names every difference.</summary>
    /// <param name="lived">The register that was lived in; nobody writes to it.</param>
    /// <param name="rows">Opens it.</param>
    /// <param name="empty">An empty place, with the same keys and journal.</param>
    /// <param name="rebuiltRows">Opens that one.</param>
    internal static async Task<List<string>> DifferencesAsync(EidServerOptions lived, Func<RegisterFile> rows, EidServerOptions empty, Func<RegisterFile> rebuiltRows)
    {
        Directory.CreateDirectory(empty.DataDirectory);
        empty = empty with { JournalDirectory = lived.JournalPath };
        var differences = (await RegisterRecovery.RunAsync(empty, Approved(empty, (await RegisterRecovery.PlanAsync(empty)).ToApprove()))).Select(problem => problem.ToString()).ToList();
        using var first = rows();
        using var second = rebuiltRows();
        var (before, after) = (Dump(first, lived.Postgres is not null), Dump(second, lived.Postgres is not null));
        foreach (var table in before.Keys.Union(after.Keys))
        {
            var (was, became) = (before.GetValueOrDefault(table, []), after.GetValueOrDefault(table, []));
            differences.AddRange(was.Except(became).Select(row => $"{table}: lost {row}").Concat(became.Except(was).Select(row => $"{table}: gained {row}")));
            if (was.Count != became.Count)
            {
                differences.Add($"{table}: {was.Count} rows became {became.Count}");
            }
        }

        return differences;
    }

    /// <summary>Approved by these; by the two of a development deployment when nobody is named.</summary>
    public static ApprovalFile Approved(EidServerOptions options, ApprovalFile wanted, params string[] people) => wanted with
    {
        Approvals = [.. (people.Length > 0 ? people : ["staff", "supervisor"]).Select(name =>
        {
            using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(options.CertificatesDirectory, name + ".crt"), Path.Combine(options.CertificatesDirectory, name + ".key"));
            return Approval.Sign(wanted.SubjectText, DeploymentApproval.Environment(options.CertificatesDirectory), certificate, options.Clock.GetUtcNow());
        })],
    };

    private static SortedDictionary<string, List<string>> Dump(RegisterFile register, bool postgres)
    {
        var tables = register.Rows(postgres
            ? "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'" : "SELECT name FROM sqlite_master WHERE type = 'table'").Select(row => (string)row[0]);
        var dump = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var table in tables.Except(NotJournalled))
        {
            string[] columns = [.. register.Rows(postgres
                ? $"SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
                : $"SELECT name FROM pragma_table_info('{table}')").Select(row => (string)row[0])];
            var compared = columns.Where(column => !(postgres && column == "id" && !NamedById.Contains(table)) && !(table == "feed_head" && column == "epoch"));
            dump[table] = [.. register.Rows($"SELECT {string.Join(", ", compared)} FROM {table}").Select(row => string.Join('|', row.Select(Text))).Order(StringComparer.Ordinal)];
        }

        return dump;
    }

    private static string Text(object value) => value is byte[] bytes ? Convert.ToHexString(ShantingEId.Crypto.Sm3.Hash(bytes)) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
