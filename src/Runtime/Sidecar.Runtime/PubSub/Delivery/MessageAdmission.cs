using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>An event for the app.</summary>
/// <param name="CloudEvent">With its attributes: the bytes that the broker has, or an envelope that was made around them.</param>
/// <param name="Body">The same, but in binary mode the bare data.</param>
internal readonly record struct AdmittedEvent(Route Route, ReadOnlyMemory<byte> CloudEvent, ReadOnlyMemory<byte> Body, EventSummary Summary);

/// <summary>
/// Decides whether and where a message of a subscription goes to the app (contract section 2.7): (1) wrap raw payloads, or
/// check that the message is an event, which it also is in binary mode, its attributes being metadata; (2) drop it when it
/// has expired; (3) find its route.
/// </summary>
internal sealed class MessageAdmission(string pubsub, TopicSubscription subscription, RouteTable routes, bool isRaw, TimeProvider time)
{
    /// <summary>False with what becomes of the message instead.</summary>
    /// <param name="summary">As much as is known of it, admitted or not.</param>
    public bool TryAdmit(PubSubMessage message, out AdmittedEvent admitted, out EventSummary summary, out Outcome refusal)
    {
        admitted = default;
        refusal = default;

        // 1.
        var isBinary = IsBinaryMode(message);
        var cloudEvent = isRaw ? CloudEventEnvelope.WrapRaw(pubsub, subscription.Topic, message.Data.Span, message.Metadata)
            : isBinary ? CloudEventEnvelope.FromBinaryMode(message.Data.Span, message.Metadata)
            : message.Data;
        if (!EventSummary.TryRead(cloudEvent.Span, out summary, out var malformed))
        {
            refusal = Outcome.Unfit(malformed);
            return false;
        }

        // 2.
        summary = WithTraceOf(message, summary);
        if (summary.Expiration < time.GetUtcNow())
        {
            refusal = new Outcome(Verdict.Drop, "it has expired", summary.Id);
            return false;
        }

        // 3.
        var found = routes.Find(cloudEvent);
        if (found.Route is not { } route)
        {
            refusal = found.Error is null ? new Outcome(Verdict.Drop, "no route matches it", summary.Id) : Outcome.Unfit(found.Error, summary.Id);
            return false;
        }

        admitted = new AdmittedEvent(route, cloudEvent, isBinary ? message.Data : cloudEvent, summary);
        return true;
    }

    // A batch carries events as JSON, which bare data is not.
    private bool IsBinaryMode(PubSubMessage message) =>
        !isRaw && subscription.BulkSubscribe is null && message.Metadata.Count > 0 &&
        message.Metadata.TryGetValue("content-type", out var contentType) && ContentTypes.Is(contentType, ContentTypes.OctetStream);

    // An event of another producer has its trace in the message's metadata, if anywhere.
    private static EventSummary WithTraceOf(PubSubMessage message, in EventSummary summary) =>
        string.IsNullOrEmpty(summary.TraceParent) && message.Metadata.Count > 0 && message.Metadata.TryGetValue(TraceContext.ParentHeader, out var traceParent)
            ? summary with { TraceParent = traceParent, TraceState = message.Metadata.GetValueOrDefault(TraceContext.StateHeader) }
            : summary;
}
