using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>A component that runs in this sidecar, with the resource it came from.</summary>
internal sealed record LoadedComponent(ComponentResource Resource, ComponentType Type, IComponent Component, ComponentMetadata Metadata)
{
    public string Name => Resource.Name;
}

/// <summary>The components of one sidecar, by name. Filled at start, before the API is reachable.</summary>
internal sealed class ComponentRegistry
{
    private readonly Dictionary<string, LoadedComponent> _components = new(StringComparer.Ordinal);

    public IReadOnlyCollection<LoadedComponent> All => _components.Values;

    public void Add(LoadedComponent component) => _components.Add(component.Name, component);

    /// <summary>The component of that name if it is of that contract, else null.</summary>
    public T? Find<T>(string name)
        where T : class, IComponent => _components.GetValueOrDefault(name)?.Component as T;

    public LoadedComponent? Find(string name) => _components.GetValueOrDefault(name);

    public bool HasAny<T>()
        where T : class, IComponent => _components.Values.Any(loaded => loaded.Component is T);
}
