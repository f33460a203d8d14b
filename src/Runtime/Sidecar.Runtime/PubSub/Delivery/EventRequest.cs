using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Builds the request that carries an event to the app.</summary>
internal static class EventRequest
{
    /// <summary>Names the component.</summary>
    public const string PubsubHeader = "pubsubname";

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

        EventHeaders.AddTrace(request, TraceContext.Continue(summary.TraceParent, summary.TraceState));
        return request;
    }

    /// <summary>Whether an entry of the message's metadata goes with it to the app.</summary>
    public static bool IsPassedOn(string name, string value) =>
        !name.Equals(PubsubHeader, StringComparison.OrdinalIgnoreCase) && EventHeaders.IsPassedOn(name, value);
}
