using System.Collections.Frozen;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.AppChannel;

/// <summary>Headers of a request that carries an event to the app: the event's metadata and its trace.</summary>
internal static class EventHeaders
{
    // What frames the request, names its trace or proves the sidecar to the app is not for an event to set. Content headers
    // never reach this list: a request's own headers refuse them.
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect",
        "dapr-api-token", TraceContext.ParentHeader, TraceContext.StateHeader, BinaryTrace.Key,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds an entry of the metadata, unless it is none that a header can hold or an event may set.</summary>
    public static void TryAdd(HttpRequestMessage request, string name, string value)
    {
        if (IsPassedOn(name, value))
            request.Headers.TryAddWithoutValidation(name, value);
    }

    /// <summary>Whether an entry of an event's metadata goes with it to the app.</summary>
    public static bool IsPassedOn(string name, string value) => !Reserved.Contains(name) && IsPrintable(value);

    public static void AddTrace(HttpRequestMessage request, in TraceContext trace)
    {
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, trace.TraceParent);
        if (trace.TraceState.Length > 0 && IsPrintable(trace.TraceState))
            request.Headers.TryAddWithoutValidation(TraceContext.StateHeader, trace.TraceState);
    }

    // HttpClient refuses to send anything else, and an event must not be undeliverable for one entry of its metadata.
    public static bool IsPrintable(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;
}
