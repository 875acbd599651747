using System.Diagnostics;
using System.Globalization;
using ShantingEId.Codes;
using ShantingEId.Licenses;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// Cold verifications (nothing cached: parse, signature, register, manifest, verdict) against bare BouncyCastle SM2
/// verifications of the same envelopes, on one thread, in alternating windows of one run.
/// </summary>
internal static class BenchVerify
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds)
    {
        using var world = new BenchWorld();
        var (issuer, verifier, _) = world.NewRegister(new Stages());
        var codes = new List<string>();
        foreach (var (index, row) in rows.Index())
        {
            codes.Add((await BenchWorld.IssueAsync(issuer, row, index)).LicenseCode);
        }

        var bare = BareVerifications(world, codes);
        async Task<double> Ours(TimeSpan window) => await RateAsync(window, async i =>
        {
            if (!(await verifier.VerifyCodeAsync(codes[i % codes.Count], Verifying.AskedTime.Now, CancellationToken.None)).IsValid)
            {
                throw new InvalidOperationException("a code of ours does not verify");
            }
        });
        Task<double> Bare(TimeSpan window) => RateAsync(window, i =>
        {
            bare(i % codes.Count);
            return Task.CompletedTask;
        });

        Console.WriteLine($"licences {codes.Count}, warm-up {WarmUp.TotalSeconds:0} s each, rounds {rounds} of {Window.TotalSeconds:0} s each");
        await Ours(WarmUp);
        await Bare(WarmUp);
        var pairs = new List<(double Ours, double Bare)>();
        for (var round = 0; round < rounds; round++)
        {
            pairs.Add((await Ours(Window), await Bare(Window)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: cold {pairs[^1].Ours:0}/s, bare SM2 {pairs[^1].Bare:0}/s"));
        }

        Figure.AtLeast("verify_cold_vs_bare", Figure.Median(pairs.Select(pair => pair.Ours / pair.Bare)), "ratio", 0.8);
    }

    private static async Task<double> RateAsync(TimeSpan window, Func<int, Task> work)
    {
        var clock = Stopwatch.StartNew();
        var count = 0;
        while (clock.Elapsed < window)
        {
            await work(count++);
        }

        return count / clock.Elapsed.TotalSeconds;
    }

    private static Action<int> BareVerifications(BenchWorld world, List<string> codes)
    {
        var bare = new BareSm2(world.Authority.CodeSigner.Certificate.PublicKey);
        var messages = codes.Select(code =>
        {
            LicenseCode.TryOpen(code, world.Authority.CodePrefix, out var envelope);
            return (Message: envelope!.ToBeSigned(), Signature: envelope.Signature.Raw.ToArray());
        }).ToArray();
        return i => bare.Verify(messages[i].Message, messages[i].Signature);
    }
}
