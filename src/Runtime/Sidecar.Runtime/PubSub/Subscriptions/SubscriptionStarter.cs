using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>Joins subscriptions to their brokers. What cannot be joined is logged, and no other subscription suffers.</summary>
internal sealed class SubscriptionStarter(
    Brokers brokers, IRouteMatcherParser matchers, IAppChannel app, DeadLetters deadLetters, SidecarOptions options, TimeProvider time, ILogger<SubscriptionStarter> logger)
{
    /// <summary>Null when it cannot be started.</summary>
    public async Task<RunningSubscription?> TryStartAsync(TopicSubscription subscription, CancellationToken cancellationToken)
    {
        if (Prepare(subscription, out var broker) is not { } delivery)
            return null;
        var running = new RunningSubscription(broker!, subscription, delivery);
        try
        {
            var onBroker = new PubSubSubscription(broker!.OnBroker(subscription.Topic), subscription.Metadata)
            {
                BatchSize = subscription.BulkSubscribe?.MaxMessagesCount ?? 1,
            };
            running.Begin(await broker.Driver.SubscribeAsync(onBroker, running.HandleAsync, cancellationToken).ConfigureAwait(false));
            PubSubLog.Subscribed(logger, subscription.Topic, broker.Name);
            return running;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            delivery.Retire();
            PubSubLog.SubscribeFailed(logger, failure, subscription.Topic, subscription.PubsubName);
            return null;
        }
    }

    /// <summary>Lets messages go where the subscription says now, without the broker hearing of it. False when that cannot be.</summary>
    public bool TryReroute(RunningSubscription running, TopicSubscription subscription)
    {
        if (Prepare(subscription, out _) is not { } delivery)
            return false;
        running.Reroute(subscription, delivery);
        return true;
    }

    private IDelivery? Prepare(TopicSubscription subscription, out Broker? broker)
    {
        broker = brokers.Find(subscription.PubsubName);
        string? problem;
        if (broker is null)
            problem = "there is no such pubsub component";
        else if (!broker.Permissions.MaySubscribe(subscription.Topic))
            problem = "the topic is not allowed for this app";
        else if (RawPayload.TryRead(subscription.Metadata, out var isRaw, out problem) && RouteTable.TryCreate(subscription.Rules, matchers, out var routes, out problem))
            return Create(broker, subscription, routes, isRaw);

        PubSubLog.SubscriptionRefused(logger, subscription.Topic, subscription.PubsubName, problem);
        return null;
    }

    private IDelivery Create(Broker broker, TopicSubscription subscription, RouteTable routes, bool isRaw)
    {
        var admission = new MessageAdmission(broker.Name, subscription, routes, isRaw, time);
        var settlement = new MessageSettlement(broker, subscription, deadLetters, options.Observer, logger);
        return subscription.BulkSubscribe is null
            ? new EventDelivery(broker.Name, subscription.Topic, admission, settlement, app, options)
            : new BulkDelivery(new BulkEnvelope(broker.Name, subscription.Topic, isRaw), admission, settlement, app, subscription, options, time);
    }
}
