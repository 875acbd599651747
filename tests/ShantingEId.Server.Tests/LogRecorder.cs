using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ShantingEId.Server.Tests;

/// <summary>One line of the log.</summary>
public sealed record LogLine(LogLevel Level, string Category, string? EventName, string Text, Exception? Error);

/// <summary>Keeps what a server logs, so that a test can ask what an operator would have seen.</summary>
public sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> lines = new();

    public IReadOnlyCollection<LogLine> Lines => lines;

    /// <summary>Lines that would wake an operator: errors, and anything with a stack trace.</summary>
    public IEnumerable<LogLine> Faults => lines.Where(line => line.Level is LogLevel.Error || line.Error is not null);

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, lines);

    public void Dispose()
    {
        // Nothing to release; the lines outlive the server on purpose.
    }

    private sealed class Recorder(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(logLevel, category, eventId.Name, formatter(state, exception), exception));
    }
}
