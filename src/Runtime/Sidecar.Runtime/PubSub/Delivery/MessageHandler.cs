using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// The broker's handler of one subscription: (1) admit the message; (2) bring it to the app; (3) settle it. One span covers all of
/// it, however often the app is asked.
/// </summary>
internal sealed class MessageHandler(string topic, MessageAdmission admission, IDelivery delivery, MessageSettlement settlement, SidecarOptions options)
{
    /// <summary>Answers once it is decided what becomes of the message.</summary>
    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        // 1.
        var isAdmitted = admission.TryAdmit(message, out var admitted, out var summary, out var outcome);
        using var span = SidecarSpans.StartDelivery(options, topic, summary.TraceParent, summary.TraceState);

        // 2.
        if (isAdmitted)
            outcome = await delivery.DeliverAsync(message, admitted, span, cancellationToken).ConfigureAwait(false) with { EventId = summary.Id };

        // 3.
        return await settlement.SettleAsync(message, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="IDelivery.Retire"/>
    public void Retire() => delivery.Retire();
}
