using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>What is promised of a register, whichever of the two databases it is in: each test has an empty one.</summary>
public abstract class RegisterContract : IAsyncLifetime
{
    private Registers? registers;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The database, which other stores can be opened on.</summary>
    protected Registers Registers => registers!;

    /// <summary>A store on it.</summary>
    protected SqlStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        registers = await CreateAsync();
        Store = registers.Open();
    }

    public async ValueTask DisposeAsync()
    {
        await (registers?.DisposeAsync() ?? default);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the empty database.</summary>
    protected abstract ValueTask<Registers> CreateAsync();
}
