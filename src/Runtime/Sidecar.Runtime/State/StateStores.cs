using System.Collections.Concurrent;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.State;

/// <summary>The state stores of this sidecar by name; they follow the components as these come and go.</summary>
internal sealed class StateStores(ComponentRegistry components, ResiliencyPolicies policies, SidecarOptions options) : ISidecarFeature
{
    private readonly ConcurrentDictionary<string, ConfiguredStateStore> _stores = new(StringComparer.Ordinal);

    public IEnumerable<ConfiguredStateStore> All => _stores.Values;

    /// <summary>The store, or null and the reason.</summary>
    public ConfiguredStateStore? Find(string name, out DaprError? error)
    {
        error = null;
        if (_stores.TryGetValue(name, out var store))
            return store;
        error = _stores.IsEmpty ? StateErrors.NotConfigured(name, options.AppId) : StateErrors.NotFound(name, options.AppId);
        return null;
    }

    public Task OnComponentsLoadedAsync(CancellationToken cancellationToken)
    {
        foreach (var component in components.All)
            Add(component);
        return Task.CompletedTask;
    }

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken)
    {
        Add(component);
        return Task.CompletedTask;
    }

    public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken)
    {
        // Its successor of the same name may be here already, or take its place now: a request between the two turns finds one.
        if (!_stores.TryGetValue(component.Name, out var store) || !ReferenceEquals(store.Driver, component.Component))
            return Task.CompletedTask;
        if (components.Find(component.Name) is { Component: IStateStore } successor)
            Add(successor);
        else
            _stores.TryRemove(KeyValuePair.Create(component.Name, store));
        return Task.CompletedTask;
    }

    private void Add(LoadedComponent component)
    {
        if (component.Component is IStateStore driver && _stores.GetValueOrDefault(component.Name)?.Driver != driver)
            _stores[component.Name] = ConfiguredStateStore.From(component, driver, policies, options);
    }
}
