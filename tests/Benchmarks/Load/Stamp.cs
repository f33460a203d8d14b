using System.Buffers.Text;
using System.Diagnostics;

namespace Benchmarks.Load;

/// <summary>The time at which a message was sent, as digits of a fixed width inside its JSON: <c>"sent":"0000000000123456789"</c>.</summary>
internal static class Stamp
{
    public const string Placeholder = "\"sent\":\"0000000000000000000\"";
    private const int Digits = 19;

    private static ReadOnlySpan<byte> Name => "\"sent\":\""u8;

    /// <summary>Puts the present timestamp of <see cref="Stopwatch"/> in place of the placeholder.</summary>
    public static void Write(Span<byte> message)
    {
        var digits = message.Slice(message.IndexOf(Name) + Name.Length, Digits);
        Utf8Formatter.TryFormat(Stopwatch.GetTimestamp(), digits, out _, new System.Buffers.StandardFormat('D', Digits));
    }

    public static bool TryRead(ReadOnlySpan<byte> message, out long sent)
    {
        sent = 0;
        var start = message.IndexOf(Name);
        return start >= 0 && Utf8Parser.TryParse(message[(start + Name.Length)..], out sent, out _);
    }
}
