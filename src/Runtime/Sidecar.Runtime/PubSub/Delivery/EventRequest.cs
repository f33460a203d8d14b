using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Builds the request that carries an event to the app.</summary>
internal static class EventRequest
{
    private const string PubsubNameHeader = "pubsubname";

    public static HttpRequestMessage Create(
        Uri path, string pubsubName, ReadOnlyMemory<byte> cloudEvent, IReadOnlyDictionary<string, string> messageMetadata, in EventSummary summary)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ReadOnlyMemoryContent(cloudEvent) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.CloudEvent);
        request.Headers.TryAddWithoutValidation(PubsubNameHeader, pubsubName);
        foreach (var (name, value) in messageMetadata)
        {
            if (!name.Equals(PubsubNameHeader, StringComparison.OrdinalIgnoreCase))
                EventHeaders.TryAdd(request, name, value);
        }

        EventHeaders.AddTrace(request, TraceContext.Continue(summary.TraceParent, summary.TraceState));
        return request;
    }
}
