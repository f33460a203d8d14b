using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Delivers one by one: hands each event to the app and reads its verdict.</summary>
internal sealed class EventDelivery(
    string pubsub, string topic, MessageAdmission admission, MessageSettlement settlement, IAppChannel app, SidecarOptions options) : IDelivery
{
    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var outcome = admission.TryAdmit(message, out var admitted, out var refusal)
            ? await DeliverAsync(message, admitted, cancellationToken).ConfigureAwait(false)
            : refusal;
        return await settlement.SettleAsync(message, outcome, cancellationToken).ConfigureAwait(false);
    }

    public void Retire()
    {
        // Nothing waits here.
    }

    private async ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, CancellationToken cancellationToken)
    {
        var id = admitted.Summary.Id;
        using var span = SidecarSpans.StartDelivery(options, topic, admitted.Summary.TraceParent, admitted.Summary.TraceState);
        try
        {
            using var request = EventRequest.Create(admitted.Path, pubsub, admitted.Body, message.Metadata, admitted.Summary);
            using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
            span?.SetStatus((int)response.StatusCode);
            var (verdict, reason) = await AppReply.ReadAsync(response, cancellationToken).ConfigureAwait(false);
            return new Outcome(verdict, reason, id);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return new Outcome(Verdict.Retry, failure.Message, id);
        }
    }
}
