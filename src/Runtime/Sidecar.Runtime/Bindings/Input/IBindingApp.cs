using Sidecar.Components.Bindings;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>An input binding as the app knows it.</summary>
/// <param name="Path">Where an HTTP app gets its events; relative and escaped.</param>
internal sealed record InputTarget(string Binding, Uri Path);

/// <summary>The app at the receiving end of input bindings, in the protocol that it speaks.</summary>
internal interface IBindingApp
{
    /// <summary>Asks the app whether it takes the events of this binding.</summary>
    /// <exception cref="HttpRequestException">The app cannot be asked.</exception>
    /// <exception cref="TimeoutException">It did not answer within <c>--app-binding-options-timeout</c>.</exception>
    Task<bool> TakesAsync(InputTarget target, CancellationToken cancellationToken);

    /// <summary>Hands an event to the app. What goes wrong is logged, and makes the event one that is not handled.</summary>
    ValueTask<BindingOutcome> DeliverAsync(InputTarget target, BindingEvent bindingEvent, CancellationToken cancellationToken);
}
