namespace Sidecar.Components.PubSub;

/// <summary>
/// A message broker. At-least-once unless a driver says otherwise. Every conformance rule of this interface is a test in
/// <c>tests/Conformance/PubSub</c>.
/// </summary>
public interface IPubSub : IComponent
{
    PubSubFeatures Features { get; }

    /// <summary>Returns once the broker has the message; what it acknowledged survives the death of this process where the broker is durable.</summary>
    ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Delivers messages of the topic to <paramref name="handler"/> until the returned subscription is disposed. Disposal
    /// waits for handlers under way; what they did not acknowledge goes back to the broker: a <see cref="Delivery.Nack"/> that
    /// comes once disposal has been called says nothing about the message.
    /// </summary>
    Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken);
}

/// <summary>A broker that takes several messages at once; others are given them one by one.</summary>
public interface IBulkPublisher
{
    /// <summary>Publishes messages of one topic, in their order. Returns what the broker does not have afterwards; empty = it has all.</summary>
    /// <exception cref="ComponentException">The broker has none of them.</exception>
    ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken);
}

/// <param name="Index">Place in the list that was to be published.</param>
public readonly record struct UnpublishedMessage(int Index, Exception Reason);

[Flags]
public enum PubSubFeatures
{
    None = 0,
    MessageTtl = 1,
    SubscribeWildcards = 2,

    /// <summary>The driver is an <see cref="IBulkPublisher"/>.</summary>
    BulkPubSub = 4,
}

/// <param name="Data">The bytes on the wire: a CloudEvent in JSON, or the raw payload.</param>
/// <param name="Metadata">Publish metadata, given back with the delivery.</param>
public sealed record PubSubMessage(string Topic, ReadOnlyMemory<byte> Data, string? ContentType, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Seconds to live from the publish metadata (<c>ttlInSeconds</c>); null = no limit.</summary>
    public TimeSpan? TimeToLive { get; init; }
}

/// <param name="Metadata">Subscription metadata.</param>
public sealed record PubSubSubscription(string Topic, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>
    /// Messages that the handler collects before it answers any of them. A broker that handles several at once handles at
    /// least so many.
    /// </summary>
    public int BatchSize { get; init; } = 1;
}

/// <summary>Handles one message; an exception counts as <see cref="Delivery.Nack"/>. The token ends when the subscription stops or the broker's processing time is over.</summary>
public delegate ValueTask<Delivery> PubSubHandler(PubSubMessage message, CancellationToken cancellationToken);

public enum Delivery
{
    /// <summary>Done with; the broker may forget it.</summary>
    Ack,

    /// <summary>Not handled; the broker delivers it again if it can.</summary>
    Nack,
}
