using Microsoft.AspNetCore.Http;

namespace ShantingEId.Server.Callers;

/// <summary>What the gate knows about a call; goes with it to its end.</summary>
/// <param name="caller">Who calls; null for a good certificate that is not registered, which only probes may have.</param>
/// <param name="rule">The method's rule.</param>
internal sealed class GatedCall(Caller? caller, MethodRule rule)
{
    /// <summary>Who calls.</summary>
    public Caller? Caller => caller;

    /// <summary>The method's rule.</summary>
    public MethodRule Rule => rule;

    /// <summary>Whether the request was parsed and the method entered; until then every refusal is the framework's.</summary>
    public bool Reached { get; set; }

    /// <summary>Why the call was refused; null when it was not.</summary>
    public ErrorReason? Refused { get; set; }

    /// <summary>The call this request was admitted as.</summary>
    public static GatedCall Of(HttpContext context) => context.Features.Get<GatedCall>()!;
}
