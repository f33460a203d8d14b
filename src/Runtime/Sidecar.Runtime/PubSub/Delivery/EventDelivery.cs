using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Takes the messages of one subscription from the broker to the app:
/// (1) wrap raw payloads, or check that the message is an event; (2) drop it when it has expired; (3) find its route;
/// (4) hand it to the app and read the verdict; (5) answer the broker, by way of the dead letter topic if there is one.
/// </summary>
internal sealed class EventDelivery(
    Broker broker, TopicSubscription subscription, RouteTable routes, bool isRaw, IAppChannel app, DeadLetters deadLetters, SidecarOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>The broker's handler. One call at a time per message; how many messages at once is the broker's decision.</summary>
    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var (verdict, reason, id) = await DeliverAsync(message, cancellationToken).ConfigureAwait(false);
        options.Observer?.Delivered(broker.Name, subscription.Topic, message.Data, verdict.ToString().ToUpperInvariant(), reason);

        // 5. The subscription ends or the time for the message is over: no verdict on the message, the broker has it again.
        if (verdict == Verdict.Retry && cancellationToken.IsCancellationRequested)
            return BrokerAnswer.Nack;
        if (verdict == Verdict.Success)
            return BrokerAnswer.Ack;

        if (verdict == Verdict.Drop)
            PubSubLog.EventDropped(logger, id, subscription.Topic, broker.Name, reason);
        else
            PubSubLog.DeliveryFailed(logger, id, subscription.Topic, broker.Name, reason);
        if (subscription.DeadLetterTopic is { } deadLetterTopic)
            return await deadLetters.TrySendAsync(broker, deadLetterTopic, message, cancellationToken).ConfigureAwait(false) ? BrokerAnswer.Ack : BrokerAnswer.Nack;
        return verdict == Verdict.Drop ? BrokerAnswer.Ack : BrokerAnswer.Nack;
    }

    private async ValueTask<(Verdict Verdict, string? Reason, string? Id)> DeliverAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        // 1. An event is delivered as the bytes that the broker has.
        var cloudEvent = isRaw ? CloudEventEnvelope.WrapRaw(broker.Name, subscription.Topic, message.Data.Span, message.Metadata) : message.Data;
        if (!EventSummary.TryRead(cloudEvent.Span, out var summary, out var malformed))
            return (Verdict.Retry, malformed, null);

        // 2.
        if (summary.Expiration < time.GetUtcNow())
            return (Verdict.Drop, "it has expired", summary.Id);

        // 3.
        var route = routes.Find(cloudEvent);
        if (route.Error is not null)
            return (Verdict.Retry, route.Error, summary.Id);
        if (route.Path is null)
            return (Verdict.Drop, "no route matches it", summary.Id);

        // 4.
        using var span = SidecarSpans.StartDelivery(options, subscription.Topic, summary.TraceParent, summary.TraceState);
        try
        {
            using var request = EventRequest.Create(route.Path, broker.Name, cloudEvent, message.Metadata, summary);
            using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
            span?.SetStatus((int)response.StatusCode);
            var (verdict, reason) = await AppReply.ReadAsync(response, cancellationToken).ConfigureAwait(false);
            return (verdict, reason, summary.Id);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return (Verdict.Retry, failure.Message, summary.Id);
        }
    }
}
