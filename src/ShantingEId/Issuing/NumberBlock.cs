namespace ShantingEId.Issuing;

/// <summary>Hands out running numbers from blocks set aside in the store. Safe for concurrent use.</summary>
internal sealed class NumberBlock(ILicenseStore store, string sequence, int blockSize) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private long next = 1;
    private long end;

    /// <summary>The first of <paramref name="count"/> consecutive numbers; the rest of a block too small for them is dropped.</summary>
    public async ValueTask<long> TakeAsync(int count, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            if (end - next + 1 < count)
            {
                next = await store.ReserveAsync(sequence, blockSize, cancel);
                end = next + blockSize - 1;
            }

            var first = next;
            next += count;
            return first;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}
