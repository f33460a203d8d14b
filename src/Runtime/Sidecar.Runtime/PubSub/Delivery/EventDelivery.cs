using System.Diagnostics;
using Sidecar.Components.PubSub;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Delivers one by one: hands each event to its recipient.</summary>
internal sealed class EventDelivery(DeliveryGuard guard, IEventRecipient recipient) : IDelivery
{
    public ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken) => guard.IsOpen
        ? HandOverAsync(message, admitted, span, cancellationToken, cancellationToken)
        : GuardedAsync(message, admitted, span, cancellationToken);

    public void Retire()
    {
        // Nothing waits here.
    }

    // Apart, because a message that nothing guards has no use for a closure.
    private ValueTask<Outcome> GuardedAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken) =>
        guard.DeliverAsync(admitted.Summary.Id, attempt => HandOverAsync(message, admitted, span, attempt, cancellationToken), cancellationToken);

    /// <param name="attempt">Ends with the message's token, or with the time that a policy gives to this attempt.</param>
    private async ValueTask<Outcome> HandOverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await recipient.HandOverAsync(message, admitted, span, attempt).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && (!attempt.IsCancellationRequested || cancellationToken.IsCancellationRequested)))
        {
            return new Outcome(Verdict.Retry, failure.Message);
        }
    }
}
