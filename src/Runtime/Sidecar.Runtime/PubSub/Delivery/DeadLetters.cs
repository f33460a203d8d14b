using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Puts finally failed messages on their dead letter topic.</summary>
internal sealed class DeadLetters(SidecarOptions options, TimeProvider time, ResiliencyPolicies policies, ILogger<DeadLetters> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Publishes the message as the broker gave it, under the outbound policies of its component. False when the broker did not take it; the message must then stay where it is.</summary>
    public async ValueTask<bool> TrySendAsync(Broker broker, string deadLetterTopic, PubSubMessage message, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var letter = new PubSubMessage(broker.OnBroker(deadLetterTopic), message.Data, message.ContentType, message.Metadata);
            await policies.Component(broker.Name, ComponentBlocks.Pubsub, FlowDirection.Outbound)
                .CallAsync("publish to", deadLetterTopic, (broker.Driver, letter), PublishEngine.Send, sending.Token).ConfigureAwait(false);
            options.Observer?.DeadLettered(broker.Name, broker.ToApp(message.Topic), deadLetterTopic, message.Data);
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PubSubLog.DeadLetterFailed(logger, failure, message.Topic, deadLetterTopic, broker.Name);
            return false;
        }
    }
}
