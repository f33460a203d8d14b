using Sidecar.Components.PubSub;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Takes the messages of one subscription from the broker to the app, one by one or in batches.</summary>
internal interface IDelivery
{
    /// <summary>The broker's handler: answers once it is decided what becomes of the message. How many are handled at once is the broker's decision.</summary>
    ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken);

    /// <summary>No more messages follow but a few that are under way already: none is to wait for company.</summary>
    void Retire();
}
