using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>An app that speaks HTTP: an event is a POST to its route (contract section 2.7, "Delivery").</summary>
internal sealed class HttpRecipient(string pubsub, IAppChannel app) : IEventRecipient
{
    public async ValueTask<Outcome> HandOverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken)
    {
        using var request = EventRequest.Create(admitted.Route.Address, pubsub, admitted.Body, message.Metadata, admitted.Summary);
        using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        span?.SetStatus((int)response.StatusCode);
        return await AppReply.ReadAsync(response, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>The same for batches.</summary>
internal sealed class HttpBatchRecipient(BulkEnvelope envelope, IAppChannel app) : IBatchRecipient
{
    public async Task HandOverAsync(Route route, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken)
    {
        using var request = envelope.CreateRequest(route.Address, entries);
        using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await BulkReply.ReadAsync(response, entries, cancellationToken).ConfigureAwait(false);
    }
}
