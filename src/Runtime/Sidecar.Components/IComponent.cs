namespace Sidecar.Components;

/// <summary>
/// A loaded component. <see cref="InitAsync"/> is called once before any other member; disposal ends it, after all its
/// subscriptions are disposed.
/// </summary>
public interface IComponent : IAsyncDisposable
{
    /// <summary>Reads the metadata, opens what the component needs and checks that it works.</summary>
    /// <exception cref="ComponentException">The metadata is wrong or the backend cannot be used.</exception>
    Task InitAsync(ComponentContext context, CancellationToken cancellationToken);
}

/// <summary>
/// A component cannot start, or a call on it failed, for a reason a person can act on. The message names the field or the
/// resource at fault; the runtime adds the component's name.
/// </summary>
public sealed class ComponentException(string message, Exception? inner = null) : Exception(message, inner);
