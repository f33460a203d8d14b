using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// The trace context as older gRPC clients send it, in <c>grpc-trace-bin</c> (contract 3.3):
/// <code>version 0 | 0 trace id (16 bytes) | 1 span id (8) | 2 flags (1)</code>
/// </summary>
internal static class BinaryTraceContext
{
    public const string Header = "grpc-trace-bin";

    private const int Length = 29;
    private const int TraceId = 2;
    private const int SpanIdField = 18;
    private const int SpanId = 19;
    private const int FlagsField = 27;
    private const int Flags = 28;

    /// <summary>Puts it into the request as <c>traceparent</c>, which it goes before, so that all others need to know one form alone.</summary>
    public static Task AdoptAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TryGetValue(Header, out var given) && TryRead(given, out var traceParent))
            context.Request.Headers.TraceParent = traceParent;
        return next(context);
    }

    /// <summary>Reads the value of the header: base64, with or without padding.</summary>
    public static bool TryRead(string? header, [NotNullWhen(true)] out string? traceParent)
    {
        traceParent = null;
        Span<byte> bytes = stackalloc byte[Length];
        if (header is null || !Convert.TryFromBase64String(header.PadRight((header.Length + 3) / 4 * 4, '='), bytes, out var written) || written != Length)
            return false;
        if (bytes[0] != 0 || bytes[1] != 0 || bytes[SpanIdField] != 1 || bytes[FlagsField] != 2)
            return false;
        var text = $"00-{Convert.ToHexStringLower(bytes[TraceId..SpanIdField])}-{Convert.ToHexStringLower(bytes[SpanId..FlagsField])}-{Convert.ToHexStringLower(bytes[Flags..])}";
        if (TraceContext.IsWellFormed(text))
            traceParent = text;
        return traceParent is not null;
    }
}
