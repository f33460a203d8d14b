using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Joins a subscription to its broker.</summary>
internal sealed class SubscriptionStarter(
    Brokers brokers, IRouteMatcherParser matchers, IAppChannel app, DeadLetters deadLetters, SidecarOptions options, TimeProvider time, ILogger<EventDelivery> logger)
{
    /// <summary>Null when it cannot be started; the reason is logged and no other subscription suffers.</summary>
    public async Task<IAsyncDisposable?> TryStartAsync(TopicSubscription subscription, CancellationToken cancellationToken)
    {
        if (Prepare(subscription, out var broker) is not { } delivery)
            return null;
        try
        {
            var onBroker = new PubSubSubscription(broker!.OnBroker(subscription.Topic), subscription.Metadata);
            var running = await broker.Driver.SubscribeAsync(onBroker, delivery.HandleAsync, cancellationToken).ConfigureAwait(false);
            PubSubLog.Subscribed(logger, subscription.Topic, broker.Name);
            return running;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PubSubLog.SubscribeFailed(logger, failure, subscription.Topic, subscription.PubsubName);
            return null;
        }
    }

    private EventDelivery? Prepare(TopicSubscription subscription, out Broker? broker)
    {
        broker = brokers.Find(subscription.PubsubName);
        string? problem;
        if (broker is null)
            problem = "there is no such pubsub component";
        else if (!broker.Permissions.MaySubscribe(subscription.Topic))
            problem = "the topic is not allowed for this app";
        else if (RawPayload.TryRead(subscription.Metadata, out var isRaw, out problem) && RouteTable.TryCreate(subscription.Rules, matchers, out var routes, out problem))
            return new EventDelivery(broker, subscription, routes, isRaw, app, deadLetters, options, time, logger);

        PubSubLog.SubscriptionRefused(logger, subscription.Topic, subscription.PubsubName, problem);
        return null;
    }
}
