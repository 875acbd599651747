using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Server.Hot;

/// <summary>
/// The bytes of a reading in Redis: entry, feed position, and a MAC (HMAC-SM3) over the deployment's name, the key and all of
/// them. Redis is nobody's to trust: an entry altered, moved to another key or brought from another deployment is not ours; one
/// that is merely old says so by its position.
/// </summary>
internal sealed class CachedReading
{
    private const byte Form = 3;
    private readonly byte[] macKey;
    private readonly byte[] context;

    /// <summary>Makes the codec of a deployment.</summary>
    /// <param name="secret">Secret that all replicas of the deployment share.</param>
    /// <param name="environment">Name of the deployment.</param>
    public CachedReading(byte[] secret, string environment)
    {
        // A key of its own: the secret's other uses never meet this one.
        macKey = Sm3.Hmac(secret, "shanting-eid redis entry"u8);
        context = Encoding.UTF8.GetBytes(environment + "\n");
    }

    /// <summary>Longest value that is looked at; what is longer is not ours.</summary>
    public const int MaxBytes = 32 * 1024;

    /// <summary>Writes a reading that found something.</summary>
    public byte[] Write(string redisKey, RegisterEntry entry, long position)
    {
        using var body = new MemoryStream(entry.Manifest.Length + entry.LicenseCode.Length + 512);
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Form);
            writer.Write(position);
            writer.Write(entry.LicenseId.ToString());
            writer.Write(entry.Manifest.Length);
            writer.Write(entry.Manifest);
            writer.Write(entry.ManifestDigest.Bytes);
            writer.Write(entry.LicenseCode);
            writer.Write(entry.TypedCode.Value);
            writer.Write((int)entry.State.State);
            writer.Write(entry.State.EffectiveTime.ToUnixTimeMilliseconds());
            writer.Write(entry.State.RecordedTime.ToUnixTimeMilliseconds());
            writer.Write(entry.State.Reason);
            writer.Write(entry.State.DecidedBy);
            writer.Write(entry.State.Successor?.ToString() ?? "");
            writer.Write(entry.Until?.ToUnixTimeMilliseconds() ?? long.MaxValue);
            writer.Write(entry.PermitEvents.Count);
            foreach (var one in entry.PermitEvents)
            {
                writer.Write(one.Number);
                writer.Write((int)one.State);
                writer.Write(one.EffectiveTime.ToUnixTimeMilliseconds());
                writer.Write(one.RecordedTime.ToUnixTimeMilliseconds());
                writer.Write(one.Reason);
                writer.Write(one.DecidedBy);
            }
        }

        var content = body.ToArray();
        return [.. content, .. Mac(redisKey, content)];
    }

    /// <summary>Reads a value; null when it is not one that this deployment wrote under this key.</summary>
    public (RegisterEntry Entry, long Position)? Read(string redisKey, byte[] value)
    {
        var length = value.Length - Sm3.Size;
        if (length <= 0 || value.Length > MaxBytes || !CryptographicOperations.FixedTimeEquals(value.AsSpan(length), Mac(redisKey, value.AsSpan(0, length))) || value[0] != Form)
        {
            return null;
        }

        // Behind the MAC it is our own writing; a fault here would be ours and may throw.
        using var reader = new BinaryReader(new MemoryStream(value, 1, length - 1), Encoding.UTF8);
        var position = reader.ReadInt64();
        var id = LicenseId.Parse(reader.ReadString());
        var manifest = reader.ReadBytes(reader.ReadInt32());
        var digest = ManifestDigest.FromBytes(reader.ReadBytes(Sm3.Size))!;
        var code = reader.ReadString();
        if (!TypedCode.TryParse(reader.ReadString(), out var typed))
        {
            return null;
        }

        var state = new StateRecord((SetState)reader.ReadInt32(), Time(reader), Time(reader), reader.ReadString(), reader.ReadString(),
            reader.ReadString() is { Length: > 0 } successor ? LicenseId.Parse(successor) : null);
        DateTimeOffset? until = reader.ReadInt64() is var end and < long.MaxValue ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null;
        var events = new PermitEvent[reader.ReadInt32()];
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = new PermitEvent(reader.ReadString(), (PermitState)reader.ReadInt32(), Time(reader), Time(reader), reader.ReadString(), reader.ReadString());
        }

        return (new RegisterEntry(id, manifest, digest, code, typed, state, until) { PermitEvents = events }, position);
    }

    private static DateTimeOffset Time(BinaryReader reader) => DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64());

    private byte[] Mac(string redisKey, ReadOnlySpan<byte> content)
    {
        var key = Encoding.UTF8.GetBytes(redisKey);
        var input = new byte[context.Length + sizeof(int) + key.Length + content.Length];
        context.CopyTo(input, 0);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(context.Length), key.Length);
        key.CopyTo(input, context.Length + sizeof(int));
        content.CopyTo(input.AsSpan(context.Length + sizeof(int) + key.Length));
        return Sm3.Hmac(macKey, input);
    }
}
