using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace ShantingEId.Server.Tests;

/// <summary>The register, read and (by a dishonest administrator) written behind the server's back.</summary>
public sealed class RegisterFile(DbConnection connection) : IDisposable
{
    /// <summary>In its file.</summary>
    public RegisterFile(string path)
        : this(Open(path))
    {
    }

    public int Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public long Number(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>All rows of a query, value by value.</summary>
    public List<object[]> Rows(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Every set is whole: four seals of four kinds, one reply, one feed entry and one log entry for each deed; no number twice.</summary>
    public void AssertWhole()
    {
        var sets = Number("SELECT count(*) FROM issued_set");
        Assert.Equal(sets, Number("SELECT count(*) FROM (SELECT set_id FROM seal GROUP BY set_id HAVING count(*) = 4 AND count(DISTINCT kind) = 4) AS whole"));
        Assert.Equal(sets * 4, Number("SELECT count(*) FROM seal"));
        Assert.Equal(sets * 4, Number("SELECT count(DISTINCT seal_code) FROM seal"));
        Assert.Equal(sets, Number("SELECT count(DISTINCT status_list || '/' || status_index) FROM issued_set"));
        Assert.Equal(sets, Number("SELECT count(DISTINCT typed_code) FROM issued_set"));
        Assert.Equal(sets, Number("SELECT count(*) FROM act WHERE deed = 'IssueSet'"));
        Assert.Equal(Number("SELECT count(*) FROM reply"), Number("SELECT count(*) FROM act"));
        Assert.Equal(Number("SELECT count(*) FROM feed"), Number("SELECT count(*) FROM act"));
    }

    public void Dispose() => connection.Dispose();

    private DbCommand Command(string sql, (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
