using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Whom events go to one by one: the app over its protocol, or one of its streams.</summary>
internal interface IEventRecipient
{
    /// <summary>Hands the event over and waits for the verdict. Failures of the transport may be thrown: they count as a retry.</summary>
    /// <param name="span">Is told how the call ended, where there is one.</param>
    ValueTask<Outcome> HandOverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken);
}

/// <summary>Whom batches of events go to: the app over its protocol.</summary>
internal interface IBatchRecipient
{
    /// <summary>Hands over events of one route and completes each. Failures of the transport may be thrown: they count as a retry of all.</summary>
    Task HandOverAsync(Route route, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken);
}
