namespace Sidecar.Components.Bindings;

/// <summary>A binding that hands events from elsewhere to the app.</summary>
public interface IInputBinding : IComponent
{
    /// <summary>
    /// Hands events to <paramref name="handler"/> until the result is disposed: from then on no event begins, and the disposal
    /// completes when those under way are done. May be called again after that.
    /// </summary>
    /// <exception cref="ComponentException">Events cannot be had now.</exception>
    Task<IAsyncDisposable> ReadAsync(BindingHandler handler, CancellationToken cancellationToken);
}

/// <param name="Metadata">What the app gets as headers.</param>
public sealed record BindingEvent(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <param name="IsHandled">The app has it; otherwise a binding that can hands it over again.</param>
/// <param name="Data">The app's answer.</param>
public readonly record struct BindingOutcome(bool IsHandled, ReadOnlyMemory<byte> Data);

/// <summary>Handles one event and does not throw; several at a time are fine.</summary>
public delegate ValueTask<BindingOutcome> BindingHandler(BindingEvent bindingEvent, CancellationToken cancellationToken);
