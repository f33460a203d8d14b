using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Delivers one by one: hands each event to its recipient, again if a policy says so, and settles by the verdict.</summary>
internal sealed class EventDelivery(
    string topic, MessageAdmission admission, DeliveryRetries retries, MessageSettlement settlement, IEventRecipient recipient, SidecarOptions options) : IDelivery
{
    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var outcome = admission.TryAdmit(message, out var admitted, out var refusal)
            ? await DeliverAsync(message, admitted, cancellationToken).ConfigureAwait(false)
            : refusal;
        if (outcome.MayBeRetried)
            outcome = await RetryAsync(outcome, message, admitted, cancellationToken).ConfigureAwait(false);
        return await settlement.SettleAsync(message, outcome, cancellationToken).ConfigureAwait(false);
    }

    public void Retire()
    {
        // Nothing waits here.
    }

    // Apart, because a message that is taken at once has no use for a closure.
    private ValueTask<Outcome> RetryAsync(in Outcome first, PubSubMessage message, AdmittedEvent admitted, CancellationToken cancellationToken) =>
        retries.RetryAsync(first, () => DeliverAsync(message, admitted, cancellationToken), cancellationToken);

    private async ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, CancellationToken cancellationToken)
    {
        var id = admitted.Summary.Id;
        using var span = SidecarSpans.StartDelivery(options, topic, admitted.Summary.TraceParent, admitted.Summary.TraceState);
        try
        {
            var outcome = await recipient.HandOverAsync(message, admitted, span, cancellationToken).ConfigureAwait(false);
            return outcome with { EventId = id };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return new Outcome(Verdict.Retry, failure.Message, id);
        }
    }
}
