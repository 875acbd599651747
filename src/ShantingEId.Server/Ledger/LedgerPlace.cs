namespace ShantingEId.Server.Ledger;

/// <summary>Where a record stands in the ledger, durably.</summary>
internal readonly struct LedgerPlace
{
    private readonly LedgerTick tick;

    internal LedgerPlace(LedgerTick tick, int index)
    {
        this.tick = tick;
        Index = index;
    }

    /// <summary>Number of the tick.</summary>
    public long Tick => tick.Root!.Tick;

    /// <summary>Place in the tick.</summary>
    public int Index { get; }

    /// <summary>Name of the entry, <c>lookups/{ledger}/{tick}/{index}</c>.</summary>
    public string Name => tick.NameOf(Index);

    /// <summary>The receipt; only where one was asked for.</summary>
    /// <param name="facts">The facts shown, whose digest stands in the record.</param>
    public byte[] Receipt(ReadOnlySpan<byte> facts)
    {
        var receipt = new byte[ReceiptSize(facts.Length)];
        WriteReceipt(facts, receipt);
        return receipt;
    }

    /// <summary>Bytes of the receipt.</summary>
    public int ReceiptSize(int factsLength) => tick.ReceiptSize(Index, factsLength);

    /// <summary>Writes the receipt into a buffer of at least <see cref="ReceiptSize"/> bytes; returns how many.</summary>
    public int WriteReceipt(ReadOnlySpan<byte> facts, Span<byte> destination) => tick.WriteReceipt(Index, facts, destination);
}
