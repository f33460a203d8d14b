using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>Joins subscriptions to their brokers. What cannot be joined is told, and no other subscription suffers.</summary>
internal sealed class SubscriptionStarter(
    Brokers brokers, IRouteMatcherParser matchers, AppRecipients app, DeadLetters deadLetters, MessageEvents events, ResiliencyPolicies policies, SidecarOptions options, TimeProvider time, ILogger<SubscriptionStarter> logger)
{
    /// <summary>Starts a subscription of the app. Null when it cannot be started, which is logged.</summary>
    public async Task<RunningSubscription?> TryStartAsync(TopicSubscription subscription, CancellationToken cancellationToken) =>
        Prepare(subscription, stream: null, out var prepared) is { } refusal
            ? Refused(subscription, refusal)
            : (await JoinAsync(prepared, subscription, cancellationToken).ConfigureAwait(false)).Running;

    /// <summary>Starts a subscription whose events go to <paramref name="stream"/>. When it cannot be started the client is to be told why.</summary>
    public async Task<(RunningSubscription? Running, DaprError? Refusal)> StartAsync(
        TopicSubscription subscription, IEventRecipient stream, CancellationToken cancellationToken) =>
        Prepare(subscription, stream, out var prepared) is { } refusal
            ? (null, refusal)
            : await JoinAsync(prepared, subscription, cancellationToken).ConfigureAwait(false);

    /// <summary>Lets messages go where the app's subscription says now, without the broker hearing of it. False when that cannot be.</summary>
    public bool TryReroute(RunningSubscription running, TopicSubscription subscription)
    {
        if (Prepare(subscription, stream: null, out var prepared, running.Guard) is { } refusal)
        {
            Refused(subscription, refusal);
            return false;
        }

        running.Reroute(subscription, prepared.Handler);
        return true;
    }

    private async Task<(RunningSubscription? Running, DaprError? Refusal)> JoinAsync(Prepared prepared, TopicSubscription subscription, CancellationToken cancellationToken)
    {
        var (broker, handler, guard) = prepared;
        var running = new RunningSubscription(broker, subscription, handler, guard);
        try
        {
            var onBroker = new PubSubSubscription(broker.OnBroker(subscription.Topic), subscription.Metadata)
            {
                BatchSize = subscription.BulkSubscribe?.MaxMessagesCount ?? 1,
            };
            running.Begin(await broker.Driver.SubscribeAsync(onBroker, running.HandleAsync, cancellationToken).ConfigureAwait(false));
            PubSubLog.Subscribed(logger, subscription.Topic, broker.Name);
            return (running, null);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            handler.Retire();
            if (!cancellationToken.IsCancellationRequested)
                PubSubLog.SubscribeFailed(logger, failure, subscription.Topic, subscription.PubsubName);
            return (null, PubSubErrors.SubscribeFailed(broker.Name, subscription.Topic, failure.Message));
        }
    }

    private RunningSubscription? Refused(TopicSubscription subscription, DaprError refusal)
    {
        PubSubLog.SubscriptionRefused(logger, subscription.Topic, subscription.PubsubName, refusal.Message);
        return null;
    }

    /// <param name="guard">Of the subscription that goes on with another delivery; null = it is a new one.</param>
    private DaprError? Prepare(TopicSubscription subscription, IEventRecipient? stream, out Prepared prepared, DeliveryGuard? guard = null)
    {
        prepared = default;
        if (brokers.Find(subscription.PubsubName) is not { } broker)
            return PubSubErrors.NotFound(subscription.PubsubName, options.AppId);
        if (!broker.Permissions.MaySubscribe(subscription.Topic))
            return PubSubErrors.Forbidden(broker.Name, subscription.Topic, options.AppId);
        if (!RawPayload.TryRead(subscription.Metadata, out var isRaw, out var problem))
            return PubSubErrors.BadMetadata(broker.Name, options.AppId, problem!);
        if (!RouteTable.TryCreate(subscription.Rules, matchers, out var routes, out problem))
            return CommonErrors.Unclassified(problem);
        guard ??= new DeliveryGuard(broker.Name, subscription.Topic, policies);
        prepared = new Prepared(broker, Create(broker, subscription, routes, isRaw, stream, guard), guard);
        return null;
    }

    private MessageHandler Create(Broker broker, TopicSubscription subscription, RouteTable routes, bool isRaw, IEventRecipient? stream, DeliveryGuard guard)
    {
        IDelivery delivery = subscription.BulkSubscribe is { } limits
            ? new BulkDelivery(guard, app.Batches(broker.Name, subscription.Topic, isRaw), limits, time)
            : new EventDelivery(guard, stream ?? app.Events(broker.Name, subscription.Topic));
        return new MessageHandler(
            subscription.Topic,
            new MessageAdmission(broker.Name, subscription, routes, isRaw, time),
            delivery,
            new MessageSettlement(broker, subscription, deadLetters, options.Observer, events),
            options);
    }

    private readonly record struct Prepared(Broker Broker, MessageHandler Handler, DeliveryGuard Guard);
}
