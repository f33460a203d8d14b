using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.InMemory;

/// <summary>
/// <c>pubsub.in-memory</c>: one broker per component name and process. Each subscription gets every message published while
/// it exists, one at a time; a message that fails is not delivered again.
/// </summary>
internal sealed class InMemoryPubSub : IPubSub
{
    private SharedLease<InMemoryTopics>? _topics;
    private TimeProvider _time = TimeProvider.System;
    private ILogger _logger = null!;

    public PubSubFeatures Features => PubSubFeatures.SubscribeWildcards;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        (_time, _logger) = (context.Time, context.Logger);
        _topics = context.Shared.Acquire(context.Name, () => new InMemoryTopics());
        return Task.CompletedTask;
    }

    public ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        _topics!.Value.Publish(message);
        return ValueTask.CompletedTask;
    }

    public Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        var joined = new InMemorySubscription(_topics!.Value, subscription.Topic, handler, _time, _logger);
        _topics.Value.Add(joined);
        return Task.FromResult<IAsyncDisposable>(joined);
    }

    public ValueTask DisposeAsync() => _topics?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Who listens to what.</summary>
internal sealed class InMemoryTopics : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private InMemorySubscription[] _subscriptions = [];

    /// <summary>Under the lock, so that all subscriptions see the messages in the same order.</summary>
    public void Publish(PubSubMessage message)
    {
        lock (_lock)
        {
            // One copy for all, because the publisher's buffer may be used again.
            PubSubMessage? kept = null;
            foreach (var subscription in _subscriptions)
            {
                if (subscription.Wants(message.Topic))
                    subscription.Add(kept ??= message with { Data = message.Data.ToArray() });
            }
        }
    }

    public void Add(InMemorySubscription subscription)
    {
        lock (_lock)
            _subscriptions = [.. _subscriptions, subscription];
    }

    public void Remove(InMemorySubscription subscription)
    {
        lock (_lock)
            _subscriptions = [.. _subscriptions.Where(other => other != subscription)];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
