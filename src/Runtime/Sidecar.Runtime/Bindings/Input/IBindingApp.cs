using Sidecar.Components.Bindings;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>An input binding as the app knows it.</summary>
/// <param name="Path">Where an HTTP app gets its events; relative and escaped.</param>
internal sealed record InputTarget(string Binding, Uri Path);

/// <summary>What the app made of an event.</summary>
/// <param name="Failure">Why policies take it for a failure; null = they do not.</param>
/// <param name="FollowUp">What the answer asks to be done; null = nothing. It is no part of the attempt, so no policy of the event limits or repeats it.</param>
internal readonly record struct EventAnswer(ReadOnlyMemory<byte> Data, CallFailure? Failure, Func<CancellationToken, ValueTask>? FollowUp = null)
{
    /// <summary>The app has the event. Of HTTP's 2xx all say so, though policies take none but 200 for a success.</summary>
    public bool IsHandled => Failure is null or { HttpStatus: >= 200 and < 300 };

    public BindingOutcome Outcome => new(IsHandled, Data);
}

/// <summary>The app at the receiving end of input bindings, in the protocol that it speaks.</summary>
internal interface IBindingApp
{
    /// <summary>Asks the app whether it takes the events of this binding.</summary>
    /// <exception cref="HttpRequestException">The app cannot be asked.</exception>
    /// <exception cref="TimeoutException">It did not answer within <c>--app-binding-options-timeout</c>.</exception>
    Task<bool> TakesAsync(InputTarget target, CancellationToken cancellationToken);

    /// <summary>Hands an event to the app.</summary>
    /// <exception cref="OperationCanceledException">By the token: nobody knows what the app makes of it.</exception>
    ValueTask<EventAnswer> DeliverAsync(InputTarget target, BindingEvent bindingEvent, CancellationToken cancellationToken);
}
