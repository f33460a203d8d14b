using System.Collections.Immutable;
using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>A component that runs in this sidecar, with the resource it came from.</summary>
internal sealed record LoadedComponent(ComponentResource Resource, ComponentType Type, IComponent Component, ComponentMetadata Metadata)
{
    public string Name => Resource.Name;
}

/// <summary>The components of one sidecar, by name. Filled at start, before the API is reachable; a reload changes it while requests read it.</summary>
internal sealed class ComponentRegistry
{
    private readonly Lock _writing = new();
    private volatile Snapshot _now = Snapshot.Empty;

    /// <summary>In the order in which they were loaded.</summary>
    public IReadOnlyCollection<LoadedComponent> All => _now.InOrder;

    public void Add(LoadedComponent component)
    {
        lock (_writing)
            _now = new Snapshot(_now.ByName.Add(component.Name, component), _now.InOrder.Add(component));
    }

    /// <summary>Puts one in the place of another of the same name: no reader finds none.</summary>
    public void Replace(LoadedComponent old, LoadedComponent next)
    {
        lock (_writing)
            _now = new Snapshot(_now.ByName.SetItem(next.Name, next), _now.InOrder.Replace(old, next));
    }

    public void Remove(LoadedComponent component)
    {
        lock (_writing)
            _now = new Snapshot(_now.ByName.Remove(component.Name), _now.InOrder.Remove(component));
    }

    /// <summary>The component of that name if it is of that contract, else null.</summary>
    public T? Find<T>(string name)
        where T : class, IComponent => Find(name)?.Component as T;

    public LoadedComponent? Find(string name) => _now.ByName.GetValueOrDefault(name);

    public bool HasAny<T>()
        where T : class, IComponent => _now.InOrder.Any(loaded => loaded.Component is T);

    private sealed record Snapshot(ImmutableDictionary<string, LoadedComponent> ByName, ImmutableList<LoadedComponent> InOrder)
    {
        public static readonly Snapshot Empty = new(ImmutableDictionary.Create<string, LoadedComponent>(StringComparer.Ordinal), []);
    }
}
