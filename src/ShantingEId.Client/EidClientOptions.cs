namespace ShantingEId.Client;

/// <summary>How a department asks. Three values are needed; the rest is set to what most departments want.</summary>
public sealed record EidClientOptions
{
    /// <summary>Address of the service, <c>https://…</c>; its host name must stand in the server's certificate.</summary>
    public required Uri Address { get; init; }

    /// <summary>Your certificate and the CA of the service.</summary>
    public required EidCertificate Certificate { get; init; }

    /// <summary>Your registered purpose (用证事由), e.g. <c>TAX_REGISTRATION</c>; a single question may name another.</summary>
    public string Purpose { get; init; } = "";

    /// <summary>Asks for a receipt (核验回执) with every answer and checks it; needs <see cref="Trust"/>.</summary>
    public bool WithReceipt { get; init; }

    /// <summary>The authority's certificates, by which receipts are checked.</summary>
    public EidTrust? Trust { get; init; }

    /// <summary>
    /// How old a state may be when its answer arrives, 0 to 60 s. A VALID whose state is older is turned into UNKNOWN here, whatever the
    /// service said. The service is asked for a younger one, up to a second being left for the way; zero lets it read the register itself, and
    /// below one second only the service can be that strict.
    /// </summary>
    public TimeSpan MaxStateAge { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The same for licences of neighbouring issuers, whose states the service has from lists that are made every minute or so. Up to ten minutes.
    /// </summary>
    public TimeSpan MaxNeighbourStateAge { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How far this machine's clock may be from the service's. Inside it the difference is learnt from the answers; beyond it no answer
    /// counts as VALID, because its age cannot be told.
    /// </summary>
    public TimeSpan ClockAllowance { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time for one question, with all repetitions.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long a batch keeps trying while nothing at all is answered. Watching changes goes on until it is cancelled.</summary>
    public TimeSpan BatchPatience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Is told of every repetition before the wait; for your log.</summary>
    public Action<EidError, TimeSpan>? OnRetry { get; init; }

    /// <summary>The clock by which ages are judged and waits are measured.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>What is different for one question; what is null comes from <see cref="EidClientOptions"/>.</summary>
public sealed record EidLookupOptions
{
    internal static EidLookupOptions Usual { get; } = new();

    /// <summary>Another of your registered purposes.</summary>
    public string? Purpose { get; init; }

    /// <summary>Your own file or case number, up to 64 characters; stands in the look-up ledger and in the receipt.</summary>
    public string Reference { get; init; } = "";

    /// <summary>Only these fields, e.g. <c>name</c>, <c>representative</c>, <c>seals</c>; empty for all that the purpose grants.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Whether to ask for a receipt.</summary>
    public bool? WithReceipt { get; init; }

    /// <summary>Another accepted age; zero lets the service read the register itself.</summary>
    public TimeSpan? MaxStateAge { get; init; }

    /// <summary>Asks how it was at this past instant; null asks how it is.</summary>
    public DateTimeOffset? AsOf { get; init; }
}
