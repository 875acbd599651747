using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.V1;

namespace ShantingEId.Tool.Importing;

/// <summary>
/// Sends rows and takes answers over one stream. At most <see cref="Window"/> rows are under way, so memory does not grow
/// with the file. When the stream breaks, the rows without an answer are sent again on a new one, under the same request
/// ids; only when nothing was heard for a minute does the import give up. A service that never answered at all is not waited
/// for: its address is wrong, more likely than not.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="rows">Rows in the order of the file; read once.</param>
/// <param name="expect">Called for each row, in order, before its answer.</param>
/// <param name="answered">Called for each answer; calls never overlap with each other or with <paramref name="expect"/>.</param>
/// <param name="interrupted">Called when the service is away, with the seconds since it was last heard.</param>
/// <param name="clock">Measures how long it is away.</param>
internal sealed class ImportRun(
    IssuanceService.IssuanceServiceClient client, IEnumerable<ImportRow> rows, Action<ImportRow> expect, Action<ImportSetsResponse> answered,
    Action<TimeSpan> interrupted, TimeProvider clock) : IDisposable
{
    /// <summary>Rows under way at once: enough to keep the service busy over a slow line.</summary>
    public const int Window = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim window = new(Window, Window);
    private readonly IEnumerator<ImportRow> source = rows.GetEnumerator();
    private readonly SortedDictionary<long, ImportRow> waiting = [];
    private readonly Lock gate = new();
    private long? lastHeard;

    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await StreamAsync(cancel);
                return;
            }
            catch (RpcException error) when (!cancel.IsCancellationRequested && MayComeBack(error) && Silence() < Patience)
            {
                interrupted(Silence());
                await Task.Delay(Pause, clock, cancel);
            }
        }
    }

    public void Dispose()
    {
        source.Dispose();
        window.Dispose();
    }

    private TimeSpan Silence() => lastHeard is { } heard ? clock.GetElapsedTime(heard) : TimeSpan.MaxValue;

    // A broken connection shows as several codes; what the service itself refuses carries a reason of ours.
    private static bool MayComeBack(RpcException error) => EidError.From(error) switch
    {
        { Reason: EidError.TlsFailed } => false,
        { Code: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted } => true,
        { Code: StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown } broken => broken.Reason is "INTERNAL" or "CANCELLED" or "UNKNOWN",
        _ => false,
    };

    private async Task StreamAsync(CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var call = client.ImportSets(cancellationToken: cancel);
        var sending = SendAsync(call.RequestStream, ended.Token);
        try
        {
            await foreach (var answer in call.ResponseStream.ReadAllAsync(cancel))
            {
                Take(answer);
            }
        }
        finally
        {
            // The answers' status is the call's status; the sender only has to stop, whatever it stumbles over.
            await ended.CancelAsync();
            await sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        cancel.ThrowIfCancellationRequested();
        if (!sending.IsCompletedSuccessfully || waiting.Count > 0)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the service ended the stream before all rows were answered"));
        }
    }

    private async Task SendAsync(IClientStreamWriter<ImportSetsRequest> stream, CancellationToken cancel)
    {
        ImportRow[] again;
        lock (gate)
        {
            again = [.. waiting.Values];
        }

        // Rows sent before keep their places in the window.
        foreach (var row in again)
        {
            await stream.WriteAsync(new ImportSetsRequest { Row = row.Number, Request = row.Request }, cancel);
        }

        await window.WaitAsync(cancel);
        while (Next() is { } row)
        {
            await stream.WriteAsync(new ImportSetsRequest { Row = row.Number, Request = row.Request }, cancel);
            await window.WaitAsync(cancel);
        }

        window.Release();
        await stream.CompleteAsync();
    }

    // The next row to send. Rows that are bad already are answered here and never travel.
    private ImportRow? Next()
    {
        while (source.MoveNext())
        {
            var row = source.Current;
            lock (gate)
            {
                expect(row);
                if (row.Request is not null)
                {
                    waiting.Add(row.Number, row);
                    return row;
                }

                answered(new ImportSetsResponse { Row = row.Number, Outcome = ImportSetsResponse.Types.Outcome.Refused, Reason = row.Reason, Message = row.Message });
            }
        }

        return null;
    }

    private void Take(ImportSetsResponse answer)
    {
        lastHeard = clock.GetTimestamp();
        lock (gate)
        {
            if (waiting.Remove(answer.Row))
            {
                window.Release();
                answered(answer);
            }
        }
    }
}
