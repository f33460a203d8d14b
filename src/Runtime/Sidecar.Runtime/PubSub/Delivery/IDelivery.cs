using System.Diagnostics;
using Sidecar.Components.PubSub;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Takes the messages of one subscription to the app, one by one or in batches, as policies say.</summary>
internal interface IDelivery
{
    /// <summary>Answers once it is decided what becomes of the message. How many are under way at once is the broker's decision.</summary>
    /// <param name="span">Of the message; null while nobody listens.</param>
    ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken);

    /// <summary>No more messages follow but a few that are under way already: none is to wait for company.</summary>
    void Retire();
}
