using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Answers the broker for what became of a message, by way of the dead letter topic if there is one.</summary>
internal sealed class MessageSettlement(
    Broker broker, TopicSubscription subscription, DeadLetters deadLetters, ISidecarObserver? observer, MessageEvents events)
{
    public ValueTask<BrokerAnswer> SettleAsync(PubSubMessage message, in Outcome outcome, CancellationToken cancellationToken)
    {
        observer?.Delivered(broker.Name, subscription.Topic, message.Data, outcome.Verdict.ToString().ToUpperInvariant(), outcome.Reason);
        events.Decided(broker, subscription, outcome.Verdict);
        if (outcome.Verdict == Verdict.Success)
            return ValueTask.FromResult(BrokerAnswer.Ack);

        // Nobody is there to answer, the subscription ends or the time for the message is over: no verdict on the message, the
        // broker has it again.
        if (outcome.IsGivenBack || (outcome.Verdict == Verdict.Retry && cancellationToken.IsCancellationRequested))
            return ValueTask.FromResult(BrokerAnswer.Nack);

        if (subscription.DeadLetterTopic is { } deadLetterTopic && !outcome.HasNoDeadLetter)
            return BuryAsync(deadLetterTopic, message, outcome, cancellationToken);
        if (outcome.Verdict == Verdict.Drop)
        {
            events.Dropped(broker, subscription, outcome);
            return ValueTask.FromResult(BrokerAnswer.Ack);
        }

        events.Failed(broker, subscription, outcome);
        return ValueTask.FromResult(BrokerAnswer.Nack);
    }

    private async ValueTask<BrokerAnswer> BuryAsync(string deadLetterTopic, PubSubMessage message, Outcome outcome, CancellationToken cancellationToken)
    {
        if (await deadLetters.TrySendAsync(broker, deadLetterTopic, message, cancellationToken).ConfigureAwait(false))
        {
            events.DeadLettered(broker, subscription, deadLetterTopic, outcome);
            return BrokerAnswer.Ack;
        }

        events.Failed(broker, subscription, outcome);
        return BrokerAnswer.Nack;
    }
}
