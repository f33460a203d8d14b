namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// A trace context as <c>grpc-trace-bin</c> has it (contract 3.3):
/// <code>
/// +---------+---+----------+---+---------+---+-------+
/// | version | 0 | trace id | 1 | span id | 2 | flags |
/// | 0       |   | 16 bytes |   | 8 bytes |   | 1 byte|
/// +---------+---+----------+---+---------+---+-------+
/// </code>
/// </summary>
internal static class BinaryTrace
{
    public const string Key = "grpc-trace-bin";

    private const int Length = 29;
    private const int Span = 19;
    private const int Flags = 28;

    /// <param name="traceParent">Well-formed.</param>
    public static byte[] Of(string traceParent)
    {
        var bytes = new byte[Length];
        Convert.FromHexString(traceParent.AsSpan(3, 32), bytes.AsSpan(2), out _, out _);
        bytes[Span - 1] = 1;
        Convert.FromHexString(traceParent.AsSpan(36, 16), bytes.AsSpan(Span), out _, out _);
        bytes[Flags - 1] = 2;
        Convert.FromHexString(traceParent.AsSpan(53, 2), bytes.AsSpan(Flags), out _, out _);
        return bytes;
    }

    /// <summary>As a header carries it.</summary>
    public static string HeaderOf(string traceParent) => Convert.ToBase64String(Of(traceParent)).TrimEnd('=');

    /// <summary>The same as a <c>traceparent</c>; null if the header is none of these.</summary>
    public static string? ToTraceParent(string? header)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (header?.TrimEnd('=') is not { Length: 39 } text || !Convert.TryFromBase64String(text + "=", bytes, out var length) || length != Length)
            return null;
        if (bytes[0] != 0 || bytes[1] != 0 || bytes[Span - 1] != 1 || bytes[Flags - 1] != 2)
            return null;
        return $"00-{Convert.ToHexStringLower(bytes[2..(Span - 1)])}-{Convert.ToHexStringLower(bytes[Span..(Flags - 1)])}-{Convert.ToHexStringLower(bytes[Flags..])}";
    }
}
