using Sidecar.Components.PubSub;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>An event for the app.</summary>
/// <param name="Path">Its route there.</param>
/// <param name="CloudEvent">The bytes that the broker has, or the envelope around a raw payload.</param>
internal readonly record struct AdmittedEvent(Uri Path, ReadOnlyMemory<byte> CloudEvent, EventSummary Summary);

/// <summary>
/// Decides whether and where a message of a subscription goes to the app (contract section 2.7): (1) wrap raw payloads, or
/// check that the message is an event; (2) drop it when it has expired; (3) find its route.
/// </summary>
internal sealed class MessageAdmission(string pubsub, TopicSubscription subscription, RouteTable routes, bool isRaw, TimeProvider time)
{
    /// <summary>False with what becomes of the message instead.</summary>
    public bool TryAdmit(PubSubMessage message, out AdmittedEvent admitted, out Outcome refusal)
    {
        admitted = default;
        refusal = default;

        // 1.
        var cloudEvent = isRaw ? CloudEventEnvelope.WrapRaw(pubsub, subscription.Topic, message.Data.Span, message.Metadata) : message.Data;
        if (!EventSummary.TryRead(cloudEvent.Span, out var summary, out var malformed))
        {
            refusal = new Outcome(Verdict.Retry, malformed);
            return false;
        }

        // 2.
        if (summary.Expiration < time.GetUtcNow())
        {
            refusal = new Outcome(Verdict.Drop, "it has expired", summary.Id);
            return false;
        }

        // 3.
        var route = routes.Find(cloudEvent);
        if (route.Path is null)
        {
            refusal = route.Error is null ? new Outcome(Verdict.Drop, "no route matches it", summary.Id) : new Outcome(Verdict.Retry, route.Error, summary.Id);
            return false;
        }

        admitted = new AdmittedEvent(route.Path, cloudEvent, summary);
        return true;
    }
}
