using System.Diagnostics;
using System.Text;

namespace ShantingEId.Tool.Cli;

/// <summary>
/// A program of others that gets a question a line on its standard input and answers each with a line. One that ends after an
/// answer is started again for the next question.
/// </summary>
internal sealed class LineProgram(IReadOnlyList<string> command) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private Process? process;

    /// <summary>The answer to a question; null when none came within half a minute.</summary>
    /// <exception cref="UsageException">It cannot be started.</exception>
    public async Task<string?> AskAsync(string question, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            // 1. One that ended since its last answer gives none: a fresh one is asked again, and no more than once.
            var isFresh = process is null;
            process ??= Start();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            var line = await ExchangeAsync(process, question, patience.Token, cancel);

            // 2. What was said.
            if (line is not null)
            {
                return line;
            }

            Dispose();
            if (isFresh)
            {
                return null;
            }
        }

        return null;
    }

    public void Dispose()
    {
        if (process is { } ended)
        {
            process = null;
            try
            {
                ended.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }

            ended.Dispose();
        }
    }

    private static async Task<string?> ExchangeAsync(Process process, string question, CancellationToken patience, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(question.AsMemory(), patience);
            await process.StandardInput.FlushAsync(patience);
            return await process.StandardOutput.ReadLineAsync(patience);
        }
        catch (Exception error) when (error is IOException || error is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null; // It has closed its input, or is silent.
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8 };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new UsageException($"命令 {command[0]} 无法运行：{error.Message}");
        }
    }
}
