using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace ShantingEId.Tests.Crypto;

/// <summary>Bytes that look random and are the same in every run: SHA-256 over a seed and a counter.</summary>
internal sealed class TestRandom(string seed) : IRandomGenerator
{
    private readonly byte[] seed = Encoding.UTF8.GetBytes(seed);
    private readonly Queue<byte> ready = new();
    private int counter;

    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        NextBytes(bytes);
        return bytes;
    }

    public int Below(int limit) => (int)(BitConverter.ToUInt32(Bytes(4)) % (uint)limit);

    public SecureRandom AsSecureRandom() => new(this);

    public void NextBytes(Span<byte> bytes)
    {
        foreach (ref var b in bytes)
        {
            if (ready.Count == 0)
            {
                foreach (var fresh in SHA256.HashData([.. seed, .. BitConverter.GetBytes(counter++)]))
                {
                    ready.Enqueue(fresh);
                }
            }

            b = ready.Dequeue();
        }
    }

    public void NextBytes(byte[] bytes) => NextBytes(bytes.AsSpan());

    public void NextBytes(byte[] bytes, int start, int len) => NextBytes(bytes.AsSpan(start, len));

    public void AddSeedMaterial(byte[] seed)
    {
    }

    public void AddSeedMaterial(ReadOnlySpan<byte> seed)
    {
    }

    public void AddSeedMaterial(long seed)
    {
    }
}

/// <summary>A source that gives one nonce, for examples with a published k.</summary>
internal sealed class FixedNonce(string hex) : IRandomGenerator
{
    private readonly byte[] value = Convert.FromHexString(hex);

    public int Draws { get; private set; }

    public void NextBytes(Span<byte> bytes)
    {
        Draws++;
        value.CopyTo(bytes);
    }

    public void NextBytes(byte[] bytes) => NextBytes(bytes.AsSpan());

    public void NextBytes(byte[] bytes, int start, int len) => NextBytes(bytes.AsSpan(start, len));

    public void AddSeedMaterial(byte[] seed)
    {
    }

    public void AddSeedMaterial(ReadOnlySpan<byte> seed)
    {
    }

    public void AddSeedMaterial(long seed)
    {
    }
}
