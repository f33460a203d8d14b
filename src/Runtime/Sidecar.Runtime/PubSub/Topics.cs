using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub;

/// <summary>Topics for the sidecar's own use: the rules of the API, without the permissions that bind an app.</summary>
internal sealed class Topics(Brokers brokers, PublishEngine engine) : ITopics
{
    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    public async ValueTask<DaprError?> PublishAsync(
        string pubsubName, string topic, ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        engine.TryResolve(pubsubName, topic, metadata, out var target) ??
        await engine.PublishAsync(target!, data, contentType, TraceContext.Begin(), cancellationToken).ConfigureAwait(false);

    public Task<IAsyncDisposable> SubscribeAsync(string pubsubName, string topic, int atOnce, PubSubHandler handler, CancellationToken cancellationToken)
    {
        var broker = brokers.Find(pubsubName) ?? throw new ComponentException($"pubsub {pubsubName} is not found");
        return broker.Driver.SubscribeAsync(new PubSubSubscription(broker.OnBroker(topic), NoMetadata) { BatchSize = atOnce }, handler, cancellationToken);
    }
}
