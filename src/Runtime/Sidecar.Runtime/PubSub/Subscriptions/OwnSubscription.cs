using Sidecar.Components.PubSub;
using Sidecar.Runtime.PubSub.Delivery;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>
/// A subscription for the sidecar's own use. What is not handled is tried again as messages for the app are: there are brokers
/// on which a message has one attempt, and an outbox that could not pass on an event would lose it there.
/// </summary>
internal sealed class OwnSubscription(PubSubHandler handler, DeliveryRetries retries) : IAsyncDisposable
{
    private IAsyncDisposable? _onBroker;

    public void Begin(IAsyncDisposable onBroker) => _onBroker = onBroker;

    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var outcome = await AttemptAsync(message, cancellationToken).ConfigureAwait(false);
        if (outcome.MayBeRetried)
            outcome = await RetryAsync(outcome, message, cancellationToken).ConfigureAwait(false);
        return outcome.Verdict == Verdict.Success ? BrokerAnswer.Ack : BrokerAnswer.Nack;
    }

    public async ValueTask DisposeAsync()
    {
        var ended = _onBroker!.DisposeAsync();
        retries.End();
        await ended.ConfigureAwait(false);
    }

    private ValueTask<Outcome> RetryAsync(in Outcome first, PubSubMessage message, CancellationToken cancellationToken) =>
        retries.RetryAsync(first, () => AttemptAsync(message, cancellationToken), cancellationToken);

    private async ValueTask<Outcome> AttemptAsync(PubSubMessage message, CancellationToken cancellationToken) =>
        await handler(message, cancellationToken).ConfigureAwait(false) == BrokerAnswer.Ack ? AppWords.Success : new Outcome(Verdict.Retry, "it could not be handled");
}
