using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>An app that speaks gRPC: an event is a call of OnTopicEvent (contract section 3.4, "App callbacks").</summary>
/// <param name="topic">As the app knows it.</param>
internal sealed class GrpcRecipient(string pubsub, string topic, GrpcAppChannel app) : IEventRecipient
{
    public async ValueTask<Outcome> HandOverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken)
    {
        if (!EventFields.TryRead(admitted.CloudEvent, out var fields, out var unfit))
            return Outcome.Unfit(unfit);
        var request = fields.ToRequest(pubsub, topic, admitted.Route.Path);
        var options = new CallOptions { Metadata = EventMetadata.Of(pubsub, message.Metadata, admitted.Summary) };
        var result = await app.CallAsync(AppCallback.OnTopicEvent, request, options, cancellationToken).ConfigureAwait(false);

        // The status CANCELLED that a call given up here has is no word of the app.
        if (!result.IsOK)
            cancellationToken.ThrowIfCancellationRequested();
        if (span is not null)
            SetStatus(span, result.Status);
        return result.IsOK ? StatusWords.OutcomeOf(result.Message) : StatusWords.OutcomeOf(result.Status);
    }

    private static void SetStatus(Activity span, GrpcStatus status)
    {
        span.SetTag("dapr.status_code", ((int)status.Code).ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (!status.IsOK)
            span.SetStatus(ActivityStatusCode.Error);
    }
}
