namespace ShantingEId.TestSupport;

/// <summary>A seeded generator, so that a run can be repeated; for test timing only.</summary>
public sealed class Dice(ulong seed)
{
    private ulong state = seed;

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return (int)((state >> 33) % (ulong)below);
    }
}
