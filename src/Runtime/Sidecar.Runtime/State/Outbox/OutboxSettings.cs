using Sidecar.Components;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>The outbox of a state store, from its component's metadata (contract section 2.5).</summary>
/// <param name="PublishPubsub">Broker that the events are for.</param>
/// <param name="PublishTopic">Topic that the events are for.</param>
/// <param name="InternalPubsub">Broker that carries the events until their transaction is known to be done.</param>
/// <param name="InternalTopic">Topic on it, of this app alone.</param>
/// <param name="DiscardWhenMissingState">Forget an event whose transaction never showed, at the end of the first search, where the default gives it back to the broker for an hour.</param>
internal sealed record OutboxSettings(
    string PublishPubsub, string PublishTopic, string InternalPubsub, string InternalTopic, bool DiscardWhenMissingState)
{
    /// <summary>Null unless both the target broker and the target topic are named.</summary>
    public static OutboxSettings? From(ComponentMetadata metadata, SidecarOptions options)
    {
        if (metadata.Find("outboxPublishPubsub") is not { } pubsub || metadata.Find("outboxPublishTopic") is not { } topic)
            return null;
        return new OutboxSettings(
            pubsub,
            topic,
            metadata.Find("outboxPubsub") ?? pubsub,
            $"{options.Namespace}{options.AppId}{topic}outbox",
            metadata.Flag("outboxDiscardWhenMissingState"));
    }
}
