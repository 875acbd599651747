using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;

namespace ShantingEId.Tests.Issuing;

/// <summary>Places in the status lists: never two licences at one, and nothing about who was registered after whom.</summary>
public sealed class StatusIndexTests
{
    private const int Places = 1 << StatusIndex.Bits;
    private static readonly byte[] Secret = Sm3.Hash("status places"u8);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Every_number_of_a_list_has_a_place_of_its_own_in_it(int list)
    {
        var (taken, elsewhere) = (new int[Places], 0);
        Parallel.For(0, Places, i =>
        {
            var place = StatusIndex.Of(((long)list << StatusIndex.Bits) + i, Secret);
            Interlocked.Add(ref elsewhere, place.List == list ? 0 : 1);
            Interlocked.Increment(ref taken[place.Index]);
        });

        Assert.Equal(0, elsewhere);
        Assert.Equal(-1, Array.FindIndex(taken, times => times != 1));
    }

    // Computed once by another program (HMAC-SM3 of OpenSSL, the rest by docs/formats.md) under the secret 00 01 … 1F. A changed order would give places
    // that are taken already, and every other test here would pass.
    [Theory]
    [InlineData(0, 0, 771_219)]
    [InlineData(1, 0, 155_444)]
    [InlineData(2, 0, 341_761)]
    [InlineData(3, 0, 654_562)]
    [InlineData(1000, 0, 47_974)]
    [InlineData(1023, 0, 779_836)]
    [InlineData(1024, 0, 955_502)]
    [InlineData(500_000, 0, 493_616)]
    [InlineData(1_048_575, 0, 909_493)]
    [InlineData(1_048_576, 1, 748_693)]
    [InlineData(1_048_577, 1, 287_044)]
    [InlineData(5_366_336, 5, 422_067)]
    public void The_order_is_the_written_one(long number, int list, int index) =>
        Assert.Equal(new StatusReference(list, index), StatusIndex.Of(number, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]));

    // Who knows the places of licences issued one after the other learns neither the order nor how many came between.
    [Fact]
    public void Neighbours_in_number_are_no_neighbours_in_place()
    {
        const int Numbers = 1 << 16;
        var places = new int[Numbers];
        Parallel.For(0, Numbers, i => places[i] = StatusIndex.Of(i, Secret).Index);
        var steps = Enumerable.Range(1, Numbers - 1).Select(i => places[i] - places[i - 1]).ToArray();

        // By chance one in 262,144 pairs stands within two of each other; half of them go up, and they are a third of the list apart.
        Assert.InRange(steps.Count(step => Math.Abs(step) <= 2), 0, 8);
        Assert.InRange(steps.Count(step => step > 0) / (double)steps.Length, 0.48, 0.52);
        Assert.InRange(steps.Average(step => Math.Abs((double)step)) / Places, 0.32, 0.35);
        // No step comes again and again: with few rounds the same difference in number is often the same difference in place.
        Assert.InRange(steps.GroupBy(step => step).Max(group => group.Count()), 1, 8);
        // The first numbers go everywhere: each sixteenth of the list holds its share of them.
        Assert.All(Enumerable.Range(0, 16), part => Assert.InRange(places.Take(4096).Count(place => place / (Places / 16) == part), 180, 340));
    }

    [Fact]
    public void Another_secret_and_another_list_are_other_orders()
    {
        var other = Sm3.Hash("other status places"u8);
        var numbers = Enumerable.Range(0, 20_000).ToArray();

        Assert.InRange(numbers.Count(i => StatusIndex.Of(i, Secret).Index == StatusIndex.Of(i, other).Index), 0, 3);
        Assert.InRange(numbers.Count(i => StatusIndex.Of(i, Secret).Index == StatusIndex.Of(Places + i, Secret).Index), 0, 3);
        Assert.Equal(new StatusReference(0, StatusIndex.Of(7, Secret).Index), StatusIndex.Of(7, Secret));
    }
}
