using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Delivers one by one: hands each event to its recipient, as policies say, and settles by the verdict.</summary>
internal sealed class EventDelivery(
    string topic, MessageAdmission admission, DeliveryGuard guard, MessageSettlement settlement, IEventRecipient recipient, SidecarOptions options) : IDelivery
{
    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var outcome = !admission.TryAdmit(message, out var admitted, out var refusal) ? refusal
            : guard.IsOpen ? await DeliverAsync(message, admitted, cancellationToken, cancellationToken).ConfigureAwait(false)
            : await GuardedAsync(message, admitted, cancellationToken).ConfigureAwait(false);
        return await settlement.SettleAsync(message, outcome, cancellationToken).ConfigureAwait(false);
    }

    public void Retire()
    {
        // Nothing waits here.
    }

    // Apart, because a message that nothing guards has no use for a closure.
    private ValueTask<Outcome> GuardedAsync(PubSubMessage message, AdmittedEvent admitted, CancellationToken cancellationToken) =>
        guard.DeliverAsync(attempt => DeliverAsync(message, admitted, attempt, cancellationToken), cancellationToken);

    /// <param name="attempt">Ends with the message's token, or with the time that a policy gives to this attempt.</param>
    private async ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, CancellationToken attempt, CancellationToken cancellationToken)
    {
        var id = admitted.Summary.Id;
        using var span = SidecarSpans.StartDelivery(options, topic, admitted.Summary.TraceParent, admitted.Summary.TraceState);
        try
        {
            var outcome = await recipient.HandOverAsync(message, admitted, span, attempt).ConfigureAwait(false);
            return outcome with { EventId = id };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && (!attempt.IsCancellationRequested || cancellationToken.IsCancellationRequested)))
        {
            return new Outcome(Verdict.Retry, failure.Message, id);
        }
    }
}
