using System.Collections.Concurrent;
using Sidecar.Components;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.State.Outbox;

namespace Sidecar.Runtime.State;

/// <summary>The state stores of this sidecar by name, with what their metadata says to the runtime rather than to the driver.</summary>
internal sealed class StateStores(ComponentRegistry components, SidecarOptions options)
{
    private readonly ConcurrentDictionary<string, ConfiguredStateStore> _stores = new(StringComparer.Ordinal);

    public IEnumerable<ConfiguredStateStore> All =>
        components.All.Where(loaded => loaded.Component is IStateStore).Select(loaded => Find(loaded.Name, out _)!);

    /// <summary>The store, or null and the reason.</summary>
    public ConfiguredStateStore? Find(string name, out DaprError? error)
    {
        error = null;
        if (_stores.TryGetValue(name, out var store))
            return store;
        if (components.Find(name) is { Component: IStateStore driver } loaded)
            return _stores.GetOrAdd(name, ConfiguredStateStore.From(name, driver, loaded.Metadata, options));

        error = components.HasAny<IStateStore>()
            ? StateErrors.NotFound(name, options.AppId)
            : StateErrors.NotConfigured(name, options.AppId);
        return null;
    }
}

/// <param name="Prefix">What stands before each key, separator included; empty = nothing.</param>
internal sealed record ConfiguredStateStore(string Name, IStateStore Driver, string Prefix, OutboxSettings? Outbox)
{
    private const string Separator = "||";

    public static ConfiguredStateStore From(string name, IStateStore driver, ComponentMetadata metadata, SidecarOptions options) =>
        new(name, driver, PrefixFor(metadata.Find("keyPrefix") ?? "appid", name, options), OutboxSettings.From(metadata, options));

    /// <summary>The key as it is stored, or why it cannot be one.</summary>
    public DaprError? Locate(string key, out string stored)
    {
        stored = "";
        if (key.Contains(Separator, StringComparison.Ordinal))
            return StateErrors.IllegalKey(Name, key);
        // A prefix text of the component's metadata may be illegal too; its own separator ends it.
        if (Prefix.Length > 0 && Prefix.IndexOf(Separator, StringComparison.Ordinal) != Prefix.Length - Separator.Length)
            return StateErrors.IllegalKey(Name, Prefix[..^Separator.Length]);

        stored = string.Concat(Prefix, key);
        return null;
    }

    private static string PrefixFor(string strategy, string name, SidecarOptions options) => strategy.ToLowerInvariant() switch
    {
        "none" => "",
        "name" => name + Separator,
        "namespace" when options.Namespace is { } space => $"{space}.{options.AppId}{Separator}",
        "appid" or "namespace" => options.AppId + Separator,
        var text => text + Separator,
    };
}
