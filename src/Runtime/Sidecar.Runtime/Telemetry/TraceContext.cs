namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// W3C trace context as the sidecar passes it on (https://www.w3.org/TR/trace-context/). The sidecar takes part in a trace
/// with a span of its own id, so what it sends on names the sidecar as the parent.
/// </summary>
/// <param name="TraceParent"><c>00-{32 hex trace id}-{16 hex span id}-{2 hex flags}</c>.</param>
/// <param name="TraceState">Vendor data, passed on as it came; empty = none.</param>
internal readonly record struct TraceContext(string TraceParent, string TraceState)
{
    public const string ParentHeader = "traceparent";
    public const string StateHeader = "tracestate";
    public const string BaggageHeader = "baggage";

    private const string Unsampled = "00-00000000000000000000000000000000-0000000000000000-00";

    /// <summary>
    /// The sidecar's span where one is recorded, which continues the caller's trace by itself. Otherwise continues the trace of
    /// the caller, or begins one when it sent none or a malformed one.
    /// </summary>
    public static TraceContext Continue(string? traceParent, string? traceState) =>
        SidecarSpans.Current is { Id: { } id } span ? new TraceContext(id, span.TraceStateString ?? "") : IsWellFormed(traceParent)
            ? new TraceContext(string.Create(traceParent.Length, traceParent, WithNewSpan), traceState ?? "")
            : Begin();

    /// <summary>A new trace, not sampled.</summary>
    public static TraceContext Begin() => new(string.Create(Unsampled.Length, Unsampled, static (text, form) =>
    {
        WithNewSpan(text, form);
        WriteRandom(text.Slice(3, 32));
    }), "");

    // 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    // 0  3                                36               53
    public static bool IsWellFormed([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] string? traceParent)
    {
        if (traceParent is not { Length: 55 } || traceParent[2] != '-' || traceParent[35] != '-' || traceParent[52] != '-')
            return false;
        var text = traceParent.AsSpan();
        return IsHex(text[..2]) && text[..2] is not "ff" &&
            IsHex(text[3..35]) && text[3..35].IndexOfAnyExcept('0') >= 0 &&
            IsHex(text[36..52]) && text[36..52].IndexOfAnyExcept('0') >= 0 &&
            IsHex(text[53..]);
    }

    /// <summary>
    /// A list of <c>key=value</c> members (https://www.w3.org/TR/baggage/), each perhaps with properties after a semicolon;
    /// empty is well-formed.
    /// </summary>
    public static bool IsWellFormedBaggage(ReadOnlySpan<char> baggage)
    {
        if (baggage.IsEmpty)
            return true;
        foreach (var member in baggage.Split(','))
        {
            var equals = baggage[member].IndexOf('=');
            if (equals <= 0 || baggage[member][..equals].Trim().ContainsAny(" \"(),/:;<=>?@[\\]{}"))
                return false;
        }

        return true;
    }

    private static bool IsHex(ReadOnlySpan<char> text) => text.IndexOfAnyExcept("0123456789abcdef") < 0;

    private static void WithNewSpan(Span<char> text, string traceParent)
    {
        traceParent.CopyTo(text);
        WriteRandom(text.Slice(36, 16));
    }

    // No id may be all zeros; with so many digits none will be.
    private static void WriteRandom(Span<char> digits)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..(digits.Length / 2)];
        Random.Shared.NextBytes(bytes);
        Convert.TryToHexStringLower(bytes, digits, out _);
    }
}
