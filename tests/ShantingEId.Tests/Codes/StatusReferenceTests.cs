using ShantingEId.Codes;

namespace ShantingEId.Tests.Codes;

/// <summary>A place in the lists as people read it.</summary>
public sealed class StatusReferenceTests
{
    // A record prints its properties; one of them is a place itself, which printed its own, until the stack was used up.
    [Fact]
    public void A_place_prints_itself_once() => Assert.Equal("3/4711", new StatusReference(3, 4711).ToString());
}
