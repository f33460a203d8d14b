using Sidecar.Components.PubSub;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.Routing;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>A subscription that its broker serves. Where messages go at the app can change while it runs; a message under way goes on as it began.</summary>
internal sealed class RunningSubscription(Broker broker, TopicSubscription subscription, MessageHandler handler, DeliveryGuard guard)
{
    private readonly Lock _ending = new();
    private volatile MessageHandler _handler = handler;
    private IAsyncDisposable? _onBroker;
    private Task? _ended;

    public Broker Broker => broker;

    public DeliveryGuard Guard => guard;

    public TopicSubscription Subscription { get; private set; } = subscription;

    /// <summary>It serves no more, or will soon serve no more.</summary>
    public bool IsEnding => _ended is not null;

    public void Begin(IAsyncDisposable onBroker) => _onBroker = onBroker;

    public ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken) => _handler.HandleAsync(message, cancellationToken);

    public void Reroute(TopicSubscription next, MessageHandler handler)
    {
        var before = _handler;
        _handler = handler;
        Subscription = next;
        before.Retire();
    }

    /// <summary>Waits for messages under way; what is not acknowledged then goes back to the broker. Later calls await the first.</summary>
    public Task EndAsync()
    {
        _handler.Retire();
        lock (_ending)
            _ended ??= _onBroker!.DisposeAsync().AsTask();
        guard.End();
        return _ended;
    }
}
