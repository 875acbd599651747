using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using ShantingEId.Crypto;
using ShantingEId.Documents.Copies;
using ShantingEId.Issuing;
using ShantingEId.Presenting;

namespace ShantingEId.Tests.Presenting;

/// <summary>
/// I35: what opens something for whoever knows it, a presentation's name, a session's secret, a download id, cannot be told from coin tosses and never
/// comes twice. <c>EID_SECRETS</c> says how many of each.
/// </summary>
public sealed class SecretsTests
{
    // Ten standard deviations of a million.
    private const double Most = 0.005;
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("EID_SECRETS") ?? "1000000", CultureInfo.InvariantCulture);

    [Fact]
    public void Presentations_are_named_by_coin_tosses() => Even("presentation_id", 16, _ => PresentationId.Generate().ToBytes());

    [Fact]
    public void Secrets_of_sessions_are_even()
    {
        var secrets = new SessionSecrets(Sm3.Hash("sample deployment"u8));
        // As bad as requests can be named: one after the other.
        Even("session_secret", 32, i => Base64Url.DecodeFromChars(secrets.Of("holder-app", Request(i))));
    }

    [Fact]
    public void Download_ids_are_even()
    {
        var ids = new DownloadIds(Sm3.Hash("sample deployment"u8));
        Even("download_id", 32, i => Base64Url.DecodeFromChars(ids.Of("holder-app", Request(i))));
    }

    // Who knows one, or has the same request's other secret, knows nothing of it.
    [Fact]
    public void One_secret_says_nothing_of_another()
    {
        var (secret, request) = (Sm3.Hash("sample deployment"u8), Request(1));
        string[] all =
        [
            new SessionSecrets(secret).Of("holder-app", request), new SessionSecrets(secret).Of("other-app", request), new SessionSecrets(Sm3.Hash("another deployment"u8)).Of("holder-app", request),
            new DownloadIds(secret).Of("holder-app", request), new DownloadIds(secret).Of("other-app", request), new SessionSecrets(secret).Of("holder-app", Request(2)),
        ];

        Assert.Distinct(all);
        Assert.Equal(all[0], new SessionSecrets(secret).Of("holder-app", request));
        Assert.All(all[1..], other => Assert.InRange(Base64Url.DecodeFromChars(all[0]).Zip(Base64Url.DecodeFromChars(other)).Sum(pair => byte.PopCount((byte)(pair.First ^ pair.Second))), 80, 176));
    }

    private static RequestId Request(int number) => RequestId.Parse(string.Create(CultureInfo.InvariantCulture, $"request-{number:D12}"));

    private static void Even(string name, int size, Func<int, byte[]> make)
    {
        var (bits, seen) = (new long[size * 8], new UInt128[Count]);
        Parallel.For(0, Count, () => new long[size * 8], (i, _, own) =>
        {
            var bytes = make(i);
            seen[i] = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            for (var bit = 0; bit < own.Length; bit++)
            {
                own[bit] += (bytes[bit >> 3] >> (bit & 7)) & 1;
            }

            return own;
        }, own =>
        {
            lock (bits)
            {
                for (var bit = 0; bit < bits.Length; bit++)
                {
                    bits[bit] += own[bit];
                }
            }
        });
        // The first 128 bits of each are as good as all of them.
        Array.Sort(seen);
        var collisions = Enumerable.Range(1, Count - 1).Count(i => seen[i] == seen[i - 1]);
        var worst = bits.Max(each => Math.Abs((each / (double)Count) - 0.5));

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name}_bit_off_half {worst:0.00000} share <= {Most}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name}_collisions {collisions} of_{Count} <= 0"));
        Assert.InRange(worst, 0, Count >= 1_000_000 ? Most : 5 * 0.5 / Math.Sqrt(Count));
        Assert.Equal(0, collisions);
    }
}
