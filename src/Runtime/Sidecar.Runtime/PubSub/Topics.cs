using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Subscriptions;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub;

/// <summary>Topics for the sidecar's own use: the rules of the API, without the permissions that bind an app.</summary>
internal sealed class Topics(Brokers brokers, PublishEngine engine, ResiliencyPolicies policies, TimeProvider time, ILogger<Topics> logger) : ITopics
{
    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    public async ValueTask<DaprError?> PublishAsync(
        string pubsubName, string topic, ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        engine.TryResolve(pubsubName, topic, metadata, out var target) ??
        await engine.PublishAsync(target!, data, contentType, TraceContext.Begin(), cancellationToken).ConfigureAwait(false);

    public async Task<IAsyncDisposable> SubscribeAsync(string pubsubName, string topic, PubSubHandler handler, CancellationToken cancellationToken)
    {
        var broker = brokers.Find(pubsubName) ?? throw new ComponentException($"pubsub {pubsubName} is not found");
        var own = new OwnSubscription(handler, new DeliveryRetries(broker.Name, topic, policies, time, logger));
        own.Begin(await broker.Driver.SubscribeAsync(new PubSubSubscription(broker.OnBroker(topic), NoMetadata), own.HandleAsync, cancellationToken).ConfigureAwait(false));
        return own;
    }
}
