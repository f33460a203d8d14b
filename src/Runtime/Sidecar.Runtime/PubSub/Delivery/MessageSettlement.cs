using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Answers the broker for what became of a message, by way of the dead letter topic if there is one.</summary>
internal sealed class MessageSettlement(
    Broker broker, TopicSubscription subscription, DeadLetters deadLetters, ISidecarObserver? observer, ILogger logger)
{
    public ValueTask<BrokerAnswer> SettleAsync(PubSubMessage message, in Outcome outcome, CancellationToken cancellationToken)
    {
        observer?.Delivered(broker.Name, subscription.Topic, message.Data, outcome.Verdict.ToString().ToUpperInvariant(), outcome.Reason);
        if (outcome.Verdict == Verdict.Success)
            return ValueTask.FromResult(BrokerAnswer.Ack);

        // Nobody is there to answer, the subscription ends or the time for the message is over: no verdict on the message, the
        // broker has it again.
        if (outcome.IsGivenBack || (outcome.Verdict == Verdict.Retry && cancellationToken.IsCancellationRequested))
            return ValueTask.FromResult(BrokerAnswer.Nack);

        if (outcome.Verdict == Verdict.Drop)
            PubSubLog.EventDropped(logger, outcome.EventId, subscription.Topic, broker.Name, outcome.Reason);
        else
            PubSubLog.DeliveryFailed(logger, outcome.EventId, subscription.Topic, broker.Name, outcome.Reason);
        return subscription.DeadLetterTopic is { } deadLetterTopic && !outcome.HasNoDeadLetter
            ? BuryAsync(deadLetterTopic, message, cancellationToken)
            : ValueTask.FromResult(outcome.Verdict == Verdict.Drop ? BrokerAnswer.Ack : BrokerAnswer.Nack);
    }

    private async ValueTask<BrokerAnswer> BuryAsync(string deadLetterTopic, PubSubMessage message, CancellationToken cancellationToken) =>
        await deadLetters.TrySendAsync(broker, deadLetterTopic, message, cancellationToken).ConfigureAwait(false) ? BrokerAnswer.Ack : BrokerAnswer.Nack;
}
