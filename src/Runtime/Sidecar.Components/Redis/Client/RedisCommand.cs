using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sidecar.Components.Redis;

/// <summary>A word of a command: text, a number, or bytes as they are.</summary>
internal readonly struct RedisArgument
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    private RedisArgument(string? text, ReadOnlyMemory<byte> bytes) => (_text, _bytes) = (text, bytes);

    public int Length => _text is null ? _bytes.Length : Encoding.UTF8.GetByteCount(_text);

    public static implicit operator RedisArgument(string text) => new(text, default);

    public static implicit operator RedisArgument(long number) => new(number.ToString(CultureInfo.InvariantCulture), default);

    public static implicit operator RedisArgument(ReadOnlyMemory<byte> bytes) => new(null, bytes);

    public void WriteTo(IBufferWriter<byte> output)
    {
        if (_text is null)
            output.Write(_bytes.Span);
        else
            Encoding.UTF8.GetBytes(_text, output);
    }

    public override string ToString() => _text ?? $"{_bytes.Length} bytes";
}

/// <summary>
/// A command as clients send it.
/// <code>
/// command = "*" count CRLF count*("$" length CRLF bytes CRLF)
/// </code>
/// </summary>
internal sealed class RedisCommand(params RedisArgument[] words)
{
    /// <summary>
    /// Doing it twice is as good as once, and nobody could tell: it is sent again after a connection broke, also when the first
    /// may have arrived. Other commands are sent again only if surely nothing of them was.
    /// </summary>
    public bool IsRepeatable { get; init; }

    /// <summary>How long the server itself waits before it answers, in addition to the limit of any reply.</summary>
    public TimeSpan ServerWaits { get; init; }

    /// <summary>What is said of it in messages: never its arguments, which may be secret.</summary>
    public string Name { get; } = words[0].ToString();

    public static RedisCommand Read(params RedisArgument[] words) => new(words) { IsRepeatable = true };

    public void WriteTo(IBufferWriter<byte> output)
    {
        WriteHeader(output, (byte)'*', words.Length);
        foreach (var word in words)
        {
            WriteHeader(output, (byte)'$', word.Length);
            word.WriteTo(output);
            output.Write("\r\n"u8);
        }
    }

    private static void WriteHeader(IBufferWriter<byte> output, byte type, int number)
    {
        var span = output.GetSpan(16);
        span[0] = type;
        Utf8Formatter.TryFormat(number, span[1..], out var written);
        span[written + 1] = (byte)'\r';
        span[written + 2] = (byte)'\n';
        output.Advance(written + 3);
    }
}
