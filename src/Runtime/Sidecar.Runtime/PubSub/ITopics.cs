using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.PubSub;

/// <summary>What other slices may do with topics: the state outbox publishes and consumes through it.</summary>
internal interface ITopics
{
    /// <summary>
    /// Publishes by the rules of the publish API (envelope by content type, trace context, TTL); topic permissions are not
    /// checked. Null on success.
    /// </summary>
    ValueTask<DaprError?> PublishAsync(
        string pubsubName, string topic, ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken);

    /// <summary>Consumes a topic in this sidecar; the message is handed over as the broker has it, and what is given back is the broker's.</summary>
    /// <param name="atOnce">Messages that may be with the handler at a time, on a broker that has an own number for this at least so many.</param>
    Task<IAsyncDisposable> SubscribeAsync(string pubsubName, string topic, int atOnce, PubSubHandler handler, CancellationToken cancellationToken);
}
