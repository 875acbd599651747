using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Journal;

/// <summary>Notes what a transaction writes, as it writes it. One transaction, one thread.</summary>
internal sealed class JournalTape
{
    private readonly List<JournalStatement> statements = [];

    /// <summary>What was noted and not taken back.</summary>
    public IReadOnlyList<JournalStatement> Statements => statements;

    /// <summary>Whether statements are noted now.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>Notes a statement when it writes: readings and savepoints leave no trace in a register.</summary>
    public void Note(Sql sql, long? answer)
    {
        if (IsOn && (sql.Text.StartsWith("INSERT", StringComparison.Ordinal) || sql.Text.StartsWith("UPDATE", StringComparison.Ordinal) || sql.Text.StartsWith("DELETE", StringComparison.Ordinal)))
        {
            // The array of values is the caller's own and never changed after; a copy would cost the pictures of every seal.
            statements.Add(new JournalStatement(sql, answer));
        }
    }

    /// <summary>Takes back what was noted since, as a savepoint does.</summary>
    public void CutTo(int count) => statements.RemoveRange(count, statements.Count - count);
}
