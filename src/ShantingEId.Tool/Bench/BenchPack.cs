using System.Diagnostics;
using System.Globalization;
using ShantingEId.Client;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Publishing;
using ShantingEId.StatusLists;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// A pack of many sets with their four seals, some of which outlived the licence they were made for: its size, making and loading it, and a delta; then codes judged by it against bare BouncyCastle SM2
/// verifications of the same envelopes, on one thread, in alternating windows of one run.
/// </summary>
internal static class BenchPack
{
    private const int Changes = 1000;
    private const int Slices = 20;

    // Short turns: what else the machine does then falls on both.
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    public static Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int sets, int rounds, TimeSpan warmUp)
    {
        using var world = new BenchWorld();
        var folder = world.NewFolder();
        DevCertificates.Create(folder, TimeProvider.System);
        var authority = AuthorityFiles.Load(folder, production: false, TimeProvider.System.GetUtcNow());
        var maker = PackMaker.Load(new EidServerOptions { CertificatesDirectory = folder, DataDirectory = folder }, authority);

        // 1. Places as the register gives them; of a hundred sets five are not in force, two paused, four replaced.
        var reading = new BoardReading(TimeProvider.System.GetUtcNow(), 0, Lists(sets, authority.StatusSecret, out var places));
        reading = reading with { Seals = Seals(reading.Lists, places) };
        var successions = Successions(reading.Lists, places, rows);

        // 2. Size, making, loading.
        var (bytes, made) = Timed(() => maker.Make(1, reading, successions, []), 5);
        var trust = EidTrust.FromPem(authority.Roots[0].ToPem());
        var (_, loaded) = Timed(() => new OfflineVerifier(StatusPack.Open(bytes, trust.Roots), trust), 5);
        Figure.Show("pack_bytes", bytes.Length, "B");
        Figure.Show("pack_seals_bytes", bytes.Length - maker.Make(1, reading with { Seals = [] }, successions, []).Length, "B");
        Figure.Show("pack_build", made.TotalMilliseconds, "ms");
        Figure.Show("pack_load", loaded.TotalMilliseconds, "ms");

        // 3. A delta.
        var (changed, changedSuccessions) = Changed(reading, successions, places, [.. Enumerable.Range(sets + 1, Changes).Select(number => StatusIndex.Of(number, authority.StatusSecret))], rows);
        var later = maker.Make(2, changed, changedSuccessions, []);
        var (delta, deltaMade) = Timed(() => PackDelta.Make(bytes, later), 3);
        var (applied, deltaApplied) = Timed(() => PackDelta.Apply(bytes, delta), 3);
        if (!applied.AsSpan().SequenceEqual(later))
        {
            throw new InvalidOperationException("the delta does not give the pack");
        }

        Figure.Show("pack_delta_1000_changes_bytes", delta.Length, "B");
        Figure.Show("pack_delta_build", deltaMade.TotalMilliseconds, "ms");
        Figure.Show("pack_delta_apply", deltaApplied.TotalMilliseconds, "ms");

        // 4. Codes of places in force, judged by the pack; and the bare verification of the same bytes.
        var states = reading.Lists.ToDictionary(list => list.Number, list => list.States);
        var issued = reading.AsOf - (StatusAge.ClockTolerance * 2); // Not younger than the states, nor older than the signer.
        var codes = places.Where(place => states[place.List][place.Index] == (int)LicenseStatus.Valid).Take(1000).Select((place, i) => new LicenseCode(
            CreditCode.Parse(rows[i % rows.Count].CreditCode), 1, rows[i % rows.Count].Name, ManifestDigest.Of([(byte)i, (byte)(i >> 8)]), place, issued).Sign(authority.CodePrefix, authority.CodeSigner)).ToList();
        var verifier = new OfflineVerifier(StatusPack.Open(bytes, trust.Roots), trust);
        var bare = new BareSm2(authority.CodeSigner.Certificate.PublicKey);
        var messages = codes.Select(code => LicenseCode.TryOpen(code, authority.CodePrefix, out var envelope) == CodeProblem.None ? (Message: envelope!.ToBeSigned(), Signature: envelope.Signature.Raw.ToArray()) : throw new InvalidOperationException("no code")).ToArray();
        double Ours(TimeSpan window) => Rate(window, i =>
        {
            if (verifier.Verify(codes[i % codes.Count]).Verdict != Verifying.Verdict.Valid)
            {
                throw new InvalidOperationException("a code of ours does not verify");
            }
        });
        double Bare(TimeSpan window) => Rate(window, i => bare.Verify(messages[i % messages.Length].Message, messages[i % messages.Length].Signature));

        Console.WriteLine($"sets {sets}, codes {codes.Count}, warm-up {warmUp.TotalSeconds:0} s each, rounds {rounds} of {Slices} turns of {Slice.TotalMilliseconds:0} ms each");
        Ours(warmUp);
        Bare(warmUp);
        var pairs = new List<(double Ours, double Bare)>();
        for (var round = 0; round < rounds; round++)
        {
            var (ours, theirs) = (0.0, 0.0);
            for (var slice = 0; slice < Slices; slice++)
            {
                ours += Ours(Slice) / Slices;
                theirs += Bare(Slice) / Slices;
            }

            pairs.Add((ours, theirs));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: offline {pairs[^1].Ours:0}/s, bare SM2 {pairs[^1].Bare:0}/s"));
        }

        Figure.Show("verify_offline", Figure.Median(pairs.Select(pair => pair.Ours)), "1/s");
        Figure.AtLeast("verify_offline_vs_bare", Figure.Median(pairs.Select(pair => pair.Ours / pair.Bare)), "ratio", 0.9);
        return Task.CompletedTask;
    }

    private static List<PackedList> Lists(int sets, byte[] secret, out StatusReference[] places)
    {
        var found = new StatusReference[sets];
        Parallel.For(0, sets, i => found[i] = StatusIndex.Of(i + 1, secret));
        var lists = Enumerable.Range(0, found.Max(place => place.List) + 1).Select(number => new PackedList(number, StatusList.CreateUnused(), [])).ToList();
        foreach (var (i, place) in found.Index())
        {
            lists[place.List].States[place.Index] = (int)((i % 100) switch { < 5 => LicenseStatus.Invalid, < 7 => LicenseStatus.Suspended, < 11 => LicenseStatus.Superseded, _ => LicenseStatus.Valid });
        }

        places = found;
        return lists;
    }

    private static List<PackedSuccession> Successions(IReadOnlyList<PackedList> lists, StatusReference[] places, IReadOnlyList<EnterpriseInput> rows) =>
        [.. places.Where(place => lists[place.List].States[place.Index] == (int)LicenseStatus.Superseded).Select((place, i) => new PackedSuccession(place, 2, rows[i % rows.Count].Name))
            .OrderBy(one => one.Old.List).ThenBy(one => one.Old.Index)];

    // Half of the replaced licences: an address or a scope changed, or a seal was lost, so that the others go on under the next licence.
    private static List<PackedSeals> Seals(IReadOnlyList<PackedList> lists, StatusReference[] places) =>
        [.. places.Where(place => lists[place.List].States[place.Index] == (int)LicenseStatus.Superseded).Where((_, i) => i % 2 == 0).Zip(places.Where(place => lists[place.List].States[place.Index] == (int)LicenseStatus.Valid))
            .SelectMany(pair => (PackedSeals[])[new(pair.First, 0b00_00_11_00), new(pair.Second, 0b01_01_00_01)]).OrderBy(one => one.Place.List).ThenBy(one => one.Place.Index)];

    // A day's changes: of those in force a third ends, a third pauses, and a third is replaced by a licence at a new place, half of these with seals that
    // go on under it.
    private static (BoardReading Reading, List<PackedSuccession> Successions) Changed(BoardReading reading, List<PackedSuccession> successions, StatusReference[] places, StatusReference[] free, IReadOnlyList<EnterpriseInput> rows)
    {
        var lists = reading.Lists.Select(list => list with { States = list.States.Copy() }).ToList();
        var (replaced, seals) = (new List<PackedSuccession>(), reading.Seals.ToDictionary(seal => seal.Place));
        foreach (var (i, place) in places.Where(place => reading.Lists[place.List].States[place.Index] == (int)LicenseStatus.Valid).Take(Changes).Index())
        {
            lists[place.List].States[place.Index] = (int)((i % 3) switch { 0 => LicenseStatus.Invalid, 1 => LicenseStatus.Suspended, _ => LicenseStatus.Superseded });
            if (i % 3 != 2)
            {
                continue;
            }

            replaced.Add(new PackedSuccession(place, 2, rows[i % rows.Count].Name));
            var next = free[i].List < lists.Count ? free[i] : throw new InvalidOperationException("no room in the last list for the changes; take some sets less");
            lists[next.List].States[next.Index] = (int)LicenseStatus.Valid;
            if (i % 2 == 0)
            {
                (seals[place], seals[next]) = (new(place, 0b00_00_11_00), new(next, 0b01_01_00_01));
            }
        }

        return (reading with { AsOf = reading.AsOf.AddHours(1), Lists = lists, Seals = [.. seals.Values.OrderBy(one => one.Place.List).ThenBy(one => one.Place.Index)] },
            [.. successions.Concat(replaced).OrderBy(one => one.Old.List).ThenBy(one => one.Old.Index)]);
    }

    private static (T Result, TimeSpan Median) Timed<T>(Func<T> work, int times)
    {
        var result = work();
        var spent = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var start = Stopwatch.GetTimestamp();
            result = work();
            spent.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return (result, TimeSpan.FromMilliseconds(Figure.Median(spent)));
    }

    private static double Rate(TimeSpan window, Action<int> work)
    {
        var clock = Stopwatch.StartNew();
        var count = 0;
        while (clock.Elapsed < window)
        {
            work(count++);
        }

        return count / clock.Elapsed.TotalSeconds;
    }
}
