using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ShantingEId.TestSupport;

/// <summary>A part of a Redis command: text or bytes.</summary>
/// <param name="Bytes">As sent.</param>
public readonly record struct RedisArgument(ReadOnlyMemory<byte> Bytes)
{
    public static implicit operator RedisArgument(string text) => new(Encoding.UTF8.GetBytes(text));

    public static implicit operator RedisArgument(byte[] bytes) => new(bytes);

    public static implicit operator RedisArgument(int number) => new(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
}

/// <summary>An answer of Redis.</summary>
/// <param name="Bytes">A text, number or bytes; null for nothing.</param>
/// <param name="Items">A list.</param>
public sealed record RedisReply(byte[]? Bytes, IReadOnlyList<RedisReply> Items)
{
    public string? Text => Bytes is null ? null : Encoding.UTF8.GetString(Bytes);

    public long Number => long.Parse(Text!, CultureInfo.InvariantCulture);
}

/// <summary>The plainest client of Redis (RESP 2), so that what a cache holds can be seen and spoiled without the library under test.</summary>
public sealed class RedisWire : IDisposable
{
    private readonly TcpClient connection = new() { NoDelay = true };
    private BufferedStream stream = null!;

    private RedisWire()
    {
    }

    public static async Task<RedisWire> ConnectAsync(int port)
    {
        var wire = new RedisWire();
        try
        {
            await wire.connection.ConnectAsync(IPAddress.Loopback, port);
            wire.stream = new BufferedStream(wire.connection.GetStream(), 64 * 1024);
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Sends a command and reads its answer; an error of Redis is thrown.</summary>
    public async Task<RedisReply> SendAsync(params RedisArgument[] command)
    {
        await WriteAsync(Encoding.ASCII.GetBytes($"*{command.Length}\r\n"));
        foreach (var part in command)
        {
            await WriteAsync(Encoding.ASCII.GetBytes($"${part.Bytes.Length}\r\n"));
            await WriteAsync(part.Bytes);
            await WriteAsync("\r\n"u8.ToArray());
        }

        await stream.FlushAsync();
        return await ReadAsync();
    }

    /// <summary>Every key that fits a pattern.</summary>
    public async Task<List<byte[]>> KeysAsync(string pattern = "*") => [.. (await SendAsync("KEYS", pattern)).Items.Select(item => item.Bytes!)];

    /// <summary>Reads one more answer, e.g. of MONITOR.</summary>
    public async Task<RedisReply> ReadAsync()
    {
        var line = await ReadLineAsync();
        var rest = line[1..];
        switch (line[0])
        {
            case '+' or ':':
                return new(Encoding.UTF8.GetBytes(rest), []);
            case '-':
                throw new InvalidOperationException(rest);
            case '$' when rest == "-1":
                return new(null, []);
            case '$':
                var bytes = new byte[int.Parse(rest, CultureInfo.InvariantCulture) + 2];
                await stream.ReadExactlyAsync(bytes);
                return new(bytes[..^2], []);
            case '*':
                var items = new List<RedisReply>();
                for (var left = int.Parse(rest, CultureInfo.InvariantCulture); left > 0; left--)
                {
                    items.Add(await ReadAsync());
                }

                return new(null, items);
            default:
                throw new IOException("not an answer of Redis: " + line);
        }
    }

    public void Dispose() => connection.Dispose();

    private ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    private async Task<string> ReadLineAsync()
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < 2 || line[^1] != '\n')
        {
            await stream.ReadExactlyAsync(one);
            line.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. line[..^2]]);
    }
}
