using System.Collections.Frozen;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Builds the request that carries an event to the app.</summary>
internal static class EventRequest
{
    /// <summary>Names the component.</summary>
    public const string PubsubHeader = "pubsubname";

    // Message metadata become headers, but what frames the request, names its trace or proves the sidecar to the app is not
    // for a publisher to set. Content headers never reach this list: a request's own headers refuse them.
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect",
        ApiTokenCheck.Header, PubsubHeader, TraceContext.ParentHeader, TraceContext.StateHeader, BinaryTrace.Key,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static HttpRequestMessage Create(
        Uri path, string pubsubName, ReadOnlyMemory<byte> cloudEvent, IReadOnlyDictionary<string, string> messageMetadata, in EventSummary summary)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ReadOnlyMemoryContent(cloudEvent) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.CloudEvent);
        request.Headers.TryAddWithoutValidation(PubsubHeader, pubsubName);
        foreach (var (name, value) in messageMetadata)
        {
            if (IsPassedOn(name, value))
                request.Headers.TryAddWithoutValidation(name, value);
        }

        var trace = TraceContext.Continue(summary.TraceParent, summary.TraceState);
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, trace.TraceParent);
        if (trace.TraceState.Length > 0 && IsPrintable(trace.TraceState))
            request.Headers.TryAddWithoutValidation(TraceContext.StateHeader, trace.TraceState);
        return request;
    }

    /// <summary>Whether an entry of the message's metadata goes with it to the app.</summary>
    public static bool IsPassedOn(string name, string value) => !Reserved.Contains(name) && IsPrintable(value);

    // HttpClient refuses to send anything else, and a message must not be undeliverable for one entry of its metadata.
    public static bool IsPrintable(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;
}
